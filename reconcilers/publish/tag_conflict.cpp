#include "reconcilers/publish/tag_conflict.h"

#include <utility>

#include "reconcilers/reasons.h"

namespace slipway::publish {
namespace {

Error conflict_unread(const ConflictPlace& place, const std::string& tag) {
  return {.cls = ErrorClass::Conflict,
          .message = "tag " + tag + " of " + place.repository + " names " + place.present.str() +
                     ", which this object did not set it to, and to which more is attached than is read: nothing "
                     "tells whether another publisher set it as an immutable tag",
          .remedy =
              "delete at the registry the publication records of that image that nobody needs, or remove the "
              "tag there, and it is set again; or name another tag",
          .reason = std::string(reason::kTagConflict)};
}

}  // namespace

Error conflict_on(const ConflictPlace& place, const ExpandedTag& tag, const TagJudgement& judged) {
  if (judged.is_unread) return conflict_unread(place, tag.tag);
  const bool is_moving = tag.mutability == Mutability::Moving;
  std::string message = "tag " + tag.tag + " of " + place.repository + " names " + place.present.str() + ", not " +
                        place.wanted.str() + ", and " + (is_moving ? "was set as an immutable tag" : "is immutable");
  if (!judged.set_by.empty()) message += "; it was published by " + judged.set_by;
  return {.cls = ErrorClass::Conflict,
          .message = std::move(message),
          .remedy = is_moving ? "name another tag, or remove this one at the registry if nobody needs it to stay"
                              : "give this build a version or commit of its own, or remove the tag at the registry",
          .reason = std::string(reason::kTagConflict)};
}

Error conflict_on_moved(const ConflictPlace& place, const std::string& tag, const TagJudgement& judged) {
  return {.cls = ErrorClass::Conflict,
          .message = "tag " + tag + " of " + place.repository + " is immutable and was set to " + place.wanted.str() +
                     " by this publication; it was moved to " + place.present.str() + " since" +
                     (judged.set_by.empty() ? "" : " by " + judged.set_by),
          .remedy =
              "remove the tag at the registry, and it is set again; or give this build a version or commit of "
              "its own",
          .reason = std::string(reason::kTagConflict)};
}

}  // namespace slipway::publish
