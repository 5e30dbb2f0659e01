#include "reconcilers/content/runnable.h"

#include <algorithm>
#include <array>

#include "crds/base/text.h"
#include "reconcilers/content/statement.h"
#include "reconcilers/json.h"

namespace slipway::content {

namespace {

constexpr std::string_view kUnknown = "unknown";

/// What Docker's puller takes for configs and layers (three of them are of old images), and what containerd's shims for
/// WebAssembly take; the others take less.
constexpr std::array<std::string_view, 8> kImageTypes{"application/vnd.oci.image.",
                                                      "application/vnd.docker.",
                                                      "application/octet-stream",
                                                      "application/json",
                                                      "text/html",
                                                      "application/vnd.wasm.",
                                                      "application/wasm",
                                                      "application/vnd.bytecodealliance.wasm."};

bool is_image_type(std::string_view media_type) {
  const std::string type = lower_case(media_type);
  return std::ranges::any_of(kImageTypes, [&](std::string_view known) { return type.starts_with(known); });
}

bool is_statement(std::string_view media_type) {
  return statement_form(media_type).has_value();
}

template <class Is>
bool holds_only(const ImageManifest& manifest, Is is) {
  return !manifest.layers.empty() &&
         std::ranges::all_of(manifest.layers, [&](const auto& layer) { return is(layer.media_type); });
}

bool is_empty_json(const Descriptor& config) {
  return config.digest == empty_blob().digest;
}

bool is_no_platform(const std::string& word) {
  return word.empty() || word == kUnknown;
}

}  // namespace

bool has_unknown_platform(const Descriptor& child) {
  return child.platform && child.platform->os == kUnknown && child.platform->architecture == kUnknown;
}

bool is_attestation(const Descriptor& child) {
  const auto type = child.annotations.find(std::string(kReferenceType));
  return has_unknown_platform(child) && type != child.annotations.end() && type->second == "attestation-manifest";
}

bool holds_only_in_toto(const ImageManifest& manifest) {
  return holds_only(manifest, is_in_toto);
}

bool may_be_image(const ImageManifest& manifest) {
  if (is_image_type(manifest.config.media_type)) return true;
  return !is_empty_json(manifest.config) &&
         std::ranges::any_of(manifest.layers, [](const auto& layer) { return is_image_type(layer.media_type); });
}

bool holds_only_statements(const ImageManifest& manifest) {
  return holds_only(manifest, is_statement);
}

bool is_platformless(std::string_view config) {
  const auto platform = parse_config_platform(config);
  return platform && is_no_platform(platform->os) && is_no_platform(platform->architecture);
}

}  // namespace slipway::content
