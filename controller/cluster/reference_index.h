#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/runtime/guarded.h"
#include "crds/v1alpha1/references.h"
#include "crds/v1alpha1/resources.h"

namespace slipway::cluster {

/// Who refers to which Secret and ConfigMap, and which publications go to which repository: what is asked so often that
/// nobody looks through all objects for it. Kept with the caches. Thread-safe.
class ReferenceIndex {
 public:
  explicit ReferenceIndex(std::string controller_namespace) : controller_namespace_(std::move(controller_namespace)) {}

  /// An object came (`before` null), changed or went (`now` null).
  void moved(const ImagePublication* before, const ImagePublication* now);
  void moved(const ContainerRegistry* before, const ContainerRegistry* now);
  void moved(const RetentionPolicy* before, const RetentionPolicy* now);

  /// `reference`: to a Secret or a ConfigMap.
  std::vector<ObjectKey> who_refers_to(const Reference& reference) const;
  /// Who refers to any of that kind in that namespace.
  std::vector<ObjectKey> who_refers_into(Reference::Kind kind, const std::string& namespace_name) const;
  /// Namespaces in which something of that kind is referred to.
  std::set<std::string> namespaces_with(Reference::Kind kind) const;
  std::vector<ObjectKey> publications_to(const std::string& repository) const;

 private:
  template <class Name>
  using Keys = std::map<Name, std::set<ObjectKey>>;
  struct State {
    Keys<Reference> referrers;
    Keys<std::string> by_repository;
  };

  void replace(const ObjectKey& key, const std::set<Reference>& before, const std::set<Reference>& now);

  const std::string controller_namespace_;
  runtime::Guarded<State> state_;
};

}  // namespace slipway::cluster
