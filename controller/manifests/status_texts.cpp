#include "controller/manifests/status_texts.h"

#include <utility>

namespace slipway::manifests {

namespace {

template <class Status>
StatusTexts::Read<Status> read_with(Result<Status> (*from_node)(const Node&), const std::string& text) {
  const Document document = parse_json(text, "status");
  if (!document.problems.empty()) return fail(ErrorClass::Invalid, to_string(document.problems.front()));
  auto status = from_node(document.root);
  if (!status) return std::unexpected(std::move(status.error()));
  return std::make_shared<const Status>(std::move(*status));
}

}  // namespace

StatusTexts::Read<ImagePublicationStatus> StatusTexts::read(const std::string& text, const ImagePublication& object) {
  const ObjectKey key = key_of(object);
  {
    const auto known = known_.lock();
    if (const auto* found = known->find(key); found != nullptr && found->text == text) return found->status;
  }
  auto status = read_with(publication_status_from, text);
  if (status) known_.lock()->at(key) = {text, *status};
  return status;
}

StatusTexts::Read<ContainerRegistryStatus> StatusTexts::read(const std::string& text, const ContainerRegistry&) {
  return read_with(registry_status_from, text);
}

StatusTexts::Read<RetentionPolicyStatus> StatusTexts::read(const std::string& text, const RetentionPolicy&) {
  return read_with(retention_status_from, text);
}

}  // namespace slipway::manifests
