#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/runtime/guarded.h"
#include "crds/base/digest.h"
#include "crds/base/result.h"
#include "tests/emulator/content.h"
#include "tests/emulator/repository.h"

namespace slipway::emulator {

/// A manifest on its way in; with `tag`, the tag moves to it.
struct NewManifest {
  Digest digest;
  std::string media_type;
  std::string bytes;
  std::string tag;
};

/// What every repository holds. The index is in memory, each change is on disk before the call returns (renamed into
/// place, not synced), so that the next process over the same folder finds it. Safe from every thread.
class Repositories {
 public:
  /// Reads what `folder` has; what is broken there ends the start with an error.
  static Result<std::unique_ptr<Repositories>> open(const std::filesystem::path& folder);

  /// A copy; nothing when no repository has this name.
  std::optional<Repository> find(const std::string& name) const;
  /// Answers a question without copying the repository.
  template <class Ask>
  auto ask(const std::string& name, Ask ask_it) const {
    const auto index = index_.lock();
    const auto found = index->find(name);
    return ask_it(found == index->end() ? nullptr : &found->second);
  }
  std::vector<std::string> names() const;

  Result<OpenFile> open_blob(const Digest& digest) const { return content_.open(digest); }
  Result<std::string> read_manifest(const Digest& digest) const { return content_.read(digest); }
  bool has_blob(const std::string& name, const Digest& digest) const;
  bool any_has_blob(const Digest& digest) const;

  /// Takes over the file `received`, whose bytes have this digest.
  Result<void> add_blob(const std::string& name, const Digest& digest, const std::filesystem::path& received);
  /// Makes a blob of another repository one of `name` too; false when its content is not here.
  Result<bool> link_blob(const std::string& name, const Digest& digest);
  Result<void> put_manifest(const std::string& name, const NewManifest& manifest);
  /// False when there was none. Tags that name the manifest go with it; with `cascade` also what refers to it.
  bool remove_manifest(const std::string& name, const Digest& digest, bool cascade);
  bool remove_tag(const std::string& name, const std::string& tag);
  bool remove_blob(const std::string& name, const Digest& digest);
  bool remove_repository(const std::string& name);
  /// Changes times or locks of what is there already, by `change`, and writes it down.
  void change_tag(const std::string& name, const std::string& tag, const std::function<void(StoredTag&)>& change);
  void change_manifest(const std::string& name, const Digest& digest,
                       const std::function<void(StoredManifest&)>& change);
  void change_repository(const std::string& name, const std::function<void(Repository&)>& change);
  /// Forgets everything.
  void clear();

 private:
  using Index = std::map<std::string, Repository>;
  explicit Repositories(const std::filesystem::path& folder);
  Repository& made(Index& index, const std::string& name);
  void drop_content(const Index& index, const Digest& digest);
  std::filesystem::path folder_;  ///< Constant.
  Content content_;               ///< Files; those of one digest change only under the index's lock.
  runtime::Guarded<Index> index_;
};

/// Now, as Times has it.
std::string now_text();

}  // namespace slipway::emulator
