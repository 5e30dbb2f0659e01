#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "controller/kube/api_client.h"
#include "controller/telemetry/log.h"
#include "reconcilers/ports/clock.h"
#include "reconcilers/ports/recorder.h"

namespace slipway::cluster {

/// Writes events to the API server (events.k8s.io/v1), and each as a log line. event() only puts it into a queue: no
/// visit waits for it or fails with it. A thread of its own sends them, namespaces in turns and each in order, slowly
/// where very many wait; what the server does not take is logged and lost, as an event may be: at once where it says
/// no, after some tries where it is away.
///
/// The same thing said again within an hour counts up on the event that is there. No two have one time: in the order in
/// which they were told they are shown, but for a clock that was set back by some seconds.
///
/// A namespace that is being deleted takes no events: what is told of its objects is logged alone.
class EventRecorder final : public Recorder {
 public:
  struct Parts {
    kube::ApiClient& client;
    telemetry::Log& log;
    const Clock& clock;
    /// The uid of an object; empty when it is not known. Shall not wait.
    std::function<std::string(const ObjectKey&)> uid_of;
    /// Whether a namespace is being deleted; null: none ever is. Shall not wait.
    std::function<bool(const std::string& namespace_name)> is_ending{};
  };
  struct Options {
    std::string instance;                       ///< Who says so: the pod's name.
    std::size_t longest_queue = 512;            ///< Of more, the newest where most wait are logged alone.
    std::chrono::milliseconds flush_for{5000};  ///< How long the end waits for what is still to be sent.
    std::chrono::milliseconds try_again{1000};  ///< After the first try that had no answer; longer after each other.
  };

  /// What `parts` refers to outlives it.
  EventRecorder(Parts parts, Options options);
  /// Sends what waits, for as long as `flush_for`.
  ~EventRecorder() override;
  EventRecorder(const EventRecorder&) = delete;
  EventRecorder& operator=(const EventRecorder&) = delete;

  void event(const ObjectKey& object, EventType type, const std::string& reason, const std::string& message) override;

 private:
  struct Sender;
  std::unique_ptr<Sender> sender_;
};

}  // namespace slipway::cluster
