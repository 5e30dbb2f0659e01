#include "controller/cluster/event_recorder.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "controller/cluster/waiting_events.h"
#include "controller/kube/events.h"
#include "controller/runtime/guarded.h"
#include "controller/telemetry/recorders.h"
#include "crds/base/error_class.h"

namespace slipway::cluster {
namespace {

/// How long an API server keeps an event, and equal ones are one.
constexpr std::chrono::hours kOneEventFor{1};
constexpr std::size_t kMostTold = 4096;
/// With more than that waiting there is a pause after each: statuses say the same, and need the API server more. The
/// busier it is, the longer it took, and the longer is the pause.
constexpr std::size_t kManyWaiting = 50;
constexpr int kPauseToSending = 20;
constexpr std::chrono::milliseconds kShortestPause{100};
constexpr std::chrono::milliseconds kLongestPause{2000};
/// From what is told faster than each has a time of its own. More is a clock that was ahead and was set back.
constexpr std::chrono::seconds kMostAhead{5};
/// Some fifteen seconds in all, with what waits behind.
constexpr int kMostTries = 6;

std::string action_of(ResourceKind kind) {
  switch (kind) {
    case ResourceKind::ContainerRegistry:
      return "Check";
    case ResourceKind::ImagePublication:
      return "Publish";
    case ResourceKind::RetentionPolicy:
      return "Prune";
  }
  return "Reconcile";
}

/// Which events the API server has, of those that were sent lately. One thread.
class ToldEvents {
 public:
  struct Told {
    kube::EventName name;
    std::int64_t count = 1;
    Timestamp last{};
  };

  /// Null when it was not told within the hour.
  Told* find(const std::string& content, Timestamp now) {
    const auto found = told_.find(content);
    return found == told_.end() || now - found->second.last >= kOneEventFor ? nullptr : &found->second;
  }
  void put(const std::string& content, Told told) {
    if (told_.size() >= kMostTold) make_room(told.last);
    told_[content] = std::move(told);
  }

 private:
  void make_room(Timestamp now) {
    std::erase_if(told_, [&](const auto& each) { return now - each.second.last >= kOneEventFor; });
    if (told_.size() < kMostTold) return;
    told_.erase(std::ranges::min_element(told_, {}, [](const auto& each) { return each.second.last; }));
  }

  std::map<std::string, Told> told_;
};

}  // namespace

struct EventRecorder::Sender {
  struct State {
    explicit State(std::size_t most) : waiting(most) {}
    WaitingEvents waiting;
    bool is_closing = false;
    bool has_ended = false;
    bool is_full = false;  ///< Told once, until there is room again.
    Timestamp last{};
  };

  Sender(Parts given, Options chosen)
      : parts(std::move(given)),
        options(std::move(chosen)),
        state(State(options.longest_queue)),
        thread([this](const std::stop_token& stop) { run(stop); }) {}

  ~Sender() {
    close();
    thread.request_stop();
    thread.join();
    if (const auto lost = state.lock()->waiting.size(); lost > 0)
      parts.log.warn("events are not sent any more", {{"events", static_cast<std::int64_t>(lost)}});
  }

  void close() {
    auto now = state.lock();
    now->is_closing = true;
    arrived.notify_all();
    closing.notify_all();
    now.wait_for(ended, {}, options.flush_for, [&] { return now->has_ended; });
  }

  void run(const std::stop_token& stop) {
    while (auto draft = next(stop)) {
      if (parts.is_ending && parts.is_ending(draft->object.namespace_name)) continue;
      const telemetry::ReconcileScope visit{draft->reconcile_id};
      const Timestamp began = parts.clock.now();
      auto sent = send(*draft, stop);
      for (int tries = 1; tries < kMostTries && is_away(sent) && pause(tries, stop); ++tries) sent = send(*draft, stop);
      look_at(sent, *draft);
      rest(parts.clock.now() - began, stop);
    }
    state.lock()->has_ended = true;
    ended.notify_all();
  }

  static bool is_away(const Result<void>& sent) { return !sent && is_passing(sent.error().cls); }

  /// False when it is to end.
  bool pause(int tries, const std::stop_token& stop) {
    auto waiting = state.lock();
    waiting.wait_for(closing, stop, options.try_again * tries, [&] { return waiting->is_closing; });
    return !waiting->is_closing && !stop.stop_requested();
  }

  void rest(std::chrono::milliseconds sending, const std::stop_token& stop) {
    auto now = state.lock();
    if (now->waiting.size() <= kManyWaiting) return;
    const auto pause = std::clamp(sending * kPauseToSending, kShortestPause, kLongestPause);
    now.wait_for(closing, stop, pause, [&] { return now->is_closing; });
  }

  std::optional<kube::EventDraft> next(const std::stop_token& stop) {
    auto now = state.lock();
    const auto is_due = [&] { return now->waiting.size() > 0 || now->is_closing; };
    if (!now.wait(arrived, stop, is_due) || stop.stop_requested()) return std::nullopt;
    return now->waiting.take();
  }

  void put(kube::EventDraft draft) {
    {
      const auto now = state.lock();
      const Timestamp next = now->last + std::chrono::milliseconds{1};
      if (next - draft.time <= kMostAhead) draft.time = std::max(draft.time, next);
      now->last = draft.time;
      const bool was_full = std::exchange(now->is_full, !now->waiting.put(std::move(draft)));
      arrived.notify_all();
      if (!now->is_full || was_full) return;
    }
    parts.log.warn("more events than the API server takes: the newest of the namespace with most are logged alone");
  }

  /// Sent twice, since the first answer was lost, it is there once: its name says when it tells what.
  Result<void> send(const kube::EventDraft& draft, const std::stop_token& stop) {
    const std::string content = kube::content_of(draft);
    if (ToldEvents::Told* const before = told.find(content, draft.time)) {
      const auto counted = kube::count_event(parts.client, before->name, before->count + 1, draft.time, stop);
      if (counted) ++before->count;
      if (counted) before->last = draft.time;
      if (counted || counted.error().cls != ErrorClass::NotFound) return counted;
    }
    const Result<kube::EventName> created = kube::create_event(parts.client, draft, stop);
    if (!created && created.error().cls != ErrorClass::Conflict) return std::unexpected(created.error());
    told.put(content, {.name = kube::name_of(draft), .last = draft.time});
    return {};
  }

  void look_at(const Result<void>& sent, const kube::EventDraft& draft) {
    if (sent || sent.error().cls == ErrorClass::Cancelled || kube::is_of_ending_namespace(sent.error())) return;
    parts.log.warn("an event is lost: " + sent.error().message,
                   {{"object", to_string(draft.object)}, {"reason", draft.reason}, {"remedy", sent.error().remedy}});
  }

  const Parts parts;
  const Options options;
  ToldEvents told;                      ///< The thread's alone.
  std::condition_variable_any arrived;  ///< An event, or the end. What arrives wakes nobody from a pause.
  std::condition_variable_any closing;
  std::condition_variable_any ended;
  runtime::Guarded<State> state;
  std::jthread thread;
};

EventRecorder::EventRecorder(Parts parts, Options options)
    : sender_(std::make_unique<Sender>(std::move(parts), std::move(options))) {}

EventRecorder::~EventRecorder() = default;

void EventRecorder::event(const ObjectKey& object, EventType type, const std::string& reason,
                          const std::string& message) {
  telemetry::LogRecorder(sender_->parts.log).event(object, type, reason, message);
  sender_->put({.object = object,
                .uid = sender_->parts.uid_of(object),
                .type = type,
                .reason = reason,
                .action = action_of(object.kind),
                .note = message,
                .instance = sender_->options.instance,
                .reconcile_id = telemetry::current_reconcile_id(),
                .time = sender_->parts.clock.now()});
}

}  // namespace slipway::cluster
