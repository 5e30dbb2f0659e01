#include "controller/assembly/workforce.h"

#include <algorithm>
#include <random>
#include <utility>

namespace slipway::assembly {

Workforce::Workforce(Assembly& assembly, const Surroundings& surroundings, std::size_t workers)
    : assembly_(assembly),
      metrics_(surroundings.metrics),
      workers_(workers),
      visits_(surroundings.log, assembly.signs(), surroundings.metrics),
      queue_(clock_, visits_,
             {.backoff = {},
              .seed = std::random_device{}(),
              .workers = workers,
              .host_of = [&assembly](const ObjectKey& key) { return assembly.host_of(key); }}) {
  assembly_.bring_back_through(queue_);
}

void Workforce::begin(runtime::ReconcilersByKind reconcilers) {
  metrics_.set_max_concurrent_reconciles(workers_);
  marks_.emplace([this](const std::stop_token& ended) { assembly_.long_visits().watch(ended); });
  pool_.emplace(queue_, std::move(reconcilers), visits_, runtime::WorkerPool::Options{.workers = workers_});
}

void Workforce::end(std::chrono::milliseconds finish_for) {
  queue_.drain(finish_for);
  if (pool_) pool_->stop();
  pool_.reset();
  marks_.reset();
}

}  // namespace slipway::assembly
