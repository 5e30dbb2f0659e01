#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "reconcilers/ports/blob_transfer.h"
#include "reconcilers/ports/image_source.h"
#include "reconcilers/ports/image_store.h"
#include "reconcilers/ports/repository_turns.h"
#include "reconcilers/publish/observation.h"
#include "reconcilers/publish/plan.h"

namespace slipway::publish {

/// What acting works with; the only step that is given a store to write to.
struct Hands {
  ImageSource& source;
  ImageStore& store;
  BlobTransfer& transfer;
  RepositoryTurns& turns;
};

/// How the blobs are sent, and whether to go on.
struct Manner {
  std::string tenant;  ///< The namespace that asks.
  std::vector<std::string> mount_from;
  std::function<bool(const std::string&)> may_mount_from;
  int concurrency = 4;
  std::optional<std::int64_t> max_bytes_per_second;
  ProgressListener on_progress;
  /// Asked before each tag: whether its object still asks for this publication, and may still make it.
  std::function<bool()> is_still_wanted;
};

/// What was done, also when it ended early.
struct ActReport {
  TransferStatus transfer;
  std::optional<Digest> record;    ///< That was put.
  std::set<std::string> tags;      ///< That were set or removed.
  std::set<std::string> left;      ///< That LookAtTag found to name what it asks for: they stay.
  std::set<std::string> moved;     ///< That RemoveTag found to name something else: they stay.
  std::string unsure;              ///< A tag that may have been set: the answer was lost, or not waited for.
  std::vector<std::string> notes;  ///< What a person should know.
  bool unwanted = false;  ///< It was edited, suspended or forbidden meanwhile: nothing was sent, or no further tag set.
  bool outdated = false;  ///< A moving tag changed since the plan was made: no tag was set, look again.
  std::optional<Refusal> failure;
  std::size_t steps_done = 0;  ///< Where it ended; those that set a tag only gather it.

  bool completed() const { return !failure && !unwanted && !outdated; }
};

/// Of the image, those that were seen at the destination.
std::int64_t blobs_there(const Content& content);

/// Carries out the steps in their order, up to the first that fails. Tags are set while this publication holds the
/// repository's turn: all of them are looked at first, and a conflict or a change moves none; an immutable tag is read
/// again after it was set, and who finds another digest lost the race (Conflict).
ActReport act(const PublishPlan& plan, const Content& content, const Hands& hands, const Manner& manner,
              std::stop_token stop);

}  // namespace slipway::publish
