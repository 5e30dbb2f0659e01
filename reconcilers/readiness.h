#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "crds/base/result.h"
#include "crds/v1alpha1/condition.h"
#include "reconcilers/outcome.h"

namespace slipway {

inline constexpr std::string_view kReady = "Ready";
inline constexpr std::string_view kReconciling = "Reconciling";
inline constexpr std::string_view kStalled = "Stalled";
inline constexpr std::string_view kUnsupported = "Unsupported";  ///< Fields that only observe, and don't do so yet.

/// What Ready, Reconciling and Stalled shall say together (kstatus: Current, InProgress, Failed).
struct Readiness {
  enum class Kind {
    Ready,        ///< Ready True; no Reconciling, no Stalled.
    Reconciling,  ///< Ready False and Reconciling True: working, waiting or trying again.
    Stalled,      ///< Ready False and Stalled True: nothing helps until something is changed.
  };
  Kind kind = Kind::Reconciling;
  std::string reason;
  std::string message;
  bool operator==(const Readiness&) const = default;
};

/// For which generation and when a condition is written.
struct ConditionStamp {
  std::int64_t generation = 0;
  Timestamp now;
};

/// In characters, of a condition's or an error's message in a status: what Kubernetes allows.
inline constexpr std::size_t kLongestMessage = 32'768;

/// Makes one condition. `status` is "True" or "False"; a message over its bound ends in "…".
Condition make_condition(std::string_view type, bool status, std::string_view reason, std::string message,
                         const ConditionStamp& stamp);

/// Since when it is Stalled because of a host that is not trusted, or nothing.
std::optional<Timestamp> untrusted_since(const Conditions& conditions);

/// What an error means for an object: reason (its own or its class), message with remedy; Stalled when `outcome` is.
Readiness readiness_of(const Error& error, const Outcome& outcome);

/// Whether Ready is there and not True; of what is suspended it is not there.
bool is_unready(const Conditions& conditions);

/// "message: remedy" as conditions and events show an error.
std::string to_text(const Error& error);

/// The reason that users see for an error: its own, else its class.
std::string reason_of(const Error& error);

/// Writes Ready, Reconciling and Stalled as `readiness` says; the other conditions stay.
void apply_readiness(Conditions& conditions, const Readiness& readiness, const ConditionStamp& stamp);

/// What a visit shows once it takes long; shorter ones show nothing (design, section 5).
inline constexpr std::chrono::seconds kShownAfter{2};

/// Reconciling True, reason Progressing, and no Stalled: work goes on. Ready stays as it is until something came of it.
void apply_progress(Conditions& conditions, std::string message, const ConditionStamp& stamp);

/// What suspension leaves (design, section 2): a Ready that is True stays with the generation it was earned for; one
/// that is not goes, Reconciling and Stalled too.
void apply_suspension(Conditions& conditions);

}  // namespace slipway
