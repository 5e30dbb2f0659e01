#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace slipway::tests {

/// Where an object is, as an API server's path names it; `name` is empty for a collection.
struct ApiAddress {
  std::string group;  ///< "/apis/slipway.dev/v1alpha1"
  std::string resource;
  std::string namespace_name;
  std::string name;
  std::string subresource;
  auto operator<=>(const ApiAddress&) const = default;

  static ApiAddress of(const std::string& path);
};

/// What an API server says instead of an object.
struct ApiRefusal {
  int code = 0;
  std::string reason;
  std::string message;
};

/// Objects with what an API server does to them: versions, generations, uids, finalizers, field ownership of a status
/// that is applied, and the events of a watch. Knows no schema. One thread at a time.
class ApiObjects {
 public:
  using Json = nlohmann::json;
  struct Event {
    std::int64_t version;
    std::string type;
    ApiAddress address;
    Json object;
  };
  struct Answer {
    Json object;
    std::optional<ApiRefusal> refusal;
  };

  Answer create(const ApiAddress& collection, Json object);
  Answer get(const ApiAddress& address) const;
  /// A person's edit of anything but the status.
  Answer edit(const ApiAddress& address, const std::function<void(Json&)>& change);
  Answer merge(const ApiAddress& address, const Json& patch);
  /// Of what has no status.
  Answer replace(const ApiAddress& address, Json object);
  /// Server-side apply with force on the status, by one manager.
  Answer apply_status(const ApiAddress& address, const Json& applied);
  /// A merge patch of the status.
  Answer merge_status(const ApiAddress& address, const Json& patch);
  /// As who copies the manager's entry of managedFields under another name: of what it owns now nothing goes because it
  /// is not applied any more.
  Answer own_status_too(const ApiAddress& address);
  Answer remove(const ApiAddress& address, const Json& options);

  /// By namespace and name, from the one after `after`.
  std::vector<Json> list(const ApiAddress& collection, const std::string& after, std::size_t most) const;
  std::int64_t version() const { return version_; }
  const std::vector<Event>& events() const { return events_; }
  static bool is_in(const ApiAddress& collection, const ApiAddress& object);

 private:
  struct Kept {
    Json object;
    Json applied_status = Json::object();  ///< What the manager owns.
    bool is_owned_twice = false;
  };
  Answer store(const ApiAddress& address, Json object);
  Json& tell(const std::string& type, const ApiAddress& address, Json& object);

  std::map<ApiAddress, Kept> objects_;
  std::vector<Event> events_;
  std::int64_t version_ = 100;
  std::int64_t uids_ = 0;
};

}  // namespace slipway::tests
