#pragma once

#include <string>
#include <string_view>

#include "crds/base/result.h"

namespace slipway::http {

/// An absolute http or https URL in parts. Values are as they stand on the wire; nothing is decoded.
struct Url {
  std::string scheme;     ///< "http" or "https".
  std::string authority;  ///< Lower case host with its port where one was written, e.g. "127.0.0.1:5000".
  std::string path;       ///< Starts with '/'.
  std::string query;      ///< Without '?'.

  /// Invalid for other schemes, user information, an empty host, control characters, spaces, over 16 KiB.
  static Result<Url> parse(std::string_view text);
  /// Where `reference` (absolute, "//host/…", "/path", "path", "?query") leads from here; RFC 3986, section 5.
  Result<Url> resolve(std::string_view reference) const;

  /// Host without port and brackets.
  std::string host() const;
  /// As written, else that of the scheme.
  std::string port() const;
  /// One name for who listens there, however it is spelled: "r.io:443". The host is as canonical_host() has it. For
  /// what is kept of hosts, not for calling.
  std::string endpoint() const;
  std::string str() const;
  bool operator==(const Url&) const = default;
};

/// Whether what is sent there stays on this machine (crds/base/host.h).
bool is_loopback(const Url& url);

/// Same scheme, host and port: credentials may go along.
bool same_origin(const Url& a, const Url& b);

/// Scheme, host and path: what a log may show. Queries carry signatures and tokens.
std::string without_query(std::string_view url);

/// What an error may show: as without_query(), and the same each time. "…" stands for the last part of an address that
/// a registry gives once: of an upload, and of Google's uploads and downloads, where it is a token too.
std::string redacted(std::string_view url);

/// Percent-encodes everything but unreserved characters.
std::string encode_query_value(std::string_view text);

}  // namespace slipway::http
