#include "reconcilers/publish/rollback.h"

#include <string>

#include "reconcilers/publish/own_record.h"

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
  return Error{.cls = ErrorClass::Refused,
               .message = what + "this publication never published it for environment " + spec.environment,
               .remedy = "roll back to a digest that it published: " + where_to_look(publication)};
}

}  // namespace slipway::publish
