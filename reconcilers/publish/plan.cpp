#include "reconcilers/publish/plan.h"

#include <cstdint>
#include <utility>

#include "crds/base/byte_count.h"
#include "crds/v1alpha1/enum_names.h"
#include "reconcilers/brief_digest.h"
#include "reconcilers/json.h"

namespace slipway::publish {
namespace {

using json::MapBuilder;

std::string_view to_string(Purpose purpose) {
  switch (purpose) {
    case Purpose::Nothing:
      return "Nothing";
    case Purpose::Publish:
      return "Publish";
    case Purpose::Repair:
      return "Repair";
    case Purpose::Check:
      return "Check";
  }
  return "";
}

std::string_view to_string(Stage stage) {
  switch (stage) {
    case Stage::Admission:
      return "Admission";
    case Stage::Preparation:
      return "Preparation";
    case Stage::Gates:
      return "Gates";
    case Stage::Transfer:
      return "Transfer";
    case Stage::Tags:
      return "Tags";
  }
  return "";
}

std::string_view to_string(TagState state) {
  switch (state) {
    case TagState::Set:
      return "Set";
    case TagState::Superseded:
      return "Superseded";
    case TagState::Skipped:
      return "Skipped";
  }
  return "";
}

/// A step's verb for programs, and what it does for people.
struct Words {
  std::string action;
  std::string text;
};

/// "2 blobs of 1.0 KiB".
std::string sum_of(const std::vector<content::Descriptor>& blobs, const std::string& noun) {
  std::int64_t bytes = 0;
  for (const auto& blob : blobs) bytes += blob.size;
  return std::to_string(blobs.size()) + " " + noun + (blobs.size() == 1 ? "" : "s") + " of " + format_bytes(bytes);
}

Words words(const SendBlobs& step) {
  return {"SendBlobs", "bring " + sum_of(step.blobs, "blob") + (step.deep ? ", checked down to their files" : "")};
}

Words words(const CheckLayers& step) {
  return {"CheckLayers", "read " + sum_of(step.layers, "layer") + " at the registry, checked down to their files"};
}

Words words(const PutManifest& step) {
  const auto& platform = step.manifest.platform;
  return {"PutManifest",
          "put manifest " + brief(step.manifest.digest) + (platform ? " (" + content::to_string(*platform) + ")" : "")};
}

Words words(const CheckContent& step) {
  return {"CheckContent", "check that " + std::to_string(step.manifests.size() + step.blobs.size()) +
                              " manifests and blobs of " + brief(step.image) + " are there"};
}

Words words(const PutReferrer& step) {
  return {"PutReferrer", "attach " + (step.referrer.artifact_type.empty() ? "artifact" : step.referrer.artifact_type) +
                             " " + brief(step.referrer.digest) + " to " + brief(step.subject.digest)};
}

Words words(const PutAttachedTag& step) {
  return {"PutAttachedTag", "attach " + brief(step.manifest.digest) + " as tag " + step.tag};
}

Words words(const PutRecord& step) {
  return {"PutRecord", "put the publication record on " + brief(step.subject.digest)};
}

Words words(const SetTag& step) {
  const bool moves = step.present.has_value();
  return {"SetTag", (moves ? "move" : "set") + std::string(" tag ") + step.tag +
                        (moves ? " from " + brief(*step.present) : "") + " to " + brief(step.wanted)};
}

Words words(const RemoveTag& step) {
  return {"RemoveTag", "remove tag " + step.tag + " from " + brief(step.present)};
}

Words words(const LookAtTag& step) {
  return {"LookAtTag", "look whether tag " + step.tag + " names " + brief(step.wanted)};
}

Words words(const Step& step) {
  return std::visit([](const auto& one) { return words(one); }, step);
}

std::string line_of(const TagDecision& tag) {
  if (tag.state == TagState::Skipped) return "tag " + tag.name + " is skipped: " + tag.why;
  return "tag " + tag.tag + (tag.state == TagState::Superseded ? " is left: " : ": ") + tag.why;
}

Node node_of(const Step& step) {
  const auto [action, text] = words(step);
  return MapBuilder().add_text("action", std::string(action)).add_text("text", text).add_text("why", why(step)).build();
}

Node node_of(const TagDecision& tag) {
  return MapBuilder()
      .add_text("name", tag.name)
      .add_text("tag", tag.tag)
      .add_text("mutability", std::string(name_of(tag.mutability)))
      .add_text("state", std::string(to_string(tag.state)))
      .add_text("digest", tag.wanted ? tag.wanted->str() : "")
      .add_text("why", tag.why)
      .build();
}

Node node_of(const gates::RefusedFinding& refused) {
  const auto& finding = refused.finding;
  return MapBuilder()
      .add_text("gate", refused.gate)
      .add_text("report", refused.report)
      .add_text("place", refused.place)
      .add_text("severity", std::string(name_of(finding.severity)))
      .add_text("id", finding.id)
      .add_text("package", finding.package)
      .add_text("installedVersion", finding.installed_version)
      .add_text("path", finding.path)
      .add_text("fixedVersion", finding.fixed_version)
      .build();
}

Node node_of(const Refusal& refusal) {
  return MapBuilder()
      .add_text("stage", std::string(to_string(refusal.stage)))
      .add_text("class", std::string(slipway::to_string(refusal.error.cls)))
      .add_text("reason", refusal.error.reason)
      .add_text("message", refusal.error.message)
      .add_text("remedy", refusal.error.remedy)
      .build();
}

std::vector<std::string> all_notes(const PublishPlan& plan) {
  std::vector<std::string> notes = plan.gate_notes;
  notes.insert(notes.end(), plan.notes.begin(), plan.notes.end());
  return notes;
}

}  // namespace

const std::string& why(const Step& step) {
  return std::visit([](const auto& one) -> const std::string& { return one.why; }, step);
}

std::string to_string(const Step& step) {
  return words(step).text;
}

std::vector<std::string> to_lines(const PublishPlan& plan) {
  std::vector<std::string> lines;
  if (plan.refusal) {
    lines.push_back("not published: " + plan.refusal->error.message);
    if (!plan.refusal->error.remedy.empty()) lines.push_back("  to do: " + plan.refusal->error.remedy);
  } else {
    lines.push_back(plan.reason);
  }
  for (const auto& step : plan.steps) lines.push_back("  " + to_string(step) + ": " + why(step));
  for (const auto& tag : plan.tags)
    if (tag.state != TagState::Set || plan.steps.empty()) lines.push_back("  " + line_of(tag));
  for (const auto& note : all_notes(plan)) lines.push_back("  note: " + note);
  return lines;
}

Node to_node(const PublishPlan& plan) {
  const auto as_node = [](const auto& one) { return node_of(one); };
  MapBuilder map;
  map.add_text("purpose", std::string(to_string(plan.purpose))).add_text("reason", plan.reason);
  map.add_text("sourceDigest", plan.source ? plan.source->digest : "");
  map.add_text("digest", plan.digest ? plan.digest->str() : "").add("fullCheck", json::boolean(plan.full_check));
  map.add("steps", json::list_of(plan.steps, as_node)).add("tags", json::list_of(plan.tags, as_node));
  if (const auto notes = all_notes(plan); !notes.empty()) map.add("notes", json::text_list(notes));
  if (plan.refusal) map.add("refusal", node_of(*plan.refusal));
  if (!plan.findings.empty()) map.add("findings", json::list_of(plan.findings, as_node));
  if (plan.more_findings != 0) map.add("moreFindings", json::integer(static_cast<std::int64_t>(plan.more_findings)));
  return map.build();
}

}  // namespace slipway::publish
