#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crds/base/digest.h"
#include "crds/base/result.h"

namespace slipway {

/// An image named as people write it: "ghcr.io/team/app:1.2@sha256:…". Parsed once, then trusted.
struct ImageReference {
  std::string registry;    ///< Host with optional port, e.g. "ghcr.io", "127.0.0.1:5000".
  std::string repository;  ///< e.g. "team/app".
  std::string tag;         ///< Empty when only a digest was given.
  std::optional<Digest> digest;

  /// Docker Hub shorthand is expanded ("alpine" is "docker.io/library/alpine", "index.docker.io" is "docker.io"); with
  /// neither tag nor digest the tag is "latest". Invalid says what was found and what is expected.
  static Result<ImageReference> parse(std::string_view text);

  bool operator==(const ImageReference&) const = default;
};

std::string to_string(const ImageReference& reference);

/// Repository names as the distribution specification has them (lower case, at most 255 characters).
Result<std::string> check_repository_name(std::string_view text);
/// Tags as the distribution specification has them: [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}.
Result<std::string> check_tag_name(std::string_view text);
/// A registry host: DNS name or IP address (IPv6 in brackets) with optional port; no scheme, no path. Gives it in lower
/// case, because hosts are compared as text.
Result<std::string> check_registry_host(std::string_view text);

}  // namespace slipway
