#include <nlohmann/json.hpp>

#include "tests/emulator/registry.h"

namespace slipway::emulator {

Answer name_unknown(const std::string& repository) {
  return error_answer(404, "NAME_UNKNOWN", "repository name not known to registry",
                      nlohmann::json{{"name", repository}}.dump());
}

Answer manifest_unknown(const std::string& reference) {
  return error_answer(404, "MANIFEST_UNKNOWN", "manifest unknown", nlohmann::json{{"reference", reference}}.dump());
}

Answer method_not_allowed() {
  return error_answer(405, "UNSUPPORTED", "the operation is unsupported");
}

Answer disallowed() {
  return error_answer(
      405, "REGISTRY_DISALLOWED_OPERATION",
      "The operation is disallowed on this registry, repository or image. View troubleshooting steps at "
      "https://aka.ms/acr/faq/#why-does-my-pull-or-push-request-fail-with-disallowed-operation");
}

Answer digest_invalid(const std::string& text) {
  return error_answer(400, "DIGEST_INVALID", "provided digest did not match uploaded content",
                      nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace slipway::emulator
