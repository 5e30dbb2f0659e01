#include "crds/base/image_reference.h"

#include <cstdint>
#include <cstdlib>

#include "crds/base/glob.h"
#include "crds/base/tag_template.h"
#include "crds/base/text.h"
#include "crds/base/time.h"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

void check_times(std::string_view text) {
  if (const auto time = slipway::parse_timestamp(text)) {
    const auto again = slipway::parse_timestamp(slipway::to_string(*time));
    check(again && *again == *time);
  }
  if (const auto duration = slipway::parse_duration(text))
    check(*duration <= slipway::kLongestDuration &&
          slipway::parse_duration(slipway::format_duration(*duration)) == *duration);
  static_cast<void>(slipway::parse_until(text));
}

}  // namespace

/// The small values of a resource: what parses is written and read again as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto reference = slipway::ImageReference::parse(text)) {
    const auto again = slipway::ImageReference::parse(slipway::to_string(*reference));
    check(again && *again == *reference);
  }
  if (const auto parsed = slipway::TagTemplate::parse(text)) check(parsed->text() == text);
  check_times(text);
  const std::string_view pattern = text.substr(0, text.find('\n'));
  static_cast<void>(slipway::check_glob(pattern));
  static_cast<void>(slipway::glob_matches(pattern, text.substr(pattern.size())));
  check(slipway::quoted(text).size() <= 80 * 4 + 16);
  return 0;
}
