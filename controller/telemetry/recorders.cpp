#include "controller/telemetry/recorders.h"

#include <algorithm>

namespace slipway::telemetry {

void LogRecorder::event(const ObjectKey& object, EventType type, const std::string& reason,
                        const std::string& message) {
  const std::vector<LogField> fields{{"object", to_string(object)}, {"reason", reason}};
  if (type == EventType::Warning) {
    log_.warn(message, fields);
  } else {
    log_.info(message, fields);
  }
}

void EventList::event(const ObjectKey& object, EventType type, const std::string& reason, const std::string& message) {
  {
    auto events = events_.lock();
    const auto same = std::ranges::find_if(*events, [&](const RecordedEvent& event) {
      return event.object == object && event.type == type && event.reason == reason && event.message == message;
    });
    if (same != events->end()) {
      ++same->count;
      std::rotate(same, same + 1, events->end());
    } else {
      events->push_back({.object = object, .type = type, .reason = reason, .message = message, .count = 1});
      if (events->size() > limit_) events->erase(events->begin());
    }
  }
  if (next_ != nullptr) next_->event(object, type, reason, message);
}

std::vector<RecordedEvent> EventList::events() const {
  return *events_.lock();
}

}  // namespace slipway::telemetry
