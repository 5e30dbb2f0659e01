#include "controller/manifests/status_texts.h"

namespace slipway::manifests {

namespace {

/// More than the texts of what is worked on at once.
constexpr std::size_t kMostKnown = 512;

template <class Status>
Result<Status> read_with(Result<Status> (*from_node)(const Node&), const std::string& text) {
  const Document document = parse_json(text, "status");
  if (!document.problems.empty()) return fail(ErrorClass::Invalid, to_string(document.problems.front()));
  return from_node(document.root);
}

}  // namespace

Result<ImagePublicationStatus> StatusTexts::read(const std::string& text, const ImagePublication&) {
  {
    const auto known = known_.lock();
    if (const auto found = known->find(text); found != known->end()) return found->second;
  }
  auto status = read_with(publication_status_from, text);
  if (!status) return status;
  const auto known = known_.lock();
  if (known->size() >= kMostKnown) known->clear();
  known->emplace(text, *status);
  return status;
}

Result<ContainerRegistryStatus> StatusTexts::read(const std::string& text, const ContainerRegistry&) {
  return read_with(registry_status_from, text);
}

Result<RetentionPolicyStatus> StatusTexts::read(const std::string& text, const RetentionPolicy&) {
  return read_with(retention_status_from, text);
}

}  // namespace slipway::manifests
