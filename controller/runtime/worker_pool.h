#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "controller/runtime/work_queue.h"
#include "reconcilers/reconciler.h"

namespace slipway::runtime {

using ReconcilersByKind = std::map<ResourceKind, std::reference_wrapper<Reconciler>>;

/// Random, in hexadecimal. Thread-safe.
std::string new_reconcile_id();

/// Threads that take keys, call the reconciler of the key's kind and turn its Outcome into the next visit:
///
///   Done            forget the key's failures; no further visit
///   Again, Stalled  forget the failures; visit after `delay`, spread (see spread()) so that no herd stays together
///   PutOff          visit after `delay`, about; the failures stay
///   Retry           visit after the key's growing delay, at least `delay`
///   an exception    a bug of ours: told to the watcher, visit after `after_a_bug`
///
/// A kind without a reconciler is Done. Every reconcile has an id of its own, on every log line of its thread.
class WorkerPool {
 public:
  struct Options {
    std::size_t workers = 8;
    std::size_t for_deletions = 0;  ///< Beside these: who take what is being deleted, and nothing else.
    std::chrono::milliseconds after_a_bug{std::chrono::minutes{10}};
  };

  /// Starts the threads. Everything given outlives the pool. std::system_error when the machine refuses one.
  WorkerPool(WorkQueue& queue, ReconcilersByKind reconcilers, WorkWatcher& watcher, const Options& options);
  /// stop(), then waits for what runs.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// No key is taken any more; what runs is asked to stop. Returns at once.
  void stop();

 private:
  void work(const std::stop_token& stop, Taker taker);
  void visit(const ObjectKey& key, const std::stop_token& stop);
  void schedule(const ObjectKey& key, const Outcome& outcome);

  WorkQueue& queue_;
  const ReconcilersByKind reconcilers_;
  WorkWatcher& watcher_;
  const std::chrono::milliseconds after_a_bug_;
  const SystemSteadyClock clock_;
  std::stop_source stop_;
  std::vector<std::jthread> threads_;
};

}  // namespace slipway::runtime
