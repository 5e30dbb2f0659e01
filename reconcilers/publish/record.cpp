#include "reconcilers/publish/record.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "crds/base/document.h"
#include "crds/base/text.h"
#include "crds/v1alpha1/enum_names.h"
#include "reconcilers/json.h"
#include "reconcilers/publish/canonical.h"

namespace slipway::publish {

namespace {

using json::MapBuilder;

constexpr std::int64_t kSchemaVersion = 1;
constexpr std::size_t kMostItems = 1000;
constexpr std::string_view kCreated = "org.opencontainers.image.created";

std::unexpected<Error> no_record(std::string what) {
  return fail(ErrorClass::Integrity, "publication record: " + std::move(what),
              "nothing relies on it; remove that referrer if nobody needs it");
}

Node publisher_of(const PublisherIdentity& publisher) {
  return MapBuilder()
      .add_text("id", publisher.id)
      .add_text("namespace", publisher.namespace_name)
      .add_text("name", publisher.name)
      .build();
}

Node source_of(const RecordedSource& source) {
  return MapBuilder().add_text("location", source.location).add_text("digest", source.digest).build();
}

MapBuilder intent_of(const RecordedTag& tag) {
  MapBuilder out;
  out.add_text("tag", tag.tag).add_text("mutability", std::string(name_of(tag.mutability)));
  return out;
}

Node intents_of(const std::vector<RecordedTag>& tags) {
  return json::list_of(tags, [](const RecordedTag& tag) { return intent_of(tag).build(); });
}

Node tags_of(const std::vector<RecordedTag>& tags) {
  return json::list_of(tags, [](const RecordedTag& tag) {
    auto out = intent_of(tag);
    if (tag.left) out.add("set", json::boolean(false));
    return out.build();
  });
}

Node rollback_of(const RecordedRollback& rollback) {
  return MapBuilder().add_text("digest", rollback.digest).add_text("reason", rollback.reason).build();
}

using Count = std::pair<std::string_view, std::int64_t VerdictStatus::*>;
constexpr std::array<Count, 7> kCounts{{{"critical", &VerdictStatus::critical},
                                        {"high", &VerdictStatus::high},
                                        {"medium", &VerdictStatus::medium},
                                        {"low", &VerdictStatus::low},
                                        {"unknown", &VerdictStatus::unknown},
                                        {"ignored", &VerdictStatus::ignored},
                                        {"excepted", &VerdictStatus::excepted}}};

Node verdicts_of(const std::vector<VerdictStatus>& verdicts) {
  return json::list_of(verdicts, [](const VerdictStatus& verdict) {
    MapBuilder one;
    one.add_text("gate", verdict.gate).add("passed", json::boolean(verdict.passed));
    for (const auto& [key, member] : kCounts) one.add(std::string(key), json::integer(verdict.*member));
    return one.build();
  });
}

Node targets_of(const std::vector<DeploymentTarget>& targets) {
  return json::list_of(targets, [](const DeploymentTarget& target) {
    return MapBuilder()
        .add_text("kind", target.kind)
        .add_text("name", target.name)
        .add_text("namespace", target.namespace_name)
        .add_text("cluster", target.cluster)
        .build();
  });
}

Node payload_of(const PublicationRecord& record) {
  MapBuilder out;
  out.add("schemaVersion", json::integer(kSchemaVersion));
  out.add("publisher", publisher_of(record.publisher));
  out.add("subject", json::text(record.subject.str()));
  out.add_text("registry", record.registry).add_text("repository", record.repository);
  out.add_text("environment", record.environment);
  out.add("build", canonical::node_of(record.build));
  out.add("source", source_of(record.source));
  out.add("tags", tags_of(record.tags));
  if (record.rollback) out.add("rollback", rollback_of(*record.rollback));
  out.add("verdicts", verdicts_of(record.verdicts)).add_text("gatesHash", record.gates_hash);
  out.add("deploymentTargets", targets_of(record.deployment_targets));
  if (record.started_at) out.add("startedAt", json::text(to_string(*record.started_at)));
  out.add("publishedAt", json::text(to_string(record.published_at)));
  out.add_text("slipwayVersion", record.slipway_version);
  return out.build();
}

Node node_of(const content::Descriptor& descriptor) {
  return MapBuilder()
      .add("mediaType", json::text(descriptor.media_type))
      .add("digest", json::text(descriptor.digest.str()))
      .add("size", json::integer(descriptor.size))
      .build();
}

bool is_too_long(const Node& root) {
  const auto over = [&](std::string_view key) { return json::items_at(root, key).size() > kMostItems; };
  return over("tags") || over("verdicts") || over("deploymentTargets");
}

std::optional<Timestamp> time_at(const Node& map, std::string_view key) {
  const auto time = parse_timestamp(json::text_at(map, key));
  return time ? std::optional(*time) : std::nullopt;
}

BuildInfo read_build(const Node& node) {
  return {.commit = json::text_at(node, "commit"),
          .version = json::text_at(node, "version"),
          .number = json::integer_at(node, "number"),
          .branch = json::text_at(node, "branch"),
          .run_url = json::text_at(node, "runURL"),
          .actor = json::text_at(node, "actor"),
          .built_at = time_at(node, "builtAt"),
          .labels = json::text_map_at(node, "labels")};
}

VerdictStatus read_verdict(const Node& node) {
  VerdictStatus out;
  out.gate = json::text_at(node, "gate");
  out.passed = json::at(node, "passed").boolean;
  for (const auto& [key, member] : kCounts) out.*member = json::integer_at(node, key).value_or(0);
  return out;
}

bool is_false(const Node& node) {
  return node.kind == Node::Kind::Boolean && !node.boolean;
}

void read_lists(const Node& root, PublicationRecord& out) {
  for (const Node& node : json::items_at(root, "tags"))
    out.tags.push_back(
        {.tag = json::text_at(node, "tag"),
         .mutability = json::text_at(node, "mutability") == "Moving" ? Mutability::Moving : Mutability::Immutable,
         .left = is_false(json::at(node, "set"))});
  for (const Node& node : json::items_at(root, "verdicts")) out.verdicts.push_back(read_verdict(node));
  for (const Node& node : json::items_at(root, "deploymentTargets"))
    out.deployment_targets.push_back({.kind = json::text_at(node, "kind"),
                                      .name = json::text_at(node, "name"),
                                      .namespace_name = json::text_at(node, "namespace"),
                                      .cluster = json::text_at(node, "cluster")});
}

void read_texts(const Node& root, PublicationRecord& out) {
  const Node& publisher = json::at(root, "publisher");
  out.publisher = {.id = json::text_at(publisher, "id"),
                   .namespace_name = json::text_at(publisher, "namespace"),
                   .name = json::text_at(publisher, "name")};
  out.registry = json::text_at(root, "registry");
  out.repository = json::text_at(root, "repository");
  out.environment = json::text_at(root, "environment");
  out.build = read_build(json::at(root, "build"));
  const Node& source = json::at(root, "source");
  out.source = {.location = json::text_at(source, "location"), .digest = json::text_at(source, "digest")};
  const Node& rollback = json::at(root, "rollback");
  if (rollback.kind == Node::Kind::Map)
    out.rollback = {.digest = json::text_at(rollback, "digest"), .reason = json::text_at(rollback, "reason")};
  out.gates_hash = json::text_at(root, "gatesHash");
  out.started_at = time_at(root, "startedAt");
  out.slipway_version = json::text_at(root, "slipwayVersion");
}

Result<std::string> payload_in(const content::ManifestBytes& manifest) {
  auto parsed = content::parse_manifest(manifest);
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  auto* image = std::get_if<content::ImageManifest>(&*parsed);
  const bool is_one = image != nullptr && image->artifact_type == kRecordType;
  const auto payload =
      is_one ? image->annotations.find(std::string(kRecordPayload)) : decltype(image->annotations.end()){};
  if (!is_one || payload == image->annotations.end())
    return no_record(manifest.descriptor.digest.str() + " is not the manifest of one");
  return std::move(payload->second);
}

}  // namespace

std::string record_identity(const PublicationRecord& record) {
  return canonical::hash(MapBuilder()
                             .add("publisher", publisher_of(record.publisher))
                             .add("subject", json::text(record.subject.str()))
                             .add_text("environment", record.environment)
                             .add_text("commit", record.build.commit)
                             .add_text("version", record.build.version)
                             .add_integer("number", record.build.number)
                             .add("source", source_of(record.source))
                             .add("tags", intents_of(record.tags))
                             .add_text("rollback", record.rollback ? record.rollback->digest : "")
                             .add("verdicts", verdicts_of(record.verdicts))
                             .build());
}

content::ManifestBytes build_record(const PublicationRecord& record, const content::Descriptor& subject) {
  const std::map<std::string, std::string> told{{std::string(kRecordIdentity), record_identity(record)},
                                                {std::string(kCreated), to_string(record.published_at)}};
  auto annotations = told;
  annotations.emplace(kRecordPayload, to_json_text(payload_of(record)));
  const Node empty = node_of(content::empty_blob());
  content::ManifestBytes out;
  out.bytes = to_json_text(MapBuilder()
                               .add("schemaVersion", json::integer(2))
                               .add("mediaType", json::text(std::string(content::kOciManifest)))
                               .add("artifactType", json::text(std::string(kRecordType)))
                               .add("config", empty)
                               .add("layers", json::list({empty}))
                               .add("subject", node_of(subject))
                               .add("annotations", json::text_map(annotations))
                               .build());
  out.descriptor = {.media_type = std::string(content::kOciManifest),
                    .digest = Digest::of(out.bytes),
                    .size = static_cast<std::int64_t>(out.bytes.size()),
                    .artifact_type = std::string(kRecordType),
                    .platform = {},
                    .annotations = told};
  return out;
}

bool is_record(const content::Manifest& manifest) {
  if (std::visit([](const auto& one) { return one.artifact_type == kRecordType; }, manifest)) return true;
  const auto* image = std::get_if<content::ImageManifest>(&manifest);
  return image != nullptr && image->config.media_type == kRecordType;
}

Result<PublicationRecord> parse_record(const content::ManifestBytes& manifest) {
  const auto payload = payload_in(manifest);
  if (!payload) return std::unexpected(payload.error());
  return parse_record_payload(*payload);
}

Result<PublicationRecord> parse_record_payload(std::string_view payload) {
  const Document document = parse_json(payload, "", {.nodes = 20'000});
  if (!document.problems.empty()) return no_record("it is no JSON: " + to_string(document.problems.front()));
  const Node& root = document.root;
  if (json::integer_at(root, "schemaVersion") != kSchemaVersion)
    return no_record("its schemaVersion is " + quoted(json::at(root, "schemaVersion").text) + ", not 1");
  const auto subject = Digest::parse(json::text_at(root, "subject"));
  if (!subject) return no_record("its subject: " + subject.error().message);
  const auto published_at = time_at(root, "publishedAt");
  if (!published_at) return no_record("it does not say when it was published");
  if (is_too_long(root)) return no_record("it has lists of more than 1,000 entries");
  PublicationRecord out;
  out.subject = *subject;
  out.published_at = *published_at;
  read_texts(root, out);
  read_lists(root, out);
  return out;
}

}  // namespace slipway::publish
