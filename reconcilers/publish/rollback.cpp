#include "reconcilers/publish/rollback.h"

#include <algorithm>

#include "reconcilers/publish/own_record.h"
#include "reconcilers/publish/tag_words.h"

namespace slipway::publish {
namespace {

/// A pipeline begins with an empty status each time: what its builds were is at the registry alone.
std::string where_to_look(const ImagePublication& publication) {
  if (!publication.status.history.empty()) return "see status.history";
  return "status.history is empty, as in each run of a pipeline, but the version's tag of an earlier build names one";
}

}  // namespace

bool rollback_is_over(const Rollback& rollback, Timestamp now) {
  if (rollback.until.empty()) return false;
  const auto until = parse_until(rollback.until);
  return until && now >= *until;
}

bool follows_rollback(const PublishedStatus& published) {
  return std::ranges::any_of(
      published.tags, [&](const TagStatus& tag) { return !tag.digest.empty() && tag.digest != published.digest; });
}

std::string idle_rollback(const ImagePublicationSpec& spec, const std::vector<TagDecision>& tags, Timestamp now) {
  if (!spec.rollback || rollback_is_over(*spec.rollback, now)) return "";
  const auto goes_back = [](const TagDecision& tag) {
    return tag.mutability == Mutability::Moving && tag.state != TagState::Skipped;
  };
  if (std::ranges::any_of(tags, goes_back)) return "";
  const bool any = std::ranges::count(spec.tags, Mutability::Moving, &TagSpec::mutability) > 0;
  return std::string("rollback: ") + (any ? "every Moving tag is skipped" : "no tag is Moving") +
         ": it takes none back";
}

std::string rollback_note(const ImagePublicationSpec& spec, const PublishPlan& plan, Timestamp now) {
  if (!spec.rollback) return "";
  if (plan.rollback_ended) return kRollbackEndedWords;
  if (rollback_is_over(*spec.rollback, now)) return "rollback.until is over: it takes no tag back";
  if (auto idle = idle_rollback(spec, plan.tags, now); !idle.empty()) return idle;
  PublishedStatus tagged;
  tagged.digest = plan.digest->str();
  for (const auto& tag : plan.tags)
    if (tag.wanted) tagged.tags.push_back({tag.name, tag.tag, tag.state, tag.wanted->str()});
  const auto back = rolled_back(tagged);
  const auto& until = spec.rollback->until;
  return back.empty() ? "" : back + "; it holds until " + (until.empty() ? "rollback is removed" : until);
}

std::optional<Error> rollback_fault(const ImagePublication& publication, const Observation& seen,
                                    const TagPublisher& publisher) {
  const auto& spec = publication.spec;
  const auto digest = Digest::parse(spec.rollback->digest);
  if (!digest) return digest.error();
  const std::string what = "rollback to " + digest->str() + ": ";
  if (!seen.rollback_present.value_or(false))
    return Error{.cls = ErrorClass::NotFound,
                 .message = what + spec.repository + " does not hold it",
                 .remedy = "roll back to a digest that the repository still holds: " + where_to_look(publication)};
  if (published_before(*digest, records_on(seen, *digest).records, publisher)) return std::nullopt;
  const std::string where = spec.environment.empty() ? "" : " for environment " + spec.environment;
  return Error{.cls = ErrorClass::Refused,
               .message = what + "this publication never published it" + where,
               .remedy = "roll back to a digest that it published: " + where_to_look(publication)};
}

}  // namespace slipway::publish
