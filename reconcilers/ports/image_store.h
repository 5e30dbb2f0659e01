#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "reconcilers/content/manifest.h"
#include "reconcilers/ports/image_source.h"

namespace slipway {

/// One repository that images are published to. Thread-safe. It is a source too: what was put there can be read back.
class ImageStore : public ImageSource {
 public:
  /// Whether the blob is there. Never a cached answer.
  virtual Result<bool> has_blob(const Digest& digest, std::stop_token stop) = 0;

  /// Uploads a small blob whole (config, record). Nothing is sent when it is there already.
  virtual Result<void> put_small_blob(const content::Descriptor& blob, std::string_view bytes,
                                      std::stop_token stop) = 0;

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
