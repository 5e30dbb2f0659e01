#include "crds/v1alpha1/support.h"

#include <algorithm>
#include <utility>

namespace slipway {

namespace {

class Collector {
 public:
  void guard(bool set, std::string field, std::string message, std::string remedy) {
    if (set) fields_.push_back({std::move(field), std::move(message), std::move(remedy), true});
  }
  void observer(bool set, std::string field, std::string message) {
    if (set) fields_.push_back({std::move(field), std::move(message), "leave it out until a version can", false});
  }
  std::vector<UnsupportedField> take() { return std::move(fields_); }

 private:
  std::vector<UnsupportedField> fields_;
};

void collect_report(Collector& fields, const ScanReportRef& report, const std::string& path) {
  fields.guard(report.format != ReportFormat::Trivy, path + ".format", "only Trivy reports are read by this version",
               "write format: Trivy and give a Trivy JSON report");
  const std::string remedy = "give the report by path, inline or configMapRef";
  fields.guard(report.url.has_value(), path + ".url", "reports are not fetched from URLs by this version", remedy);
  fields.guard(report.referrer.has_value(), path + ".referrer", "reports of referrers are not read by this version",
               remedy);
  fields.guard(report.vulnerability_report.has_value(), path + ".vulnerabilityReport",
               "VulnerabilityReports are not read by this version", remedy);
}

void collect_gates(Collector& fields, const Gates& gates, const std::string& path) {
  if (gates.scan)
    for (std::size_t i = 0; i < gates.scan->reports.size(); ++i)
      collect_report(fields, gates.scan->reports[i], path + ".scan.reports[" + std::to_string(i) + ']');
  const std::string remedy = "remove the gate; nothing is published past a gate that can't be judged";
  fields.guard(!gates.signatures.empty(), path + ".signatures", "signatures are not checked by this version", remedy);
  fields.guard(gates.sbom.has_value(), path + ".sbom", "SBOMs are not checked by this version", remedy);
  fields.guard(gates.provenance.has_value(), path + ".provenance", "provenance is not checked by this version", remedy);
}

void collect_entry(Collector& fields, const AccessEntry& entry, const std::string& path) {
  fields.observer(std::ranges::find(entry.actions, AccessAction::Prune) != entry.actions.end(), path + ".actions",
                  "nothing is pruned by this version, so Prune gives nothing");
  collect_gates(fields, entry.gates, path + ".gates");
}

void collect_used_by(Collector& fields, const UsedBy& used_by, const std::string& path) {
  fields.observer(used_by != UsedBy{}, path, "who uses images is not asked by this version");
}

}  // namespace

std::vector<UnsupportedField> unsupported(const ContainerRegistry& object) {
  Collector fields;
  const auto& spec = object.spec;
  const std::string sign_in = "sign in with basic or anonymous";
  const auto& authentication = spec.authentication;
  fields.observer(spec.cloud != Cloud::AzurePublic, "spec.cloud", "Azure's clouds are not told apart by this version");
  fields.observer(!spec.resource_id.empty(), "spec.resourceID", "Azure's management is not asked by this version");
  fields.guard(authentication.workload_identity.has_value(), "spec.authentication.workloadIdentity",
               "workload identity is not carried out by this version", sign_in);
  fields.guard(authentication.managed_identity.has_value(), "spec.authentication.managedIdentity",
               "managed identity is not carried out by this version", sign_in);
  fields.guard(authentication.service_principal.has_value(), "spec.authentication.servicePrincipal",
               "service principals are not carried out by this version", sign_in);
  for (std::size_t i = 0; i < spec.access.size(); ++i)
    collect_entry(fields, spec.access[i], "spec.access[" + std::to_string(i) + ']');
  if (spec.used_by) collect_used_by(fields, *spec.used_by, "spec.usedBy");
  fields.guard(spec.replicas && !spec.replicas->required.empty(), "spec.replicas.required",
               "replicas are not waited for by this version", "remove it");
  fields.observer(spec.replicas && spec.replicas->timeout, "spec.replicas.timeout",
                  "replicas are not waited for by this version");
  fields.observer(spec.monitoring.has_value(), "spec.monitoring", "nothing is read from Azure Monitor by this version");
  fields.observer(spec.budget.has_value(), "spec.budget", "storage and cost are not watched by this version");
  return fields.take();
}

std::vector<UnsupportedField> unsupported(const ImagePublication& object, KeptIn where) {
  Collector fields;
  const auto& spec = object.spec;
  collect_gates(fields, spec.gates, "spec.gates");
  fields.observer(spec.attach != Attach{}, "spec.attach", "only the publication record is attached by this version");
  fields.observer(spec.ttl_after_published.has_value() && where == KeptIn::Files, "spec.ttlAfterPublished",
                  "objects are deleted in a cluster only, and this one is a file");
  fields.observer(!spec.notify.empty(), "spec.notify", "nobody is notified by this version");
  return fields.take();
}

std::vector<UnsupportedField> unsupported(const RetentionPolicy& object) {
  Collector fields;
  fields.guard(object.spec.mode == RetentionMode::Enforce, "spec.mode", "nothing is deleted by this version",
               "write mode: Preview");
  fields.guard(true, "spec.rules", "retention is not carried out by this version", "keep the policy for a later one");
  return fields.take();
}

Result<void> refuse_unsupported(const std::vector<UnsupportedField>& fields) {
  std::string message;
  std::string remedy;
  for (const auto& field : fields) {
    if (!field.guards) continue;
    message += (message.empty() ? "" : "; ") + field.field + ": " + field.message;
    if (remedy.empty()) remedy = field.remedy;
  }
  if (message.empty()) return {};
  return fail_because("NotSupported", fail(ErrorClass::Invalid, std::move(message), std::move(remedy)).error());
}

Result<void> refuse_unsupported(const ContainerRegistry& object) {
  return refuse_unsupported(unsupported(object));
}
Result<void> refuse_unsupported(const ImagePublication& object) {
  return refuse_unsupported(unsupported(object));
}

std::string unsupported_observers(const std::vector<UnsupportedField>& fields) {
  std::string text;
  for (const auto& field : fields)
    if (!field.guards) text += (text.empty() ? "" : "; ") + field.field + ": " + field.message;
  return text;
}

}  // namespace slipway
