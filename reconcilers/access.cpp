#include "reconcilers/access.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "crds/base/digest.h"
#include "crds/base/glob.h"
#include "crds/base/host.h"
#include "crds/base/image_reference.h"
#include "crds/base/text.h"
#include "crds/v1alpha1/enum_names.h"
#include "reconcilers/readiness.h"
#include "reconcilers/registry_name.h"

namespace slipway {

namespace {

bool matches_any(const std::vector<std::string>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const auto& one) { return glob_matches(one, text); });
}

/// Everything of an entry but its `sources`.
bool gives(const AccessEntry& entry, const Tenant& tenant, AccessAction action, const std::string& repository) {
  return std::find(entry.actions.begin(), entry.actions.end(), action) != entry.actions.end() &&
         selects(entry.namespace_selector, tenant.labels) && matches_any(entry.repositories, repository);
}

bool can_read(const ContainerRegistry& registry, const Tenant& tenant, const std::string& repository) {
  return std::any_of(registry.spec.access.begin(), registry.spec.access.end(),
                     [&](const auto& entry) { return gives(entry, tenant, AccessAction::Read, repository); });
}

bool is_own_readable_source(const ContainerRegistry& registry, const AccessRequest& request) {
  return is_own_host(registry, request.source_host) && can_read(registry, request.tenant, request.source_repository);
}

std::string source_of(const AccessRequest& request) {
  return request.source_host.empty() ? std::string() : request.source_host + "/" + request.source_repository;
}

bool is_for_one_host(const std::string& pattern) {
  return pattern.find('/') < pattern.find('*');
}

/// A pattern for one host is for each spelling of it.
bool names_source(const std::string& pattern, const AccessRequest& request) {
  if (request.source_host.empty()) return false;
  if (!is_for_one_host(pattern)) return glob_matches(pattern, source_of(request));
  const std::size_t slash = pattern.find('/');
  return canonical_address(pattern.substr(0, slash)) == canonical_address(request.source_host) &&
         glob_matches(pattern.substr(slash + 1), request.source_repository);
}

bool names_source(const AccessEntry& entry, const AccessRequest& request) {
  return entry.sources &&
         std::ranges::any_of(*entry.sources, [&](const auto& pattern) { return names_source(pattern, request); });
}

/// By a pattern for one host: one for any host would lend to whatever host a publication names.
bool lends_to_source(const AccessEntry& entry, const AccessRequest& request) {
  return entry.sources && std::ranges::any_of(*entry.sources, [&](const auto& pattern) {
           return is_for_one_host(pattern) && names_source(pattern, request);
         });
}

bool takes_source(const AccessEntry& entry, const AccessRequest& request, bool own_readable) {
  if (request.action != AccessAction::Publish || !entry.sources || own_readable) return true;
  return names_source(entry, request);
}

bool has_gates(const Gates& gates) {
  return gates != Gates{};
}

/// None that another refusal of this namespace gives, however long its own name is.
std::string name_to_add(const AccessRequest& request) {
  constexpr std::size_t kLongest = 63;
  constexpr std::size_t kHashDigits = 6;
  const std::string end = '-' + lower_case(name_of(request.action)) + '-' +
                          Digest::of(request.repository + '\n' + source_of(request)).short_hex(kHashDigits);
  return request.tenant.namespace_name.substr(0, kLongest - end.size()) + end;
}

std::string line_to_add(const AccessRequest& request) {
  std::string line =
      "- {name: " + name_to_add(request) +
      ", namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: " + request.tenant.namespace_name +
      "}}, repositories: [" + quoted(request.repository, 255) + "], actions: [" + std::string(name_of(request.action)) +
      "]";
  if (request.action == AccessAction::Publish && !request.source_host.empty())
    line += ", sources: [" + quoted(source_of(request), 512) + "]";
  return line + "}";
}

/// Made of the request alone: what is behind the refusal must not show in it.
std::unexpected<Error> refusal(const AccessRequest& request) {
  std::string what = "namespace " + request.tenant.namespace_name + " has no " + std::string(name_of(request.action)) +
                     " on " + quoted(request.repository, 255) + " of ContainerRegistry " + request.registry;
  if (request.action == AccessAction::Publish)
    what += request.source_host.empty() ? " for an image from a file"
                                        : " for an image from " + quoted(source_of(request), 512);
  return fail(
      ErrorClass::Forbidden, std::move(what),
      "check the repository, the registry's name and the namespace's labels; its keeper adds to spec.access, with the "
      "gates of its other entries: " +
          line_to_add(request));
}

}  // namespace

bool is_own_host(const ContainerRegistry& registry, const std::string& host) {
  const auto name_of_host = [&](const std::string& text) { return registry_name(text, registry.spec.plain_http); };
  const std::string asked = name_of_host(host);
  const auto& aliases = registry.spec.aliases;
  return !canonical_host(host).empty() &&
         (asked == registry_name(registry) ||
          std::any_of(aliases.begin(), aliases.end(), [&](const auto& one) { return asked == name_of_host(one); }));
}

bool keeps_source_of(const ContainerRegistry& registry, const ImagePublication& object) {
  const auto& image = object.spec.source.image;
  if (!image) return false;
  const auto reference = ImageReference::parse(image->reference);
  return reference && is_own_host(registry, reference->registry);
}

bool is_used_by(const ContainerRegistry& registry, const ImagePublication& object) {
  const std::string& name = registry.metadata.name;
  const auto& image = object.spec.source.image;
  return object.spec.registry_ref.name == name || (image && image->registry_ref && image->registry_ref->name == name) ||
         keeps_source_of(registry, object);
}

bool is_unready_user(const ContainerRegistry& registry, const ImagePublication& object) {
  return is_unready(object.status.conditions) && is_used_by(registry, object);
}

Result<AccessGrant> check_access(const std::optional<ContainerRegistry>& registry, const AccessRequest& request) {
  if (!registry) return refusal(request);
  const bool own_readable = is_own_readable_source(*registry, request);
  AccessGrant grant;
  for (const auto& entry : registry->spec.access) {
    if (!gives(entry, request.tenant, request.action, request.repository)) continue;
    if (!takes_source(entry, request, own_readable)) continue;
    grant.entries.push_back(entry.name);
    if (request.action == AccessAction::Publish && lends_to_source(entry, request)) grant.names_source = true;
    if (request.action == AccessAction::Publish && has_gates(entry.gates))
      grant.floors.push_back({.entry = entry.name, .gates = entry.gates});
  }
  if (grant.entries.empty()) return refusal(request);
  return grant;
}

}  // namespace slipway
