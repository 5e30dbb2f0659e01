#include "tests/support/api_objects.h"

#include <algorithm>
#include <sstream>

namespace slipway::tests {
namespace {

using Json = ApiObjects::Json;

ApiObjects::Answer refuse(int code, std::string reason, std::string message) {
  return {{}, ApiRefusal{code, std::move(reason), std::move(message)}};
}

bool is_ours(const ApiAddress& address) {
  return address.group.starts_with("/apis/slipway.dev/");
}

/// What the manager applied before and does not apply any more goes; lists by `type` go item by item, others whole.
Json without_dropped(Json live, const Json& before, const Json& now) {
  if (live.is_array() && before.is_array() && now.is_array() && !before.empty() && before.front().contains("type")) {
    std::erase_if(live.get_ref<Json::array_t&>(), [&](const Json& item) {
      const auto has = [&](const Json& list) {
        return std::ranges::any_of(list, [&](const Json& each) { return each["type"] == item["type"]; });
      };
      return has(before) && !has(now);
    });
    return live;
  }
  if (!live.is_object() || !before.is_object()) return live;
  for (const auto& [key, value] : before.items()) {
    if (!live.contains(key)) continue;
    if (!now.is_object() || !now.contains(key))
      live.erase(key);
    else
      live[key] = without_dropped(live[key], value, now[key]);
  }
  return live;
}

Json merged(Json live, const Json& now) {
  if (live.is_array() && now.is_array() && !now.empty() && now.front().contains("type")) {
    for (const Json& item : now) {
      const auto found = std::ranges::find_if(live, [&](const Json& each) { return each["type"] == item["type"]; });
      found == live.end() ? live.push_back(item) : void(*found = merged(*found, item));
    }
    return live;
  }
  if (!live.is_object() || !now.is_object()) return now;
  for (const auto& [key, value] : now.items()) live[key] = live.contains(key) ? merged(live[key], value) : value;
  return live;
}

}  // namespace

ApiAddress ApiAddress::of(const std::string& path) {
  std::vector<std::string> parts;
  std::istringstream text(path.substr(1, path.find('?') - 1));
  for (std::string part; std::getline(text, part, '/');) parts.push_back(part);
  const std::size_t group = parts.at(0) == "api" ? 2 : 3;
  ApiAddress address;
  for (std::size_t i = 0; i < group; ++i) address.group += "/" + parts.at(i);
  std::vector<std::string> rest(parts.begin() + static_cast<std::ptrdiff_t>(group), parts.end());
  if (rest.size() > 2 && rest[0] == "namespaces") {
    address.namespace_name = rest[1];
    rest.erase(rest.begin(), rest.begin() + 2);
  }
  rest.resize(3);
  address.resource = rest[0];
  address.name = rest[1];
  address.subresource = rest[2];
  return address;
}

bool ApiObjects::is_in(const ApiAddress& collection, const ApiAddress& object) {
  return collection.group == object.group && collection.resource == object.resource &&
         (collection.namespace_name.empty() || collection.namespace_name == object.namespace_name);
}

Json& ApiObjects::tell(const std::string& type, const ApiAddress& address, Json& object) {
  object["metadata"]["resourceVersion"] = std::to_string(++version_);
  events_.push_back({version_, type, address, object});
  return object;
}

ApiObjects::Answer ApiObjects::create(const ApiAddress& collection, Json object) {
  ApiAddress address = collection;
  address.name = object["metadata"]["name"];
  address.subresource.clear();
  if (objects_.contains(address)) return refuse(409, "AlreadyExists", address.name + " already exists");
  Json& metadata = object["metadata"];
  if (!address.namespace_name.empty()) metadata["namespace"] = address.namespace_name;
  metadata["uid"] = "uid-" + std::to_string(++uids_);
  metadata["creationTimestamp"] = "2026-11-01T00:00:00Z";
  if (is_ours(address)) {
    metadata["generation"] = 1;
    object["status"] = {{"observedGeneration", -1}};
  }
  return {tell("ADDED", address, (objects_[address] = {std::move(object)}).object), {}};
}

ApiObjects::Answer ApiObjects::get(const ApiAddress& address) const {
  ApiAddress main = address;
  main.subresource.clear();
  const auto found = objects_.find(main);
  if (found == objects_.end()) return refuse(404, "NotFound", address.resource + " \"" + address.name + "\" not found");
  return {found->second.object, {}};
}

ApiObjects::Answer ApiObjects::store(const ApiAddress& address, Json object) {
  Kept& kept = objects_.at(address);
  if (object == kept.object) return {object, {}};
  Json& metadata = object["metadata"];
  if (object.value("spec", Json{}) != kept.object.value("spec", Json{}))
    metadata["generation"] = metadata.value("generation", 0) + 1;
  const bool is_over = metadata.contains("deletionTimestamp") && metadata.value("finalizers", Json::array()).empty();
  kept.object = std::move(object);
  Json now = tell(is_over ? "DELETED" : "MODIFIED", address, kept.object);
  if (is_over) objects_.erase(address);
  return {std::move(now), {}};
}

ApiObjects::Answer ApiObjects::edit(const ApiAddress& address, const std::function<void(Json&)>& change) {
  Answer found = get(address);
  if (found.refusal) return found;
  const Json status = found.object.value("status", Json{});
  change(found.object);
  if (!status.is_null()) found.object["status"] = status;
  return store(address, std::move(found.object));
}

ApiObjects::Answer ApiObjects::merge(const ApiAddress& address, const Json& patch) {
  const Answer found = get(address);
  if (found.refusal) return found;
  const Json asked = patch.value("metadata", Json::object());
  const Json& metadata = found.object["metadata"];
  for (const char* key : {"resourceVersion", "uid"})
    if (asked.contains(key) && asked[key] != metadata[key])
      return refuse(409, "Conflict", "the object has been modified; please apply your changes to the latest version");
  if (metadata.contains("deletionTimestamp"))
    for (const Json& finalizer : asked.value("finalizers", Json::array()))
      if (!std::ranges::count(metadata.value("finalizers", Json::array()), finalizer))
        return refuse(422, "Invalid", "metadata.finalizers: Forbidden: no new finalizers can be added");
  return edit(address, [&](Json& object) { object.merge_patch(patch); });
}

ApiObjects::Answer ApiObjects::replace(const ApiAddress& address, Json object) {
  const Answer found = get(address);
  if (found.refusal) return found;
  const Json& before = found.object["metadata"];
  Json& metadata = object["metadata"];
  if (metadata.value("resourceVersion", "") != before["resourceVersion"])
    return refuse(409, "Conflict", "the object has been modified; please apply your changes to the latest version");
  for (const char* key : {"uid", "creationTimestamp"}) metadata[key] = before[key];
  return store(address, std::move(object));
}

ApiObjects::Answer ApiObjects::apply_status(const ApiAddress& address, const Json& applied) {
  const Answer found = get(address);
  if (found.refusal) return found;
  // As a real one does: in a subresource the version is looked at, a uid is not.
  const Json& asked = applied["metadata"];
  if (asked.contains("resourceVersion") && asked["resourceVersion"] != found.object["metadata"]["resourceVersion"])
    return refuse(409, "Conflict", "the object has been modified; please apply your changes to the latest version");
  ApiAddress main = address;
  main.subresource.clear();
  Kept& kept = objects_.at(main);
  Json object = kept.object;
  const Json now = applied.value("status", Json::object());
  Json live = object.value("status", Json::object());
  if (!kept.is_owned_twice) live = without_dropped(std::move(live), kept.applied_status, now);
  object["status"] = merged(std::move(live), now);
  kept.applied_status = now;
  return store(main, std::move(object));
}

ApiObjects::Answer ApiObjects::merge_status(const ApiAddress& address, const Json& patch) {
  const Answer found = get(address);
  if (found.refusal) return found;
  const Json asked = patch.value("metadata", Json::object());
  if (asked.contains("resourceVersion") && asked["resourceVersion"] != found.object["metadata"]["resourceVersion"])
    return refuse(409, "Conflict", "the object has been modified; please apply your changes to the latest version");
  ApiAddress main = address;
  main.subresource.clear();
  Json object = found.object;
  object["status"].merge_patch(patch.value("status", Json::object()));
  return store(main, std::move(object));
}

ApiObjects::Answer ApiObjects::own_status_too(const ApiAddress& address) {
  const Answer found = get(address);
  if (!found.refusal) objects_.at(address).is_owned_twice = true;
  return found;
}

ApiObjects::Answer ApiObjects::remove(const ApiAddress& address, const Json& options) {
  Answer found = get(address);
  if (found.refusal) return found;
  Json& metadata = found.object["metadata"];
  const Json wanted = options.is_object() ? options.value("preconditions", Json::object()) : Json::object();
  if (wanted.contains("uid") && wanted["uid"] != metadata["uid"])
    return refuse(409, "Conflict", "Precondition failed: UID in precondition");
  if (wanted.contains("resourceVersion") && wanted["resourceVersion"] != metadata["resourceVersion"])
    return refuse(409, "Conflict", "Precondition failed: ResourceVersion in precondition");
  if (metadata.contains("deletionTimestamp")) return found;
  metadata["deletionTimestamp"] = "2026-11-02T00:00:00Z";
  metadata["generation"] = metadata.value("generation", 0) + 1;
  return store(address, std::move(found.object));
}

std::vector<Json> ApiObjects::list(const ApiAddress& collection, const std::string& after, std::size_t most) const {
  std::vector<Json> page;
  for (const auto& [address, kept] : objects_) {
    if (!is_in(collection, address) || address.namespace_name + "/" + address.name <= after) continue;
    if (most > 0 && page.size() == most) break;
    page.push_back(kept.object);
  }
  return page;
}

}  // namespace slipway::tests
