#include "tests/emulator/access.h"

#include <algorithm>
#include <sstream>

namespace slipway::emulator {
namespace {

Access on(const std::string& repository, std::set<std::string> actions) {
  return {.type = "repository", .name = repository, .actions = std::move(actions)};
}

bool reads(const std::string& method) {
  return method == "GET" || method == "HEAD";
}

std::set<std::string> distribution_actions(const std::string& method, Resource resource) {
  if (resource == Resource::Upload || resource == Resource::UploadStart) return {"pull", "push"};
  if (method == "DELETE") return {"delete"};
  if (reads(method)) return {"pull"};
  return {"pull", "push"};
}

std::string acr_action(const std::string& method) {
  if (method == "DELETE") return "delete";
  return reads(method) ? "metadata_read" : "metadata_write";
}

bool covers(const std::vector<Access>& held, const std::string& type, const std::string& name,
            const std::string& action) {
  return std::ranges::any_of(held, [&](const Access& each) {
    return each.type == type && (each.name == name || each.name == "*") &&
           (each.actions.contains(action) || each.actions.contains("*"));
  });
}

}  // namespace

std::vector<Access> required_access(const std::string& method, const Route& route, const Target& target) {
  switch (route.resource) {
    case Resource::Catalog:
    case Resource::AcrCatalog:
      return {{.type = "registry", .name = "catalog", .actions = {"*"}}};
    case Resource::AcrRepository:
    case Resource::AcrTags:
    case Resource::AcrTag:
    case Resource::AcrManifests:
    case Resource::AcrManifest:
      return {on(route.repository, {acr_action(method)})};
    case Resource::Tags:
    case Resource::Manifest:
    case Resource::Blob:
    case Resource::Upload:
    case Resource::UploadStart:
    case Resource::Referrers: {
      std::vector<Access> access{on(route.repository, distribution_actions(method, route.resource))};
      if (const std::string from = target.parameter("from"); target.has("mount") && !from.empty())
        access.push_back(on(from, {"pull"}));
      return access;
    }
    default:
      return {};
  }
}

bool is_open(Resource resource) {
  return is_admin(resource) || resource == Resource::Token || resource == Resource::Exchange ||
         resource == Resource::BlobContent;
}

std::string scope_of(const std::vector<Access>& access) {
  std::string scope;
  for (const Access& each : access) {
    scope += (scope.empty() ? "" : " ") + each.type + ":" + each.name + ":";
    for (const std::string& action : each.actions) scope += (scope.ends_with(':') ? "" : ",") + action;
  }
  return scope;
}

std::vector<Access> parse_scopes(std::string_view text) {
  std::vector<Access> access;
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    const std::size_t first = word.find(':');
    const std::size_t last = word.rfind(':');
    if (first == std::string::npos || first == last) continue;
    Access each{.type = word.substr(0, first), .name = word.substr(first + 1, last - first - 1), .actions = {}};
    std::istringstream actions(word.substr(last + 1));
    for (std::string action; std::getline(actions, action, ',');) each.actions.insert(action);
    access.push_back(std::move(each));
  }
  return access;
}

bool covers(const std::vector<Access>& held, const std::vector<Access>& needed) {
  return std::ranges::all_of(needed, [&](const Access& each) {
    return std::ranges::all_of(each.actions,
                               [&](const std::string& action) { return covers(held, each.type, each.name, action); });
  });
}

}  // namespace slipway::emulator
