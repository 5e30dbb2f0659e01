#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/manifests/folder_object_store.h"
#include "crds/base/document.h"

namespace slipway::cli {

/// Which resources a person asks for: all, of a kind, of a namespace, or one.
struct Wanted {
  std::optional<ResourceKind> kind;  ///< Absent: every kind.
  std::string name;                  ///< Empty: every name.
  std::string namespace_name;        ///< Empty: every namespace.
};

/// What was found, each kind by namespace and name.
struct Selection {
  std::vector<ContainerRegistry> registries;
  std::vector<ImagePublication> publications;
  std::vector<RetentionPolicy> policies;

  std::size_t size() const { return registries.size() + publications.size() + policies.size(); }
};

/// NotFound when a name was asked for that nothing has.
Result<Selection> select(manifests::FolderObjectStore& objects, const Wanted& wanted);

/// The objects as data, their status too: the one that was asked for by name, else a List.
Node data_of(const Selection& selection, const Wanted& wanted);

}  // namespace slipway::cli
