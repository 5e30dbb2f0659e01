#include "controller/standalone/watched_writer.h"

#include <utility>

namespace slipway::standalone {

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

Result<void> WatchedWriter::watched(Result<void> written, const ObjectKey& key) {
  const auto failed_as = [&](ErrorClass cls) { return !written && written.error().cls == cls; };
  if (failed_as(ErrorClass::Conflict) || failed_as(ErrorClass::NotFound)) return written;
  if (!written) log_.error(written.error(), {{"object", to_string(key)}});
  if (failed_as(ErrorClass::Internal)) return written;
  auto failure = failure_.lock();
  if (written)
    failure->reset();
  else
    *failure = written.error();
  return written;
}

}  // namespace slipway::standalone
