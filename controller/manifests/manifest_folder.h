#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crds/base/digest.h"
#include "crds/base/result.h"
#include "crds/v1alpha1/resources.h"
#include "reconcilers/ports/clock.h"

namespace slipway::manifests {

/// What is known of files that are exchanged as a whole, as those of a Git commit: none of them is ever half-written,
/// so a reading of all of them counts at once. The root may be a link to the present ones: what is read keeps its name.
struct CheckoutOptions {
  std::string origin;  ///< Of the folder, wherever it lies: "https://git.example.com/shop.git@main/prod".
  std::string shown;   ///< What messages call the folder; empty: files by their name in it.
  /// The revision of what lies in the root, links resolved.
  std::function<std::string(const std::filesystem::path& root)> revision_of;
};

struct ManifestFolderOptions {
  std::string path;  ///< A folder, a file, or "-" for standard input (read once, when opened).
  std::string root;  ///< Empty: the folder; for a file or "-" the working directory.
  bool allow_empty = false;
  std::string controller_namespace = "slipway-system";  ///< Of the Secrets and ConfigMaps that registries refer to.
  ParseOptions parse;
  std::optional<CheckoutOptions> checkout = {};  ///< `path` and `root` are of one.
  /// Of who reads again and again: a file that somebody has open for writing waits until it is closed, and is a problem
  /// when that takes more than 30 s by this clock. Null: it is taken as it stands.
  const Clock* awaits_writers = nullptr;
};

/// A resource in force and the folder that its relative paths start from.
struct ManifestResource {
  Resource resource;
  std::string file;  ///< As messages show it: below the path that the user named.
  Place place;
  std::string base_folder;  ///< Links resolved; of a checkout below the root as it was named.
  Whereabouts where;        ///< See ParsedResource.
  std::string origin;       ///< The file as an absolute path, links as they are; "-" for standard input.
};

/// What the folder says now.
struct ManifestReading {
  std::vector<ManifestResource> resources;  ///< In force, in the order of files.
  std::vector<Problem> problems;            ///< To report; those of a file changed just now wait one more reading.
  std::set<std::string> broken;  ///< Origins of files, and folders, whose present content could not be taken.
  std::set<std::filesystem::path> folders;  ///< Where the files were looked for, links resolved.
  bool is_whole = false;                    ///< Every file was read and parsed without error, nothing is half-written.
  bool is_settled = false;    ///< This reading and the one before are whole and equal: what is absent is deleted.
  std::string revision = {};  ///< Of a checkout; else empty.
};

/// Reads resources from a folder (recursively: *.yaml, *.yml, *.json; hidden files and folders and what editors leave
/// behind are not read), from one file or from standard input. Remembers the last good version of each file:
///   - a file that does not parse keeps its last good resources in force, for as long as it is there; no document of it
///     is taken before all are good
///   - a file that changed since the reading before may be half-written: it is taken, and its errors are told, when the
///     next reading finds it the same. The first reading of all takes files as they are. With `awaits_writers` a file
///     whose writer has not closed it waits for that first, at the first reading too, and counts as broken meanwhile
///   - a JSON file of a folder that has no "apiVersion" in it is a report or an image's index, not a resource; one that
///     was none before and can become none as it goes on (stays_other_json()) is not waited for
///   - a file without a byte is taken for one that is about to be written: an error until something is in it; one that
///     a resource names (a report, an image's index) and that was no resource before is for whoever reads it to refuse
///   - two documents for one object are a problem of the later one; the first stays in force
///   - a link that leads outside the root, a file that may not be read or is no regular file, one over 16 MiB, and a
///     folder that cannot be listed are problems, and the reading is not whole
///   - what one file or standard input does not name may stand in another file: it is not taken for deleted
/// A file reached under two names is read once. One thread at a time.
class ManifestFolder {
 public:
  /// Invalid or NotFound when the path or the root is not there.
  static Result<ManifestFolder> open(ManifestFolderOptions options);

  /// Reads everything again. NotFound when the folder is gone, Invalid when no resource is in it (without
  /// allow_empty), Unavailable when it cannot be listed: nothing may be concluded from either.
  Result<ManifestReading> read();

  bool is_checkout() const { return options_.checkout.has_value(); }
  /// The folder, of a file the one that it is in, of "-" the working directory; links resolved. A file and its folder
  /// are one publisher with one state, named by this.
  const std::filesystem::path& home() const { return home_; }
  /// Links resolved; of a checkout as it was named.
  const std::filesystem::path& root() const { return root_; }
  bool is_folder() const { return is_folder_; }
  const std::string& controller_namespace() const { return options_.controller_namespace; }
  /// True for the origin of a resource that comes from here.
  bool is_origin(const std::string& origin) const;

 private:
  struct File {
    std::optional<Digest> content;  ///< Of the latest reading.
    std::filesystem::path place;    ///< As the paths of resources lead to it.
    std::vector<ManifestResource> good;
    std::vector<Problem> problems;
    bool is_changing = false;                ///< Differs from the reading before, or is being written: not taken yet.
    std::optional<Timestamp> written_since;  ///< Not taken, and open for writing in each reading since.
    bool is_none = false;                    ///< Was no resource, and can become none by what is added to it.
    bool is_broken = false;
    bool is_blank = false;  ///< Broken because nothing is in it yet.
  };
  struct Listed;
  using Contents = std::map<std::string, Digest>;

  ManifestFolder() = default;
  Result<void> resolve();
  Result<std::vector<Listed>> list(ManifestReading& reading) const;
  std::filesystem::path shown_folder() const;
  std::string base_folder_of(const std::filesystem::path& folder, const std::filesystem::path& root) const;
  void forget_all_but(const std::vector<Listed>& listed);
  void read_file(const Listed& listed, ManifestReading& reading);
  void take(const Listed& listed, const std::string& content, bool is_being_written = false);
  /// Notes since when it waits for one; a long time is a problem.
  void await_writer(const Listed& listed, bool is_being_written);
  void parse(const Listed& listed, const std::string& content);
  void collect(ManifestReading& reading) const;
  std::set<std::filesystem::path> named_files() const;
  void settle(ManifestReading& reading, bool could_read);

  ManifestFolderOptions options_;
  std::filesystem::path canonical_path_;  ///< What was named; for "-" the working directory.
  std::filesystem::path home_;
  std::filesystem::path root_;
  std::filesystem::path inside_;  ///< Of a checkout: the folder below the root.
  std::filesystem::path origin_;  ///< The path as named, absolute; of a checkout as it was given.
  bool is_folder_ = false;
  bool has_read_ = false;
  std::string standard_input_;
  std::map<std::string, File> files_;  ///< By origin.
  std::optional<Contents> last_;       ///< Of the reading before, when everything could be listed and read.
};

/// The file at `path` relative to `base_folder`, links resolved, when it lies inside `root` and has at most `limit`
/// bytes. Refused outside the root, NotFound, Invalid when too large or not a regular file.
Result<std::string> read_file_inside(const std::filesystem::path& root, const std::filesystem::path& base_folder,
                                     const std::string& path, std::size_t limit);

}  // namespace slipway::manifests
