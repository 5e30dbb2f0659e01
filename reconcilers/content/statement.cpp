#include "reconcilers/content/statement.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace slipway::content {
namespace {

/// Cosign (.sig, .att, .sbom), Notation, SBOM formats.
constexpr std::array<std::string_view, 7> kJsonTypes{"application/vnd.dev.cosign.simplesigning.v1+json",
                                                     "application/vnd.dsse.envelope.v1+json",
                                                     "application/jose+json",
                                                     "application/spdx+json",
                                                     "text/spdx+json",
                                                     "application/vnd.cyclonedx+json",
                                                     "application/vnd.syft+json"};
constexpr std::array<std::string_view, 4> kTextTypes{"text/spdx", "text/spdx+xml", "application/vnd.cyclonedx",
                                                     "application/vnd.cyclonedx+xml"};

/// How XML and SPDX's tag: value begin, the latter perhaps with comments.
constexpr std::array<std::string_view, 3> kTextBeginnings{"<", "SPDXVersion:", "#"};

constexpr std::size_t kTarHeader = 512;
constexpr std::size_t kTarSum = 148;
constexpr std::size_t kTarSumBytes = 8;

bool is_control(char c) {
  return static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\r' && c != '\n';
}

/// The number at the front of a header's field, as the most lenient reader takes it.
std::optional<int> leading_octal(std::string_view field) {
  field.remove_prefix(std::min(field.find_first_not_of(" \t"), field.size()));
  std::optional<int> value;
  for (const char c : field) {
    if (c < '0' || c > '7') break;
    value = value.value_or(0) * 8 + (c - '0');
  }
  return value;
}

/// Archives of old have no magic and need no byte that a text lacks: the sum in the first header tells them.
bool is_tar(std::string_view head) {
  if (head.size() < kTarHeader) return false;
  int as_unsigned = 0;
  int as_signed = 0;
  for (std::size_t i = 0; i < kTarHeader; ++i) {
    const char c = i >= kTarSum && i < kTarSum + kTarSumBytes ? ' ' : head[i];
    as_unsigned += static_cast<unsigned char>(c);
    as_signed += static_cast<signed char>(c);
  }
  const auto sum = leading_octal(head.substr(kTarSum, kTarSumBytes));
  return sum && (*sum == as_unsigned || *sum == as_signed);
}

bool begins_as_text(std::string_view head) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (head.starts_with(kByteOrderMark)) head.remove_prefix(kByteOrderMark.size());
  head.remove_prefix(std::min(head.find_first_not_of(" \t\r\n"), head.size()));
  return std::ranges::any_of(kTextBeginnings, [&](std::string_view one) { return head.starts_with(one); });
}

}  // namespace

bool is_in_toto(std::string_view media_type) {
  return media_type == "application/vnd.in-toto+json" || media_type.starts_with("application/vnd.in-toto.");
}

std::optional<StatementForm> statement_form(std::string_view media_type) {
  const auto is_json = is_in_toto(media_type) || media_type.starts_with("application/vnd.dev.sigstore.bundle") ||
                       std::ranges::find(kJsonTypes, media_type) != kJsonTypes.end();
  if (is_json) return StatementForm::Json;
  if (std::ranges::find(kTextTypes, media_type) != kTextTypes.end()) return StatementForm::Text;
  return std::nullopt;
}

void StatementCheck::add(std::string_view piece) {
  if (is_broken()) return;
  json_.add(piece);
  head_ += piece.substr(0, kTarHeader - head_.size());
  has_controls_ = has_controls_ || std::ranges::any_of(piece, is_control);
}

bool StatementCheck::is_whole() const {
  if (is_tar(head_)) return false;
  if (json_.is_whole()) return true;
  return form_ == StatementForm::Text && !has_controls_ && begins_as_text(head_);
}

bool StatementCheck::is_broken() const {
  return json_.is_broken() && (form_ == StatementForm::Json || has_controls_);
}

}  // namespace slipway::content
