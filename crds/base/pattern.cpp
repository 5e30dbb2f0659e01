#include "crds/base/pattern.h"

#include <re2/re2.h>

#include <cstdlib>

namespace slipway {

namespace {

re2::StringPiece piece(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

Pattern::Pattern(std::string_view text) : expression_(std::make_unique<const RE2>(piece(text))) {
  if (!expression_->ok()) std::abort();
}
Pattern::~Pattern() = default;

bool Pattern::matches(std::string_view text) const {
  return RE2::FullMatch(piece(text), *expression_);
}

}  // namespace slipway
