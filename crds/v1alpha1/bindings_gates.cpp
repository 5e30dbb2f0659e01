#include "crds/v1alpha1/bindings.h"

namespace slipway {

namespace {

constexpr FieldInfo kAllowUpTo{.description = "Highest severity that passes; None lets no finding pass.",
                               .default_json = "\"Medium\""};
constexpr FieldInfo kUnfixed{.description = "Whether findings without a fix count.", .default_json = "\"Block\""};
constexpr FieldInfo kMaxAge{.description = "Oldest report that counts, e.g. 24h.", .minimum = 1};
constexpr FieldInfo kExceptions{
    .description = "Findings that are accepted for a while.", .max_items = 256, .atomic = true};

/// What the API server dropped, because it does not know the field, must not leave an empty map that asks for nothing.
SchemaRule some_gate_rule() {
  return {"has(self.scan) || has(self.signatures) || has(self.sbom) || has(self.provenance)",
          "no gate is given; write one of scan, signatures, sbom, provenance, or leave gates out"};
}

struct ScanFloor {
  static const Binding<ScanGate>& get() {
    static const auto binding = Binding<ScanGate>()
                                    .field("allowUpTo", &ScanGate::allow_up_to, kAllowUpTo)
                                    .field("unfixed", &ScanGate::unfixed, kUnfixed)
                                    .field("maxAge", &ScanGate::max_age, kMaxAge)
                                    .field("exceptions", &ScanGate::exceptions, kExceptions);
    return binding;
  }
};

}  // namespace

const Binding<ScanReportRef>& Bound<ScanReportRef>::get() {
  static const auto binding =
      Binding<ScanReportRef>()
          .field("name", &ScanReportRef::name,
                 {.description = "Name in this list.", .required = true, .min_length = 1, .max_length = 63})
          .field("format", &ScanReportRef::format,
                 {.description = "Format of the report. Not yet: another than Trivy.", .default_json = "\"Trivy\""})
          .field("configMapRef", &ScanReportRef::config_map_ref,
                 {.description = "ConfigMap that holds it, plain or as gzip."})
          .field("path", &ScanReportRef::path,
                 {.description = "File that holds it, relative to the resource's file; outside a cluster only.",
                  .min_length = 1})
          .field("inline", &ScanReportRef::inline_text,
                 {.description = "The report itself; the whole object must stay below the 1.5 MiB of an API "
                                 "server, so larger ones go as gzip into a ConfigMap.",
                  .max_length = 1'048'576})
          .field("url", &ScanReportRef::url, {.description = "Not yet: Address that gives it.", .max_length = 2048})
          .field("referrer", &ScanReportRef::referrer,
                 {.description = "Not yet: Artifact type of a referrer of the source."})
          .field("vulnerabilityReport", &ScanReportRef::vulnerability_report,
                 {.description = "Not yet: VulnerabilityReport of the Trivy Operator."})
          .exactly_one_of({"configMapRef", "path", "inline", "url", "referrer", "vulnerabilityReport"})
          .rule("!has(self.path)", "reports are read from files outside a cluster only; use configMapRef");
  return binding;
}

const Binding<ScanException>& Bound<ScanException>::get() {
  static const auto binding =
      Binding<ScanException>()
          .field("id", &ScanException::id,
                 {.description = "Vulnerability, e.g. CVE-2026-1234.",
                  .required = true,
                  .min_length = 1,
                  .max_length = 128})
          .field("package", &ScanException::package,
                 {.description = "Package it is accepted in; absent: any.", .min_length = 1, .max_length = 256})
          .field("reason", &ScanException::reason,
                 {.description = "Why it is accepted.", .required = true, .min_length = 1})
          .field("until", &ScanException::until,
                 {.description = "Date (through its end, UTC) or time until which it is.",
                  .required = true,
                  .max_length = 40,
                  .pattern = kUntilPattern,
                  .check = check_until_text});
  return binding;
}

const Binding<ScanGate>& Bound<ScanGate>::get() {
  static const auto binding =
      Binding<ScanGate>()
          .field("reports", &ScanGate::reports,
                 {.description = "Reports that together cover every platform published.", .list_map_key = "name"})
          .field("waitFor", &ScanGate::wait_for,
                 {.description = "How long a missing report is waited for; 1h when absent."})
          .field("allowUpTo", &ScanGate::allow_up_to, kAllowUpTo)
          .field("unfixed", &ScanGate::unfixed, kUnfixed)
          .field("maxAge", &ScanGate::max_age, kMaxAge)
          .field("exceptions", &ScanGate::exceptions, kExceptions);
  return binding;
}

const Binding<SignatureGate>& Bound<SignatureGate>::get() {
  static const auto binding =
      Binding<SignatureGate>()
          .field("name", &SignatureGate::name,
                 {.description = "Name in this list.", .required = true, .min_length = 1, .max_length = 63})
          .field("foundAt", &SignatureGate::found_at,
                 {.description = "Where the signature is looked for.", .default_json = "\"Source\""})
          .field("cosignKeyRef", &SignatureGate::cosign_key_ref, {.description = "Secret with the public key."})
          .field("notationTrustPolicyRef", &SignatureGate::notation_trust_policy_ref,
                 {.description = "ConfigMap with the trust policy."})
          .exactly_one_of({"cosignKeyRef", "notationTrustPolicyRef"});
  return binding;
}

const Binding<SbomGate>& Bound<SbomGate>::get() {
  static const auto binding =
      Binding<SbomGate>().field("required", &SbomGate::required,
                                {.description = "An SBOM must be there.", .always = true, .default_json = "true"});
  return binding;
}

const Binding<ProvenanceGate>& Bound<ProvenanceGate>::get() {
  static const auto binding =
      Binding<ProvenanceGate>()
          .field("builder", &ProvenanceGate::builder,
                 {.description = "Builder that must have made the image.", .min_length = 1, .max_length = 2048})
          .field("sourceRepository", &ProvenanceGate::source_repository,
                 {.description = "Repository it must be built from.", .min_length = 1, .max_length = 2048});
  return binding;
}

const Binding<Gates>& Bound<Gates>::get() {
  static const auto binding =
      Binding<Gates>()
          .field("scan", &Gates::scan, {.description = "What a vulnerability scan must say."})
          .field("signatures", &Gates::signatures,
                 {.description = "Not yet: Signatures that must be there.", .min_items = 1, .list_map_key = "name"})
          .field("sbom", &Gates::sbom, {.description = "Not yet: An SBOM that must be there."})
          .field("provenance", &Gates::provenance, {.description = "Not yet: Where the image must come from."})
          .rule(some_gate_rule());
  return binding;
}

const Binding<Gates>& GatesFloor::get() {
  static const auto binding =
      Binding<Gates>()
          .field_bound_by<ScanFloor>("scan", &Gates::scan,
                                     {.description = "What a vulnerability scan must say at least."})
          .field("signatures", &Gates::signatures,
                 {.description = "Not yet: Signatures that must be there.", .min_items = 1, .list_map_key = "name"})
          .field("sbom", &Gates::sbom, {.description = "Not yet: An SBOM that must be there."})
          .field("provenance", &Gates::provenance, {.description = "Not yet: Where images must come from."})
          .rule(some_gate_rule());
  return binding;
}

}  // namespace slipway
