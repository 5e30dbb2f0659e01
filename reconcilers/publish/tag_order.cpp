#include "reconcilers/publish/tag_order.h"

#include <algorithm>
#include <utility>

#include "crds/base/semantic_version.h"
#include "crds/base/text.h"
#include "reconcilers/brief_digest.h"

namespace slipway::publish {

namespace {

enum class Order { Older, NotOlder, Unknown };

std::string describe(const BuildInfo& build) {
  std::string out;
  if (!build.version.empty()) out += " " + quoted(build.version);
  if (build.number) out += " number " + std::to_string(*build.number);
  if (build.built_at) out += " of " + to_string(*build.built_at);
  return out.empty() ? " without number and time" : out;
}

/// By number where both have one, else by time where both have one. Equal numbers are one run: not older.
Order order_of(const BuildInfo& mine, const BuildInfo& theirs) {
  if (mine.number && theirs.number) return *mine.number < *theirs.number ? Order::Older : Order::NotOlder;
  if (mine.built_at && theirs.built_at) return *mine.built_at < *theirs.built_at ? Order::Older : Order::NotOlder;
  return Order::Unknown;
}

bool intended(const PublicationRecord& record, const std::string& tag) {
  return std::ranges::any_of(record.tags, [&](const auto& one) { return one.tag == tag && !one.left; });
}

/// The records that tell who set the tag: those that intended it, all of them where none did. Anybody can attach a
/// record that speaks of another image: it tells nothing.
std::vector<const PublicationRecord*> relevant(const TagQuestion& question) {
  std::vector<const PublicationRecord*> all;
  std::vector<const PublicationRecord*> meant;
  for (const auto& record : question.on_present) {
    if (record.subject != *question.present) continue;
    all.push_back(&record);
    if (intended(record, question.tag.tag)) meant.push_back(&record);
  }
  return meant.empty() ? all : meant;
}

/// The first record whose version is above ours, or none.
const PublicationRecord* above(const std::vector<const PublicationRecord*>& records, const BuildInfo& build) {
  const auto mine = parse_semantic_version(build.version);
  if (!mine) return nullptr;
  for (const auto* record : records) {
    const auto theirs = parse_semantic_version(record->build.version);
    if (theirs && compare(*mine, *theirs) < 0) return record;
  }
  return nullptr;
}

TagJudgement keep(std::string why) {
  return {.move = TagMove::Keep, .why = std::move(why), .order_unknown = false};
}
TagJudgement set(std::string why) {
  return {.move = TagMove::Set, .why = std::move(why), .order_unknown = false};
}
TagJudgement leave(std::string why) {
  return {.move = TagMove::Superseded, .why = std::move(why), .order_unknown = false};
}

TagJudgement go_back(const std::string& there, const BuildInfo& from, const BuildInfo& to) {
  return {.move = TagMove::Set,
          .why = "it goes back from" + describe(from) + " (" + there + "), which this object published itself, to" +
                 describe(to),
          .order_unknown = false,
          .goes_back = true};
}

std::string name_of(const PublisherIdentity& publisher) {
  return publisher.namespace_name + "/" + publisher.name;
}

/// Tenants are told nothing of each other's objects.
bool is_of_another_namespace(const PublisherIdentity& publisher, const PublisherIdentity& us) {
  return publisher.namespace_name != us.namespace_name;
}

/// Who that is, seen from us: one name may be of two publishers.
std::string in_words(const PublicationRecord& record, const PublisherIdentity& us) {
  if (record.publisher == us) return "this object itself, for the build" + describe(record.build);
  if (is_of_another_namespace(record.publisher, us)) return "an object of another namespace";
  const bool is_namesake = name_of(record.publisher) == name_of(us);
  return name_of(record.publisher) + (is_namesake ? " of another publisher (" + quoted(record.publisher.id) + ")" : "");
}

/// Whose record says that it meant to set the tag; the last of several.
std::string setter_of(const TagQuestion& question, const PublisherIdentity& us) {
  std::string name;
  for (const auto* record : relevant(question))
    if (intended(*record, question.tag.tag)) name = in_words(*record, us);
  return name;
}

/// The record of another publisher that means the tag as an immutable one, or none. Which record is the older tells
/// nothing: a publisher puts one also where it finds the tag right, or before it fails to set it.
const PublicationRecord* meant_as_immutable(const TagQuestion& question, const PublisherIdentity& us) {
  for (const auto* record : relevant(question)) {
    const bool is_immutable = std::ranges::any_of(record->tags, [&](const auto& one) {
      return one.tag == question.tag.tag && one.mutability == Mutability::Immutable;
    });
    if (is_immutable && record->publisher != us) return record;
  }
  return nullptr;
}

/// Why a moving tag must not be taken from who may rely on it, or nothing. What this object set itself it may move,
/// whatever others say about it later.
std::optional<TagJudgement> keep_out(const TagQuestion& question, const PublisherIdentity& us) {
  if (question.is_ours) return std::nullopt;
  if (const auto* setter = meant_as_immutable(question, us)) {
    const auto who = in_words(*setter, us);
    return TagJudgement{.move = TagMove::Conflict,
                        .why = "it names " + question.present->str() + " and was set as an immutable tag by " + who,
                        .order_unknown = false,
                        .set_by = who};
  }
  if (question.all_read) return std::nullopt;
  return TagJudgement{.move = TagMove::Conflict,
                      .why = "it names " + question.present->str() +
                             ", to which more is attached than is read: another publisher may have set it as an "
                             "immutable tag",
                      .order_unknown = false,
                      .is_unread = true};
}

TagJudgement judge_order(const TagQuestion& question, const TagPublisher& publisher,
                         const std::vector<const PublicationRecord*>& records) {
  const std::string there = brief(*question.present);
  const PublicationRecord* newer = nullptr;
  bool known = false;
  bool ours = false;
  for (const auto* record : records) {
    const Order order = order_of(publisher.build, record->build);
    known = known || order != Order::Unknown;
    ours = ours || record->publisher == publisher.identity;
    if (order == Order::Older) newer = record;
  }
  if (newer != nullptr && ours) return go_back(there, newer->build, publisher.build);
  if (newer != nullptr)
    return leave("it names " + there + " of a newer build (" + describe(newer->build).substr(1) + ") by " +
                 (is_of_another_namespace(newer->publisher, publisher.identity) ? "an object of another namespace"
                                                                                : quoted(name_of(newer->publisher))));
  if (known) return set("this build is not older than the one it names (" + there + ")");
  return {.move = TagMove::Set,
          .why = records.empty() ? "nobody knows whether this build is newer: " + there + " has no record"
                                 : "nobody knows whether this build is newer than " + there,
          .order_unknown = true};
}

TagJudgement judge_moving(const TagQuestion& question, const TagPublisher& publisher) {
  const std::string there = brief(*question.present);
  if (question.set_before) {
    const auto setter = setter_of(question, publisher.identity);
    return leave("this publication had set it; it was moved to " + there + " since" +
                 (setter.empty() ? "" : " by " + setter));
  }
  if (question.left_before) return leave("this publication had left it to another build; it names " + there);
  if (auto kept_out = keep_out(question, publisher.identity)) return std::move(*kept_out);
  if (question.rollback) return set("rollback from " + there);
  const auto records = relevant(question);
  const PublicationRecord* higher = question.tag.never_lower ? above(records, publisher.build) : nullptr;
  if (higher != nullptr && !published_before(question.wanted, question.on_wanted, publisher))
    return leave("it names version " + quoted(higher->build.version) + ", which is above " +
                 quoted(publisher.build.version));
  return judge_order(question, publisher, records);
}

}  // namespace

bool published_before(const Digest& digest, std::span<const PublicationRecord> on_digest,
                      const TagPublisher& publisher) {
  const bool in_history =
      std::any_of(publisher.history.begin(), publisher.history.end(), [&](const HistoryEntry& entry) {
        return entry.digest == digest.str() && entry.environment == publisher.environment;
      });
  return in_history || std::any_of(on_digest.begin(), on_digest.end(), [&](const PublicationRecord& record) {
           return record.subject == digest && record.publisher == publisher.identity &&
                  record.environment == publisher.environment;
         });
}

TagJudgement judge_tag(const TagQuestion& question, const TagPublisher& publisher) {
  if (!question.present) return set(question.set_before ? "it was there and is missing" : "it does not exist yet");
  if (*question.present == question.wanted) return keep("it names " + brief(question.wanted));
  if (question.tag.mutability == Mutability::Moving) return judge_moving(question, publisher);
  return {.move = TagMove::Conflict,
          .why = "it is immutable and names " + question.present->str(),
          .order_unknown = false,
          .set_by = setter_of(question, publisher.identity)};
}

}  // namespace slipway::publish
