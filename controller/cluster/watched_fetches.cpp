#include "controller/cluster/watched_fetches.h"

#include <vector>

#include "crds/base/error_class.h"

namespace slipway::cluster {
namespace {

bool is_of_the_whole(const Error& error) {
  return error.cls == ErrorClass::Forbidden || error.cls == ErrorClass::Unauthorized;
}

}  // namespace

Result<void> WatchedFetches::fetch(const ObjectKey& key, const std::stop_token& stop) {
  auto done = next_(key, stop);
  if (done)
    state_.lock()->failures.erase(key.kind);
  else if (done.error().cls != ErrorClass::Cancelled && !is_passing(done.error().cls))
    failed(key, done.error());
  return done;
}

void WatchedFetches::failed(const ObjectKey& key, const Error& error) {
  const Time now = hands_.steady.now();
  const bool is_whole = is_of_the_whole(error);
  const std::string what =
      is_whole ? std::string(to_string(key.kind)) + ' ' + std::string(to_string(error.cls)) : error.message;
  const bool is_news = [&] {
    const auto state = state_.lock();
    if (is_whole) state->failures.insert_or_assign(key.kind, assembly::ObjectFailure{key, error, now});
    std::erase_if(state->said, [&](const auto& each) { return now - each.second >= kSaidAgainAfter; });
    return state->said.try_emplace(what, now).second;
  }();
  if (!is_news) return;
  hands_.log.warn(error.message + "; it came from another replica, and nothing is done for it before it could be read",
                  {{"object", to_string(key)}, {"remedy", error.remedy}});
}

std::optional<Error> WatchedFetches::failure() const {
  const auto failures = state_.lock()->failures;
  for (const auto& [kind, failure] : failures)
    if (failure.still_tells(hands_.steady.now(), hands_.is_ours)) return failure.error;
  return std::nullopt;
}

}  // namespace slipway::cluster
