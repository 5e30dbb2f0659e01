#pragma once

#include <string>
#include <vector>

#include "controller/runtime/guarded.h"
#include "controller/telemetry/log.h"
#include "reconcilers/ports/recorder.h"

namespace slipway::telemetry {

/// An event as people see it; the same one again counts up.
struct RecordedEvent {
  ObjectKey object;
  EventType type = EventType::Normal;
  std::string reason;
  std::string message;
  std::size_t count = 1;
  bool operator==(const RecordedEvent&) const = default;
};

/// Writes each event as a log line.
class LogRecorder final : public Recorder {
 public:
  explicit LogRecorder(Log& log) : log_(log) {}
  void event(const ObjectKey& object, EventType type, const std::string& reason, const std::string& message) override;

 private:
  Log& log_;
};

/// Keeps the latest events for who shows them, equal ones folded, the oldest dropped beyond `limit`; passes each on.
class EventList final : public Recorder {
 public:
  /// `next` may be null; it outlives the list.
  explicit EventList(Recorder* next, std::size_t limit = 1000) : next_(next), limit_(limit) {}
  void event(const ObjectKey& object, EventType type, const std::string& reason, const std::string& message) override;
  /// Oldest first.
  std::vector<RecordedEvent> events() const;

 private:
  Recorder* next_;
  const std::size_t limit_;
  runtime::Guarded<std::vector<RecordedEvent>> events_;
};

}  // namespace slipway::telemetry
