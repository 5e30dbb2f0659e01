#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "reconcilers/content/manifest.h"
#include "reconcilers/ports/image_source.h"

namespace slipway {

/// Gives up to `space.size()` bytes of a blob; 0 is the end. An error ends the request that reads with that error.
using BlobReader = std::function<Result<std::size_t>(std::span<std::byte> space)>;

/// A blob upload that is open at the registry (distribution specification, "Pushing a blob in chunks"). One thread at a
/// time. Dropping it without finish() leaves it to the registry's own cleaning; cancel() gives it back at once.
class BlobUpload {
 public:
  virtual ~BlobUpload() = default;
  /// Streams what `reader` gives to the end of the upload in one request; `length` when the number of bytes is known.
  /// Unavailable on a cut, or where the upload is gone or other than told: acknowledged() says from where to go on.
  virtual Result<void> append(const BlobReader& reader, std::optional<std::int64_t> length, std::stop_token stop) = 0;
  /// Bytes that the registry holds by its own word (asks it). NotFound when it no longer knows the upload.
  virtual Result<std::int64_t> acknowledged(std::stop_token stop) = 0;
  /// Closes the upload: the registry checks it against `digest`. Integrity when it says that it differs.
  virtual Result<void> finish(const Digest& digest, std::stop_token stop) = 0;
  /// Sends the whole blob and closes the upload in one request; only on an upload that nothing was appended to.
  virtual Result<void> send_whole(const content::Descriptor& blob, const BlobReader& reader, std::stop_token stop) = 0;
  /// Best effort, waits for nothing long.
  virtual void cancel() noexcept = 0;
};

/// A change that one of put_…() and remove_tag() is called for later.
struct ComingChange {
  std::string tag;                 ///< Empty: the manifest by its digest.
  std::optional<Digest> manifest;  ///< Absent when a tag is removed.
  bool removes = false;
  auto operator<=>(const ComingChange&) const = default;
};

/// Whether a change that ended so may have been made all the same: the answer was lost, not waited for or not
/// understood, or was that to the last of several tries.
bool may_have_been_made(ErrorClass how);

/// One repository that images are published to. Thread-safe. It is a source too: what was put there can be read back.
class ImageStore : public ImageSource {
 public:
  /// The registry's one name (registry_name()), "contoso.azurecr.io:443", and the repository, "team/app".
  virtual std::string host() const = 0;
  virtual std::string repository() const = 0;

  /// Whether the blob is there. Never a cached answer. Integrity when the registry says another size than `blob` does.
  virtual Result<bool> has_blob(const content::Descriptor& blob, std::stop_token stop) = 0;

  /// Asks the registry to mount the blob from another of its repositories. True: it is there now. False: it was not
  /// mounted; an upload the registry opened instead is kept and handed out by the next start_upload() of that digest.
  virtual Result<bool> mount_blob(const Digest& digest, const std::string& from_repository, std::stop_token stop) = 0;

  /// Opens an upload for that blob.
  virtual Result<std::unique_ptr<BlobUpload>> start_upload(const Digest& digest, std::stop_token stop) = 0;

  /// Lets changes be accounted for together, at the cost of one, before the first of them is made. Those that are not
  /// announced are accounted for one by one; those that do not come, as not tried. Unavailable when they can't be.
  virtual Result<void> announce(const std::vector<ComingChange>& /*changes*/) { return {}; }

  /// Puts a manifest by digest. Everything it names must be there.
  virtual Result<void> put_manifest(const content::ManifestBytes& manifest, std::stop_token stop) = 0;

  /// Lets `tag` name the manifest, whatever it named before.
  virtual Result<void> put_tag(const std::string& tag, const content::ManifestBytes& manifest,
                               std::stop_token stop) = 0;

  /// Puts a manifest that has a subject; keeps the fallback tag `sha256-<hex>` right where the registry has no
  /// referrers API (read, changed, written, read again; concurrent writers of this process take turns).
  virtual Result<void> put_referrer(const content::ManifestBytes& manifest, const content::Descriptor& subject,
                                    std::stop_token stop) = 0;

  /// Removes the tag alone, never the manifest. NotFound when it is not there; Refused where the registry can't.
  virtual Result<void> remove_tag(const std::string& tag, std::stop_token stop) = 0;
};

}  // namespace slipway
