#include "reconcilers/publish/admission.h"

#include <algorithm>
#include <utility>

#include "crds/base/text.h"
#include "crds/v1alpha1/support.h"
#include "reconcilers/address_rules.h"

namespace slipway::publish {
namespace {

Result<std::optional<ImageReference>> source_reference(const SourceSpec& source) {
  if (!source.image) return std::nullopt;
  auto reference = ImageReference::parse(source.image->reference);
  if (!reference) return while_doing("source.image.reference", std::move(reference.error()));
  return *reference;
}

Result<AccessGrant> check_read(const std::optional<ContainerRegistry>& registry, const std::string& name,
                               const Admission& admission) {
  auto access = check_access(registry, {.registry = name,
                                        .tenant = admission.tenant,
                                        .action = AccessAction::Read,
                                        .repository = admission.source->repository});
  if (!access) return while_doing("reading the source", std::move(access.error()));
  return access;
}

Result<std::optional<ContainerRegistry>> named_registry(const std::string& name, const Admission& admission,
                                                        ObjectReader& reader) {
  auto registry = reader.registry(name);
  if (!registry) return while_doing("registry of the source", std::move(registry.error()));
  if (auto access = check_read(*registry, name, admission); !access) return std::unexpected(std::move(access.error()));
  if (is_own_host(**registry, admission.source->registry)) return registry;
  return fail(ErrorClass::Invalid,
              "source.image.reference is on " + admission.source->registry + ", which is not ContainerRegistry " + name,
              "name the ContainerRegistry whose loginServer or alias that is, or leave source.image.registryRef out");
}

/// Those that the source's host is, the destination's own first.
Result<std::vector<ContainerRegistry>> registries_of_source(const Admission& admission, ObjectReader& reader) {
  auto all = reader.registries();
  if (!all) return while_doing("registry of the source", std::move(all.error()));
  std::erase_if(*all, [&](const auto& one) { return !is_own_host(one, admission.source->registry); });
  std::ranges::sort(*all, {}, [&](const auto& one) {
    return std::pair(one.metadata.name != admission.registry.metadata.name, one.metadata.name);
  });
  return all;
}

/// Whether this build can sign in to what keeps the source.
Result<void> check_sign_in(const ContainerRegistry& keeper) {
  auto fields = unsupported(keeper);
  std::erase_if(fields, [](const auto& one) { return !one.field.starts_with("spec.authentication"); });
  auto refused = refuse_unsupported(fields);
  if (refused) return {};
  refused.error().remedy += ", or give source.image.pullSecretRef";
  return while_doing("ContainerRegistry " + keeper.metadata.name + ", which keeps the source",
                     std::move(refused.error()));
}

/// Whose credentials read the source: of the registry named, or of the one that keeps it. What a ContainerRegistry
/// keeps is read with its Read alone, whatever other way to it there is.
Result<std::optional<ContainerRegistry>> source_registry(const ImagePublicationSpec& spec, const Admission& admission,
                                                         ObjectReader& reader) {
  if (!admission.source) return std::nullopt;
  const auto& image = *spec.source.image;
  if (image.registry_ref) return named_registry(image.registry_ref->name, admission, reader);
  if (image.pull_secret_ref) return std::nullopt;
  auto keepers = registries_of_source(admission, reader);
  if (!keepers) return std::unexpected(std::move(keepers.error()));
  std::optional<Error> refusal;
  for (auto& keeper : *keepers) {
    const auto access = check_read(keeper, keeper.metadata.name, admission);
    const auto usable = access ? check_sign_in(keeper) : std::unexpected(access.error());
    if (usable) return std::move(keeper);
    if (!refusal) refusal = usable.error();
  }
  if (refusal) return std::unexpected(std::move(*refusal));
  return std::nullopt;
}

Result<void> check_supported(const ImagePublication& publication, const ContainerRegistry& registry) {
  if (auto own = refuse_unsupported(publication); !own) return own;
  auto of_registry = refuse_unsupported(registry);
  if (!of_registry) return while_doing("ContainerRegistry " + registry.metadata.name, std::move(of_registry.error()));
  return {};
}

/// Files of a cluster's controller are nobody's sources.
Result<void> check_files(const ImagePublicationSpec& spec) {
  const auto refuse = [](const std::string& field) {
    return fail(ErrorClass::Refused, field + " names a file, which in a cluster would be one of the controller's own",
                "name an image of a registry, and give reports by configMapRef or inline");
  };
  if (!spec.source.image) return refuse("spec.source");
  if (!spec.gates.scan) return {};
  for (const auto& report : spec.gates.scan->reports)
    if (report.path) return refuse("report " + quoted(report.name));
  return {};
}

std::unexpected<Error> was_not_read(const std::string& registry, const std::string& named_by,
                                    const std::string& read_from) {
  return fail(ErrorClass::NotFound,
              "ContainerRegistry " + registry + ", which " + named_by + " names, is not in " + read_from,
              "correct the name, or give -f the folder that holds both (it takes one path)");
}

/// Who wrote everything is told what is not there; a tenant hears of access alone, so that registries can't be guessed.
Result<void> check_was_read(const ImagePublicationSpec& spec, const Settings& settings, ObjectReader& reader) {
  if (settings.read_from.empty()) return {};
  std::vector<std::pair<std::string, std::string>> named{{"spec.registryRef", spec.registry_ref.name}};
  if (spec.source.image && spec.source.image->registry_ref)
    named.emplace_back("spec.source.image.registryRef", spec.source.image->registry_ref->name);
  for (const auto& [field, name] : named) {
    const auto registry = reader.registry(name);
    if (!registry) return std::unexpected(registry.error());
    if (*registry) continue;
    return was_not_read(name, field, settings.read_from);
  }
  return {};
}

AccessRequest request_of(const ImagePublicationSpec& spec, const Tenant& tenant,
                         const std::optional<ImageReference>& source) {
  return {.registry = spec.registry_ref.name,
          .tenant = tenant,
          .action = AccessAction::Publish,
          .repository = spec.repository,
          .source_host = source ? source->registry : "",
          .source_repository = source ? source->repository : ""};
}

/// What access alone says.
Result<Admission> admit_publisher(const ImagePublication& object, ObjectReader& reader) {
  const auto& spec = object.spec;
  auto registry = reader.registry(spec.registry_ref.name);
  if (!registry) return std::unexpected(std::move(registry.error()));
  auto labels = reader.namespace_labels(object.metadata.namespace_name);
  if (!labels) return std::unexpected(std::move(labels.error()));
  auto source = source_reference(spec.source);
  if (!source) return std::unexpected(std::move(source.error()));

  Admission admission{.tenant = {object.metadata.namespace_name, std::move(*labels)}, .source = std::move(*source)};
  auto grant = check_access(*registry, request_of(spec, admission.tenant, admission.source));
  if (!grant) return std::unexpected(std::move(grant.error()));
  admission.registry = std::move(**registry);
  admission.grant = std::move(*grant);
  return admission;
}

}  // namespace

Result<Admission> admit_withdrawal(const ImagePublication& publication, ObjectReader& reader) {
  return admit_publisher(publication, reader);
}

Result<Admission> admit(const Loaded<ImagePublication>& publication, const Settings& settings, ObjectReader& reader) {
  const auto& spec = publication.object.spec;
  if (auto read = check_was_read(spec, settings, reader); !read) return std::unexpected(std::move(read.error()));
  auto admitted = admit_publisher(publication.object, reader);
  if (!admitted) return admitted;
  auto& admission = *admitted;
  auto allowed = check_supported(publication.object, admission.registry);
  if (allowed && settings.in_cluster) allowed = check_files(spec);
  if (!allowed) return std::unexpected(std::move(allowed.error()));

  auto reads_as = source_registry(spec, admission, reader);
  if (!reads_as) return std::unexpected(std::move(reads_as.error()));
  admission.source_registry = std::move(*reads_as);
  admission.lends_credentials = settings.lends_credentials || admission.grant.names_source;
  if (!admission.source || admission.source_registry) return admitted;
  auto address = check_address(admission.source->registry, {settings.in_cluster, named_hosts(admission.registry)});
  if (!address) return while_doing("source.image.reference", std::move(address.error()));
  return admitted;
}

bool may_publish(const ImagePublication& publication, ObjectReader& reader) {
  const auto& spec = publication.spec;
  const auto& namespace_name = publication.metadata.namespace_name;
  const auto registry = reader.registry(spec.registry_ref.name);
  const auto labels = reader.namespace_labels(namespace_name);
  if (!registry || !labels) return true;
  const auto source = source_reference(spec.source);
  return source && check_access(*registry, request_of(spec, {namespace_name, *labels}, *source));
}

bool may_read(const Admission& admission, const std::string& repository) {
  return check_access(admission.registry, {.registry = admission.registry.metadata.name,
                                           .tenant = admission.tenant,
                                           .action = AccessAction::Read,
                                           .repository = repository})
      .has_value();
}

std::string location_of(const SourceSpec& source) {
  if (source.image) {
    const auto reference = ImageReference::parse(source.image->reference);
    return reference ? reference->registry + "/" + reference->repository : source.image->reference;
  }
  if (source.oci_layout) return source.oci_layout->path;
  if (source.oci_archive) return source.oci_archive->path;
  return source.docker_archive ? source.docker_archive->path : "";
}

}  // namespace slipway::publish
