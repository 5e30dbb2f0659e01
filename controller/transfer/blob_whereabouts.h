#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "controller/runtime/guarded.h"
#include "controller/runtime/recently_used.h"
#include "crds/base/digest.h"

namespace slipway::transfer {

/// A blob at a registry. Its size counts: one that somebody names with another size is not the one known here.
struct BlobAt {
  std::string host;
  Digest digest;
  std::int64_t size = 0;
  auto operator<=>(const BlobAt&) const = default;
};

/// Whether what is in that repository may be used.
using MayUse = std::function<bool(const std::string& repository)>;

/// What this process knows of its own doing: which repositories have a blob, who is sending it. A hint only: nothing is
/// taken for granted that the registry does not confirm. Remembers a bounded number of blobs. Thread-safe.
class BlobWhereabouts {
 public:
  explicit BlobWhereabouts(std::size_t most_known);

  /// Repositories of that registry that have it, newest first.
  std::vector<std::string> repositories_with(const BlobAt& blob);
  void remember(const BlobAt& blob, const std::string& repository);
  void forget(const BlobAt& blob, const std::string& repository);

  /// One sending of a blob to a repository, as long as it lives.
  class Sending;
  struct Claim {
    std::unique_ptr<Sending> sending;  ///< Ours to send; nothing: somebody else was sending it and has ended.
    bool there = false;                ///< They succeeded, in `repository`.
    std::string repository;
  };
  /// The sending is ours, or waits until that of somebody else in a repository we may use has ended. With neither:
  /// `stop` asked. `may_use` is called under a lock and returns at once.
  Claim claim(const BlobAt& blob, const std::string& repository, const MayUse& may_use, const std::stop_token& stop);

 private:
  struct Ticket {
    std::string repository;
    bool ended = false;
    bool succeeded = false;
  };
  struct State {
    runtime::RecentlyUsed<BlobAt, std::vector<std::string>> repositories;
    std::multimap<BlobAt, std::shared_ptr<Ticket>> sendings;  ///< Shared with those who wait.
  };
  void end(const BlobAt& blob, const std::shared_ptr<Ticket>& ticket);

  runtime::Guarded<State> state_;
  std::condition_variable_any ended_;
};

class BlobWhereabouts::Sending {
 public:
  Sending(BlobWhereabouts& owner, BlobAt blob, std::shared_ptr<Ticket> ticket)
      : owner_(owner), blob_(std::move(blob)), ticket_(std::move(ticket)) {}
  ~Sending() { owner_.end(blob_, ticket_); }
  Sending(const Sending&) = delete;
  Sending& operator=(const Sending&) = delete;

  /// The blob is there now: those who wait are told when this object goes.
  void succeeded();

 private:
  BlobWhereabouts& owner_;
  BlobAt blob_;
  std::shared_ptr<Ticket> ticket_;
};

}  // namespace slipway::transfer
