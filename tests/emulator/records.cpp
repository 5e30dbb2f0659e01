#include "tests/emulator/records.h"

#include <nlohmann/json.hpp>

#include "tests/emulator/manifest.h"

namespace slipway::emulator {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json to_json(const Times& times, const Locks& locks) {
  return {{"created", times.created},
          {"updated", times.updated},
          {"locks", {locks.delete_enabled, locks.write_enabled, locks.read_enabled, locks.list_enabled}}};
}

struct Common {
  Times times;
  Locks locks;
};
Common common_of(const json& record) {
  const json& locks = record.at("locks");
  return {.times = {.created = record.at("created"), .updated = record.at("updated")},
          .locks = {.delete_enabled = locks.at(0),
                    .write_enabled = locks.at(1),
                    .read_enabled = locks.at(2),
                    .list_enabled = locks.at(3)}};
}

/// "sha256/abcd…" below a kind's folder, as a digest.
Result<Digest> digest_at(const fs::path& file) {
  return Digest::parse(file.parent_path().filename().string() + ":" + file.filename().string());
}
std::string leaf_of(const Digest& digest) {
  return std::string(digest.algorithm()) + "/" + std::string(digest.hex());
}

Result<StoredManifest> manifest_at(const fs::path& file, const json& record, const Content& content) {
  Result<Digest> digest = digest_at(file);
  if (!digest) return std::unexpected(std::move(digest.error()));
  const Result<std::string> bytes = content.read(*digest);
  if (!bytes) return std::unexpected(bytes.error());
  Result<ManifestFacts> facts = parse_manifest(*bytes);
  if (!facts) return std::unexpected(std::move(facts.error()));
  const Common common = common_of(record);
  return StoredManifest{.digest = std::move(*digest),
                        .media_type = record.at("mediaType"),
                        .size = bytes->size(),
                        .times = common.times,
                        .locks = common.locks,
                        .subject = facts->subject,
                        .artifact_type = facts->artifact_type,
                        .annotations = facts->annotations};
}

Result<StoredTag> tag_at(const fs::path& file, const json& record) {
  Result<Digest> digest = Digest::parse(record.at("digest").get<std::string>());
  if (!digest) return std::unexpected(std::move(digest.error()));
  const Common common = common_of(record);
  return StoredTag{
      .name = file.filename().string(), .digest = std::move(*digest), .times = common.times, .locks = common.locks};
}

/// Adds what one record file says to the repository it belongs to.
class Reader {
 public:
  Reader(const fs::path& folder, const Content& content) : folder_(folder), content_(content) {}

  Result<void> read(const fs::path& file) {
    const std::string relative = fs::relative(file, folder_).string();
    const std::size_t mark = relative.find("/_");
    if (mark == std::string::npos || file.filename().string().starts_with(".writing-")) return {};
    Repository& repository = repositories_[relative.substr(0, mark)];
    const std::string kind = relative.substr(mark + 1, relative.find('/', mark + 1) - mark - 1);
    if (kind == "_blobs") return take(digest_at(file), [&](Digest d) { repository.blobs.insert(std::move(d)); });
    const Result<std::string> text = read_file(file);
    if (!text) return std::unexpected(text.error());
    return read_record(repository, kind, file, json::parse(*text));
  }
  std::map<std::string, Repository> finish() { return std::move(repositories_); }

 private:
  template <class T, class Keep>
  static Result<void> take(Result<T> value, Keep keep) {
    if (!value) return std::unexpected(std::move(value.error()));
    keep(std::move(*value));
    return {};
  }
  Result<void> read_record(Repository& repository, const std::string& kind, const fs::path& file, const json& record) {
    if (kind == "_manifests")
      return take(manifest_at(file, record, content_),
                  [&](StoredManifest m) { repository.manifests.emplace(m.digest, std::move(m)); });
    if (kind == "_tags")
      return take(tag_at(file, record), [&](StoredTag t) { repository.tags.emplace(t.name, std::move(t)); });
    const Common common = common_of(record);
    repository.times = common.times;
    repository.locks = common.locks;
    return {};
  }
  const fs::path& folder_;
  const Content& content_;
  std::map<std::string, Repository> repositories_;
};

void remove_record(const fs::path& file) {
  std::error_code ignored;
  fs::remove(file, ignored);
}

}  // namespace

Result<std::map<std::string, Repository>> Records::read_all(const Content& content) const {
  Reader reader(folder_, content);
  std::error_code failed;
  for (fs::recursive_directory_iterator at(folder_, failed), end; !failed && at != end; at.increment(failed)) {
    if (!at->is_regular_file()) continue;
    try {
      if (Result<void> read = reader.read(at->path()); !read)
        return while_doing("reading " + at->path().string(), std::move(read.error()));
    } catch (const json::exception& broken) {
      return fail(ErrorClass::Invalid, at->path().string() + ": " + broken.what(), "remove the folder of --data");
    }
  }
  return reader.finish();
}

Result<void> Records::write(const std::string& name, const Repository& repository) const {
  return write_file(folder_ / name / "_repository", to_json(repository.times, repository.locks).dump());
}

Result<void> Records::write(const std::string& name, const StoredManifest& manifest) const {
  json record = to_json(manifest.times, manifest.locks);
  record["mediaType"] = manifest.media_type;
  return write_file(path_of(name, "_manifests", leaf_of(manifest.digest)), record.dump());
}

Result<void> Records::write(const std::string& name, const StoredTag& tag) const {
  json record = to_json(tag.times, tag.locks);
  record["digest"] = tag.digest.str();
  return write_file(path_of(name, "_tags", tag.name), record.dump());
}

Result<void> Records::write_blob(const std::string& name, const Digest& digest) const {
  return write_file(path_of(name, "_blobs", leaf_of(digest)), {});
}

void Records::remove_manifest(const std::string& name, const Digest& digest) const {
  remove_record(path_of(name, "_manifests", leaf_of(digest)));
}

void Records::remove_tag(const std::string& name, const std::string& tag) const {
  remove_record(path_of(name, "_tags", tag));
}

void Records::remove_blob(const std::string& name, const Digest& digest) const {
  remove_record(path_of(name, "_blobs", leaf_of(digest)));
}

void Records::remove_repository(const std::string& name) const {
  std::error_code ignored;
  for (const char* kind : {"_blobs", "_manifests", "_tags", "_repository"})
    fs::remove_all(folder_ / name / kind, ignored);
}

}  // namespace slipway::emulator
