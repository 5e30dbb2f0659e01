#include "controller/kube/events.h"

#include <utility>

#include "controller/kube/micro_time.h"
#include "crds/base/digest.h"
#include "crds/base/text.h"
#include "reconcilers/json.h"

namespace slipway::kube {
namespace {

constexpr std::string_view kReconcileId = "slipway.dev/reconcile-id";
constexpr std::size_t kLongestNote = 1024;
constexpr std::size_t kLongestWord = 128;
constexpr std::size_t kLongestName = 253;
constexpr std::size_t kHashDigits = 16;
/// Milliseconds since 1970, from 2001 to 2286.
constexpr std::size_t kTimeDigits = 13;

/// At most that many bytes, cut between characters.
std::string cut(const std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  constexpr std::string_view kMore = "…";
  std::size_t end = bytes - kMore.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + std::string(kMore);
}

std::string namespace_of(const ObjectKey& object) {
  return object.namespace_name.empty() ? std::string(kNamespaceOfClusterEvents) : object.namespace_name;
}

}  // namespace

std::string content_of(const EventDraft& draft) {
  std::string all;
  for (const std::string& part : {to_string(draft.object), draft.uid, draft.reason, draft.action, draft.note,
                                  draft.instance, std::string(draft.type == EventType::Normal ? "N" : "W")})
    all += part + '\n';
  return Digest::of(all).short_hex(kHashDigits);
}

EventName name_of(const EventDraft& draft) {
  const std::string when = std::to_string(draft.time.time_since_epoch().count());
  std::string name = draft.object.name.substr(0, kLongestName - kTimeDigits - kHashDigits - 2);
  // No part of a name ends with a '-', and none is empty.
  while (name.ends_with('-') || name.ends_with('.')) name.pop_back();
  return {namespace_of(draft.object), name + "." + when + "." + content_of(draft)};
}

Node to_node(const EventDraft& draft) {
  const EventName name = name_of(draft);
  json::MapBuilder regarding;
  regarding.add("apiVersion", json::text(std::string(kApiVersion)))
      .add("kind", json::text(std::string(to_string(draft.object.kind))))
      .add_text("namespace", draft.object.namespace_name)
      .add("name", json::text(draft.object.name))
      .add_text("uid", draft.uid);
  json::MapBuilder metadata;
  metadata.add("name", json::text(name.name)).add("namespace", json::text(name.namespace_name));
  if (!draft.reconcile_id.empty())
    metadata.add("annotations", json::text_map({{std::string(kReconcileId), draft.reconcile_id}}));
  return json::MapBuilder()
      .add("apiVersion", json::text("events.k8s.io/v1"))
      .add("kind", json::text("Event"))
      .add("metadata", metadata.build())
      .add("eventTime", json::text(micro_time(draft.time)))
      .add("reportingController", json::text("slipway.dev/controller"))
      .add("reportingInstance", json::text(cut(draft.instance, kLongestWord)))
      .add("action", json::text(cut(draft.action, kLongestWord)))
      .add("reason", json::text(cut(draft.reason, kLongestWord)))
      .add("regarding", regarding.build())
      .add("note", json::text(cut(draft.note, kLongestNote)))
      .add("type", json::text(draft.type == EventType::Normal ? "Normal" : "Warning"))
      .build();
}

Result<EventName> create_event(ApiClient& client, const EventDraft& draft, const std::stop_token& stop) {
  EventName name = name_of(draft);
  const Result<Node> created = client.send(create({kEvents, name.namespace_name, "", ""}, to_node(draft)), stop);
  if (!created) return std::unexpected(created.error());
  return name;
}

Result<void> count_event(ApiClient& client, const EventName& event, std::int64_t count, Timestamp time,
                         const std::stop_token& stop) {
  const Node series = json::MapBuilder()
                          .add("count", json::integer(count))
                          .add("lastObservedTime", json::text(micro_time(time)))
                          .build();
  const Node patch = json::MapBuilder().add("series", series).build();
  const Target target{kEvents, event.namespace_name, event.name, ""};
  const Result<Node> patched = client.send(merge_patch(target, patch), stop);
  if (!patched) return std::unexpected(patched.error());
  return {};
}

}  // namespace slipway::kube
