#include "reconcilers/content/descriptor.h"

#include <algorithm>
#include <array>

#include "crds/base/text.h"

namespace slipway::content {

namespace {

constexpr std::size_t kLongestWord = 64;

bool is_platform_word(std::string_view word) {
  return !word.empty() && word.size() <= kLongestWord && std::all_of(word.begin(), word.end(), [](char c) {
    return is_lower(c) || is_digit(c) || c == '.' || c == '_' || c == '-';
  });
}

/// The variant that an architecture has when nothing is said.
std::string_view variant_of(const Platform& platform) {
  if (platform.variant.empty() && platform.architecture == "arm64") return "v8";
  return platform.variant;
}

}  // namespace

std::string to_string(const Platform& platform) {
  std::string out = visible(platform.os, kLongestWord) + "/" + visible(platform.architecture, kLongestWord);
  if (!platform.variant.empty()) out += "/" + visible(platform.variant, kLongestWord);
  return out;
}

Result<Platform> parse_platform(std::string_view text) {
  std::array<std::string_view, 3> words;
  std::size_t count = 0;
  std::string_view rest = text;
  bool good = true;
  while (good) {
    const std::size_t slash = rest.find('/');
    good = count < words.size() && is_platform_word(rest.substr(0, slash));
    if (good) words[count++] = rest.substr(0, slash);
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (!good || count < 2)
    return fail(ErrorClass::Invalid, quoted(text) + " is no platform",
                "write os/architecture or os/architecture/variant, e.g. linux/arm64/v8");
  return Platform{.os = std::string(words[0]),
                  .architecture = std::string(words[1]),
                  .variant = std::string(words[2]),
                  .os_version = {}};
}

bool serves(const Platform& offered, const Platform& wanted) {
  if (offered.os != wanted.os || offered.architecture != wanted.architecture) return false;
  return wanted.variant.empty() || variant_of(offered) == variant_of(wanted);
}

Descriptor empty_blob() {
  return {.media_type = std::string(kOciEmpty),
          .digest = Digest::of(kEmptyBlob),
          .size = static_cast<std::int64_t>(kEmptyBlob.size()),
          .artifact_type = {},
          .platform = {},
          .annotations = {}};
}

bool is_index(std::string_view media_type) {
  return media_type == kOciIndex || media_type == kDockerIndex;
}

bool is_image_manifest(std::string_view media_type) {
  return media_type == kOciManifest || media_type == kDockerManifest;
}

}  // namespace slipway::content
