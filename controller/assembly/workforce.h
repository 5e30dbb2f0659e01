#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <thread>

#include "controller/assembly/assembly.h"
#include "controller/assembly/logged_visits.h"
#include "controller/runtime/work_queue.h"
#include "controller/runtime/worker_pool.h"

namespace slipway::assembly {

/// The queue of a service; once they begin, the workers that take from it, and who marks the visits that take long.
/// begin() and end() are one thread's, the queue is everybody's.
class Workforce {
 public:
  struct Options {
    std::size_t workers = 8;
    /// Whether it is being deleted: where that can be, one more worker takes such keys alone, for all others may be at
    /// what takes hours. As of the queue.
    std::function<bool(const ObjectKey&)> is_deleted = nullptr;
  };

  /// Both outlive it.
  Workforce(Assembly& assembly, const Surroundings& surroundings, const Options& options);

  runtime::WorkQueue& queue() { return queue_; }
  /// std::system_error when the machine refuses a thread.
  void begin(runtime::ReconcilersByKind reconcilers);
  /// Nothing is taken any more. What runs may finish for `finish_for`, then it is asked to stop, and waited for.
  void end(std::chrono::milliseconds finish_for = {});

 private:
  Assembly& assembly_;
  telemetry::Metrics& metrics_;
  const runtime::WorkerPool::Options size_;
  const runtime::SystemSteadyClock clock_;
  LoggedVisits visits_;
  runtime::WorkQueue queue_;
  std::optional<std::jthread> marks_;
  std::optional<runtime::WorkerPool> pool_;
};

}  // namespace slipway::assembly
