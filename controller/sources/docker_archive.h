#pragma once

#include <memory>
#include <string>

#include "controller/runtime/guarded.h"
#include "controller/sources/file_set.h"

namespace slipway::sources {

/// What `docker save` wrote. Docker 25 and later, BuildKit and others write an OCI layout too: then the image is that
/// of the layout, whose manifest was made by who built the image (LayoutImages). Without one the manifest is made here
/// (DockerImages). Which it is, is learnt at the first need. Invalid for an OCI archive that docker save did not write:
/// its images have other names. Of an image that is not in it resolve() is NotFound and names those that are: nobody
/// pushes to a file. Thread-safe.
class DockerArchive final : public ImageSource {
 public:
  DockerArchive(std::string name, std::shared_ptr<FileSet> files);

  std::string name() const override { return name_; }
  Result<std::optional<content::Descriptor>> resolve(const std::string& tag, std::stop_token stop) override;
  Result<std::optional<content::Descriptor>> find_manifest(const Digest& digest, std::stop_token stop) override;
  Result<content::ManifestBytes> manifest(const Digest& digest, std::stop_token stop) override;
  Result<std::string> small_blob(const content::Descriptor& blob, std::size_t limit, std::stop_token stop) override;
  Result<void> read_blob(const content::Descriptor& blob, std::int64_t offset, const BlobSink& sink,
                         std::stop_token stop) override;
  Result<std::vector<content::Descriptor>> referrers(const Digest& subject, std::stop_token stop) override;

 private:
  Result<ImageSource*> images(const std::stop_token& stop);
  /// NotFound, naming what is there.
  std::unexpected<Error> no_image(const std::string& name, const std::stop_token& stop);
  Result<bool> holds(const std::string& file, const std::stop_token& stop);
  Result<bool> is_layout(const std::stop_token& stop);

  const std::string name_;
  const std::shared_ptr<FileSet> files_;
  runtime::Guarded<std::unique_ptr<ImageSource>> images_;  ///< Once there it stays.
};

}  // namespace slipway::sources
