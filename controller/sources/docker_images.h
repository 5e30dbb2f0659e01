#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/runtime/guarded.h"
#include "controller/sources/file_set.h"
#include "controller/sources/saved_images.h"

namespace slipway::sources {

/// The images that the manifest.json of a `docker save` archive lists. Their manifests are made here (docker_manifest).
/// A plain layer has the digest that the config's diff_ids say, which whoever reads it checks; one that is packed in
/// the archive is read once to learn its digest. There are no referrers. Thread-safe.
class DockerImages final : public ImageSource {
 public:
  DockerImages(std::string name, std::shared_ptr<FileSet> files);

  std::string name() const override { return name_; }
  Result<std::optional<content::Descriptor>> resolve(const std::string& tag, std::stop_token stop) override;
  Result<std::optional<content::Descriptor>> find_manifest(const Digest& digest, std::stop_token stop) override;
  Result<content::ManifestBytes> manifest(const Digest& digest, std::stop_token stop) override;
  Result<std::string> small_blob(const content::Descriptor& blob, std::size_t limit, std::stop_token stop) override;
  Result<void> read_blob(const content::Descriptor& blob, std::int64_t offset, const BlobSink& sink,
                         std::stop_token stop) override;
  Result<std::vector<content::Descriptor>> referrers(const Digest& subject, std::stop_token stop) override;

 private:
  /// What was learnt so far; digests are known once an image was looked at.
  struct Known {
    std::optional<std::vector<SavedImage>> images;
    std::map<std::size_t, content::ManifestBytes> manifests;
    std::map<Digest, std::string> files;
    std::map<std::string, Digest> packed;  ///< By file: read once, however many layers name it.
  };

  Result<void> list_images(Known& known, const std::stop_token& stop);
  Result<const content::ManifestBytes*> look_at(Known& known, std::size_t image, const std::stop_token& stop);
  Result<void> look_until(const std::function<bool(const Known&)>& found, Known& known, const std::stop_token& stop);
  Result<content::Descriptor> config_of(const std::string& file, std::string& bytes, const std::stop_token& stop);
  Result<content::Descriptor> layer_of(Known& known, const std::string& file, const std::string& diff_id,
                                       const std::stop_token& stop);
  Result<Digest> packed_digest(Known& known, const std::string& file, std::int64_t size, const std::stop_token& stop);
  Result<Digest> digest_of(const std::string& file, std::int64_t size, const std::stop_token& stop);
  Result<content::ManifestBytes> find(const Digest& digest, const std::stop_token& stop);
  Result<std::string> file_of(const Digest& digest, const std::stop_token& stop);

  const std::string name_;
  const std::shared_ptr<FileSet> files_;
  runtime::Guarded<Known> known_;
};

}  // namespace slipway::sources
