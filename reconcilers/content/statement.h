#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reconcilers/content/json_scan.h"

/// Signatures, SBOMs and attestations: what a layer claims to be, and whether its bytes are that. Runtimes that go by
/// content unpack a layer whatever its media type.
namespace slipway::content {

/// What the bytes of a statement look like: one JSON object, or a text for people (JSON, XML or SPDX's tag: value).
enum class StatementForm { Json, Text };

/// True for the media types of in-toto statements, signed or not.
bool is_in_toto(std::string_view media_type);

/// The form that a media type claims; nothing for one of no signature, SBOM or attestation that its form tells from a
/// layer (COSE does not).
std::optional<StatementForm> statement_form(std::string_view media_type);

/// Tells whether bytes that come piece by piece have the form of a statement. Holds the first 512 of them.
class StatementCheck {
 public:
  explicit StatementCheck(StatementForm form) : form_(form) {}

  void add(std::string_view piece);
  /// True when all that was given is a statement: it has the form, and is neither compressed nor an archive.
  bool is_whole() const;
  /// True when nothing that may still come makes it one.
  bool is_broken() const;

 private:
  StatementForm form_;
  JsonScan json_;
  std::string head_;
  bool has_controls_ = false;  ///< Bytes that no text has.
};

}  // namespace slipway::content
