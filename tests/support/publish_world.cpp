#include "tests/support/publish_world.h"

#include <algorithm>

namespace slipway::tests {

std::string PublishWorld::condition(const ImagePublication& publication, std::string_view type) {
  const auto* found = find_condition(status(publication).conditions, type);
  return found ? found->status + " " + found->reason : "absent";
}

std::string PublishWorld::message(const ImagePublication& publication, std::string_view type) {
  const auto* found = find_condition(status(publication).conditions, type);
  return found ? found->message : "";
}

std::string PublishWorld::tag_state(const ImagePublication& publication, const std::string& name) {
  if (!status(publication).published) return "absent";
  const auto& tags = status(publication).published->tags;
  const auto found = std::ranges::find(tags, name, &TagStatus::name);
  if (found == tags.end()) return "absent";
  return found->state == TagState::Set ? "Set" : found->state == TagState::Superseded ? "Superseded" : "Skipped";
}

std::size_t PublishWorld::records_on(const Digest& digest) {
  const auto referrers = registry.store("registry.example", "shop/storefront", true)->referrers(digest, {});
  return static_cast<std::size_t>(
      std::ranges::count(*referrers, publish::kRecordType, &content::Descriptor::artifact_type));
}

publish::PublicationRecord PublishWorld::record_on(const Digest& digest) {
  const auto store = registry.store("registry.example", "shop/storefront", true);
  const auto referrers = store->referrers(digest, {});
  const auto found = std::ranges::find(*referrers, publish::kRecordType, &content::Descriptor::artifact_type);
  return *publish::parse_record(*store->manifest(found->digest, {}));
}

std::vector<publish::PublicationRecord> PublishWorld::rollbacks_on(const Digest& digest) {
  const auto store = registry.store("registry.example", "shop/storefront", true);
  const auto referrers = store->referrers(digest, {});
  std::vector<publish::PublicationRecord> told;
  for (const auto& referrer : *referrers) {
    if (referrer.artifact_type != publish::kRecordType) continue;
    auto record = *publish::parse_record(*store->manifest(referrer.digest, {}));
    if (record.rollback) told.push_back(std::move(record));
  }
  return told;
}

std::vector<BlobTransferRequest> PublishWorld::image_transfers() const {
  auto asked = transfer.asked;
  std::erase_if(asked, [](const auto& request) {
    return request.blobs.size() == 1 && request.blobs[0] == content::empty_blob();
  });
  return asked;
}

}  // namespace slipway::tests
