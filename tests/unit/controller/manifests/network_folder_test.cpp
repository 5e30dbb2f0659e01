#include <dlfcn.h>
#include <sys/vfs.h>

#include <fstream>

#include "controller/files/file_system.h"
#include "controller/manifests/manifest_folder.h"
#include "tests/catch.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temporary_folder.h"

namespace {

/// What every file lies on, where a test says so.
long stands_on = 0;

constexpr long kNfs = 0x6969;

}  // namespace

/// Stands before the C library's: no test can mount a network file system.
extern "C" int fstatfs(int file, struct statfs* about) noexcept {
  static const auto real = reinterpret_cast<int (*)(int, struct statfs*)>(::dlsym(RTLD_NEXT, "fstatfs"));
  const int result = real(file, about);
  if (stands_on != 0) about->f_type = stands_on;
  return result;
}

namespace slipway::manifests {
namespace {

TEST_CASE("which file systems tell who writes") {
  for (const long local :
       {0xEF53L, 0x58465342L, 0x9123683EL, 0xF2F52010L, 0xCA451A4EL, 0x2FC12FC1L, 0x01021994L, 0x794C7630L})
    CHECK(files::tells_of_writers(local));
  // As a 32-bit kernel says it.
  CHECK(files::tells_of_writers(static_cast<std::int32_t>(0x9123683E)));
  // NFS, SMB (old and new), SMB2, FUSE, 9P, Ceph, AFS, GFS2, OCFS2, and what nobody knows.
  for (const long other : {kNfs, 0x517BL, 0xFF534D42L, 0xFE534D42L, 0x65735546L, 0x01021997L, 0x00C36400L, 0x5346414FL,
                           0x01161970L, 0x7461636FL, 0L, 1L})
    CHECK_FALSE(files::tells_of_writers(other));
}

/// NFS without a delegation and SMB without an oplock answer of every file what a local one answers of one that is open
/// for writing.
TEST_CASE("on a network file system a lease that is refused says nothing: two equal readings count") {
  const tests::TemporaryFolder folder;
  const tests::ManualClock clock{Timestamp{}};
  std::ofstream writer{folder / "a.yaml"};
  writer << "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\n" << std::flush;
  stands_on = GENERATE(0L, kNfs);
  auto manifests = ManifestFolder::open({.path = (folder / "").string(), .awaits_writers = &clock});
  REQUIRE(manifests);
  manifests->read();
  const auto reading = manifests->read();
  const bool is_taken = std::exchange(stands_on, 0) == kNfs;
  REQUIRE(reading);
  CHECK(reading->resources.size() == (is_taken ? 1 : 0));
  CHECK(reading->is_settled == is_taken);
}

}  // namespace
}  // namespace slipway::manifests
