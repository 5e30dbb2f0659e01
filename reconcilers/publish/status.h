#pragma once

#include <chrono>
#include <optional>

#include "reconcilers/outcome.h"
#include "reconcilers/ports/blob_transfer.h"
#include "reconcilers/publish/act.h"
#include "reconcilers/publish/plan.h"
#include "reconcilers/publish/settings.h"

namespace slipway::publish {

inline constexpr std::string_view kGatesPassed = "GatesPassed";
inline constexpr std::string_view kTransferred = "Transferred";
inline constexpr std::string_view kTagged = "Tagged";
inline constexpr std::string_view kReplicated = "Replicated";

/// How long `slipway publish` tries again where `retry.maxDuration` does not say.
inline constexpr std::chrono::seconds kOneShotRetries{std::chrono::minutes{15}};

/// What was decided and what came of it.
struct Acted {
  const PublishPlan& plan;
  const ActReport& report;

  /// Why the publication is not done, or null.
  const Refusal* refusal() const;
};

/// What follows: again at `interval`, but not before `least_interval`, at once when the world changed meanwhile, or as
/// the error's class says.
Outcome outcome_after(const ImagePublication& publication, const Acted& acted, const Settings& settings,
                      std::chrono::seconds least_interval, Timestamp now);

/// When a visit began, and how late it is in it.
struct VisitTimes {
  Timestamp began;
  Timestamp now;
};

/// The status before anything is changed: the source stays resolved and the digest protected if we are killed. It shows
/// that work goes on when the look alone took long.
ImagePublicationStatus status_at_start(const ImagePublication& publication, const PublishPlan& plan,
                                       const VisitTimes& times);

/// Notes which of the tags that status_at_start() announced were set by an attempt that was stopped: the next one and a
/// deletion go by it. False where none was.
bool keep_tags(ImagePublicationStatus& status, const ActReport& report);

/// The status in the middle of a transfer: Reconciling since the visit began, however often its progress is told.
ImagePublicationStatus status_in_progress(const ImagePublication& publication, const TransferProgress& progress,
                                          const VisitTimes& times);

/// The status at the end. `publication` has the status of the start. Pure: looked at again with nothing changed, it is
/// the same. One that was put off before anything was tried leaves what was said of its generation, and counts no
/// attempt.
ImagePublicationStatus status_of(const ImagePublication& publication, const Acted& acted, const Settings& settings,
                                 const Outcome& outcome, Timestamp now);

/// Why nothing was tried yet: others come first. Nothing where something was.
std::optional<Error> put_off_by(const ImagePublicationStatus& status);

/// Why what it is about is not published, as its status tells: what its attempt ended with, or that it was not allowed
/// and so never attempted. Nothing where one goes on or all is done.
std::optional<Error> failure_of(const ImagePublicationStatus& status);

/// The status of a publication that is suspended.
ImagePublicationStatus status_when_suspended(const ImagePublication& publication);

}  // namespace slipway::publish
