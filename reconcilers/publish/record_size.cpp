#include "reconcilers/publish/record_size.h"

#include <optional>
#include <string>

namespace slipway::publish {
namespace {

/// Of a node of a map beside what it holds.
constexpr std::size_t kMapNode = 48;

// Each field has a name in the bindings below: one that is added does not compile until somebody counts it. beyond() is
// what one takes beside its own object.

std::size_t beyond(const PublisherIdentity& publisher) {
  const auto& [id, namespace_name, name] = publisher;
  return id.size() + namespace_name.size() + name.size();
}

std::size_t beyond(const RecordedSource& source) {
  const auto& [location, digest] = source;
  return location.size() + digest.size();
}

std::size_t beyond(const RecordedRollback& rollback) {
  const auto& [digest, reason] = rollback;
  return digest.size() + reason.size();
}

std::size_t beyond(const BuildInfo& build) {
  const auto& [commit, version, number, branch, run_url, actor, built_at, labels] = build;
  std::size_t sum = commit.size() + version.size() + branch.size() + run_url.size() + actor.size();
  for (const auto& label : labels) sum += kMapNode + sizeof(label) + label.first.size() + label.second.size();
  return sum;
}

std::size_t beyond(const RecordedTag& one) {
  const auto& [tag, mutability, left] = one;
  return tag.size();
}

std::size_t beyond(const VerdictStatus& verdict) {
  const auto& [gate, passed, critical, high, medium, low, unknown, ignored, excepted] = verdict;
  return gate.size();
}

std::size_t beyond(const DeploymentTarget& target) {
  const auto& [kind, name, namespace_name, cluster] = target;
  return kind.size() + name.size() + namespace_name.size() + cluster.size();
}

template <class T>
std::size_t bytes_of(const std::vector<T>& list) {
  std::size_t sum = list.size() * sizeof(T);
  for (const T& one : list) sum += beyond(one);
  return sum;
}

}  // namespace

std::size_t bytes_in_memory(const PublicationRecord& record) {
  const auto& [publisher, subject, registry, repository, environment, build, source, tags, rollback, verdicts,
               gates_hash, deployment_targets, started_at, published_at, slipway_version] = record;
  return sizeof(record) + beyond(publisher) + registry.size() + repository.size() + environment.size() + beyond(build) +
         beyond(source) + bytes_of(tags) + (rollback ? beyond(*rollback) : 0) + bytes_of(verdicts) + gates_hash.size() +
         bytes_of(deployment_targets) + slipway_version.size();
}

}  // namespace slipway::publish
