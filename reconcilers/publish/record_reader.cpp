#include "reconcilers/publish/record_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "reconcilers/publish/record_size.h"

namespace slipway::publish {
namespace {

/// Whether the fault lies in the record, not on the way to it.
bool is_of_the_record(const Error& error) {
  return error.cls == ErrorClass::Integrity || error.cls == ErrorClass::NotFound;
}

/// Of what nobody told the kind it may be a record.
bool may_be_record(const content::Descriptor& referrer) {
  return referrer.artifact_type == kRecordType || referrer.artifact_type.empty();
}

/// Reads it; takes off `bytes_left` what it takes, there or here: nine bytes of a list of it are 270 in memory.
Result<PublicationRecord> read_record(ImageStore& store, const Digest& digest, std::size_t& bytes_left,
                                      const std::stop_token& stop) {
  auto manifest = store.manifest(digest, stop);
  if (!manifest) return std::unexpected(std::move(manifest.error()));
  auto record = parse_record(*manifest);
  const std::size_t bytes = std::max(manifest->bytes.size(), record ? bytes_in_memory(*record) : 0);
  bytes_left -= std::min(bytes_left, bytes);
  return record;
}

}  // namespace

Result<RecordsOn> read_records(ImageStore& store, const Digest& subject, const RecordBudget& budget,
                               std::stop_token stop) {
  auto referrers = store.referrers(subject, stop);
  if (!referrers && referrers.error().cls == ErrorClass::Integrity) return RecordsOn{.all_read = false};
  if (!referrers) return while_doing("records of " + subject.str(), std::move(referrers.error()));
  RecordsOn found;
  std::size_t read = 0;
  for (const auto& referrer : *referrers) {
    if (!may_be_record(referrer)) continue;
    found.listed.insert(referrer.digest);
    found.all_read = found.all_read && read < budget.most && budget.bytes_left > 0;
    if (!found.all_read) continue;
    ++read;
    auto record = read_record(store, referrer.digest, budget.bytes_left, stop);
    if (!record && is_of_the_record(record.error())) continue;
    if (!record) return while_doing("record " + referrer.digest.str(), std::move(record.error()));
    if (record->subject != subject) continue;
    found.identities.emplace(record_identity(*record), referrer.digest);
    found.records.push_back(std::move(*record));
  }
  return found;
}

}  // namespace slipway::publish
