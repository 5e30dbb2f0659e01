#include "crds/v1alpha1/stray_space.h"

namespace slipway {
namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";

std::string stray_space_of(const std::string& what, std::string_view text) {
  if (text.empty()) return "";
  const std::string and_so = ", which counts as part of it";
  if (text.ends_with('\n')) return what + " ends with a line break" + and_so;
  if (kSpace.contains(text.back())) return what + " ends with white space" + and_so;
  return kSpace.contains(text.front()) ? what + " begins with white space" + and_so : "";
}

}  // namespace

std::string stray_space(std::string_view username, std::string_view password) {
  std::string found = stray_space_of("the user name", username);
  return found.empty() ? stray_space_of("the password", password) : found;
}

}  // namespace slipway
