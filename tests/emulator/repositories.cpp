#include "tests/emulator/repositories.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "tests/emulator/manifest.h"
#include "tests/emulator/records.h"

namespace slipway::emulator {

std::string now_text() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const auto ticks = std::chrono::duration_cast<std::chrono::nanoseconds>(since).count() / 100;
  const std::time_t seconds = ticks / 10'000'000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  char fraction[12];
  std::snprintf(fraction, sizeof fraction, ".%07dZ", static_cast<int>(ticks % 10'000'000));
  return std::string(text, length) + fraction;
}

const StoredManifest* Repository::find(const std::string& reference) const {
  if (const auto tag = tags.find(reference); tag != tags.end()) {
    const auto named = manifests.find(tag->second.digest);
    return named == manifests.end() ? nullptr : &named->second;
  }
  const Result<Digest> digest = Digest::parse(reference);
  if (!digest) return nullptr;
  const auto found = manifests.find(*digest);
  return found == manifests.end() ? nullptr : &found->second;
}

Repositories::Repositories(const std::filesystem::path& folder)
    : folder_(folder / "repositories"), content_(folder / "content") {}

Result<std::unique_ptr<Repositories>> Repositories::open(const std::filesystem::path& folder) {
  std::unique_ptr<Repositories> opened(new Repositories(folder));
  std::error_code failed;
  std::filesystem::create_directories(opened->folder_, failed);
  if (failed) return fail(ErrorClass::Invalid, folder.string() + ": " + failed.message(), "give another --data");
  Result<Index> index = Records(opened->folder_).read_all(opened->content_);
  if (!index) return std::unexpected(std::move(index.error()));
  // The process ended before it wrote when that one was made.
  for (auto& [name, repository] : *index)
    if (repository.times.created.empty()) repository.times = {.created = now_text(), .updated = now_text()};
  *opened->index_.lock() = std::move(*index);
  return opened;
}

std::optional<Repository> Repositories::find(const std::string& name) const {
  return ask(name, [](const Repository* found) { return found ? std::optional(*found) : std::nullopt; });
}

std::vector<std::string> Repositories::names() const {
  std::vector<std::string> names;
  const auto index = index_.lock();
  for (const auto& [name, repository] : *index)
    if (!repository.manifests.empty() && repository.locks.list_enabled) names.push_back(name);
  return names;
}

bool Repositories::has_blob(const std::string& name, const Digest& digest) const {
  return ask(name, [&](const Repository* found) { return found && found->blobs.contains(digest); });
}

bool Repositories::any_has_blob(const Digest& digest) const {
  const auto index = index_.lock();
  return std::ranges::any_of(*index, [&](const auto& each) { return each.second.blobs.contains(digest); });
}

Repository& Repositories::made(Index& index, const std::string& name) {
  const auto [at, added] = index.try_emplace(name);
  if (added) at->second.times = {.created = now_text(), .updated = now_text()};
  return at->second;
}

Result<void> Repositories::add_blob(const std::string& name, const Digest& digest,
                                    const std::filesystem::path& received) {
  const auto index = index_.lock();
  if (Result<void> adopted = content_.adopt(received, digest); !adopted) return adopted;
  if (!made(*index, name).blobs.insert(digest).second) return {};
  return Records(folder_).write_blob(name, digest);
}

Result<bool> Repositories::link_blob(const std::string& name, const Digest& digest) {
  const auto index = index_.lock();
  if (!content_.has(digest)) return false;
  if (!made(*index, name).blobs.insert(digest).second) return true;
  if (Result<void> written = Records(folder_).write_blob(name, digest); !written)
    return std::unexpected(std::move(written.error()));
  return true;
}

Result<void> Repositories::put_manifest(const std::string& name, const NewManifest& manifest) {
  Result<ManifestFacts> facts = parse_manifest(manifest.bytes);
  if (!facts) return std::unexpected(std::move(facts.error()));
  const auto index = index_.lock();
  if (Result<void> written = content_.write(manifest.digest, manifest.bytes); !written) return written;
  Repository& repository = made(*index, name);
  const std::string now = now_text();
  const auto [at, added] = repository.manifests.try_emplace(
      manifest.digest, StoredManifest{.digest = manifest.digest, .times = {.created = now, .updated = now}});
  StoredManifest& stored = at->second;
  stored.media_type = manifest.media_type;
  stored.size = manifest.bytes.size();
  stored.times.updated = now;
  stored.subject = facts->subject;
  stored.artifact_type = facts->artifact_type;
  stored.annotations = facts->annotations;
  repository.times.updated = now;
  const Records records(folder_);
  if (Result<void> written = records.write(name, stored); !written) return written;
  if (Result<void> written = records.write(name, repository); !written) return written;
  if (manifest.tag.empty()) return {};
  const auto [tag, fresh] = repository.tags.try_emplace(
      manifest.tag, StoredTag{.name = manifest.tag, .digest = manifest.digest, .times = {.created = now}});
  tag->second.digest = manifest.digest;
  tag->second.times.updated = now;
  return records.write(name, tag->second);
}

void Repositories::drop_content(const Index& index, const Digest& digest) {
  if (std::ranges::none_of(index, [&](const auto& each) { return each.second.names(digest); })) content_.remove(digest);
}

bool Repositories::remove_manifest(const std::string& name, const Digest& digest, bool cascade) {
  const auto index = index_.lock();
  const auto found = index->find(name);
  if (found == index->end() || !found->second.manifests.contains(digest)) return false;
  Repository& repository = found->second;
  const Records records(folder_);
  std::vector<Digest> going{digest};
  for (std::size_t at = 0; at < going.size(); ++at) {
    if (repository.manifests.erase(going[at]) == 0) continue;
    records.remove_manifest(name, going[at]);
    std::erase_if(repository.tags, [&](const auto& tag) {
      if (tag.second.digest != going[at]) return false;
      records.remove_tag(name, tag.first);
      return true;
    });
    drop_content(*index, going[at]);
    if (!cascade) break;
    for (const auto& [each, manifest] : repository.manifests)
      if (manifest.subject == going[at]) going.push_back(each);
  }
  return true;
}

bool Repositories::remove_tag(const std::string& name, const std::string& tag) {
  const auto index = index_.lock();
  const auto found = index->find(name);
  if (found == index->end() || found->second.tags.erase(tag) == 0) return false;
  Records(folder_).remove_tag(name, tag);
  return true;
}

bool Repositories::remove_blob(const std::string& name, const Digest& digest) {
  const auto index = index_.lock();
  const auto found = index->find(name);
  if (found == index->end() || found->second.blobs.erase(digest) == 0) return false;
  Records(folder_).remove_blob(name, digest);
  drop_content(*index, digest);
  return true;
}

bool Repositories::remove_repository(const std::string& name) {
  const auto index = index_.lock();
  const auto found = index->find(name);
  if (found == index->end()) return false;
  const Repository gone = std::move(found->second);
  index->erase(found);
  Records(folder_).remove_repository(name);
  for (const auto& [digest, manifest] : gone.manifests) drop_content(*index, digest);
  for (const Digest& digest : gone.blobs) drop_content(*index, digest);
  return true;
}

void Repositories::change_tag(const std::string& name, const std::string& tag,
                              const std::function<void(StoredTag&)>& change) {
  const auto index = index_.lock();
  const auto found = index->find(name);
  if (found == index->end()) return;
  const auto stored = found->second.tags.find(tag);
  if (stored == found->second.tags.end()) return;
  change(stored->second);
  stored->second.times.updated = now_text();
  (void)Records(folder_).write(name, stored->second);
}

void Repositories::change_manifest(const std::string& name, const Digest& digest,
                                   const std::function<void(StoredManifest&)>& change) {
  const auto index = index_.lock();
  const auto found = index->find(name);
  if (found == index->end()) return;
  const auto stored = found->second.manifests.find(digest);
  if (stored == found->second.manifests.end()) return;
  change(stored->second);
  stored->second.times.updated = now_text();
  (void)Records(folder_).write(name, stored->second);
}

void Repositories::change_repository(const std::string& name, const std::function<void(Repository&)>& change) {
  const auto index = index_.lock();
  const auto found = index->find(name);
  if (found == index->end()) return;
  change(found->second);
  found->second.times.updated = now_text();
  (void)Records(folder_).write(name, found->second);
}

void Repositories::clear() {
  for (const std::string& name : [this] {
         std::vector<std::string> all;
         for (const auto held = index_.lock(); const auto& [name, repository] : *held) all.push_back(name);
         return all;
       }())
    remove_repository(name);
}

}  // namespace slipway::emulator
