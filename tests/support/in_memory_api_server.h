#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "controller/http/transport.h"
#include "tests/support/api_objects.h"

namespace slipway::tests {

/// An API server over ApiObjects: lists in pages, watches that stay open, server-side apply on a status, merge patches,
/// replacements, deletions; selects by no label. Keeps what was asked. Thread-safe.
class InMemoryApiServer final : public http::HttpTransport {
 public:
  using Json = ApiObjects::Json;

  /// As a person with kubectl. `path` is the object's.
  Json create(const std::string& path, Json object) {
    return changed([&] {
      ApiAddress address = ApiAddress::of(path);
      object["metadata"]["name"] = std::exchange(address.name, {});
      return objects_.create(address, std::move(object)).object;
    });
  }
  void edit(const std::string& path, const std::function<void(Json&)>& change) {
    changed([&] { return objects_.edit(ApiAddress::of(path), change).object; });
  }
  void own_status_too(const std::string& path) {
    changed([&] { return objects_.own_status_too(ApiAddress::of(path)).object; });
  }
  void remove(const std::string& path) {
    changed([&] { return objects_.remove(ApiAddress::of(path), {}).object; });
  }
  /// Null when it is not there.
  Json object(const std::string& path) {
    return changed([&] { return objects_.get(ApiAddress::of(path)).object; });
  }
  std::vector<Json> all(const std::string& collection) {
    const std::lock_guard lock(mutex_);
    return objects_.list(ApiAddress::of(collection), {}, 0);
  }

  /// 403 for requests whose path begins so.
  void refuse(const std::string& beginning) {
    const std::lock_guard lock(mutex_);
    refused_.insert(beginning);
  }
  void grant(const std::string& beginning) {
    const std::lock_guard lock(mutex_);
    refused_.erase(beginning);
  }
  /// Asked before each request, without a lock; what it gives is the answer.
  std::function<std::optional<http::Response>(const http::Request&)> before;
  /// How many watches are open, that cut_watches() would end.
  int open_watches() {
    const std::lock_guard lock(mutex_);
    return open_watches_;
  }
  /// Every open watch ends as if its connection was cut.
  void cut_watches() {
    changed([&] { return Json(++cuts_); });
  }

  /// Every open watch stays open and hears nothing any more, as when its connection was forgotten in between.
  void forget_watches() {
    changed([&] { return Json(++forgotten_); });
  }

  /// "PATCH /apis/…", without the query; in order, watches and lists left out.
  std::vector<std::string> writes() {
    const std::lock_guard lock(mutex_);
    return writes_;
  }
  std::vector<std::string> reads() {
    const std::lock_guard lock(mutex_);
    return reads_;
  }

  Result<http::Response> send(const http::Request& request, std::stop_token stop) override {
    if (before)
      if (auto answer = before(request)) return *answer;
    const std::string path = request.url.substr(0, request.url.find('?'));
    std::unique_lock lock(mutex_);
    const bool reads = request.method == http::Method::Get;
    (reads ? reads_ : writes_).push_back(std::string(http::to_string(request.method)) + " " + path);
    for (const std::string& beginning : refused_)
      if (path.starts_with(beginning)) return failure(request, {403, "Forbidden", path + " is forbidden"});
    const ApiAddress address = ApiAddress::of(path);
    if (reads && address.name.empty())
      return query(request, "watch") == "true" ? watch(request, address, stop, lock) : list(request, address);
    ApiObjects::Answer answer = carry_out(request, address);
    happened_.notify_all();
    if (answer.refusal) return failure(request, *answer.refusal);
    return answered(request, 200, shown(request, std::move(answer.object)).dump());
  }

 private:
  template <class Change>
  Json changed(Change change) {
    const std::lock_guard lock(mutex_);
    Json result = change();
    happened_.notify_all();
    return result;
  }

  static std::string query(const http::Request& request, const std::string& name) {
    const std::size_t at = request.url.find(name + "=");
    if (at == std::string::npos) return {};
    const std::size_t begin = at + name.size() + 1;
    return request.url.substr(begin, request.url.find('&', begin) - begin);
  }

  static bool is_metadata_only(const http::Request& request) {
    const std::string* accept = request.headers.find("Accept");
    return accept != nullptr && accept->find("as=PartialObjectMetadata") != std::string::npos;
  }

  static bool is_merge(const http::Request& request) {
    const std::string* type = request.headers.find("Content-Type");
    return type != nullptr && type->find("merge-patch") != std::string::npos;
  }

  static Json shown(const http::Request& request, Json object) {
    if (!is_metadata_only(request)) return object;
    return {{"apiVersion", "meta.k8s.io/v1"}, {"kind", "PartialObjectMetadata"}, {"metadata", object["metadata"]}};
  }

  static Result<http::Response> answered(const http::Request& request, int status, std::string body) {
    if (request.on_headers)
      if (auto good = request.on_headers(status, {}); !good) return std::unexpected(good.error());
    http::Response response{.status = status, .headers = {}, .body = std::move(body)};
    if (request.body_writer && status / 100 == 2) {
      const std::string streamed = std::exchange(response.body, {});
      if (auto good = request.body_writer(std::as_bytes(std::span(streamed))); !good)
        return std::unexpected(good.error());
    }
    return response;
  }

  static Result<http::Response> failure(const http::Request& request, const ApiRefusal& refusal) {
    return answered(request, refusal.code,
                    Json{{"kind", "Status"},
                         {"apiVersion", "v1"},
                         {"status", "Failure"},
                         {"code", refusal.code},
                         {"reason", refusal.reason},
                         {"message", refusal.message}}
                        .dump());
  }

  ApiObjects::Answer carry_out(const http::Request& request, const ApiAddress& address) {
    const Json body = request.body.empty() ? Json{} : Json::parse(request.body);
    switch (request.method) {
      case http::Method::Post:
        return objects_.create(address, body);
      case http::Method::Put:
        return objects_.replace(address, body);
      case http::Method::Delete:
        return objects_.remove(address, body);
      case http::Method::Patch:
        if (address.subresource != "status") return objects_.merge(address, body);
        return is_merge(request) ? objects_.merge_status(address, body) : objects_.apply_status(address, body);
      default:
        return objects_.get(address);
    }
  }

  Result<http::Response> list(const http::Request& request, const ApiAddress& collection) {
    const std::string limit = query(request, "limit");
    const std::size_t most = limit.empty() ? 0 : std::stoul(limit);
    std::string from = query(request, "continue");
    for (std::size_t at; (at = from.find("%2F")) != std::string::npos;) from.replace(at, 3, "/");
    Json items = Json::array();
    std::string last;
    for (Json& object : objects_.list(collection, from, most)) {
      last = object["metadata"].value("namespace", "") + "/" + object["metadata"]["name"].get<std::string>();
      items.push_back(shown(request, std::move(object)));
    }
    Json metadata{{"resourceVersion", std::to_string(objects_.version())}};
    if (most > 0 && items.size() == most) metadata["continue"] = last;
    return answered(request, 200, Json{{"kind", "List"}, {"metadata", metadata}, {"items", items}}.dump());
  }

  Result<http::Response> watch(const http::Request& request, const ApiAddress& collection, const std::stop_token& stop,
                               std::unique_lock<std::mutex>& lock) {
    if (request.on_headers)
      if (auto good = request.on_headers(200, {}); !good) return std::unexpected(good.error());
    ++open_watches_;
    auto ended = follow(request, collection, stop, lock);
    --open_watches_;
    return ended;
  }

  std::unexpected<Error> follow(const http::Request& request, const ApiAddress& collection, const std::stop_token& stop,
                                std::unique_lock<std::mutex>& lock) {
    const std::int64_t from = std::stoll(query(request, "resourceVersion"));
    const int cuts = cuts_;
    const int forgotten = forgotten_;
    for (std::size_t at = 0;;) {
      happened_.wait(lock, stop,
                     [&] { return forgotten_ == forgotten && (at < objects_.events().size() || cuts_ != cuts); });
      if (stop.stop_requested()) return fail(ErrorClass::Cancelled, "stopped");
      if (cuts_ != cuts) return fail(ErrorClass::Unavailable, "the connection was cut", "try again");
      const ApiObjects::Event event = objects_.events()[at++];
      if (event.version <= from || !ApiObjects::is_in(collection, event.address)) continue;
      const std::string line = Json{{"type", event.type}, {"object", shown(request, event.object)}}.dump() + "\n";
      lock.unlock();
      const auto taken = request.body_writer(std::as_bytes(std::span(line)));
      lock.lock();
      if (!taken) return std::unexpected(taken.error());
    }
  }

  std::mutex mutex_;
  std::condition_variable_any happened_;
  ApiObjects objects_;
  std::set<std::string> refused_;
  std::vector<std::string> writes_, reads_;
  int cuts_ = 0;
  int forgotten_ = 0;
  int open_watches_ = 0;
};

}  // namespace slipway::tests
