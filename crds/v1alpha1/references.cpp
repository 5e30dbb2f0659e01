#include "crds/v1alpha1/references.h"

#include <utility>

#include "crds/base/image_reference.h"

namespace slipway {

namespace {

using Kind = Reference::Kind;

std::string at(const std::string& list, std::size_t index) {
  return list + '[' + std::to_string(index) + ']';
}

/// Collects mentions of what is in one namespace.
class Mentions {
 public:
  explicit Mentions(std::string namespace_name) : namespace_name_(std::move(namespace_name)) {}

  void add_registry(const std::string& field, const NameRef& ref) {
    all_.push_back({field + ".name", {{Kind::Registry, {}, ref.name}}});
  }
  void add_secret(const std::string& field, const std::string& name) {
    all_.push_back({field + ".name", {{Kind::Secret, namespace_name_, name}}});
  }
  void add_sign_in(const std::string& field, const std::string& secret) {
    add_secret(field, secret);
    all_.back().is_sign_in = true;
  }
  void add_pull(const std::string& field, const std::string& secret, const std::string& image) {
    add_sign_in(field, secret);
    if (const auto reference = ImageReference::parse(image)) all_.back().pulled_from = reference->registry;
  }
  void add_either(const std::string& field, const KeyRef& ref) {
    all_.push_back(
        {field + ".name", {{Kind::Secret, namespace_name_, ref.name}, {Kind::ConfigMap, namespace_name_, ref.name}}});
  }

  void add_keys(const std::string& field, const Gates& gates) {
    for (std::size_t i = 0; i < gates.signatures.size(); ++i) {
      const auto& signature = gates.signatures[i];
      const std::string here = at(field + ".signatures", i);
      if (signature.cosign_key_ref) add_either(here + ".cosignKeyRef", *signature.cosign_key_ref);
      if (signature.notation_trust_policy_ref)
        add_either(here + ".notationTrustPolicyRef", *signature.notation_trust_policy_ref);
    }
  }

  void add_reports(const std::string& field, const ScanGate& scan, const std::string& base_folder) {
    for (std::size_t i = 0; i < scan.reports.size(); ++i) {
      const auto& report = scan.reports[i];
      const std::string here = at(field, i);
      if (report.config_map_ref)
        all_.push_back(
            {here + ".configMapRef.name", {{Kind::ConfigMap, namespace_name_, report.config_map_ref->name}}});
      if (report.path) all_.push_back({here + ".path", {{Kind::File, base_folder, *report.path}}});
    }
  }

  void add_clusters(const std::string& field, const std::optional<UsedBy>& used_by) {
    if (!used_by) return;
    for (std::size_t i = 0; i < used_by->clusters.size(); ++i)
      add_secret(at(field + ".clusters", i) + ".kubeconfigSecretRef", used_by->clusters[i].kubeconfig_secret_ref.name);
  }

  void add_sign_in(const std::string& field, const Authentication& authentication) {
    if (authentication.basic) add_sign_in(field + ".basic.secretRef", authentication.basic->secret_ref.name);
    if (!authentication.service_principal) return;
    const auto& principal = *authentication.service_principal;
    const std::string here = field + ".servicePrincipal";
    if (principal.secret_ref) add_secret(here + ".secretRef", principal.secret_ref->name);
    if (principal.certificate_ref) add_secret(here + ".certificateRef", principal.certificate_ref->name);
  }

  std::vector<Mention> take() { return std::move(all_); }

 private:
  std::string namespace_name_;
  std::vector<Mention> all_;
};

std::set<Reference> flattened(const std::vector<Mention>& mentions) {
  std::set<Reference> all;
  for (const auto& mention : mentions) all.insert(mention.any_of.begin(), mention.any_of.end());
  return all;
}

}  // namespace

std::vector<Mention> mentions_of(const ImagePublication& object, const std::string& base_folder) {
  Mentions mentions(object.metadata.namespace_name);
  mentions.add_registry("spec.registryRef", object.spec.registry_ref);
  if (const auto& image = object.spec.source.image) {
    if (image->registry_ref) mentions.add_registry("spec.source.image.registryRef", *image->registry_ref);
    if (image->pull_secret_ref)
      mentions.add_pull("spec.source.image.pullSecretRef", image->pull_secret_ref->name, image->reference);
  }
  if (object.spec.gates.scan) mentions.add_reports("spec.gates.scan.reports", *object.spec.gates.scan, base_folder);
  mentions.add_keys("spec.gates", object.spec.gates);
  for (std::size_t i = 0; i < object.spec.notify.size(); ++i)
    mentions.add_secret(at("spec.notify", i) + ".urlSecretRef", object.spec.notify[i].url_secret_ref.name);
  return mentions.take();
}

std::vector<Mention> mentions_of(const ContainerRegistry& object, const std::string& controller_namespace) {
  Mentions mentions(controller_namespace);
  mentions.add_sign_in("spec.authentication", object.spec.authentication);
  if (object.spec.ca_bundle_ref) mentions.add_either("spec.caBundleRef", *object.spec.ca_bundle_ref);
  for (std::size_t i = 0; i < object.spec.access.size(); ++i)
    mentions.add_keys(at("spec.access", i) + ".gates", object.spec.access[i].gates);
  mentions.add_clusters("spec.usedBy", object.spec.used_by);
  return mentions.take();
}

std::vector<Mention> mentions_of(const RetentionPolicy& object) {
  Mentions mentions(object.metadata.namespace_name);
  mentions.add_registry("spec.registryRef", object.spec.registry_ref);
  mentions.add_clusters("spec.protect.usedBy", object.spec.protect.used_by);
  return mentions.take();
}

std::set<Reference> references_of(const ImagePublication& object, const std::string& base_folder) {
  std::set<Reference> all = flattened(mentions_of(object, base_folder));
  all.insert({Kind::Namespace, {}, object.metadata.namespace_name});
  const auto& source = object.spec.source;
  if (source.oci_layout) all.insert({Kind::File, base_folder, source.oci_layout->path + "/index.json"});
  if (source.oci_archive) all.insert({Kind::File, base_folder, source.oci_archive->path});
  if (source.docker_archive) all.insert({Kind::File, base_folder, source.docker_archive->path});
  return all;
}

std::set<Reference> references_of(const ContainerRegistry& object, const std::string& controller_namespace) {
  return flattened(mentions_of(object, controller_namespace));
}

std::set<Reference> references_of(const RetentionPolicy& object) {
  std::set<Reference> all = flattened(mentions_of(object));
  all.insert({Kind::Namespace, {}, object.metadata.namespace_name});
  return all;
}

}  // namespace slipway
