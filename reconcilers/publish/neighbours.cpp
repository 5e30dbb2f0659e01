#include "reconcilers/publish/neighbours.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "reconcilers/registry_name.h"

namespace slipway::publish {
namespace {

/// Which ContainerRegistries are one registry. Read at the first need: most publications to a repository name the same.
class Places {
 public:
  explicit Places(ObjectReader& reader) : reader_(reader) {}

  /// Also of those whose spec can't be used, which this is no fault of. Whose place is not known may be anywhere.
  Result<bool> are_one(const std::string& name, const std::string& other) {
    if (name == other) return true;
    if (!registries_) {
      auto all = reader_.registries();
      if (!all) return std::unexpected(std::move(all.error()));
      registries_ = std::move(*all);
    }
    const auto ours = find(name);
    const auto theirs = find(other);
    if (ours == registries_->end() || theirs == registries_->end()) return false;
    if (ours->spec.login_server.empty() || theirs->spec.login_server.empty()) return true;
    return registry_name(*ours) == registry_name(*theirs);
  }

 private:
  std::vector<ContainerRegistry>::const_iterator find(const std::string& name) const {
    return std::ranges::find(*registries_, name, [](const ContainerRegistry& one) { return one.metadata.name; });
  }

  ObjectReader& reader_;
  std::optional<std::vector<ContainerRegistry>> registries_;
};

}  // namespace

Result<SharedPublications> neighbours_of(const ImagePublication& publication, ObjectReader& reader) {
  auto others = reader.publications_to(publication.spec.repository);
  if (!others) return others;
  Places places{reader};
  SharedPublications neighbours;
  for (auto& other : *others) {
    if (key_of(*other) == key_of(publication) || other->metadata.deletion_timestamp) continue;
    const auto same = places.are_one(publication.spec.registry_ref.name, other->spec.registry_ref.name);
    if (!same) return std::unexpected(same.error());
    if (*same) neighbours.push_back(std::move(other));
  }
  return neighbours;
}

}  // namespace slipway::publish
