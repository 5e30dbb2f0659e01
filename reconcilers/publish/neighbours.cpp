#include "reconcilers/publish/neighbours.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "crds/base/digest.h"
#include "crds/v1alpha1/tag_expansion.h"
#include "reconcilers/publish/admission.h"
#include "reconcilers/registry_names.h"

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
      names_ = RegistryNames(*all);
      registries_ = std::move(*all);
    }
    const auto ours = find(name);
    const auto theirs = find(other);
    if (ours == registries_->end() || theirs == registries_->end()) return false;
    if (ours->spec.login_server.empty() || theirs->spec.login_server.empty()) return true;
    return names_.one_name_of(*ours) == names_.one_name_of(*theirs);
  }

 private:
  std::vector<ContainerRegistry>::const_iterator find(const std::string& name) const {
    return std::ranges::find(*registries_, name, [](const ContainerRegistry& one) { return one.metadata.name; });
  }

  ObjectReader& reader_;
  std::optional<std::vector<ContainerRegistry>> registries_;
  RegistryNames names_;  ///< Of them.
};

std::set<std::string> tags_published_by(const ImagePublication& publication) {
  std::set<std::string> tags;
  if (publication.status.published)
    for (const auto& tag : publication.status.published->tags)
      if (tag.state == TagState::Set) tags.insert(tag.tag);
  return tags;
}

std::set<std::string> tags_asked_for_by(const ImagePublication& publication) {
  std::set<std::string> asked;
  const auto digest = publication.status.published ? Digest::parse(publication.status.published->digest)
                                                   : Result<Digest>(Digest::of(""));
  if (!digest) return asked;
  const auto tags = expand_tags(publication.spec.tags, {publication.spec.build, publication.spec.environment, *digest});
  if (!tags) return asked;
  for (const auto& tag : *tags)
    if (tag.state == ExpansionState::Expanded) asked.insert(tag.tag);
  return asked;
}

/// Access is looked at for who asks for one of `tags` that it did not publish: there may be many neighbours.
std::set<std::string> wanted_by(const ImagePublication& neighbour, const std::set<std::string>& tags,
                                ObjectReader& reader) {
  auto wanted = tags_published_by(neighbour);
  auto asked = tags_asked_for_by(neighbour);
  std::erase_if(asked, [&](const auto& tag) { return !tags.contains(tag) || wanted.contains(tag); });
  if (!asked.empty() && may_publish(neighbour, reader)) wanted.merge(asked);
  return wanted;
}

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

Result<std::map<std::string, ObjectKey>> wanted_by_neighbours(const ImagePublication& publication,
                                                              const std::set<std::string>& tags, ObjectReader& reader) {
  const auto neighbours = neighbours_of(publication, reader);
  if (!neighbours) return std::unexpected(neighbours.error());
  std::map<std::string, ObjectKey> wanted;
  for (const auto& neighbour : *neighbours)
    for (const auto& tag : wanted_by(*neighbour, tags, reader))
      if (tags.contains(tag)) wanted.emplace(tag, key_of(*neighbour));
  return wanted;
}

}  // namespace slipway::publish
