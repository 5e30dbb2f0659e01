#include "reconcilers/publish/record_reader.h"

#include <optional>
#include <utility>

namespace slipway::publish {
namespace {

constexpr std::size_t kMaxRecords = 50;

/// Whether the fault lies in the record, not on the way to it.
bool is_of_the_record(const Error& error) {
  return error.cls == ErrorClass::Integrity || error.cls == ErrorClass::NotFound;
}

Result<PublicationRecord> read_record(ImageStore& store, const Digest& digest, const std::stop_token& stop) {
  auto manifest = store.manifest(digest, stop);
  if (!manifest) return std::unexpected(std::move(manifest.error()));
  return parse_record(*manifest);
}

}  // namespace

Result<RecordsOn> read_records(ImageStore& store, const Digest& subject, std::stop_token stop) {
  auto referrers = store.referrers(subject, stop);
  if (!referrers) return while_doing("records of " + subject.str(), std::move(referrers.error()));
  RecordsOn found;
  for (const auto& referrer : *referrers) {
    if (referrer.artifact_type != kRecordType || found.records.size() == kMaxRecords) continue;
    auto record = read_record(store, referrer.digest, stop);
    if (!record && is_of_the_record(record.error())) continue;
    if (!record) return while_doing("record " + referrer.digest.str(), std::move(record.error()));
    if (record->subject != subject) continue;
    found.identities.emplace(record_identity(*record), referrer.digest);
    found.records.push_back(std::move(*record));
  }
  return found;
}

}  // namespace slipway::publish
