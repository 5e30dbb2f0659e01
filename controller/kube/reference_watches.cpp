#include "controller/kube/reference_watches.h"

#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "controller/kube/collection.h"
#include "controller/kube/object_codec.h"
#include "crds/base/error_class.h"

namespace slipway::kube {
namespace {

const ApiResource& resource_of(ReferenceKind kind) {
  return kind == ReferenceKind::Secret ? kSecrets : kConfigMaps;
}

}  // namespace

/// One scope's reflector and its thread. What it refers to stays where it is.
struct ReferenceWatches::Watch {
  Watch(const Parts& parts, ReferenceScope watched, bool begins_at_start)
      : scope(std::move(watched)),
        is_of_start(begins_at_start),
        collection(parts.client, {.resource = resource_of(scope.kind),
                                  .namespace_name = scope.namespace_name,
                                  .label_selector = {},
                                  .metadata_only = true}),
        objects(decode_metadata),
        reflector({.collection = collection,
                   .objects = objects,
                   .changed =
                       [this, &parts](const runtime::Change& change) {
                         parts.changed(scope.kind, change, is_of_start && !reflector.has_synced());
                       },
                   .watcher = {.listed = nullptr,
                               .recovered = [this, &parts] { grant(parts); },
                               .failed = [this, &parts](const Error& error,
                                                        std::chrono::milliseconds) { refuse(parts, error); },
                               .unreadable = nullptr}},
                  parts.hands),
        thread([this](const std::stop_token& stop) { reflector.run(stop); }) {}

  /// Called on the reflector's thread alone.
  void refuse(const Parts& parts, const Error& error) {
    if (!parts.refused || is_passing(error.cls) || error.message == last_refusal) return;
    last_refusal = error.message;
    parts.refused(scope, error);
  }

  void grant(const Parts& parts) {
    if (!std::exchange(last_refusal, {}).empty() && parts.granted) parts.granted(scope);
  }

  const ReferenceScope scope;
  const bool is_of_start;
  std::string last_refusal;
  Collection collection;
  runtime::ObjectCache<MetadataObject> objects;
  runtime::Reflector reflector;
  std::jthread thread;
};

ReferenceWatches::ReferenceWatches(Parts parts) : parts_(std::move(parts)) {}

ReferenceWatches::~ReferenceWatches() {
  watch_only({});
}

bool ReferenceWatches::watch_only(const std::set<ReferenceScope>& wanted) {
  std::vector<std::unique_ptr<Watch>> ended;
  bool all_watched = true;
  {
    const auto state = state_.lock();
    auto& watches = state->watches;
    for (auto each = watches.begin(); each != watches.end();) {
      if (wanted.contains(each->first)) {
        ++each;
        continue;
      }
      ended.push_back(std::move(each->second));
      each = watches.erase(each);
    }
    const bool is_start = !std::exchange(state->has_begun, true);
    for (const ReferenceScope& scope : wanted) all_watched = begin(*state, scope, is_start) && all_watched;
  }
  for (const auto& watch : ended) watch->thread.request_stop();
  return all_watched;
}

void ReferenceWatches::begin_anew() {
  const auto state = state_.lock();
  for (const auto& [scope, watch] : state->watches) watch->reflector.begin_anew();
}

bool ReferenceWatches::begin(State& state, const ReferenceScope& scope, bool is_of_start) {
  if (state.watches.contains(scope)) return true;
  try {
    state.watches.emplace(scope, std::make_unique<Watch>(parts_, scope, is_of_start));
    return true;
  } catch (const std::system_error& refused) {
    if (parts_.refused)
      parts_.refused(scope, {.cls = ErrorClass::Unavailable,
                             .message = std::string("the system refuses a thread: ") + refused.what(),
                             .remedy = "raise its limit of processes; it is tried again by itself",
                             .reason = {},
                             .retry_after = {}});
    return false;
  }
}

}  // namespace slipway::kube
