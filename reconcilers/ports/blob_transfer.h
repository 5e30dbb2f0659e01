#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "crds/base/digest.h"
#include "crds/base/result.h"
#include "reconcilers/content/descriptor.h"
#include "reconcilers/ports/image_store.h"

namespace slipway {

/// How one blob came to the destination.
enum class BlobOutcome { Present, Mounted, Sent };

/// What a running transfer tells whoever watches it. Called from several threads, one at a time; totals never go back.
struct TransferProgress {
  std::int64_t bytes_done = 0;  ///< Of bytes_total; a resumed blob does not count twice.
  std::int64_t bytes_total = 0;
  int blobs_done = 0;
  int blobs_total = 0;
  std::string note;              ///< What just happened, when it is worth a line: "layer 3f2a… cut at 41 MiB, resumed".
  std::string waiting;           ///< Why a blob stands still until it is tried again, as a note; empty while all move.
  std::int64_t bytes_there = 0;  ///< Of bytes_done, what nobody had to move: its blob was present or mounted.
};
using ProgressListener = std::function<void(const TransferProgress&)>;

struct BlobTransferReport {
  std::map<Digest, BlobOutcome> outcomes;
  std::int64_t bytes_sent = 0;  ///< Those sent again too.
  int resumed = 0;              ///< Cuts after which a blob went on where it had stopped.
};

struct BlobTransferRequest {
  std::string tenant;                      ///< Whose it is: the requests of one share what is given out by turns.
  std::vector<content::Descriptor> blobs;  ///< Each digest once.
  std::vector<std::string> mount_from;     ///< Repositories of the destination's registry to try first.
  /// Whether the publisher may mount from that repository of the destination's registry (its namespace has Read).
  std::function<bool(const std::string& repository)> may_mount_from;
  std::set<Digest> unasked;  ///< Small and likely missing: sent without asking whether they are there.
  int concurrency = 4;
  bool deep = false;                                 ///< Decompress each layer and check it against its diff id.
  std::map<Digest, std::string> diff_ids;            ///< Layer digest -> diff id, for `deep`.
  std::optional<std::int64_t> max_bytes_per_second;  ///< Of all sent to this host meanwhile; the slowest limit counts.
  ProgressListener on_progress;
  /// Told once, when it has ended, what was done: also by a transfer that fails or is stopped.
  std::function<void(const BlobTransferReport&)> on_end;
};

/// Moves blobs from a source to a store, the cheapest way first: present, mounted, sent by somebody else in this
/// process meanwhile, streamed with bounded memory. Large blobs first, several at once. Thread-safe.
class BlobTransfer {
 public:
  virtual ~BlobTransfer() = default;
  /// All blobs are there and checked, or the first error. Integrity when the content is not what its digest says.
  virtual Result<BlobTransferReport> transfer(ImageSource& from, ImageStore& to, const BlobTransferRequest& request,
                                              std::stop_token stop) = 0;
};

}  // namespace slipway
