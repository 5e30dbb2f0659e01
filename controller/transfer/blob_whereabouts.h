#pragma once

#include <atomic>
#include <chrono>
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

/// What this process knows of its own doing: which repositories have a blob, who is sending it. A hint only: nothing is
/// taken for granted that the registry does not confirm. Remembers a bounded number of blobs. Thread-safe.
class BlobWhereabouts {
 public:
  explicit BlobWhereabouts(std::size_t most_known);

  /// Repositories of that registry that have it, newest first.
  std::vector<std::string> repositories_with(const BlobAt& blob);
  void remember(const BlobAt& blob, const std::string& repository);
  void forget(const BlobAt& blob, const std::string& repository);

  /// What others see of one sending. Thread-safe.
  struct Ticket {
    explicit Ticket(std::string to) : repository(std::move(to)) {}
    const std::string repository;
    std::atomic<bool> streams = false;       ///< It has begun with the bytes.
    std::atomic<std::int64_t> position = 0;  ///< Goes back when bytes are sent again.
    std::atomic<std::int64_t> starved = 0;   ///< Nanoseconds in which its source gave it nothing to send.
    std::atomic<bool> succeeded = false;     ///< The blob is in `repository`.
    std::stop_source ended;                  ///< Asked to stop once it has ended.
  };
  /// Whether to wait for that one rather than to send. Called under a lock: returns at once.
  using Worth = std::function<bool(const Ticket& other)>;

  /// One sending of a blob to a repository, as long as it lives.
  class Sending;
  struct Claim {
    std::unique_ptr<Sending> sending;     ///< Ours to send,
    std::shared_ptr<const Ticket> other;  ///< or somebody else's who is worth waiting for.
  };
  Claim claim(const BlobAt& blob, const std::string& repository, const Worth& worth);

 private:
  struct State {
    runtime::RecentlyUsed<BlobAt, std::vector<std::string>> repositories;
    std::multimap<BlobAt, std::shared_ptr<Ticket>> sendings;  ///< Shared with those who wait.
  };
  void end(const BlobAt& blob, const std::shared_ptr<Ticket>& ticket);

  runtime::Guarded<State> state_;
};

class BlobWhereabouts::Sending {
 public:
  Sending(BlobWhereabouts& owner, BlobAt blob, std::shared_ptr<Ticket> ticket)
      : owner_(owner), blob_(std::move(blob)), ticket_(std::move(ticket)) {}
  ~Sending() { owner_.end(blob_, ticket_); }
  Sending(const Sending&) = delete;
  Sending& operator=(const Sending&) = delete;

  /// The bytes are sent from now on, unless somebody began with that who is worth waiting for: then it is given.
  std::shared_ptr<const Ticket> begin(const Worth& worth);
  void moved(std::int64_t position) { ticket_->position = position; }
  void starved(std::chrono::nanoseconds more) { ticket_->starved += more.count(); }
  /// The blob is there now: those who wait are told when this object goes.
  void succeeded();

 private:
  BlobWhereabouts& owner_;
  BlobAt blob_;
  std::shared_ptr<Ticket> ticket_;
};

}  // namespace slipway::transfer
