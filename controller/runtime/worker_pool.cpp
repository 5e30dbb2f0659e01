#include "controller/runtime/worker_pool.h"

#include <array>
#include <cstdio>
#include <exception>
#include <random>
#include <string>
#include <system_error>
#include <utility>

#include "controller/telemetry/log.h"

namespace slipway::runtime {

namespace {

std::optional<Outcome> guarded_reconcile(Reconciler& reconciler, const ObjectKey& key, const std::stop_token& stop,
                                         std::string& thrown) {
  try {
    return reconciler.reconcile(key, stop);
  } catch (const std::exception& error) {
    thrown = error.what();
  } catch (...) {
    thrown = "something that is not a std::exception";
  }
  return std::nullopt;
}

}  // namespace

std::string new_reconcile_id() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(random()));
  return text.data();
}

WorkerPool::WorkerPool(WorkQueue& queue, ReconcilersByKind reconcilers, WorkWatcher& watcher, const Options& options)
    : queue_(queue), reconcilers_(std::move(reconcilers)), watcher_(watcher), after_a_bug_(options.after_a_bug) {
  try {
    const auto start = [this](std::size_t number, Taker taker) {
      for (std::size_t i = 0; i < number; ++i) threads_.emplace_back([this, taker] { work(stop_.get_token(), taker); });
    };
    start(options.workers, Taker::Worker);
    start(options.for_deletions, Taker::OfDeletions);
  } catch (const std::system_error&) {
    // Those that were started wait for keys, and are waited for before the exception goes on.
    stop();
    throw;
  }
}

WorkerPool::~WorkerPool() {
  stop();
}

void WorkerPool::stop() {
  queue_.shut_down();
  stop_.request_stop();
}

void WorkerPool::work(const std::stop_token& stop, Taker taker) {
  while (const auto key = queue_.take(stop, taker)) {
    visit(*key, stop);
    queue_.done(*key);
  }
}

void WorkerPool::visit(const ObjectKey& key, const std::stop_token& stop) {
  const auto reconciler = reconcilers_.find(key.kind);
  if (reconciler == reconcilers_.end()) return;
  Visit visit{.key = key, .reconcile_id = new_reconcile_id(), .took = {}, .outcome = {}, .thrown = {}};
  const telemetry::ReconcileScope scope{visit.reconcile_id};
  watcher_.began(key, visit.reconcile_id);
  const auto start = clock_.now();
  visit.outcome = guarded_reconcile(reconciler->second, key, stop, visit.thrown);
  visit.took = clock_.now() - start;
  watcher_.ended(visit);
  if (visit.outcome) {
    schedule(key, *visit.outcome);
  } else {
    queue_.add_after(key, after_a_bug_);
  }
}

void WorkerPool::schedule(const ObjectKey& key, const Outcome& outcome) {
  if (outcome.kind == Outcome::Kind::Retry) return queue_.retry(key, outcome.delay);
  if (outcome.kind == Outcome::Kind::PutOff && outcome.delay) return queue_.put_off(key, *outcome.delay);
  queue_.forget(key);
  if (outcome.kind != Outcome::Kind::Done && outcome.delay) queue_.look_again(key, *outcome.delay);
}

}  // namespace slipway::runtime
