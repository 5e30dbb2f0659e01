#include "tests/emulator/records.h"

#include <algorithm>

#include "reconcilers/json.h"
#include "tests/emulator/manifest.h"

namespace slipway::emulator {
namespace {

namespace fs = std::filesystem;

json::MapBuilder record_of(const Times& times, const Locks& locks) {
  json::MapBuilder record;
  record.add("created", json::text(times.created))
      .add("updated", json::text(times.updated))
      .add("locks", json::list({json::boolean(locks.delete_enabled), json::boolean(locks.write_enabled),
                                json::boolean(locks.read_enabled), json::boolean(locks.list_enabled)}));
  return record;
}

std::unexpected<Error> broken(const std::string& what) {
  return fail(ErrorClass::Invalid, what, "remove the folder of --data");
}

struct Common {
  Times times;
  Locks locks;
};
Result<Common> common_of(const Node& record) {
  Common common{.times = {.created = json::text_at(record, "created"), .updated = json::text_at(record, "updated")},
                .locks = {}};
  if (common.times.created.empty() || common.times.updated.empty()) return broken("no times");
  const std::vector<Node>& locks = json::items_at(record, "locks");
  const auto is_boolean = [](const Node& lock) { return lock.kind == Node::Kind::Boolean; };
  if (locks.size() != 4 || !std::ranges::all_of(locks, is_boolean)) return broken("locks are not four booleans");
  common.locks = {.delete_enabled = locks[0].boolean,
                  .write_enabled = locks[1].boolean,
                  .read_enabled = locks[2].boolean,
                  .list_enabled = locks[3].boolean};
  return common;
}

/// "sha256/abcd…" below a kind's folder, as a digest.
Result<Digest> digest_at(const fs::path& file) {
  return Digest::parse(file.parent_path().filename().string() + ":" + file.filename().string());
}
std::string leaf_of(const Digest& digest) {
  return std::string(digest.algorithm()) + "/" + std::string(digest.hex());
}

Result<StoredManifest> manifest_at(const fs::path& file, const Node& record, const Content& content) {
  Result<Digest> digest = digest_at(file);
  if (!digest) return std::unexpected(std::move(digest.error()));
  const Result<std::string> bytes = content.read(*digest);
  if (!bytes) return std::unexpected(bytes.error());
  Result<ManifestFacts> facts = parse_manifest(*bytes);
  if (!facts) return std::unexpected(std::move(facts.error()));
  const Result<Common> common = common_of(record);
  if (!common) return std::unexpected(common.error());
  return StoredManifest{.digest = std::move(*digest),
                        .media_type = json::text_at(record, "mediaType"),
                        .size = bytes->size(),
                        .times = common->times,
                        .locks = common->locks,
                        .subject = facts->subject,
                        .artifact_type = facts->artifact_type,
                        .annotations = facts->annotations};
}

Result<StoredTag> tag_at(const fs::path& file, const Node& record) {
  Result<Digest> digest = Digest::parse(json::text_at(record, "digest"));
  if (!digest) return std::unexpected(std::move(digest.error()));
  Result<Common> common = common_of(record);
  if (!common) return std::unexpected(std::move(common.error()));
  return StoredTag{.name = file.filename().string(),
                   .digest = std::move(*digest),
                   .times = std::move(common->times),
                   .locks = common->locks};
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
    const Document record = parse_json(*text, file.string());
    if (!record.problems.empty()) return broken(to_string(record.problems.front()));
    return read_record(repository, kind, file, record.root);
  }
  std::map<std::string, Repository> finish() { return std::move(repositories_); }

 private:
  template <class T, class Keep>
  static Result<void> take(Result<T> value, Keep keep) {
    if (!value) return std::unexpected(std::move(value.error()));
    keep(std::move(*value));
    return {};
  }
  Result<void> read_record(Repository& repository, const std::string& kind, const fs::path& file, const Node& record) {
    if (kind == "_manifests")
      return take(manifest_at(file, record, content_),
                  [&](StoredManifest m) { repository.manifests.emplace(m.digest, std::move(m)); });
    if (kind == "_tags")
      return take(tag_at(file, record), [&](StoredTag t) { repository.tags.emplace(t.name, std::move(t)); });
    return take(common_of(record), [&](Common common) {
      repository.times = std::move(common.times);
      repository.locks = common.locks;
    });
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
    if (Result<void> read = reader.read(at->path()); !read)
      return while_doing("reading " + at->path().string(), std::move(read.error()));
  }
  return reader.finish();
}

Result<void> Records::write(const std::string& name, const Repository& repository) const {
  return write_file(folder_ / name / "_repository",
                    to_json_text(record_of(repository.times, repository.locks).build()));
}

Result<void> Records::write(const std::string& name, const StoredManifest& manifest) const {
  const Node record =
      record_of(manifest.times, manifest.locks).add("mediaType", json::text(manifest.media_type)).build();
  return write_file(path_of(name, "_manifests", leaf_of(manifest.digest)), to_json_text(record));
}

Result<void> Records::write(const std::string& name, const StoredTag& tag) const {
  const Node record = record_of(tag.times, tag.locks).add("digest", json::text(tag.digest.str())).build();
  return write_file(path_of(name, "_tags", tag.name), to_json_text(record));
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
