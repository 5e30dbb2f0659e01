#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "controller/runtime/guarded.h"
#include "controller/runtime/reflected_objects.h"
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
  /// Those to that repository, and perhaps some to another: who asks compares. Kept small, because there is one entry
  /// for each publication.
  std::vector<runtime::ObjectName> candidates_for(const std::string& repository) const;

 private:
  struct State {
    std::map<Reference, std::set<ObjectKey>> referrers;
    std::unordered_multimap<std::size_t, runtime::ObjectName> by_repository;  ///< By the hash of its name.
  };

  void replace(const ObjectKey& key, const std::set<Reference>& before, const std::set<Reference>& now);

  const std::string controller_namespace_;
  runtime::Guarded<State> state_;
};

}  // namespace slipway::cluster
