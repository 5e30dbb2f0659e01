#include "reconcilers/publish/tag_setter.h"

#include <utility>

#include "reconcilers/reasons.h"

namespace slipway::publish {
namespace {

std::unexpected<Error> lost_race(const SetTag& tag, const Digest& winner) {
  return fail_because(std::string(reason::kTagConflict),
                      {.cls = ErrorClass::Conflict,
                       .message = "tag " + tag.tag + " names " + winner.str() + ", not " + tag.wanted.str() +
                                  ": another publisher was faster",
                       .remedy = "give this build a version or commit of its own, or remove the tag at the registry"});
}

}  // namespace

void TagSetter::set(std::vector<SetTag> tags, ActReport& report) {
  auto turn = hands_.turns.take(hands_.store.host(), hands_.store.repository(), stop_);
  auto open = turn ? look_again(std::move(tags), report) : std::unexpected(std::move(turn.error()));
  if (open)
    if (auto announced = announce(*open); !announced) open = std::unexpected(std::move(announced.error()));
  if (!open) {
    report.failure = Refusal{Stage::Tags, std::move(open.error())};
    return;
  }
  for (const auto& tag : *open) {
    report.unwanted = !is_still_wanted_();
    if (report.unwanted) return;
    auto done = set_one(tag, report);
    if (done) continue;
    report.failure = Refusal{Stage::Tags, std::move(done.error())};
    return;
  }
}

/// Nothing is set before every tag was looked at; what is right by now needs no setting.
Result<std::vector<SetTag>> TagSetter::look_again(std::vector<SetTag> tags, ActReport& report) {
  std::vector<SetTag> open;
  for (auto& tag : tags) {
    auto found = hands_.store.resolve(tag.tag, stop_);
    if (!found) return while_doing("tag " + tag.tag, std::move(found.error()));
    const auto names = *found ? std::optional((*found)->digest) : std::nullopt;
    if (names == tag.wanted) continue;
    if (names && tag.mutability == Mutability::Immutable) return lost_race(tag, *names);
    if (names != tag.present) report.outdated = true;
    open.push_back(std::move(tag));
  }
  if (report.outdated) open.clear();
  return open;
}

Result<void> TagSetter::announce(const std::vector<SetTag>& tags) {
  std::vector<ComingChange> changes;
  changes.reserve(tags.size());
  for (const auto& tag : tags) changes.push_back({.tag = tag.tag, .manifest = tag.wanted});
  return changes.empty() ? Result<void>{} : hands_.store.announce(changes);
}

Result<void> TagSetter::set_one(const SetTag& tag, ActReport& report) {
  auto manifest = manifest_of(tag.wanted);
  if (!manifest) return while_doing("tag " + tag.tag, std::move(manifest.error()));
  auto put = hands_.store.put_tag(tag.tag, *manifest, stop_);
  if (!put && may_have_been_made(put.error().cls)) report.unsure = tag.tag;
  if (!put) return while_doing("tag " + tag.tag, std::move(put.error()));
  report.tags.insert(tag.tag);
  return tag.mutability == Mutability::Immutable ? read_again(tag) : Result<void>{};
}

Result<content::ManifestBytes> TagSetter::manifest_of(const Digest& digest) {
  const auto known = content_.bytes.find(digest);
  if (known != content_.bytes.end()) return known->second;
  return hands_.store.manifest(digest, stop_);
}

/// Registries have no compare-and-swap: a publisher of another process may have been between the look and the setting.
Result<void> TagSetter::read_again(const SetTag& tag) {
  auto found = hands_.store.resolve(tag.tag, stop_);
  if (!found) return while_doing("tag " + tag.tag, std::move(found.error()));
  if (*found && (*found)->digest == tag.wanted) return {};
  if (*found) return lost_race(tag, (*found)->digest);
  return fail(ErrorClass::Unavailable, "tag " + tag.tag + " was set and is not there",
              "look whether something removes tags from " + hands_.store.repository());
}

}  // namespace slipway::publish
