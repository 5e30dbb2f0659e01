#include "controller/assembly/ready_again.h"

#include "reconcilers/readiness.h"

namespace slipway::assembly {

bool ReadyAgain::is_unready(const ObjectKey& key) const {
  const auto registry = hands_.objects.registry(key.name);
  return registry && *registry && slipway::is_unready((*registry)->status.conditions);
}

void ReadyAgain::bring_back(const ObjectKey& key) {
  if (runtime::WorkQueue* queue = queue_) queue->add(key, runtime::Priority::Unready);
}

Outcome ReadyAgain::reconcile(const ObjectKey& key, std::stop_token stop) {
  if (!hands_.unready_users || !is_unready(key)) return next_.reconcile(key, std::move(stop));
  const Outcome outcome = next_.reconcile(key, std::move(stop));
  const auto registry = hands_.objects.registry(key.name);
  if (!registry || !*registry || slipway::is_unready((*registry)->status.conditions)) return outcome;
  for (const ObjectKey& user : hands_.unready_users(**registry)) bring_back(user);
  return outcome;
}

}  // namespace slipway::assembly
