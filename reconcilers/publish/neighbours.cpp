#include "reconcilers/publish/neighbours.h"

#include <utility>

#include "reconcilers/registry_name.h"

namespace slipway::publish {
namespace {

Result<bool> is_one_registry(const std::string& name, const std::string& other, ObjectReader& reader) {
  if (name == other) return true;
  const auto ours = reader.registry(name);
  if (!ours) return std::unexpected(ours.error());
  const auto theirs = reader.registry(other);
  if (!theirs) return std::unexpected(theirs.error());
  return *ours && *theirs && registry_name(**ours) == registry_name(**theirs);
}

}  // namespace

Result<std::vector<ImagePublication>> neighbours_of(const ImagePublication& publication, ObjectReader& reader) {
  auto others = reader.publications_to(publication.spec.repository);
  if (!others) return others;
  std::vector<ImagePublication> neighbours;
  for (auto& other : *others) {
    if (key_of(other) == key_of(publication) || other.metadata.deletion_timestamp) continue;
    const auto same = is_one_registry(publication.spec.registry_ref.name, other.spec.registry_ref.name, reader);
    if (!same) return std::unexpected(same.error());
    if (*same) neighbours.push_back(std::move(other));
  }
  return neighbours;
}

}  // namespace slipway::publish
