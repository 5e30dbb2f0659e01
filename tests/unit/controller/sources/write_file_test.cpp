#include "controller/files/write_file.h"

#include <fstream>
#include <sstream>
#include <string>

#include "tests/catch.h"
#include "tests/support/full_volume.h"
#include "tests/support/temporary_folder.h"

namespace slipway::files {
namespace {

std::string read(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("A file is written as a whole, or the disk's error is told") {
  const tests::TemporaryFolder folder;
  CHECK_FALSE(write_file(folder / "file", "what was there before"));
  CHECK_FALSE(write_file(folder / "file", "new"));
  CHECK(read(folder / "file") == "new");
  {
    const tests::FullVolume full{2};
    CHECK(write_file(folder / "file", "longer") == std::errc::file_too_large);
  }
  CHECK(write_file(folder / "nowhere/file", "x") == std::errc::no_such_file_or_directory);
}

}  // namespace slipway::files
