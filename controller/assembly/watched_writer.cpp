#include "controller/assembly/watched_writer.h"

#include <utility>

namespace slipway::assembly {

Result<void> WatchedWriter::write_status(const ImagePublication& object) {
  return watched(next_.write_status(object), key_of(object));
}

Result<void> WatchedWriter::write_status(const ContainerRegistry& object) {
  return watched(next_.write_status(object), key_of(object));
}

Result<void> WatchedWriter::write_status(const RetentionPolicy& object) {
  return watched(next_.write_status(object), key_of(object));
}

Result<void> WatchedWriter::set_finalizer(const ObjectKey& key, bool wanted) {
  return watched(next_.set_finalizer(key, wanted), key);
}

Result<void> WatchedWriter::remove(const ImagePublication& object) {
  return watched(next_.remove(object), key_of(object));
}

std::optional<Error> WatchedWriter::failure() const {
  const auto failure = [&] {
    const auto state = state_.lock();
    const bool is_written = state->written && steady_.now() - *state->written < kJustNow;
    return is_written || !is_of_whole(*state) ? std::nullopt : state->failure;
  }();
  if (!failure || !failure->still_tells(steady_.now(), is_ours_)) return std::nullopt;
  return failure->error;
}

void WatchedWriter::note_namespace(State& state, const std::string& name) {
  if (name.empty()) return;
  if (!state.first_namespace) state.first_namespace = name;
  if (*state.first_namespace != name) state.has_several_namespaces = true;
}

/// Who makes objects that can't be written in one namespace, or has a webhook for it, must not say that nothing works.
bool WatchedWriter::is_of_whole(const State& state) {
  return state.failing.size() > 1 || !state.has_several_namespaces;
}

void WatchedWriter::note_success(State& state, const ObjectKey& key) const {
  state.written = steady_.now();
  state.failing.clear();
  state.odd.erase(key);
  if (!state.failure) return;
  const auto& [object, error, at] = *state.failure;
  if (object != key) state.odd.insert_or_assign(object, at);
  if (object == key || state.odd.size() <= kMostOdd) state.failure.reset();
}

void WatchedWriter::note_failure(State& state, const ObjectKey& key, const Error& error) const {
  const auto now = steady_.now();
  const auto is_old = [&](const auto& one) { return now - one.second >= ObjectFailure::kOldNews; };
  std::erase_if(state.odd, is_old);
  std::erase_if(state.failing, is_old);
  state.failing.insert_or_assign(key.namespace_name, now);
  const auto odd = state.odd.find(key);
  if (odd != state.odd.end()) odd->second = now;
  if (odd == state.odd.end() || state.odd.size() > kMostOdd) state.failure.emplace(key, error, now);
}

Result<void> WatchedWriter::watched(Result<void> written, const ObjectKey& key) {
  const auto failed_as = [&](ErrorClass cls) { return !written && written.error().cls == cls; };
  const bool is_of_object = failed_as(ErrorClass::Conflict) || failed_as(ErrorClass::NotFound);
  if (is_of_object || failed_as(ErrorClass::Cancelled)) return written;
  if (!written) log_.error(written.error(), {{"object", to_string(key)}});
  if (failed_as(ErrorClass::Internal) || failed_as(ErrorClass::Invalid) || failed_as(ErrorClass::Refused))
    return written;
  auto state = state_.lock();
  note_namespace(*state, key.namespace_name);
  if (written)
    note_success(*state, key);
  else
    note_failure(*state, key, written.error());
  return written;
}

}  // namespace slipway::assembly
