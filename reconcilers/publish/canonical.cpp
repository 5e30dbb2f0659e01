#include "reconcilers/publish/canonical.h"

#include "crds/base/digest.h"
#include "crds/v1alpha1/enum_names.h"
#include "reconcilers/json.h"

namespace slipway::publish::canonical {

namespace {

using json::MapBuilder;

Node node_of(const KeyRef& ref) {
  return MapBuilder().add_text("name", ref.name).add_text("key", ref.key).build();
}

Node node_of(const ScanReportRef& report) {
  MapBuilder out;
  out.add_text("name", report.name).add_text("format", std::string(name_of(report.format)));
  if (report.config_map_ref) out.add("configMapRef", node_of(*report.config_map_ref));
  if (report.path) out.add("path", json::text(*report.path));
  if (report.inline_text) out.add("inline", json::text(*report.inline_text));
  if (report.url) out.add("url", json::text(*report.url));
  if (report.referrer) out.add("referrer", json::text(*report.referrer));
  if (report.vulnerability_report) out.add("vulnerabilityReport", json::text(report.vulnerability_report->name));
  return out.build();
}

Node node_of(const ScanException& exception) {
  return MapBuilder()
      .add_text("id", exception.id)
      .add_text("package", exception.package)
      .add_text("reason", exception.reason)
      .add_text("until", exception.until)
      .build();
}

Node node_of(const SignatureGate& signature) {
  MapBuilder out;
  out.add_text("name", signature.name);
  out.add_text("foundAt", std::string(name_of(signature.found_at)));
  if (signature.cosign_key_ref) out.add("cosignKeyRef", node_of(*signature.cosign_key_ref));
  if (signature.notation_trust_policy_ref)
    out.add("notationTrustPolicyRef", node_of(*signature.notation_trust_policy_ref));
  return out.build();
}

template <class T>
Node list_of(const std::vector<T>& values) {
  return json::list_of(values, [](const T& value) { return node_of(value); });
}

Node node_of(const ScanGate& scan) {
  MapBuilder out;
  out.add("reports", list_of(scan.reports));
  if (scan.wait_for) out.add("waitFor", json::integer(scan.wait_for->count()));
  out.add("allowUpTo", json::text(std::string(name_of(scan.allow_up_to))));
  out.add("unfixed", json::text(std::string(name_of(scan.unfixed))));
  if (scan.max_age) out.add("maxAge", json::integer(scan.max_age->count()));
  out.add("exceptions", list_of(scan.exceptions));
  return out.build();
}

}  // namespace

std::string hash(const Node& node) {
  return Digest::of(to_json_text(node)).str();
}

Node node_of(const BuildInfo& build) {
  MapBuilder out;
  out.add_text("commit", build.commit).add_text("version", build.version).add_integer("number", build.number);
  out.add_text("branch", build.branch).add_text("runURL", build.run_url).add_text("actor", build.actor);
  if (build.built_at) out.add("builtAt", json::text(to_string(*build.built_at)));
  if (!build.labels.empty()) out.add("labels", json::text_map(build.labels));
  return out.build();
}

Node node_of(const Gates& gates) {
  MapBuilder out;
  if (gates.scan) out.add("scan", node_of(*gates.scan));
  if (!gates.signatures.empty()) out.add("signatures", list_of(gates.signatures));
  if (gates.sbom) out.add("sbom", json::boolean(gates.sbom->required));
  if (gates.provenance)
    out.add("provenance", MapBuilder()
                              .add_text("builder", gates.provenance->builder)
                              .add_text("sourceRepository", gates.provenance->source_repository)
                              .build());
  return out.build();
}

}  // namespace slipway::publish::canonical
