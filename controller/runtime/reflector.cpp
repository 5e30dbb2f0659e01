#include "controller/runtime/reflector.h"

#include <cmath>
#include <utility>

#include "crds/base/error_class.h"
#include "reconcilers/json.h"

namespace slipway::runtime {
namespace {

constexpr std::chrono::seconds kGoodWatch{10};
/// Over which those that go on at one moment spread what they ask.
constexpr std::chrono::milliseconds kSpread{1000};

std::string version_of(const Node& object) {
  return json::text_at(json::at(object, "metadata"), "resourceVersion");
}

bool is_expired(const Error& error) {
  return error.reason == kExpired;
}

std::optional<std::chrono::milliseconds> floor_of(const Error& error) {
  if (!error.retry_after) return std::nullopt;
  return std::chrono::milliseconds(*error.retry_after);
}

Error came_to_nothing() {
  return {.cls = ErrorClass::Unavailable,
          .message = "the API server ended a watch at once",
          .remedy = "look at its health",
          .reason = {},
          .retry_after = {}};
}

}  // namespace

Reflector::Reflector(Parts parts, ReflectorHands hands, ReflectorOptions options)
    : parts_(std::move(parts)), hands_(std::move(hands)), options_(options) {}

void Reflector::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) step(stop);
}

void Reflector::step(const std::stop_token& stop) {
  std::stop_source ends;
  const std::stop_callback for_good{stop, [&ends] { ends.request_stop(); }};
  const std::uint64_t number = [&] {
    const auto rounds = rounds_.lock();
    rounds->latest = ends;
    return rounds->asked_for;
  }();
  const Round round{ends.get_token(), stop, number};
  if (state_ == State::Listing)
    list(round);
  else
    watch(round);
}

void Reflector::begin_anew() {
  std::stop_source latest = [&] {
    const auto rounds = rounds_.lock();
    ++rounds->asked_for;
    return rounds->latest;
  }();
  // Whoever is asked to stop may do anything.
  latest.request_stop();
}

bool Reflector::is_behind() const {
  const auto rounds = rounds_.lock();
  return rounds->answered != rounds->asked_for;
}

void Reflector::answered(const Round& round) {
  rounds_.lock()->answered = round.number;
}

void Reflector::ended_early(const Round& round) {
  if (!round.for_good.stop_requested()) hands_.wait(spread(), round.for_good);
}

void Reflector::list(const Round& round) {
  const bool is_whole = std::exchange(list_whole_, false);
  const Result<std::string> listed = list_pages({.continue_token = {}, .whole = is_whole}, round.stop);
  if (!listed && round.stop.stop_requested()) {
    list_whole_ = is_whole;
    return ended_early(round);
  }
  if (!listed) {
    list_whole_ = is_expired(listed.error());
    failed(listed.error());
    return back_off(listed.error(), round.for_good);
  }
  answered(round);
  const bool is_put_back = went_back(version_, *listed) || parts_.objects.passed_one_for_what_was_there_at(*listed);
  takes_earlier_ = is_put_back && !takes_earlier_;
  if (takes_earlier_) return;
  version_ = *listed;
  is_of_list_ = true;
  has_watched_ = false;
  state_ = State::Watching;
  resumes_ = 0;
  tell(parts_.objects.end_list());
  has_synced_ = true;
  is_failing_ = watch_refused_;
  if (parts_.watcher.listed) parts_.watcher.listed(parts_.objects.size());
}

Result<std::string> Reflector::list_pages(PageRequest request, const std::stop_token& stop) {
  const ObjectTaker take = [this](const Node& object) -> Result<void> {
    tell(parts_.objects.put(object));
    return {};
  };
  parts_.objects.begin_list(takes_earlier_ ? EarlierVersions::Taken : EarlierVersions::Passed);
  for (;;) {
    const Result<PageEnd> end = parts_.collection.list(request, take, stop);
    if (!end) return std::unexpected(end.error());
    if (end->continue_token.empty()) return end->resource_version;
    request.continue_token = end->continue_token;
  }
}

/// Whether what it would go on from is still to come there.
Result<bool> Reflector::is_ahead_of_server(const std::stop_token& stop) {
  if (std::exchange(is_of_list_, false)) return false;
  const Result<std::string> now = parts_.collection.version(stop);
  if (!now) return std::unexpected(now.error());
  return went_back(version_, *now);
}

void Reflector::watch(const Round& round) {
  const Result<bool> is_ahead = is_ahead_of_server(round.stop);
  if (round.stop.stop_requested()) return ended_early(round);
  if (!is_ahead) return not_watched(is_ahead.error(), false, false, round.for_good);
  if (*is_ahead) {
    takes_earlier_ = true;
    state_ = State::Listing;
    return;
  }
  events_ = 0;
  bool has_begun = false;
  const std::chrono::nanoseconds began = hands_.elapsed();
  const auto take = [this](WatchEventType type, const Node& object) { return take_event(type, object); };
  const auto is_known = [this](const ObjectVersion& object) { return passes_over(object); };
  const auto begin = [&] {
    has_begun = true;
    begun(round);
  };
  const Result<void> ended = parts_.collection.watch(
      {.resource_version = version_, .server_timeout = watch_time(), .began = begin, .is_known = is_known}, take,
      round.stop);
  if (round.stop.stop_requested()) return ended_early(round);
  const bool was_good = events_ > 0 || hands_.elapsed() - began >= kGoodWatch;
  if (was_good) {
    resumes_ = 0;
    failures_ = 0;
    has_watched_ = true;
  }
  if (ended && was_good) return;
  not_watched(ended ? came_to_nothing() : ended.error(), has_begun, was_good, round.for_good);
}

void Reflector::not_watched(const Error& error, bool has_begun, bool was_good, const std::stop_token& stop) {
  const bool resumes = is_passing(error.cls) && !is_expired(error) && (was_good || ++resumes_ <= options_.most_resumes);
  if (!resumes) state_ = State::Listing;
  if (!has_begun) {
    // A version that is too old is everyday life, but not that of a list just made.
    watch_refused_ = !is_expired(error) || has_failed_;
    failed(error);
  }
  // Who says that it is too old has answered: only if not even a new list helps, it is to be asked less often.
  if (!is_expired(error) || !has_watched_) back_off(error, stop);
}

Result<void> Reflector::take_event(WatchEventType type, const Node& object) {
  ++events_;
  if (type == WatchEventType::Deleted) tell(parts_.objects.remove(object));
  if (type == WatchEventType::Added || type == WatchEventType::Modified) tell(parts_.objects.put(object));
  if (std::string version = version_of(object); !version.empty()) version_ = std::move(version);
  return {};
}

/// What we wrote ourselves is kept since it was answered.
bool Reflector::passes_over(const ObjectVersion& object) {
  if (!parts_.objects.knows(object)) return false;
  ++events_;
  version_ = object.resource_version;
  return true;
}

void Reflector::tell(const Result<std::vector<Change>>& changes) {
  if (!changes) {
    if (parts_.watcher.unreadable) parts_.watcher.unreadable(changes.error());
    return;
  }
  for (const Change& change : *changes) parts_.changed(change);
}

std::chrono::seconds Reflector::watch_time() const {
  const auto shortest = static_cast<double>(options_.shortest_watch.count());
  return std::chrono::seconds(static_cast<std::int64_t>(shortest * (1 + hands_.chance())));
}

void Reflector::begun(const Round& round) {
  answered(round);
  watch_refused_ = false;
  is_failing_ = false;
  if (std::exchange(has_failed_, false) && parts_.watcher.recovered) parts_.watcher.recovered();
}

void Reflector::failed(const Error& error) {
  if (error.cls == ErrorClass::Cancelled) return;
  is_failing_ = true;
  has_failed_ = true;
}

void Reflector::back_off(const Error& error, const std::stop_token& stop) {
  if (error.cls == ErrorClass::Cancelled || stop.stop_requested()) return;
  const std::uint64_t ended_outages = hands_.outages ? hands_.outages->ended() : 0;
  if (std::exchange(ended_outages_, ended_outages) != ended_outages) failures_ = 0;
  const auto floor = floor_of(error);
  const std::chrono::milliseconds delay = backoff(options_.backoff, ++failures_, hands_.chance(), floor);
  if (parts_.watcher.failed) parts_.watcher.failed(error, delay);
  pause(delay, floor.value_or(std::chrono::milliseconds{0}), stop);
}

void Reflector::pause(std::chrono::milliseconds delay, std::chrono::milliseconds at_least,
                      const std::stop_token& stop) {
  if (!hands_.outages) {
    hands_.wait(delay, stop);
    return;
  }
  if (at_least.count() > 0 && !hands_.wait(at_least, stop)) return;
  if (hands_.outages->wait(delay - at_least, ended_outages_, stop) || stop.stop_requested()) return;
  hands_.wait(spread(), stop);
}

std::chrono::milliseconds Reflector::spread() const {
  return std::chrono::milliseconds(std::llround(static_cast<double>(kSpread.count()) * hands_.chance()));
}

}  // namespace slipway::runtime
