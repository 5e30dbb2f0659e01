#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "controller/kube/version_scan.h"
#include "crds/base/document.h"
#include "reconcilers/json.h"

namespace {

/// What is found without reading all of it is what is read.
void check_same(const std::optional<slipway::runtime::ObjectVersion>& found, const slipway::Node& object) {
  if (!found) return;
  const slipway::Node& metadata = slipway::json::at(object, "metadata");
  const auto is = [&](std::string_view key, std::string_view text) {
    return slipway::json::text_at(metadata, key) == text;
  };
  if (!is("namespace", found->namespace_name) || !is("name", found->name) || !is("uid", found->uid) ||
      !is("resourceVersion", found->resource_version))
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto document = slipway::parse_json(text, "f", {.repeated_keys = true});
  const auto object = slipway::kube::version_of_object(text);
  const auto change = slipway::kube::version_of_change(text);
  if (!document.problems.empty()) return 0;
  check_same(object, document.root);
  check_same(change, slipway::json::at(document.root, "object"));
  if (change && slipway::json::text_at(document.root, "type") != "MODIFIED") std::abort();
  return 0;
}
