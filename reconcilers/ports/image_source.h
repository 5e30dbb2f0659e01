#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "crds/base/result.h"
#include "reconcilers/content/descriptor.h"
#include "reconcilers/content/manifest.h"

namespace slipway {

/// Takes content piece by piece. Returning an error ends the stream with that error.
using BlobSink = std::function<Result<void>(std::span<const std::byte>)>;

/// One place that holds images: a repository of a registry, an OCI layout folder, an archive. Thread-safe.
/// Every manifest it gives has been checked against its digest; blobs are checked by whoever reads them.
class ImageSource {
 public:
  virtual ~ImageSource() = default;

  /// How people name it, e.g. "ghcr.io/team/app" or "image.tar": for messages.
  virtual std::string name() const = 0;

  /// The manifest behind a tag, or nothing when there is none. An empty tag asks for the only image there is
  /// (layouts and archives; Invalid when there are several).
  virtual Result<std::optional<content::Descriptor>> resolve(const std::string& tag, std::stop_token stop) = 0;

  /// resolve() and manifest() in one: nothing when there is no such tag, Integrity as manifest().
  virtual Result<std::optional<content::ManifestBytes>> tagged_manifest(const std::string& tag, std::stop_token stop);

  /// All tags, where one question tells them all; nothing where it does not: many tags, no right to see them, a place
  /// without such a question. Then resolve() tells of each. Empty for a repository that does not exist.
  virtual Result<std::optional<std::set<std::string>>> tags(std::stop_token stop);

  /// Whether that manifest is there.
  virtual Result<std::optional<content::Descriptor>> find_manifest(const Digest& digest, std::stop_token stop) = 0;

  /// The manifest; NotFound when it is not there, Integrity when it is not what the digest says or over 4 MiB.
  virtual Result<content::ManifestBytes> manifest(const Digest& digest, std::stop_token stop) = 0;

  /// A small blob whole (configs, reports), checked against its descriptor. Integrity when larger than `limit`.
  virtual Result<std::string> small_blob(const content::Descriptor& blob, std::size_t limit, std::stop_token stop) = 0;

  /// Gives the bytes of `blob` from `offset` on to `sink`, once, without retry. Unavailable on a cut: the caller knows
  /// how far it came and goes on from there. Never gives more than `blob.size - offset` bytes (Integrity).
  virtual Result<void> read_blob(const content::Descriptor& blob, std::int64_t offset, const BlobSink& sink,
                                 std::stop_token stop) = 0;

  /// All manifests whose subject is `subject`: referrers API, else the fallback tag. At most 1,000 (Integrity above).
  virtual Result<std::vector<content::Descriptor>> referrers(const Digest& subject, std::stop_token stop) = 0;
};

}  // namespace slipway
