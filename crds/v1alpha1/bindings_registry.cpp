#include "crds/v1alpha1/bindings.h"

namespace slipway {

namespace {

constexpr FieldInfo kTenant{.description = "Entra tenant.", .required = true, .min_length = 1, .max_length = 128};
constexpr FieldInfo kClient{
    .description = "Client ID of the identity.", .required = true, .min_length = 1, .max_length = 128};

}  // namespace

const Binding<WorkloadIdentity>& Bound<WorkloadIdentity>::get() {
  static const auto binding = Binding<WorkloadIdentity>()
                                  .field("tenantID", &WorkloadIdentity::tenant_id, kTenant)
                                  .field("clientID", &WorkloadIdentity::client_id, kClient);
  return binding;
}

const Binding<ManagedIdentity>& Bound<ManagedIdentity>::get() {
  static const auto binding = Binding<ManagedIdentity>().field(
      "clientID", &ManagedIdentity::client_id,
      {.description = "Client ID; absent: the system's own.", .min_length = 1, .max_length = 128});
  return binding;
}

const Binding<ServicePrincipal>& Bound<ServicePrincipal>::get() {
  static const auto binding =
      Binding<ServicePrincipal>()
          .field("tenantID", &ServicePrincipal::tenant_id, kTenant)
          .field("clientID", &ServicePrincipal::client_id, kClient)
          .field("secretRef", &ServicePrincipal::secret_ref, {.description = "Secret with the client secret."})
          .field("certificateRef", &ServicePrincipal::certificate_ref,
                 {.description = "Secret with certificate and key."})
          .exactly_one_of({"secretRef", "certificateRef"});
  return binding;
}

const Binding<BasicAuthentication>& Bound<BasicAuthentication>::get() {
  static const auto binding = Binding<BasicAuthentication>().field(
      "secretRef", &BasicAuthentication::secret_ref,
      {.description = "Secret with username and password, of the controller's namespace.", .required = true});
  return binding;
}

const Binding<AnonymousAuthentication>& Bound<AnonymousAuthentication>::get() {
  static const auto binding = Binding<AnonymousAuthentication>();
  return binding;
}

const Binding<Authentication>& Bound<Authentication>::get() {
  static const auto binding =
      Binding<Authentication>()
          .field("workloadIdentity", &Authentication::workload_identity,
                 {.description = "Not yet: Federated identity of the pod."})
          .field("managedIdentity", &Authentication::managed_identity,
                 {.description = "Not yet: Identity of the machine."})
          .field("servicePrincipal", &Authentication::service_principal,
                 {.description = "Not yet: Application with a secret or certificate."})
          .field("basic", &Authentication::basic,
                 {.description = "User name and password, e.g. a repository-scoped token."})
          .field("anonymous", &Authentication::anonymous, {.description = "No credentials."})
          .exactly_one_of({"workloadIdentity", "managedIdentity", "servicePrincipal", "basic", "anonymous"});
  return binding;
}

const Binding<AccessEntry>& Bound<AccessEntry>::get() {
  static const auto binding =
      Binding<AccessEntry>()
          .field("name", &AccessEntry::name,
                 {.description = "Name in this list.", .required = true, .min_length = 1, .max_length = 63})
          .field("namespaceSelector", &AccessEntry::namespace_selector,
                 {.description = "Namespaces the entry is for; {} is all.", .required = true, .always = true})
          .field("repositories", &AccessEntry::repositories,
                 glob_list({.description = "Patterns of repositories; * stops at /, ** crosses it.",
                            .required = true,
                            .min_items = 1}))
          .field("sources", &AccessEntry::sources,
                 glob_list({.description = "Patterns of where images may come from; absent: anywhere."}))
          .field("actions", &AccessEntry::actions,
                 {.description = "What is allowed.", .required = true, .min_items = 1, .max_items = 3, .atomic = true})
          .field_bound_by<GatesFloor>("gates", &AccessEntry::gates,
                                      {.description = "Floor of what every publication must pass."});
  return binding;
}

const Binding<UsedByCluster>& Bound<UsedByCluster>::get() {
  static const auto binding =
      Binding<UsedByCluster>()
          .field("name", &UsedByCluster::name,
                 {.description = "Name in this list.", .required = true, .min_length = 1, .max_length = 63})
          .field("kubeconfigSecretRef", &UsedByCluster::kubeconfig_secret_ref,
                 {.description = "Secret with a kubeconfig.", .required = true});
  return binding;
}

const Binding<ResourceGroups>& Bound<ResourceGroups>::get() {
  static const auto binding = Binding<ResourceGroups>().field("resourceGroups", &ResourceGroups::resource_groups,
                                                              {.description = "Azure resource groups.",
                                                               .required = true,
                                                               .min_length = 1,
                                                               .max_length = 90,
                                                               .min_items = 1,
                                                               .atomic = true});
  return binding;
}

const Binding<UsedBy>& Bound<UsedBy>::get() {
  static const auto binding =
      Binding<UsedBy>()
          .field("workloads", &UsedBy::workloads, {.description = "Workloads of this cluster."})
          .field("clusters", &UsedBy::clusters, {.description = "Further clusters.", .list_map_key = "name"})
          .field("webApps", &UsedBy::web_apps, {.description = "Web Apps."})
          .field("containerApps", &UsedBy::container_apps, {.description = "Container Apps."})
          .field("containerInstances", &UsedBy::container_instances, {.description = "Container Instances."});
  return binding;
}

const Binding<TransferLimits>& Bound<TransferLimits>::get() {
  static const auto binding = Binding<TransferLimits>()
                                  .field("concurrency", &TransferLimits::concurrency,
                                         {.description = "Blobs of one publication in flight at once.",
                                          .minimum = 1,
                                          .maximum = 64,
                                          .default_json = "4"})
                                  .field("maxBandwidth", &TransferLimits::max_bandwidth,
                                         {.description = "Bytes per second, as a Kubernetes quantity.",
                                          .max_length = 32,
                                          .pattern = kQuantityPattern,
                                          .check = check_quantity_text})
                                  .field("maxRequestsPerSecond", &TransferLimits::max_requests_per_second,
                                         {.description = "Requests per second.", .minimum = 1, .maximum = 100'000})
                                  .field("leastInterval", &TransferLimits::least_interval,
                                         {.description = "Least `interval` of the publications to this registry; one "
                                                         "that asks for less gets this.",
                                          .minimum = 1});
  return binding;
}

const Binding<RequiredReplicas>& Bound<RequiredReplicas>::get() {
  static const auto binding =
      Binding<RequiredReplicas>()
          .field(
              "required", &RequiredReplicas::required,
              {.description = "Regions that must serve a digest.", .min_length = 1, .max_length = 64, .atomic = true})
          .field("timeout", &RequiredReplicas::timeout, {.description = "How long they are waited for.", .minimum = 1});
  return binding;
}

const Binding<Monitoring>& Bound<Monitoring>::get() {
  static const auto binding =
      Binding<Monitoring>()
          .field("workspaceID", &Monitoring::workspace_id, {.description = "Log Analytics workspace."})
          .field("interval", &Monitoring::interval, {.description = "How often it is read.", .minimum = 1});
  return binding;
}

const Binding<Money>& Bound<Money>::get() {
  static const auto binding =
      Binding<Money>()
          .field(
              "amount", &Money::amount,
              {.description = "Decimal number, quoted.", .required = true, .max_length = 20, .pattern = kAmountPattern})
          .field("currency", &Money::currency,
                 {.description = "ISO 4217 code.", .required = true, .max_length = 3, .pattern = kCurrencyPattern});
  return binding;
}

const Binding<Budget>& Bound<Budget>::get() {
  static const auto binding = Binding<Budget>()
                                  .field("storage", &Budget::storage,
                                         {.description = "Bytes, as a Kubernetes quantity.",
                                          .max_length = 32,
                                          .pattern = kQuantityPattern,
                                          .check = check_quantity_text})
                                  .field("monthlyCost", &Budget::monthly_cost, {.description = "Cost of a month."})
                                  .field("alertAt", &Budget::alert_at,
                                         {.description = "Percent of the budget at which to alert.",
                                          .minimum = 1,
                                          .maximum = 1000,
                                          .max_items = 16,
                                          .atomic = true});
  return binding;
}

const Binding<ContainerRegistrySpec>& Bound<ContainerRegistrySpec>::get() {
  using Spec = ContainerRegistrySpec;
  static const auto binding =
      Binding<Spec>()
          .field("loginServer", &Spec::login_server,
                 {.description = "Host of the registry, e.g. contoso.azurecr.io.",
                  .required = true,
                  .max_length = 255,
                  .pattern = kHostPattern,
                  .immutable = true,
                  .check = check_host_text})
          .field("aliases", &Spec::aliases,
                 {.description = "Further names of the registry.",
                  .max_length = 255,
                  .pattern = kHostPattern,
                  .atomic = true,
                  .check = check_host_text})
          .field("cloud", &Spec::cloud,
                 {.description = "Azure cloud. Not yet: another than AzurePublic.",
                  .default_json = "\"AzurePublic\"",
                  .immutable = true})
          .field("resourceID", &Spec::resource_id,
                 {.description = "Not yet: ARM id of the registry.", .pattern = kResourceIdPattern})
          .field("caBundleRef", &Spec::ca_bundle_ref,
                 {.description = "ConfigMap or Secret of the controller's namespace with certificates to trust (PEM)."})
          .field("plainHTTP", &Spec::plain_http, {.description = "Without TLS; only for a registry on localhost."})
          .field("authentication", &Spec::authentication,
                 {.description = "How to sign in.", .required = true, .always = true})
          .field(
              "access", &Spec::access,
              {.description = "Who may do what with which repositories; no entry, no access.", .list_map_key = "name"})
          .field("usedBy", &Spec::used_by, {.description = "Not yet: Who runs images of this registry."})
          .field("transfer", &Spec::transfer, {.description = "Limits on what is sent."})
          .field("replicas", &Spec::replicas, {.description = "Not yet: Regions that must serve what is published."})
          .field("monitoring", &Spec::monitoring, {.description = "Not yet: Where the registry's logs are."})
          .field("budget", &Spec::budget, {.description = "Not yet: Storage and cost to stay within."})
          .field("interval", &Spec::interval,
                 {.description = "How often the registry is looked at; 10m when absent.", .minimum = 1})
          .field(
              "suspend", &Spec::suspend,
              {.description = "Is not looked at while true. Publications to it go on: each has a suspend of its own."})
          .rule(plain_http_rule("loginServer", "$"));
  return binding;
}

const Binding<ContainerRegistryStatus>& Bound<ContainerRegistryStatus>::get() {
  using Status = ContainerRegistryStatus;
  static const auto binding =
      status_binding<Status>()
          .field("identity", &Status::identity, {.description = "What is signed in as."})
          .field("lastCheckedAt", &Status::last_checked_at,
                 {.description =
                      "When the registry was last asked; kept up to date when the status changes, else once an hour."});
  return binding;
}

}  // namespace slipway
