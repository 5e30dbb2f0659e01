#pragma once

#include <map>
#include <string>

#include "crds/base/digest.h"
#include "reconcilers/ports/image_source.h"

namespace slipway::publish {

/// A source that gives blobs which were read already from memory, and everything else from `source`. Thread-safe.
class RememberingSource final : public ImageSource {
 public:
  RememberingSource(ImageSource& source, const std::map<Digest, std::string>& known) : source_(source), known_(known) {}

  std::string name() const override { return source_.name(); }
  Result<std::optional<content::Descriptor>> resolve(const std::string& tag, std::stop_token stop) override;
  Result<std::optional<content::Descriptor>> find_manifest(const Digest& digest, std::stop_token stop) override;
  Result<content::ManifestBytes> manifest(const Digest& digest, std::stop_token stop) override;
  Result<std::string> small_blob(const content::Descriptor& blob, std::size_t limit, std::stop_token stop) override;
  Result<void> read_blob(const content::Descriptor& blob, std::int64_t offset, const BlobSink& sink,
                         std::stop_token stop) override;
  Result<std::vector<content::Descriptor>> referrers(const Digest& subject, std::stop_token stop) override;

 private:
  ImageSource& source_;
  const std::map<Digest, std::string>& known_;
};

}  // namespace slipway::publish
