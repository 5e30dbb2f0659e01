#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crds/base/digest.h"
#include "crds/base/result.h"
#include "crds/v1alpha1/object_meta.h"

namespace slipway {

/// Who asks for a change: an object, as the visit that makes the change read it.
struct AuditSubject {
  ObjectKey object;
  std::string uid;  ///< Empty outside a cluster.
  std::int64_t generation = 0;
  std::string edited_by;  ///< Field manager of the latest edit; empty outside a cluster.
  std::string revision;   ///< Of the Git commit that brought the object as it is; empty outside of Git.
  bool operator==(const AuditSubject&) const = default;
};

enum class AuditAction {
  PushManifest,
  DeleteManifest,
  SetTag,     ///< A tag that named nothing before, or nobody looked.
  MoveTag,    ///< It named something else before.
  RemoveTag,  ///< The tag alone.
  LeaveTags,  ///< A deleted object goes, and the tags that it set stay: nothing changes at the registry.
};

/// One thing that is done at a registry.
struct AuditChange {
  AuditAction action = AuditAction::PushManifest;
  std::string registry;    ///< Its host.
  std::string repository;  ///< Of that host.
  std::string tag;         ///< Empty for a manifest.
  bool looked = false;     ///< Whether `before` is known.
  std::optional<Digest> before;
  std::optional<Digest> after;
  std::string why;  ///< Where it isn't plain from the action; may be empty.
  bool operator==(const AuditChange&) const = default;
};

/// Names an intended change until it has ended; unique within its log.
using AuditNumber = std::int64_t;

/// Keeps account of what is changed at registries: before each change what is intended, after it how it ended. A change
/// that was intended and has no end may have happened: that is what a process that is killed leaves. Thread-safe.
class AuditLog {
 public:
  virtual ~AuditLog() = default;
  /// Each of `changes` is on record when this returns, and survives a crash of the machine where the log is on a disk.
  /// Then, and only then, they may be made. Numbers in the order of the changes; one call costs one wait for the disk.
  /// Unavailable when nothing can be recorded.
  virtual Result<std::vector<AuditNumber>> intend(const AuditSubject& who, const std::vector<AuditChange>& changes) = 0;
  /// How it ended: done, refused (the registry said no), or unknown (the answer did not come). Waits for no disk.
  virtual void ended(AuditNumber change, const Result<void>& how) = 0;
};

}  // namespace slipway
