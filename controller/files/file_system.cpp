#include "controller/files/file_system.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace slipway::files {

/// By number, for the kernel's header (linux/magic.h) has not all of them. Each leaves leases to the kernel's own count
/// of who has the file open for writing.
bool tells_of_writers(long type) {
  constexpr std::array<std::uint32_t, 8> kLocal{
      0xEF53,      // ext2, ext3, ext4: a disk of this machine, that no other kernel writes to.
      0x58465342,  // XFS: the same.
      0x9123683E,  // btrfs: the same.
      0xF2F52010,  // F2FS: the same.
      0xCA451A4E,  // bcachefs: the same.
      0x2FC12FC1,  // ZFS: the same, from outside the kernel's sources.
      0x01021994,  // tmpfs: this kernel's memory; where a pod's Secrets are.
      0x794C7630,  // overlayfs: a container's own files. Whoever writes in it is counted at its own file, not at that
                   // below.
  };
  return std::ranges::find(kLocal, static_cast<std::uint32_t>(type)) != kLocal.end();
}

}  // namespace slipway::files
