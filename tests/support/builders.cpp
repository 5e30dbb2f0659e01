#include "tests/support/builders.h"

#include <algorithm>

namespace slipway::tests {
namespace {

content::Descriptor put_blob(InMemoryRepository& repository, const std::string& media_type, const std::string& bytes) {
  content::Descriptor blob{
      .media_type = media_type, .digest = Digest::of(bytes), .size = static_cast<std::int64_t>(bytes.size())};
  repository.blobs.emplace(blob.digest, bytes);
  return blob;
}

content::Descriptor put_manifest(InMemoryRepository& repository, std::string_view media_type,
                                 const std::string& bytes) {
  content::Descriptor manifest{.media_type = std::string(media_type),
                               .digest = Digest::of(bytes),
                               .size = static_cast<std::int64_t>(bytes.size())};
  repository.manifests.insert_or_assign(manifest.digest, content::ManifestBytes{manifest, bytes});
  return manifest;
}

std::string fields(const content::Descriptor& descriptor) {
  return R"("mediaType":")" + descriptor.media_type + R"(","digest":")" + descriptor.digest.str() + R"(","size":)" +
         std::to_string(descriptor.size);
}

std::string join(const std::vector<std::string>& items) {
  std::string text;
  for (const auto& item : items) text += (text.empty() ? "" : ",") + item;
  return text;
}

std::string platform_fields(const content::Platform& platform) {
  return R"("architecture":")" + platform.architecture + R"(","os":")" + platform.os + '"' +
         (platform.variant.empty() ? "" : R"(,"variant":")" + platform.variant + '"');
}

std::string manifest_text(const content::Descriptor& config, const std::vector<content::Descriptor>& layers,
                          const std::string& extra) {
  std::vector<std::string> items;
  for (const auto& layer : layers) items.push_back("{" + fields(layer) + "}");
  return R"({"schemaVersion":2,"mediaType":")" + std::string(content::kOciManifest) + R"(","config":{)" +
         fields(config) + R"(},"layers":[)" + join(items) + "]" + extra + "}";
}

}  // namespace

MadeImage make_image(InMemoryRepository& repository, const std::vector<std::string>& layers,
                     const std::string& platform) {
  MadeImage image;
  std::vector<std::string> diff_ids;
  for (const auto& layer : layers) {
    image.layers.push_back(put_blob(repository, "application/vnd.oci.image.layer.v1.tar+gzip", layer));
    diff_ids.push_back('"' + Digest::of("content of " + layer).str() + '"');
  }
  const auto parsed = *content::parse_platform(platform);
  image.config =
      put_blob(repository, std::string(content::kOciConfig),
               "{" + platform_fields(parsed) + R"(,"rootfs":{"type":"layers","diff_ids":[)" + join(diff_ids) + "]}}");
  image.descriptor = put_manifest(repository, content::kOciManifest, manifest_text(image.config, image.layers, ""));
  image.descriptor.platform = parsed;
  return image;
}

content::Descriptor make_index(InMemoryRepository& repository, const std::vector<MadeImage>& images) {
  std::vector<std::string> items;
  items.reserve(images.size());
  for (const auto& image : images)
    items.push_back("{" + fields(image.descriptor) + R"(,"platform":{)" + platform_fields(*image.descriptor.platform) +
                    "}}");
  return put_manifest(repository, content::kOciIndex,
                      R"({"schemaVersion":2,"mediaType":")" + std::string(content::kOciIndex) + R"(","manifests":[)" +
                          join(items) + "]}");
}

content::Descriptor make_artifact(InMemoryRepository& repository, const std::string& type, const std::string& text,
                                  const std::optional<content::Descriptor>& subject) {
  const auto config = put_blob(repository, std::string(content::kOciEmpty), "{}");
  const auto layer = put_blob(repository, "text/plain", text);
  auto manifest = put_manifest(
      repository, content::kOciManifest,
      manifest_text(config, {layer},
                    R"(,"artifactType":")" + type + '"' + (subject ? R"(,"subject":{)" + fields(*subject) + "}" : "")));
  manifest.artifact_type = type;
  return manifest;
}

std::string make_report(const MadeImage& image, const std::vector<std::string>& severities,
                        const std::string& created_at) {
  std::vector<std::string> findings;
  for (const auto& severity : severities)
    findings.push_back(R"({"VulnerabilityID":"CVE-2026-)" + std::to_string(1000 + findings.size()) +
                       R"(","PkgName":"openssl","InstalledVersion":"3.0","FixedVersion":"3.1","Severity":")" +
                       severity + "\"}");
  return R"({"SchemaVersion":2,"CreatedAt":")" + created_at +
         R"(","ArtifactName":"storefront","ArtifactType":"container_image","Metadata":{"ImageID":")" +
         image.config.digest.str() +
         R"("},"Results":[{"Target":"debian","Class":"os-pkgs","Type":"debian","Vulnerabilities":[)" + join(findings) +
         "]}]}";
}

ContainerRegistry make_registry() {
  ContainerRegistry registry;
  registry.metadata.name = "contoso";
  registry.spec.login_server = "registry.example";
  registry.spec.authentication.anonymous = AnonymousAuthentication{};
  registry.spec.access.push_back({.name = "shop",
                                  .namespace_selector = {.match_labels = {{"kubernetes.io/metadata.name", "shop"}}},
                                  .repositories = {"shop/**"},
                                  .sources = std::nullopt,
                                  .actions = {AccessAction::Read, AccessAction::Publish}});
  return registry;
}

ImagePublication make_publication(const std::string& name) {
  ImagePublication publication;
  publication.metadata.name = name;
  publication.metadata.namespace_name = "shop";
  auto& spec = publication.spec;
  spec.registry_ref.name = "contoso";
  spec.repository = "shop/storefront";
  spec.environment = "staging";
  spec.source.image = RegistrySource{.reference = "ghcr.io/contoso/storefront:1.8"};
  spec.build.commit = "4f2a91c04f2a91c0";
  spec.build.version = "1.8.2";
  spec.build.number = 812;
  spec.tags = {{.name = "version", .template_text = "{{version}}"},
               {.name = "environment", .template_text = "{{environment}}", .mutability = Mutability::Moving}};
  return publication;
}

}  // namespace slipway::tests
