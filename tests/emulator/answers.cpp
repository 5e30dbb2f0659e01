#include "reconcilers/json.h"
#include "tests/emulator/registry.h"

namespace slipway::emulator {

Answer name_unknown(const std::string& repository) {
  return error_answer(404, "NAME_UNKNOWN", "repository name not known to registry",
                      json::MapBuilder().add("name", json::text(repository)).build());
}

Answer manifest_unknown(const std::string& reference) {
  return error_answer(404, "MANIFEST_UNKNOWN", "manifest unknown",
                      json::MapBuilder().add("reference", json::text(reference)).build());
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
  return error_answer(400, "DIGEST_INVALID", "provided digest did not match uploaded content", json::text(text));
}

}  // namespace slipway::emulator
