#include "controller/cluster/kept_registry_names.h"

namespace slipway::cluster {

bool has_other_names(const ContainerRegistry* before, const ContainerRegistry* now) {
  if (before == nullptr || now == nullptr) return before != now;
  return before->spec.login_server != now->spec.login_server || before->spec.aliases != now->spec.aliases ||
         before->spec.plain_http != now->spec.plain_http;
}

KeptRegistryNames::KeptRegistryNames(runtime::ObjectCache<ContainerRegistry>& registries) : registries_(registries) {
  using Kept = runtime::Reflected<ContainerRegistry>;
  registries.add_follower([this](const Kept* before, const Kept* now) {
    const auto object_in = [](const Kept* each) { return each == nullptr ? nullptr : &each->object; };
    if (has_other_names(object_in(before), object_in(now))) names_.lock()->reset();
  });
}

std::shared_ptr<const RegistryNames> KeptRegistryNames::now() const {
  // Held meanwhile: a change that comes while they are put together has them put together anew.
  const auto names = names_.lock();
  if (*names == nullptr) {
    const auto fresh = std::make_shared<RegistryNames>();
    for (const auto& entry : registries_.all()) fresh->add(entry->object);
    *names = fresh;
  }
  return *names;
}

}  // namespace slipway::cluster
