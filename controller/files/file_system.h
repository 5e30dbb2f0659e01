#pragma once

namespace slipway::files {

/// Whether the kernel refuses a lease for reading (F_SETLEASE) of a file there exactly when somebody writes it; `type`
/// is statfs's. False of all that is not known to: NFS without a delegation and SMB without an oplock refuse one of
/// every file, and FUSE knows nothing of who writes on the other side.
bool tells_of_writers(long type);

}  // namespace slipway::files
