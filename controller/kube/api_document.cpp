#include "controller/kube/api_document.h"

#include <cstddef>
#include <string>

#include "crds/base/text.h"

namespace slipway::kube {
namespace {

/// Where the first byte stands that is no part of UTF-8, or the end.
std::size_t first_foreign_byte(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return at;
}

}  // namespace

Document parse_api_json(std::string_view text, std::string_view name, DocumentLimits limits) {
  limits.repeated_keys = true;
  Document document = parse_json(text, name, limits);
  if (document.problems.empty()) return document;
  std::size_t at = first_foreign_byte(text);
  if (at == text.size()) return document;
  std::string readable(text);
  for (; at < readable.size(); at += first_foreign_byte(std::string_view(readable).substr(at))) readable[at] = '?';
  return parse_json(readable, name, limits);
}

}  // namespace slipway::kube
