#pragma once

#include <ostream>
#include <string>
#include <utility>

namespace slipway {

/// A secret: prints as "***".
class SecretText {
 public:
  SecretText() = default;
  explicit SecretText(std::string text) : text_(std::move(text)) {}
  /// For the request that needs it, and for nothing else.
  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  bool operator==(const SecretText&) const = default;

 private:
  std::string text_;
};

inline std::ostream& operator<<(std::ostream& out, const SecretText&) {
  return out << "***";
}

}  // namespace slipway
