#pragma once

#include "crds/v1alpha1/binding.h"
#include "crds/v1alpha1/container_registry.h"
#include "crds/v1alpha1/enum_names.h"
#include "crds/v1alpha1/gates.h"
#include "crds/v1alpha1/image_publication.h"
#include "crds/v1alpha1/image_publication_status.h"
#include "crds/v1alpha1/object_meta.h"
#include "crds/v1alpha1/retention_policy.h"

/// Which struct of the model is bound. The fields stand in bindings_*.cpp.
namespace slipway {

#define SLIPWAY_BOUND(type)            \
  template <>                          \
  struct Bound<type> {                 \
    static const Binding<type>& get(); \
  }

SLIPWAY_BOUND(ObjectMeta);
SLIPWAY_BOUND(NameRef);
SLIPWAY_BOUND(KeyRef);
SLIPWAY_BOUND(Condition);
SLIPWAY_BOUND(LabelSelectorRequirement);
SLIPWAY_BOUND(LabelSelector);

SLIPWAY_BOUND(ScanReportRef);
SLIPWAY_BOUND(ScanException);
SLIPWAY_BOUND(ScanGate);
SLIPWAY_BOUND(SignatureGate);
SLIPWAY_BOUND(SbomGate);
SLIPWAY_BOUND(ProvenanceGate);
SLIPWAY_BOUND(Gates);

SLIPWAY_BOUND(WorkloadIdentity);
SLIPWAY_BOUND(ManagedIdentity);
SLIPWAY_BOUND(ServicePrincipal);
SLIPWAY_BOUND(BasicAuthentication);
SLIPWAY_BOUND(AnonymousAuthentication);
SLIPWAY_BOUND(Authentication);
SLIPWAY_BOUND(AccessEntry);
SLIPWAY_BOUND(UsedByCluster);
SLIPWAY_BOUND(ResourceGroups);
SLIPWAY_BOUND(UsedBy);
SLIPWAY_BOUND(TransferLimits);
SLIPWAY_BOUND(RequiredReplicas);
SLIPWAY_BOUND(Monitoring);
SLIPWAY_BOUND(Money);
SLIPWAY_BOUND(Budget);
SLIPWAY_BOUND(ContainerRegistrySpec);
SLIPWAY_BOUND(ContainerRegistryStatus);

SLIPWAY_BOUND(RegistrySource);
SLIPWAY_BOUND(LayoutSource);
SLIPWAY_BOUND(DockerArchiveSource);
SLIPWAY_BOUND(SourceSpec);
SLIPWAY_BOUND(BuildInfo);
SLIPWAY_BOUND(TagSpec);
SLIPWAY_BOUND(Rollback);
SLIPWAY_BOUND(Attach);
SLIPWAY_BOUND(DeploymentTarget);
SLIPWAY_BOUND(Notify);
SLIPWAY_BOUND(RetrySpec);
SLIPWAY_BOUND(ImagePublicationSpec);

SLIPWAY_BOUND(ResolvedSource);
SLIPWAY_BOUND(TagStatus);
SLIPWAY_BOUND(VerdictStatus);
SLIPWAY_BOUND(TransferStatus);
SLIPWAY_BOUND(PublishedStatus);
SLIPWAY_BOUND(AttemptError);
SLIPWAY_BOUND(ProgressStatus);
SLIPWAY_BOUND(EarlierTag);
SLIPWAY_BOUND(AttemptStatus);
SLIPWAY_BOUND(HistoryEntry);
SLIPWAY_BOUND(DisplayStatus);
SLIPWAY_BOUND(ImagePublicationStatus);

SLIPWAY_BOUND(RetentionMatch);
SLIPWAY_BOUND(LegalHold);
SLIPWAY_BOUND(Retain);
SLIPWAY_BOUND(RetentionRule);
SLIPWAY_BOUND(UntaggedRule);
SLIPWAY_BOUND(Protect);
SLIPWAY_BOUND(Schedule);
SLIPWAY_BOUND(RetentionLimits);
SLIPWAY_BOUND(RetentionPolicySpec);
SLIPWAY_BOUND(RetentionPolicyStatus);

#undef SLIPWAY_BOUND

/// What the status of every kind begins with.
template <class Status>
Binding<Status> status_binding() {
  return Binding<Status>()
      .field("observedGeneration", &Status::observed_generation,
             {.description = "Generation that was dealt with.", .always = true, .minimum = -1})
      .field("lastHandledReconcileAt", &Status::last_handled_reconcile_at,
             {.description = "Last request that was answered."})
      .field("sourceRevision", &Status::source_revision,
             {.description = "Git commit that brought the object as it is, e.g. main@sha1:4f2a91c0."})
      .field("conditions", &Status::conditions, {.description = "State in words.", .list_map_key = "type"});
}

/// An access entry's floor: the gates without reports and waitFor, which only a publication can name.
struct GatesFloor {
  static const Binding<Gates>& get();
};

/// The checks of fields that have a parser of their own.
Result<void> check_digest_text(std::string_view text);
Result<void> check_repository_text(std::string_view text);
Result<void> check_host_text(std::string_view text);
Result<void> check_reference_text(std::string_view text);
Result<void> check_template_text(std::string_view text);
Result<void> check_version_text(std::string_view text);
Result<void> check_until_text(std::string_view text);
Result<void> check_cron_text(std::string_view text);
Result<void> check_quantity_text(std::string_view text);

inline constexpr std::string_view kDigestPattern = "^(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$";
// Where a parser of ours is stricter than its pattern, the parser decides.
#define SLIPWAY_LABEL "[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?"
#define SLIPWAY_HOST "(" SLIPWAY_LABEL "([.]" SLIPWAY_LABEL ")*|[[][0-9A-Fa-f:.]{2,45}[]])(:[0-9]{1,5})?"
#define SLIPWAY_PATH "[a-z0-9]+(([.]|_|__|-+)[a-z0-9]+)*"
#define SLIPWAY_REPOSITORY SLIPWAY_PATH "(/" SLIPWAY_PATH ")*"
inline constexpr std::string_view kHostPattern = "^" SLIPWAY_HOST "$";
/// A reference that begins with a host.
inline constexpr std::string_view kHostFirst = "^" SLIPWAY_HOST "/";
inline constexpr std::string_view kRepositoryPattern = "^" SLIPWAY_REPOSITORY "$";
inline constexpr std::string_view kReferencePattern =
    "^(" SLIPWAY_HOST "/)?" SLIPWAY_REPOSITORY
    "(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}))?$";
#undef SLIPWAY_LABEL
#undef SLIPWAY_HOST
#undef SLIPWAY_PATH
#undef SLIPWAY_REPOSITORY
/// `info` of a list of patterns that check_glob() takes.
FieldInfo glob_list(FieldInfo info);
/// For a struct with `plainHTTP`: `text` names a registry on localhost, `end` follows its host.
SchemaRule plain_http_rule(std::string_view text, std::string_view end);
inline constexpr std::string_view kUntilPattern =
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2}))?$";
inline constexpr std::string_view kPlatformPattern = "^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9.]+)?$";
inline constexpr std::string_view kSemverPattern =
    "^(0|[1-9][0-9]*)[.](0|[1-9][0-9]*)[.](0|[1-9][0-9]*)"
    "(-(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)([.](0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*)?"
    "([+][0-9A-Za-z-]+([.][0-9A-Za-z-]+)*)?$";
inline constexpr std::string_view kNamePattern = "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$";
inline constexpr std::string_view kEnvironmentPattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
inline constexpr std::string_view kCommitPattern = "^[0-9a-zA-Z]+$";
inline constexpr std::string_view kWebAddressPattern = "^https?://.+$";
inline constexpr std::string_view kQuantityPattern = "^([0-9]+([.][0-9]*)?|[.][0-9]+)(k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$";
inline constexpr std::string_view kAmountPattern = "^[0-9]{1,12}([.][0-9]{1,2})?$";
inline constexpr std::string_view kCurrencyPattern = "^[A-Z]{3}$";
inline constexpr std::string_view kResourceIdPattern = "^/subscriptions/.+$";

}  // namespace slipway
