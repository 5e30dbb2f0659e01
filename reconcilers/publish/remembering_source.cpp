#include "reconcilers/publish/remembering_source.h"

#include <span>

namespace slipway::publish {

Result<std::optional<content::Descriptor>> RememberingSource::resolve(const std::string& tag, std::stop_token stop) {
  return source_.resolve(tag, stop);
}

Result<std::optional<content::Descriptor>> RememberingSource::find_manifest(const Digest& digest,
                                                                            std::stop_token stop) {
  return source_.find_manifest(digest, stop);
}

Result<content::ManifestBytes> RememberingSource::manifest(const Digest& digest, std::stop_token stop) {
  return source_.manifest(digest, stop);
}

Result<std::string> RememberingSource::small_blob(const content::Descriptor& blob, std::size_t limit,
                                                  std::stop_token stop) {
  const auto known = known_.find(blob.digest);
  return known == known_.end() ? source_.small_blob(blob, limit, stop) : known->second;
}

Result<void> RememberingSource::read_blob(const content::Descriptor& blob, std::int64_t offset, const BlobSink& sink,
                                          std::stop_token stop) {
  const auto known = known_.find(blob.digest);
  if (known == known_.end()) return source_.read_blob(blob, offset, sink, stop);
  const std::string_view rest = std::string_view(known->second).substr(static_cast<std::size_t>(offset));
  return sink(std::as_bytes(std::span(rest)));
}

Result<std::vector<content::Descriptor>> RememberingSource::referrers(const Digest& subject, std::stop_token stop) {
  return source_.referrers(subject, stop);
}

}  // namespace slipway::publish
