#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "controller/kube/api_client.h"
#include "crds/base/time.h"
#include "reconcilers/ports/recorder.h"

namespace slipway::kube {

/// One thing that people are told of an object (events.k8s.io/v1). The API server's bounds are kept here: the note is
/// cut at 1,024 bytes, reason and action at 128.
struct EventDraft {
  ObjectKey object;
  std::string uid;  ///< Of the object; without it kubectl describe does not find the event.
  EventType type = EventType::Normal;
  std::string reason;  ///< "Published".
  std::string action;  ///< What we were doing: "Publish".
  std::string note;
  std::string instance;           ///< Who says so: the pod's name.
  std::string reconcile_id = {};  ///< Of the visit; an annotation, which tells no event from another.
  Timestamp time{};
};

/// Where a ContainerRegistry's events go: it has no namespace, and Kubernetes puts those into "default".
inline constexpr std::string_view kNamespaceOfClusterEvents = "default";

/// An event that is there, to count further occurrences on.
struct EventName {
  std::string namespace_name;
  std::string name;
};

/// Creates the event. The same draft sent again is a Conflict.
Result<EventName> create_event(ApiClient& client, const EventDraft& draft, const std::stop_token& stop);
/// Says that it was seen `count` times in all, last at `time`. NotFound when it has gone (events live for an hour).
Result<void> count_event(ApiClient& client, const EventName& event, std::int64_t count, Timestamp time,
                         const std::stop_token& stop);

/// What create_event() sends; pure.
Node to_node(const EventDraft& draft);
/// The object's, the time, and a hash of all it says: kubectl describe shows the events of an object in the order of
/// their names, since events.k8s.io/v1 has none of the times that it sorts by.
EventName name_of(const EventDraft& draft);
/// One for all that say the same of the same object, whenever.
std::string content_of(const EventDraft& draft);

}  // namespace slipway::kube
