#include "controller/assembly/workforce.h"

#include <algorithm>
#include <random>
#include <utility>

namespace slipway::assembly {

Workforce::Workforce(Assembly& assembly, const Surroundings& surroundings, const Options& options)
    : assembly_(assembly),
      metrics_(surroundings.metrics),
      size_{.workers = options.workers, .for_deletions = options.is_deleted ? std::size_t{1} : 0},
      visits_(surroundings.log, assembly.signs(), surroundings.metrics),
      queue_(clock_, visits_,
             {.backoff = {},
              .seed = std::random_device{}(),
              .workers = options.workers,
              .host_of = [&assembly](const ObjectKey& key) { return assembly.host_of(key); },
              .is_deleted = options.is_deleted}) {
  assembly_.bring_back_through(queue_);
}

void Workforce::begin(runtime::ReconcilersByKind reconcilers) {
  metrics_.set_max_concurrent_reconciles(size_.workers + size_.for_deletions);
  marks_.emplace([this](const std::stop_token& ended) { assembly_.long_visits().watch(ended); });
  pool_.emplace(queue_, std::move(reconcilers), visits_, size_);
}

void Workforce::end(std::chrono::milliseconds finish_for) {
  queue_.drain(finish_for);
  if (pool_) pool_->stop();
  pool_.reset();
  marks_.reset();
}

}  // namespace slipway::assembly
