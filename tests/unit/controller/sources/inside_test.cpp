#include "controller/files/inside.h"

#include <sys/stat.h>

#include "tests/catch.h"
#include "tests/support/temporary_folder.h"

namespace slipway::files {
namespace {

namespace fs = std::filesystem;

std::string content_of(const OpenFile& file) {
  std::string out(static_cast<std::size_t>(file.size()), '\0');
  const auto count = file.read_at(0, std::as_writable_bytes(std::span(out)));
  return count ? out.substr(0, *count) : count.error().message;
}

struct Row {
  std::string situation;
  std::string path;
  std::string found;  ///< The content, or the class of the error.
};

TEST_CASE("A file is read when it lies inside the root, links resolved") {
  const tests::TemporaryFolder folder;
  folder.write("outside", "secret");
  folder.write("root2/file", "secret");
  folder.write("root/file", "top");
  folder.write("root/base/file", "base");
  folder.write("root/base/sub/file", "sub");
  fs::create_symlink("../file", folder / "root/base/up");
  fs::create_symlink(folder / "root/file", folder / "root/base/absolute");
  fs::create_symlink("../../outside", folder / "root/base/out");
  fs::create_symlink("../../absent", folder / "root/base/out-absent");
  fs::create_symlink("../..", folder / "root/base/out-folder");
  fs::create_symlink("absent", folder / "root/base/dangling");
  fs::create_symlink("circle", folder / "root/base/circle");
  ::mkfifo((folder / "root/base/pipe").c_str(), 0600);

  const std::vector<Row> rows = {
      {"beside", "file", "base"},
      {"below", "./sub//file", "sub"},
      {"above, inside the root", "../file", "top"},
      {"down and up again", "sub/../file", "base"},
      {"a link that stays inside", "up", "top"},
      {"an absolute link that stays inside", "absolute", "top"},
      {"absolute, inside the root", (folder / "root/file").string(), "top"},
      {"outside by dots", "../../outside", "Refused"},
      {"outside in a folder whose name begins alike", "../../root2/file", "Refused"},
      {"outside, not there", "../../absent", "Refused"},
      {"outside, absolute", "/etc/passwd", "Refused"},
      {"outside by a link", "out", "Refused"},
      {"outside by a link to a folder", "out-folder/outside", "Refused"},
      {"outside by a link to nothing", "out-absent", "NotFound"},
      {"absent", "absent", "NotFound"},
      {"below a file", "file/x", "NotFound"},
      {"a link to nothing", "dangling", "NotFound"},
      {"links in a circle", "circle", "Invalid"},
      {"a folder", "sub", "Invalid"},
      {"a folder with a slash", "sub/", "Invalid"},
      {"the base itself", ".", "Invalid"},
      {"a pipe", "pipe", "Invalid"},
      {"a name that is too long", std::string(5000, 'x'), "Invalid"},
      {"a byte that no path has", std::string("fi\0le", 5), "Invalid"},
  };
  for (const Row& row : rows) {
    INFO(row.situation);
    const auto file = open_inside(folder / "root", folder / "root/base", row.path);
    CHECK((file ? content_of(*file) : std::string(to_string(file.error().cls))) == row.found);
    if (!file) CHECK_FALSE(file.error().remedy.empty());
  }
}

TEST_CASE("The root may itself be a link, and the root is inside itself") {
  const tests::TemporaryFolder folder;
  folder.write("real/file", "x");
  fs::create_symlink("real", folder / "link");
  CHECK(open_inside(folder / "link", folder / "link", "file").has_value());
  const auto itself = resolve_inside(folder / "link", folder / "link", ".");
  REQUIRE(itself);
  CHECK(*itself == folder / "real");
}

TEST_CASE("An open file stays the same one, and is read from any place") {
  const tests::TemporaryFolder folder;
  folder.write("file", "before");
  const auto file = open_inside(folder.path(), folder.path(), "file");
  REQUIRE(file);
  fs::rename(folder / "file", folder / "old");
  folder.write("file", "after");
  CHECK(content_of(*file) == "before");
  char two[2] = {};
  CHECK(file->read_at(4, std::as_writable_bytes(std::span(two))) == 2);
  CHECK(std::string(two, 2) == "re");
  CHECK(file->read_at(6, std::as_writable_bytes(std::span(two))) == 0);
}

}  // namespace
}  // namespace slipway::files
