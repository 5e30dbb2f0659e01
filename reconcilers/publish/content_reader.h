#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "reconcilers/ports/image_source.h"
#include "reconcilers/ports/image_store.h"
#include "reconcilers/publish/observation.h"

namespace slipway::publish {

/// What is asked about.
struct ContentQuestion {
  Digest source = Digest::of("");
  std::string asked_by;            ///< What names `source`, with its verb: for messages.
  std::optional<std::string> tag;  ///< Of the source; looked at only to say what is there instead of `source`.
  std::optional<content::ManifestBytes> source_bytes;  ///< Of `source`, where they were read already.
  std::vector<std::string> platforms;
  std::optional<Digest> published;  ///< What this publication already published; it is then read where it was put.
  bool referrers = false;           ///< Look for signatures, SBOMs and attestations of the source.
  bool configs = false;             ///< Read the images' configs.
  bool gated = false;               ///< A gate judges: nothing that can be run is overlooked, or attached unjudged.
  bool all_layers = false;          ///< A gate judges, or layers are read: one that can't be had is Refused.
  bool into_nothing = false;        ///< The destination has no tag: what nothing refers to there is not looked for.
};

/// What was found.
struct ContentAnswer {
  Content content;
  gates::ScanSubject subject;  ///< `images` only where configs were read.
};

/// Reads everything that a publication consists of, each manifest once and where it costs least: what the destination
/// has is read there. Checks sizes and media types against what names them. Integrity names what disagrees, or
/// says that it is more than one publication may hold in memory; NotFound the manifest that is nowhere.
Result<ContentAnswer> read_content(const ContentQuestion& question, ImageSource& source, ImageStore& destination,
                                   std::stop_token stop);

}  // namespace slipway::publish
