#include "crds/v1alpha1/bindings.h"
#include "crds/v1alpha1/forms.h"
#include "crds/v1alpha1/port_pattern.h"
#include "crds/v1alpha1/template_rules.h"

namespace slipway {

namespace {

constexpr FieldInfo kPath{
    .description = "Relative to the resource's file; outside a cluster only.", .required = true, .min_length = 1};

/// Where no host stands before it the name begins at once, as ImageReference::parse() tells the two apart.
std::string repository_is_short() {
  const std::string after_host = "^([^/]*[.:[][^/]*|(?i:localhost))/";
  return "!self.reference.matches('" + after_host + "[^:@]{256}') && (self.reference.matches('" + after_host +
         "') || !self.reference.matches('^[^:@]{256}'))";
}

}  // namespace

const Binding<RegistrySource>& Bound<RegistrySource>::get() {
  static const auto binding =
      Binding<RegistrySource>()
          .field("reference", &RegistrySource::reference,
                 {.description = "Image, by tag or digest.",
                  .required = true,
                  .pattern = kReferencePattern,
                  .check = check_reference_text})
          .field(
              "pullSecretRef", &RegistrySource::pull_secret_ref,
              {.description =
                   "Secret to pull with, for that host (a docker configuration, or username, password and registry)."})
          .field("registryRef", &RegistrySource::registry_ref, {.description = "ContainerRegistry to sign in as."})
          .field("plainHTTP", &RegistrySource::plain_http, {.description = "Without TLS; only for localhost."})
          .rule("!self.reference.matches('" + std::string(kNoPort) + "/')", std::string(kPortForm))
          .rule("!self.reference.matches('^[^/]*[.:][^/]*/') || self.reference.matches('" + std::string(kHostFirst) +
                    "')",
                std::string(form_of(kHostPattern)))
          .rule(repository_is_short(), "write a repository of at most 255 characters")
          .rule(plain_http_rule("reference", "/"))
          .rule("!(has(self.pullSecretRef) && has(self.registryRef))",
                "pullSecretRef and registryRef exclude each other; remove one of the two");
  return binding;
}

const Binding<LayoutSource>& Bound<LayoutSource>::get() {
  static const auto binding = Binding<LayoutSource>()
                                  .field("path", &LayoutSource::path, kPath)
                                  .field("image", &LayoutSource::image,
                                         {.description = "Which image of several, by its ref.name.", .min_length = 1});
  return binding;
}

const Binding<DockerArchiveSource>& Bound<DockerArchiveSource>::get() {
  static const auto binding = Binding<DockerArchiveSource>()
                                  .field("path", &DockerArchiveSource::path, kPath)
                                  .field("image", &DockerArchiveSource::image,
                                         {.description = "Which image of several, by its tag.", .min_length = 1});
  return binding;
}

const Binding<SourceSpec>& Bound<SourceSpec>::get() {
  static const auto binding =
      Binding<SourceSpec>()
          .field("image", &SourceSpec::image, {.description = "An image of an OCI registry."})
          .field("ociLayout", &SourceSpec::oci_layout, {.description = "An OCI layout folder."})
          .field("ociArchive", &SourceSpec::oci_archive, {.description = "An OCI archive."})
          .field("dockerArchive", &SourceSpec::docker_archive, {.description = "A docker save archive."})
          .field("digest", &SourceSpec::digest,
                 {.description = "Digest that the source must have.",
                  .max_length = 135,
                  .pattern = kDigestPattern,
                  .check = check_digest_text})
          .field("platforms", &SourceSpec::platforms,
                 {.description = "Platforms to publish; absent: all.",
                  .max_length = 64,
                  .pattern = kPlatformPattern,
                  .min_items = 1,
                  .atomic = true})
          .field("referrers", &SourceSpec::referrers,
                 {.description = "Whether signatures, SBOMs and attestations travel along.", .default_json = "\"All\""})
          .field("follow", &SourceSpec::follow, {.description = "Resolves the source again at each interval."})
          .exactly_one_of({"image", "ociLayout", "ociArchive", "dockerArchive"})
          .rule("has(self.image) || !(has(self.ociLayout) || has(self.ociArchive) || has(self.dockerArchive))",
                "files are sources outside a cluster only; name an image of a registry")
          .rule(
              "!has(self.digest) || !has(self.image) || !self.image.reference.contains('@') ||"
              " self.image.reference.endsWith('@' + self.digest)",
              "digest differs from the digest in image.reference; remove one of the two")
          .rule(
              "!has(self.follow) || !self.follow ||"
              " !(has(self.digest) || (has(self.image) && self.image.reference.contains('@')))",
              "follow: true and a digest exclude each other, for a digest stays what it is; remove one of the two");
  return binding;
}

const Binding<BuildInfo>& Bound<BuildInfo>::get() {
  static const auto binding =
      Binding<BuildInfo>()
          .field("commit", &BuildInfo::commit,
                 {.description = "Commit that was built.", .max_length = 128, .pattern = kCommitPattern})
          .field("version", &BuildInfo::version,
                 {.description = "Semantic version.",
                  .max_length = 128,
                  .pattern = kSemverPattern,
                  .check = check_version_text})
          .field("number", &BuildInfo::number, {.description = "Number of the CI run."})
          .field("branch", &BuildInfo::branch, {.description = "Branch that was built.", .max_length = 255})
          .field("runURL", &BuildInfo::run_url,
                 {.description = "Address of the CI run.", .max_length = 2048, .pattern = kWebAddressPattern})
          .field("actor", &BuildInfo::actor, {.description = "Who started it.", .max_length = 255})
          .field("builtAt", &BuildInfo::built_at, {.description = "When it was built."})
          .field("labels", &BuildInfo::labels, {.description = "Anything else to know of the build."})
          .rule("!has(self.labels) || !('' in self.labels)", "each label has a key");
  return binding;
}

const Binding<TagSpec>& Bound<TagSpec>::get() {
  static const auto binding =
      Binding<TagSpec>()
          .field("name", &TagSpec::name,
                 {.description = "Name in this list.", .required = true, .min_length = 1, .max_length = 63})
          .field("template", &TagSpec::template_text,
                 {.description = "The tag: text with {{commit}}, {{version}}, {{major}}, {{minor}}, {{patch}}, "
                                 "{{number}}, {{environment}}, {{branch}}, {{date}}, {{digest}} or {{labels.NAME}} in "
                                 "it; {{commit:12}} is cut to 12 characters.",
                  .required = true,
                  .min_length = 1,
                  .max_length = 512,
                  .check = check_template_text})
          .field("mutability", &TagSpec::mutability,
                 {.description = "Whether the tag may go to another digest.", .default_json = "\"Immutable\""})
          .field("optional", &TagSpec::optional, {.description = "Skipped when a value is missing."})
          .rules(rules_of_template());
  return binding;
}

const Binding<Rollback>& Bound<Rollback>::get() {
  static const auto binding =
      Binding<Rollback>()
          .field("digest", &Rollback::digest,
                 {.description = "Digest to go back to.",
                  .required = true,
                  .max_length = 135,
                  .pattern = kDigestPattern,
                  .check = check_digest_text})
          .field("reason", &Rollback::reason,
                 {.description = "Why, in words for people.", .required = true, .min_length = 1})
          .field("until", &Rollback::until,
                 {.description = "Date (through its end, UTC) or time; absent: until removed.",
                  .max_length = 40,
                  .pattern = kUntilPattern,
                  .check = check_until_text});
  return binding;
}

const Binding<Attach>& Bound<Attach>::get() {
  static const auto binding = Binding<Attach>()
                                  .field("scanReports", &Attach::scan_reports, {.description = "The scan reports."})
                                  .field("sbom", &Attach::sbom, {.description = "The SBOM."})
                                  .field("provenance", &Attach::provenance, {.description = "The provenance."});
  return binding;
}

const Binding<DeploymentTarget>& Bound<DeploymentTarget>::get() {
  static const auto binding =
      Binding<DeploymentTarget>()
          .field(
              "kind", &DeploymentTarget::kind,
              {.description = "Kind of the target, e.g. WebApp.", .required = true, .min_length = 1, .max_length = 63})
          .field("name", &DeploymentTarget::name,
                 {.description = "Name of the target.", .required = true, .min_length = 1, .max_length = 253})
          .field("namespace", &DeploymentTarget::namespace_name, {.description = "Its namespace.", .max_length = 63})
          .field("cluster", &DeploymentTarget::cluster, {.description = "Its cluster.", .max_length = 253});
  return binding;
}

const Binding<Notify>& Bound<Notify>::get() {
  static const auto binding =
      Binding<Notify>()
          .field("name", &Notify::name,
                 {.description = "Name in this list.", .required = true, .min_length = 1, .max_length = 63})
          .field("format", &Notify::format, {.description = "What is sent.", .default_json = "\"CloudEvents\""})
          .field("urlSecretRef", &Notify::url_secret_ref,
                 {.description = "Secret with the address.", .required = true});
  return binding;
}

const Binding<RetrySpec>& Bound<RetrySpec>::get() {
  static const auto binding = Binding<RetrySpec>().field(
      "maxDuration", &RetrySpec::max_duration,
      {.description = "How long is tried in quick succession; absent, without an end, and by slipway publish for 15m.",
       .minimum = 1});
  return binding;
}

const Binding<ImagePublicationSpec>& Bound<ImagePublicationSpec>::get() {
  using Spec = ImagePublicationSpec;
  static const auto binding =
      Binding<Spec>()
          .field("registryRef", &Spec::registry_ref,
                 {.description = "ContainerRegistry to publish to.", .required = true, .immutable = true})
          .field("repository", &Spec::repository,
                 {.description = "Repository to publish to.",
                  .required = true,
                  .max_length = 255,
                  .pattern = kRepositoryPattern,
                  .immutable = true,
                  .check = check_repository_text})
          .field(
              "environment", &Spec::environment,
              {.description = "Environment the publication is for.", .max_length = 63, .pattern = kEnvironmentPattern})
          .field("source", &Spec::source, {.description = "Where the image comes from.", .required = true})
          .field("build", &Spec::build, {.description = "What is known of the build."})
          .field("tags", &Spec::tags, {.description = "Tags to set.", .min_items = 1, .list_map_key = "name"})
          .field("gates", &Spec::gates, {.description = "What the image must pass."})
          .field("attach", &Spec::attach, {.description = "Not yet: Documents that are attached to the image."})
          .field("rollback", &Spec::rollback, {.description = "Goes back to an earlier digest."})
          .field("deploymentTargets", &Spec::deployment_targets,
                 {.description = "Where the image will run; recorded only.", .atomic = true})
          .field("notify", &Spec::notify, {.description = "Not yet: Who is told.", .list_map_key = "name"})
          .field("retry", &Spec::retry, {.description = "How failures are tried again."})
          .field("interval", &Spec::interval,
                 {.description = "How often tags are looked at again; 1h when absent.", .minimum = 1})
          .field("ttlAfterPublished", &Spec::ttl_after_published,
                 {.description = "Deletes the object so long after it published; in a cluster only.", .minimum = 1})
          .field("verify", &Spec::verify,
                 {.description = "How deep content is checked.", .default_json = "\"Standard\""})
          .field("deletionPolicy", &Spec::deletion_policy,
                 {.description = "What goes with the object.", .default_json = "\"Retain\""})
          .field("suspend", &Spec::suspend, {.description = "Does nothing while true."})
          .rule("!(has(self.ttlAfterPublished) && has(self.deletionPolicy) && self.deletionPolicy == 'Untag')",
                "ttlAfterPublished and deletionPolicy: Untag exclude each other")
          .rules(rules_of_templates())
          .rule(
              "!has(self.source.follow) || !self.source.follow || !has(self.tags) || self.tags.all(tag,"
              " (has(tag.mutability) && tag.mutability == 'Moving') || tag.template.matches('[{][{] *digest'))",
              "with follow: true each tag is Moving or uses {{digest:12}}");
  return binding;
}

}  // namespace slipway
