#pragma once

#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "reconcilers/ports/image_source.h"
#include "reconcilers/ports/image_store.h"
#include "reconcilers/ports/object_store.h"
#include "reconcilers/publish/admission.h"
#include "reconcilers/publish/observation.h"

namespace slipway::publish {

/// What is looked at.
struct Situation {
  const Loaded<ImagePublication>& publication;
  const Admission& admission;
  const Settings& settings;
  Timestamp now;
  /// Who waits for the answer wants to know that the source's file was built anew, and which findings are refused.
  bool for_a_person = false;
};

/// What is looked with. Nothing here is written to.
struct Eyes {
  ImageSource& source;
  ImageStore& destination;
  ObjectReader& reader;
  std::mutex& report_at_hand;  ///< See read_reports().
};

/// Collects the facts about one publication. A publication that is right costs one request a tag, and one more for a
/// source that is followed; everything is looked at on first sight, after an edit, on request, when a tag is missing,
/// and every 24 hours. A file costs no request: then, and for a person, it is looked at too. NotFound for a source that
/// is not there, and every error of what was asked.
Result<Observation> observe(const Situation& situation, const Eyes& eyes, std::stop_token stop);

/// How a file that was built anew becomes a publication.
inline constexpr std::string_view kForTheNewBuild = "edit spec.build (number, version or commit) for the new build";

/// Whether this object finished this publication before.
bool is_finished(const ImagePublication& publication, const PublicationIds& ids);

/// Whether the object's own status says that it set the tag to that digest, and did not just find it so.
bool is_set_by(const ImagePublication& publication, const std::string& tag, const Digest& digest);

/// Whether layers are read although none is missing: spec.verify is Deep, and this is not finished, was edited or asked
/// about since, or the last try came to no good end.
bool reads_all_layers(const ImagePublication& publication, const PublicationIds& ids);

}  // namespace slipway::publish
