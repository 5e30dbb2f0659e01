#include "controller/standalone/git_rounds.h"

#include <algorithm>
#include <utility>

#include "controller/runtime/waiting.h"

namespace slipway::standalone {

namespace {

using std::chrono::milliseconds;

/// Far below what is taken for a thread that is stuck.
constexpr milliseconds kSignOfLife{60'000};
constexpr milliseconds kFirstBackoff{5'000};
constexpr double kJitter = 0.1;

}  // namespace

milliseconds next_round(milliseconds interval, unsigned failures, double roll) {
  if (failures > 0)
    return runtime::backoff({.first = std::min(kFirstBackoff, interval), .longest = interval}, failures, roll);
  return runtime::backoff({.first = interval, .longest = interval, .jitter = kJitter}, 1, roll);
}

Result<void> GitRounds::round(const std::stop_token& stop) {
  hands_.alive();
  const auto look = hands_.manifests.look(stop, hands_.alive);
  hands_.alive();
  const bool is_there = hands_.manifests.current().has_value();
  if (!look && look.error().cls == ErrorClass::Cancelled) return {};
  if (look)
    tell(*look);
  else
    tell_failure(look.error());
  if (is_there) hands_.read();
  if (look) return {};
  return std::unexpected{look.error()};
}

void GitRounds::tell_failure(const Error& error) {
  std::optional<Error> before;
  {
    const auto told = told_.lock();
    ++told->failures;
    before = std::exchange(told->failure, error);
  }
  told_.lock()->is_in_force = hands_.manifests.current().has_value();
  hands_.metrics.git_failed();
  if (before == error) return;
  const bool stays = told_.lock()->is_in_force;
  hands_.log.error(error, {{"inForce", stays ? "as before" : "nothing yet"}});
}

void GitRounds::tell(const git::Look& look) {
  Told before;
  {
    const auto told = told_.lock();
    before = std::exchange(
        *told, Told{.failure = {}, .refused = look.refused, .is_in_force = look.in_force.has_value(), .failures = 0});
  }
  hands_.metrics.git_fetched(hands_.clock.now(), look.refused.has_value());
  const std::string revision = look.in_force ? look.in_force->revision : "nothing";
  if (before.failure) hands_.log.info("the Git repository answers again", {{"inForce", revision}});
  if (look.was_rewritten)
    hands_.log.warn(
        "the history of the branch was rewritten, or many commits came at once: what was in force is not among the "
        "last commits any more",
        {{"before", look.was_before}, {"inForce", revision}});
  if (look.in_force && (!before.is_in_force || !look.was_before.empty()))
    hands_.log.info("a commit is in force", {{"inForce", revision}, {"before", look.was_before}});
  if (look.refused == before.refused) return;
  if (!look.refused) return hands_.log.info("the newest commit is valid again", {{"inForce", revision}});
  for (const auto& problem : look.refused->problems)
    if (!problem.warning) hands_.log.error(to_string(problem), {{"commit", look.refused->revision}});
  hands_.log.error("the newest commit changes nothing: it is not valid as a whole",
                   {{"commit", look.refused->revision}, {"inForce", revision}});
}

void GitRounds::run(runtime::Nudge& now, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const unsigned failures = told_.lock()->failures;
    milliseconds left = next_round(interval_, failures, runtime::chance());
    while (left > milliseconds{0} && !stop.stop_requested()) {
      const auto part = std::min(left, kSignOfLife);
      left = now.wait(part, stop) ? milliseconds{0} : left - part;
      hands_.alive();
    }
    if (!stop.stop_requested()) static_cast<void>(round(stop));
  }
}

std::optional<Error> GitRounds::why_nothing() const {
  const auto told = told_.lock();
  if (told->is_in_force) return std::nullopt;
  if (told->failure) return told->failure;
  if (told->refused)
    return Error{.cls = ErrorClass::Invalid,
                 .message = "no commit is in force, and " + told->refused->revision + " is not valid",
                 .remedy = "push a commit that is",
                 .reason = {},
                 .retry_after = {}};
  return std::nullopt;
}

std::optional<std::string> GitRounds::note() const {
  const auto told = told_.lock();
  if (told->failure)
    return "the Git repository can't be asked: " + told->failure->message + "; what was in force stays";
  if (told->refused) return told->refused->revision + " changes nothing: it is not valid; what was in force stays";
  return std::nullopt;
}

}  // namespace slipway::standalone
