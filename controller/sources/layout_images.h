#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/runtime/guarded.h"
#include "controller/sources/file_set.h"

namespace slipway::sources {

/// The images of an OCI layout (image specification 1.1, image-layout.md) in a folder or an archive. Thread-safe.
///   - A tag is an entry of index.json with that ref.name or that full name (Docker, containerd, BuildKit). The entry
///     must say size and media type as the manifest is, else Integrity.
///   - The empty tag is the only image: what is attached to an image or is part of another entry's index is none.
///   - Any manifest and blob of the layout is found by digest, listed in index.json or not.
///   - Referrers are the entries of index.json whose manifest has the subject, and those under the fallback tag;
///     without annotations.
/// index.json is read once. Invalid when the files are no layout.
class LayoutImages final : public ImageSource {
 public:
  /// `files` is shared with a docker save archive that holds a layout, which tells itself what it holds. Else `field`
  /// is where a person names the image, and resolve() of one that is not there is NotFound, with the names of those
  /// that are: nobody pushes to a file.
  LayoutImages(std::string name, std::shared_ptr<FileSet> files, std::string field = {});

  std::string name() const override { return name_; }
  Result<std::optional<content::Descriptor>> resolve(const std::string& tag, std::stop_token stop) override;
  Result<std::optional<content::Descriptor>> find_manifest(const Digest& digest, std::stop_token stop) override;
  Result<content::ManifestBytes> manifest(const Digest& digest, std::stop_token stop) override;
  Result<std::string> small_blob(const content::Descriptor& blob, std::size_t limit, std::stop_token stop) override;
  Result<void> read_blob(const content::Descriptor& blob, std::int64_t offset, const BlobSink& sink,
                         std::stop_token stop) override;
  Result<std::vector<content::Descriptor>> referrers(const Digest& subject, std::stop_token stop) override;

 private:
  /// An entry of index.json and what its manifest says.
  struct Listed {
    content::Descriptor entry;
    std::optional<Digest> subject;
    std::vector<Digest> children;
  };

  Result<const std::vector<content::Descriptor>*> entries(const std::stop_token& stop);
  Result<std::vector<content::Descriptor>> read_entries(const std::stop_token& stop);
  Result<const std::vector<Listed>*> survey(const std::stop_token& stop);
  Result<Listed> look_at(const content::Descriptor& entry, const std::stop_token& stop);
  Result<std::vector<content::Descriptor>> candidates(const std::string& tag, const std::stop_token& stop);
  Result<std::vector<content::Descriptor>> images(const std::stop_token& stop);
  std::unexpected<Error> no_image(const std::string& tag, const std::stop_token& stop);
  Result<void> add_fallback(const Digest& subject, std::vector<content::Descriptor>& all, const std::stop_token& stop);
  Result<content::ManifestBytes> read_manifest(const Digest& digest, const std::stop_token& stop);

  const std::string name_;
  const std::shared_ptr<FileSet> files_;
  const std::string field_;
  runtime::Guarded<std::optional<std::vector<content::Descriptor>>> entries_;  ///< Once there they stay as they are.
  runtime::Guarded<std::optional<std::vector<Listed>>> survey_;                ///< Likewise.
};

}  // namespace slipway::sources
