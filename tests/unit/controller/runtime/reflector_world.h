#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "controller/runtime/reflector.h"
#include "reconcilers/json.h"

namespace slipway::runtime::tests {

struct Thing {
  ObjectMeta metadata;
};

inline Result<Reflected<Thing>> decode(const Node& object) {
  const Node& metadata = json::at(object, "metadata");
  Reflected<Thing> thing{.object = {}, .problems = {}, .edited_by = {}};
  thing.object.metadata.name = json::text_at(metadata, "name");
  thing.object.metadata.uid = "uid of " + json::text_at(metadata, "name");
  thing.object.metadata.resource_version = json::text_at(metadata, "resourceVersion");
  thing.object.metadata.generation = json::integer_at(metadata, "generation").value_or(1);
  if (thing.object.metadata.name.empty()) return fail(ErrorClass::Integrity, "no name", "name it");
  return thing;
}

inline Error error(ErrorClass cls, const char* reason = "") {
  return {.cls = cls, .message = "it fails", .remedy = "mend it", .reason = reason, .retry_after = {}};
}
inline const Error kCut = error(ErrorClass::Unavailable);
inline const Error kGivenUp = error(ErrorClass::Cancelled);
inline const Error kTooOld = error(ErrorClass::Unavailable, kExpired);

/// An API server's collection: objects in versions, a history that watches are served from, and faults that come once.
class FakeCollection final : public CollectionReader {
 public:
  struct Fault {
    int after = 0;  ///< Objects or events that still go out.
    Error error;
  };

  void set(const std::string& name) {
    const std::int64_t generation = objects_.contains(name) ? objects_[name].second + 1 : 1;
    objects_[name] = {++version_, generation};
    history_.push_back(
        {version_, generation == 1 ? WatchEventType::Added : WatchEventType::Modified, name, generation});
  }
  void remove(const std::string& name) {
    const std::int64_t generation = objects_[name].second;
    objects_.erase(name);
    history_.push_back({++version_, WatchEventType::Deleted, name, generation});
  }
  /// Forgets the history: who watches from before is told Expired.
  void compact() {
    history_.clear();
    compacted_ = version_;
  }

  /// As etcd restored from a backup: what was there at that version, and the version too.
  using Backup = std::pair<std::int64_t, std::map<std::string, std::pair<std::int64_t, std::int64_t>>>;
  Backup back_up() const { return {version_, objects_}; }
  /// `ahead`: how far its versions were raised by it, as etcd advises, or went on unseen since.
  void restore(const Backup& backup, std::int64_t ahead = 0) {
    std::tie(version_, objects_) = backup;
    version_ += ahead;
    history_.clear();
  }

  Result<std::string> version(const std::stop_token& stop) override {
    ++questions;
    if (hung(stop)) return std::unexpected(kGivenUp);
    if (silence) return std::unexpected(*std::exchange(silence, {}));
    return std::to_string(version_);
  }

  Result<PageEnd> list(const PageRequest& request, const ObjectTaker& take, const std::stop_token& stop) override {
    lists.push_back(request);
    if (hung(stop)) return std::unexpected(kGivenUp);
    int left = fault_ ? fault_->after : 1'000'000;
    const std::size_t page = request.whole ? objects_.size() : page_size;
    std::size_t count = 0;
    for (const auto& [name, state] : objects_) {
      if (!request.continue_token.empty() && name <= request.continue_token) continue;
      if (left-- == 0) return broken();
      if (auto taken = take(node(name, state.first, state.second)); !taken) return std::unexpected(taken.error());
      if (++count == page && name != objects_.rbegin()->first) {
        if (fault_ && left == 0) return broken();
        return PageEnd{.resource_version = std::to_string(version_), .continue_token = name};
      }
    }
    if (fault_) return broken();
    return PageEnd{.resource_version = std::to_string(version_), .continue_token = {}};
  }

  Result<void> watch(const WatchRequest& request, const WatchEventTaker& take, const std::stop_token& stop) override {
    watches.push_back(request);
    if (passes) passes();
    if (refusal) return std::unexpected(*std::exchange(refusal, {}));
    const std::int64_t from = std::stoll(request.resource_version);
    if (from < compacted_) return std::unexpected(kTooOld);
    if (request.began) request.began();
    if (hung(stop)) return std::unexpected(kGivenUp);
    int left = fault_ ? fault_->after : 1'000'000;
    for (const Event& event : history_) {
      if (event.version <= from) continue;
      if (left-- == 0) break;
      if (event.type == WatchEventType::Modified && knows(request, event)) continue;
      if (auto taken = take(event.type, node(event.name, event.version, event.generation)); !taken) return taken;
    }
    if (fault_) return std::unexpected(std::exchange(fault_, {})->error);
    if (bookmarks && from <= version_) return take(WatchEventType::Bookmark, node("", version_, 0));
    return {};
  }

  void fail_once(Fault fault) { fault_ = std::move(fault); }
  std::map<std::string, std::int64_t> generations() const {
    std::map<std::string, std::int64_t> all;
    for (const auto& [name, state] : objects_) all[name] = state.second;
    return all;
  }

  std::size_t page_size = 2;
  bool bookmarks = true;
  std::optional<Error> refusal;
  std::optional<Error> silence;  ///< Instead of the version.
  int questions = 0;             ///< For the version.
  int passed_over = 0;           ///< Events that were known.
  std::function<void()> passes;  ///< While a watch lasts.
  /// Once: what happens while a request gets no answer, until it is told to stop.
  std::function<void()> hangs;
  std::vector<PageRequest> lists;
  std::vector<WatchRequest> watches;

 private:
  struct Event {
    std::int64_t version;
    WatchEventType type;
    std::string name;
    std::int64_t generation;
  };
  bool hung(const std::stop_token& stop) {
    if (hangs) std::exchange(hangs, nullptr)();
    return stop.stop_requested();
  }
  bool knows(const WatchRequest& request, const Event& event) {
    const std::string uid = "uid of " + event.name;
    const std::string version = std::to_string(event.version);
    const bool known =
        request.is_known &&
        request.is_known({.namespace_name = {}, .name = event.name, .uid = uid, .resource_version = version});
    passed_over += known ? 1 : 0;
    return known;
  }
  std::unexpected<Error> broken() { return std::unexpected(std::exchange(fault_, {})->error); }
  static Node node(const std::string& name, std::int64_t version, std::int64_t generation) {
    return json::MapBuilder()
        .add("metadata", json::MapBuilder()
                             .add_text("name", name)
                             .add("uid", json::text("uid of " + name))
                             .add("resourceVersion", json::text(std::to_string(version)))
                             .add("generation", json::integer(generation))
                             .build())
        .build();
  }

  std::int64_t version_ = 100;
  std::int64_t compacted_ = 0;
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> objects_;
  std::vector<Event> history_;
  std::optional<Fault> fault_;
};

struct World {
  FakeCollection collection;
  ObjectCache<Thing> cache{decode};
  std::vector<std::string> told;
  std::vector<std::chrono::milliseconds> waits;
  std::vector<std::string> unreadable;
  int recoveries = 0;
  std::uint64_t ended_outages = 0;
  bool ends_early = false;  ///< An outage ends in the next wait that may end so.
  std::chrono::nanoseconds elapsed{0};
  Reflector reflector{
      {.collection = collection,
       .objects = cache,
       .changed = [this](const Change& c) { told.push_back(c.object.name + "AESD"[static_cast<int>(c.kind)]); },
       .watcher = {.recovered = [this] { ++recoveries; },
                   .unreadable = [this](const Error& e) { unreadable.push_back(e.message); }}},
      {.wait =
           [this](std::chrono::milliseconds time, const std::stop_token&) {
             waits.push_back(time);
             return true;
           },
       .chance = [] { return 0.5; },
       .elapsed = [this] { return elapsed; },
       .outages = {{.ended = [this] { return ended_outages; },
                    .wait =
                        [this](std::chrono::milliseconds time, std::uint64_t seen, const std::stop_token&) {
                          if (std::exchange(ends_early, false)) ++ended_outages;
                          waits.push_back(time);
                          return seen == ended_outages;
                        }}}},
      {.backoff = {.first = std::chrono::milliseconds{100}, .longest = std::chrono::seconds{30}, .jitter = 0.5}}};

  void steps(int count) {
    for (int i = 0; i < count; ++i) reflector.step({});
  }
  /// So many requests in a row get no answer.
  void cuts(int count) {
    for (int i = 0; i < count; ++i) {
      collection.refusal = kCut;
      steps(1);
    }
  }
  std::vector<std::string> news() { return std::exchange(told, {}); }
};

}  // namespace slipway::runtime::tests
