#include "controller/audit/record.h"

#include <algorithm>
#include <array>
#include <utility>

#include "crds/base/text.h"
#include "reconcilers/json.h"
#include "reconcilers/ports/image_store.h"

namespace slipway::audit {
namespace {

constexpr std::size_t kLongestText = 1000;

constexpr std::array<std::pair<AuditAction, std::string_view>, 6> kActions{{
    {AuditAction::PushManifest, "PushManifest"},
    {AuditAction::DeleteManifest, "DeleteManifest"},
    {AuditAction::SetTag, "SetTag"},
    {AuditAction::MoveTag, "MoveTag"},
    {AuditAction::RemoveTag, "RemoveTag"},
    {AuditAction::LeaveTags, "LeaveTags"},
}};
constexpr std::array<std::pair<Ending, std::string_view>, 3> kEndings{{
    {Ending::Done, "Done"},
    {Ending::Refused, "Refused"},
    {Ending::Unknown, "Unknown"},
}};
constexpr std::array kKinds{ResourceKind::ContainerRegistry, ResourceKind::ImagePublication,
                            ResourceKind::RetentionPolicy};

template <class Names, class Value>
std::string_view name_in(const Names& names, Value value) {
  return std::ranges::find(names, value, &Names::value_type::first)->second;
}

template <class Names>
auto value_in(const Names& names, std::string_view name) {
  const auto found = std::ranges::find(names, name, &Names::value_type::second);
  return found == names.end() ? std::nullopt : std::optional(found->first);
}

Node digest_or_null(const std::optional<Digest>& digest) {
  return digest ? json::text(digest->str()) : Node{};
}

void put(const Started& started, json::MapBuilder& line) {
  line.add("record", json::text("Started")).add_text("version", started.version).add_text("replica", started.replica);
}

void put(const AuditSubject& who, json::MapBuilder& line) {
  line.add("kind", json::text(to_string(who.object.kind)))
      .add_text("namespace", who.object.namespace_name)
      .add_text("name", who.object.name)
      .add_text("uid", who.uid)
      .add_integer("generation", who.generation)
      .add_text("fieldManager", beginning_of(who.edited_by, kLongestText))
      .add_text("revision", beginning_of(who.revision, kLongestText));
}

void put(const Intent& intent, json::MapBuilder& line) {
  const AuditChange& what = intent.what;
  line.add("record", json::text("Intent"))
      .add("action", json::text(to_string(what.action)))
      .add_text("registry", what.registry)
      .add_text("repository", what.repository)
      .add_text("tag", what.tag);
  if (what.looked) line.add("before", digest_or_null(what.before));
  if (what.after) line.add("after", json::text(what.after->str()));
  line.add_text("why", beginning_of(what.why, kLongestText));
  put(intent.who, line);
  line.add_text("publisher", beginning_of(intent.publisher, kLongestText)).add_text("reconcile", intent.reconcile_id);
}

void put(const Outcome& outcome, json::MapBuilder& line) {
  line.add("record", json::text("Outcome"))
      .add_integer("of", outcome.of)
      .add("result", json::text(to_string(outcome.ending)))
      .add_text("error", beginning_of(outcome.error, kLongestText));
}

void put(const Mended& mended, json::MapBuilder& line) {
  line.add("record", json::text("Mended")).add_integer("bytes", mended.bytes).add_text("digest", mended.digest);
}

std::unexpected<Error> unknown(const std::string& what) {
  return fail(ErrorClass::Invalid, what + " is nothing that this version knows",
              "use the version of slipway that wrote it, or a later one");
}

Result<std::optional<Digest>> digest_at(const Node& line, std::string_view key) {
  const std::string text = json::text_at(line, key);
  if (text.empty()) return std::nullopt;
  auto digest = Digest::parse(text);
  if (!digest) return std::unexpected(std::move(digest.error()));
  return std::move(*digest);
}

Result<AuditSubject> subject_from(const Node& line) {
  const auto kind = std::ranges::find(kKinds, json::text_at(line, "kind"), [](auto one) { return to_string(one); });
  if (kind == kKinds.end()) return unknown("the kind of the object that asked");
  return AuditSubject{.object = {.kind = *kind,
                                 .namespace_name = json::text_at(line, "namespace"),
                                 .name = json::text_at(line, "name")},
                      .uid = json::text_at(line, "uid"),
                      .generation = json::integer_at(line, "generation").value_or(0),
                      .edited_by = json::text_at(line, "fieldManager"),
                      .revision = json::text_at(line, "revision")};
}

Result<AuditChange> change_from(const Node& line) {
  const auto action = action_named(json::text_at(line, "action"));
  if (!action) return unknown("action " + quoted(json::text_at(line, "action")));
  auto before = digest_at(line, "before");
  if (!before) return std::unexpected(std::move(before.error()));
  auto after = digest_at(line, "after");
  if (!after) return std::unexpected(std::move(after.error()));
  return AuditChange{.action = *action,
                     .registry = json::text_at(line, "registry"),
                     .repository = json::text_at(line, "repository"),
                     .tag = json::text_at(line, "tag"),
                     .looked = line.find("before") != nullptr,
                     .before = std::move(*before),
                     .after = std::move(*after),
                     .why = json::text_at(line, "why")};
}

Result<Intent> intent_from(const Node& line) {
  auto what = change_from(line);
  if (!what) return std::unexpected(std::move(what.error()));
  auto who = subject_from(line);
  if (!who) return std::unexpected(std::move(who.error()));
  return Intent{.who = std::move(*who),
                .what = std::move(*what),
                .publisher = json::text_at(line, "publisher"),
                .reconcile_id = json::text_at(line, "reconcile")};
}

Result<Outcome> outcome_from(const Node& line) {
  const auto ending = value_in(kEndings, json::text_at(line, "result"));
  const auto of = json::integer_at(line, "of");
  if (!ending || !of) return unknown("result " + quoted(json::text_at(line, "result")));
  return Outcome{.of = *of, .ending = *ending, .error = json::text_at(line, "error")};
}

}  // namespace

Outcome outcome_of(std::int64_t intent, const Result<void>& how) {
  if (how) return {.of = intent, .ending = Ending::Done, .error = {}};
  const Error& error = how.error();
  return {.of = intent,
          .ending = may_have_been_made(error.cls) ? Ending::Unknown : Ending::Refused,
          .error = std::string(slipway::to_string(error.cls)) + ": " + error.message};
}

std::string_view to_string(AuditAction action) {
  return name_in(kActions, action);
}

std::optional<AuditAction> action_named(std::string_view text) {
  return value_in(kActions, text);
}

std::string_view to_string(Ending ending) {
  return name_in(kEndings, ending);
}

std::vector<Node::Member> members_of(const Record& record) {
  json::MapBuilder line;
  line.add("time", json::text(slipway::to_string(record.at)));
  std::visit([&](const auto& content) { put(content, line); }, record.content);
  return line.build().members;
}

Result<Record> record_from(const Node& line) {
  const auto at = parse_timestamp(json::text_at(line, "time"));
  if (!at) return std::unexpected(at.error());
  Record record{.at = *at, .content = {}};
  const std::string what = json::text_at(line, "record");
  const auto take = [&](auto&& content) -> Result<Record> {
    if (!content) return std::unexpected(content.error());
    record.content = std::move(*content);
    return std::move(record);
  };
  if (what == "Intent") return take(intent_from(line));
  if (what == "Outcome") return take(outcome_from(line));
  if (what == "Started") {
    record.content = Started{.version = json::text_at(line, "version"), .replica = json::text_at(line, "replica")};
    return record;
  }
  if (what != "Mended") return unknown("record " + quoted(what));
  record.content =
      Mended{.bytes = json::integer_at(line, "bytes").value_or(0), .digest = json::text_at(line, "digest")};
  return record;
}

}  // namespace slipway::audit
