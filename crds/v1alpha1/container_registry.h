#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crds/v1alpha1/condition.h"
#include "crds/v1alpha1/gates.h"
#include "crds/v1alpha1/object_meta.h"

namespace slipway {

enum class Cloud { AzurePublic, AzureChina, AzureUSGovernment };
enum class AccessAction { Read, Publish, Prune };

struct WorkloadIdentity {
  std::string tenant_id;
  std::string client_id;
  bool operator==(const WorkloadIdentity&) const = default;
};
struct ManagedIdentity {
  std::string client_id;
  bool operator==(const ManagedIdentity&) const = default;
};
struct ServicePrincipal {
  std::string tenant_id;
  std::string client_id;
  std::optional<KeyRef> secret_ref;
  std::optional<KeyRef> certificate_ref;
  bool operator==(const ServicePrincipal&) const = default;
};
/// A Secret with the keys `username` and `password`, or of type kubernetes.io/dockerconfigjson.
struct BasicAuthentication {
  NameRef secret_ref;
  bool operator==(const BasicAuthentication&) const = default;
};
struct AnonymousAuthentication {
  bool operator==(const AnonymousAuthentication&) const = default;
};

/// Exactly one is set.
struct Authentication {
  std::optional<WorkloadIdentity> workload_identity;
  std::optional<ManagedIdentity> managed_identity;
  std::optional<ServicePrincipal> service_principal;
  std::optional<BasicAuthentication> basic;
  std::optional<AnonymousAuthentication> anonymous;
  bool operator==(const Authentication&) const = default;
};

struct LabelSelectorRequirement {
  std::string key;
  std::string operator_name;  ///< In, NotIn, Exists, DoesNotExist.
  std::vector<std::string> values;
  bool operator==(const LabelSelectorRequirement&) const = default;
};
struct LabelSelector {
  std::map<std::string, std::string> match_labels;
  std::vector<LabelSelectorRequirement> match_expressions;
  bool operator==(const LabelSelector&) const = default;
};

/// True when `labels` satisfy the selector; an empty selector matches everything.
bool selects(const LabelSelector& selector, const std::map<std::string, std::string>& labels);

/// Who may do what with which repositories, and the floor of gates that comes with it.
struct AccessEntry {
  std::string name;
  LabelSelector namespace_selector;
  std::vector<std::string> repositories;
  std::optional<std::vector<std::string>> sources;  ///< Absent: any source.
  std::vector<AccessAction> actions;
  Gates gates;
  bool operator==(const AccessEntry&) const = default;
};

/// Who runs images of this registry. Nothing of it is carried out in this version except being refused or shown.
struct UsedByCluster {
  std::string name;
  KeyRef kubeconfig_secret_ref;
  bool operator==(const UsedByCluster&) const = default;
};
struct ResourceGroups {
  std::vector<std::string> resource_groups;
  bool operator==(const ResourceGroups&) const = default;
};
struct UsedBy {
  std::optional<bool> workloads;
  std::vector<UsedByCluster> clusters;
  std::optional<ResourceGroups> web_apps;
  std::optional<ResourceGroups> container_apps;
  std::optional<ResourceGroups> container_instances;
  bool operator==(const UsedBy&) const = default;
};

struct TransferLimits {
  std::int64_t concurrency = 4;              ///< Blobs of one publication in flight at once.
  std::optional<std::string> max_bandwidth;  ///< Bytes per second as a Kubernetes quantity.
  std::optional<std::int64_t> max_requests_per_second;
  std::optional<std::chrono::seconds> least_interval;  ///< Counts for publications that ask for less.
  bool operator==(const TransferLimits&) const = default;
};
struct RequiredReplicas {
  std::vector<std::string> required;
  std::optional<std::chrono::seconds> timeout;
  bool operator==(const RequiredReplicas&) const = default;
};
struct Monitoring {
  std::string workspace_id;
  std::optional<std::chrono::seconds> interval;
  bool operator==(const Monitoring&) const = default;
};
struct Money {
  std::string amount;
  std::string currency;
  bool operator==(const Money&) const = default;
};
struct Budget {
  std::optional<std::string> storage;
  std::optional<Money> monthly_cost;
  std::vector<std::int64_t> alert_at;
  bool operator==(const Budget&) const = default;
};

struct ContainerRegistrySpec {
  std::string login_server;
  std::vector<std::string> aliases;
  Cloud cloud = Cloud::AzurePublic;
  std::string resource_id;
  std::optional<KeyRef> ca_bundle_ref;
  bool plain_http = false;  ///< Only for a registry on localhost.
  Authentication authentication;
  std::vector<AccessEntry> access;
  std::optional<UsedBy> used_by;
  TransferLimits transfer;
  std::optional<RequiredReplicas> replicas;
  std::optional<Monitoring> monitoring;
  std::optional<Budget> budget;
  std::optional<std::chrono::seconds> interval;
  bool suspend = false;
  bool operator==(const ContainerRegistrySpec&) const = default;
};

struct ContainerRegistryStatus {
  std::int64_t observed_generation = -1;
  std::string last_handled_reconcile_at;
  std::string source_revision;  ///< Of the Git commit that brought the object as it is; empty outside of Git.
  Conditions conditions;
  std::string identity;  ///< What it signs in as, e.g. "anonymous", "basic user ci".
  std::optional<Timestamp> last_checked_at;
  bool operator==(const ContainerRegistryStatus&) const = default;
};

struct ContainerRegistry {
  static constexpr ResourceKind kKind = ResourceKind::ContainerRegistry;
  ObjectMeta metadata;
  ContainerRegistrySpec spec;
  ContainerRegistryStatus status;
  bool operator==(const ContainerRegistry&) const = default;
};

}  // namespace slipway
