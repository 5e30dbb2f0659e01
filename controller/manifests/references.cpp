#include "controller/manifests/references.h"

namespace slipway::manifests {

namespace {

using Kind = Reference::Kind;

/// Collects references into one namespace.
class References {
 public:
  explicit References(std::string namespace_name) : namespace_name_(std::move(namespace_name)) {}

  void add(Kind kind, std::string name) { all_.insert({kind, {}, std::move(name)}); }
  void add_secret(const std::string& name) { all_.insert({Kind::Secret, namespace_name_, name}); }
  void add_config_map(const std::string& name) { all_.insert({Kind::ConfigMap, namespace_name_, name}); }
  void add_file(const std::string& folder, const std::string& path) { all_.insert({Kind::File, folder, path}); }
  void add_either(const KeyRef& ref) {
    add_secret(ref.name);
    add_config_map(ref.name);
  }

  void add_keys(const Gates& gates) {
    for (const auto& signature : gates.signatures) {
      if (signature.cosign_key_ref) add_either(*signature.cosign_key_ref);
      if (signature.notation_trust_policy_ref) add_either(*signature.notation_trust_policy_ref);
    }
  }

  void add_reports(const ScanGate& scan, const std::string& base_folder) {
    for (const auto& report : scan.reports) {
      if (report.config_map_ref) add_config_map(report.config_map_ref->name);
      if (report.path) add_file(base_folder, *report.path);
    }
  }

  void add_source(const SourceSpec& source, const std::string& base_folder) {
    if (source.oci_layout) add_file(base_folder, source.oci_layout->path + "/index.json");
    if (source.oci_archive) add_file(base_folder, source.oci_archive->path);
    if (source.docker_archive) add_file(base_folder, source.docker_archive->path);
  }

  void add_clusters(const std::optional<UsedBy>& used_by) {
    if (!used_by) return;
    for (const auto& cluster : used_by->clusters) add_secret(cluster.kubeconfig_secret_ref.name);
  }

  void add_sign_in(const Authentication& authentication) {
    if (authentication.basic) add_secret(authentication.basic->secret_ref.name);
    if (!authentication.service_principal) return;
    const auto& principal = *authentication.service_principal;
    if (principal.secret_ref) add_secret(principal.secret_ref->name);
    if (principal.certificate_ref) add_secret(principal.certificate_ref->name);
  }

  std::set<Reference> take() { return std::move(all_); }

 private:
  std::string namespace_name_;
  std::set<Reference> all_;
};

}  // namespace

std::set<Reference> references_of(const ImagePublication& object, const std::string& base_folder) {
  References references(object.metadata.namespace_name);
  references.add(Kind::Namespace, object.metadata.namespace_name);
  references.add(Kind::Registry, object.spec.registry_ref.name);
  if (const auto& image = object.spec.source.image) {
    if (image->registry_ref) references.add(Kind::Registry, image->registry_ref->name);
    if (image->pull_secret_ref) references.add_secret(image->pull_secret_ref->name);
  }
  references.add_source(object.spec.source, base_folder);
  if (object.spec.gates.scan) references.add_reports(*object.spec.gates.scan, base_folder);
  references.add_keys(object.spec.gates);
  for (const auto& notify : object.spec.notify) references.add_secret(notify.url_secret_ref.name);
  return references.take();
}

std::set<Reference> references_of(const ContainerRegistry& object, const std::string& controller_namespace) {
  References references(controller_namespace);
  references.add_sign_in(object.spec.authentication);
  if (object.spec.ca_bundle_ref) references.add_either(*object.spec.ca_bundle_ref);
  for (const auto& entry : object.spec.access) references.add_keys(entry.gates);
  references.add_clusters(object.spec.used_by);
  return references.take();
}

std::set<Reference> references_of(const RetentionPolicy& object) {
  References references(object.metadata.namespace_name);
  references.add(Kind::Namespace, object.metadata.namespace_name);
  references.add(Kind::Registry, object.spec.registry_ref.name);
  references.add_clusters(object.spec.protect.used_by);
  return references.take();
}

}  // namespace slipway::manifests
