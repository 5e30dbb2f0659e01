#include "crds/base/cron.h"
#include "crds/v1alpha1/bindings.h"
#include "crds/v1alpha1/time_zone_pattern.h"

namespace slipway {

namespace {

constexpr std::int64_t kDay = 86'400;

}  // namespace

const Binding<RetentionMatch>& Bound<RetentionMatch>::get() {
  static const auto binding =
      Binding<RetentionMatch>()
          .field("tags", &RetentionMatch::tags, glob_list({.description = "Patterns of tags.", .min_items = 1}))
          .field("tagRegexes", &RetentionMatch::tag_regexes,
                 {.description = "RE2 expressions of tags.",
                  .min_length = 1,
                  .max_length = 512,
                  .min_items = 1,
                  .atomic = true})
          .field("environments", &RetentionMatch::environments,
                 {.description = "Environments.",
                  .max_length = 63,
                  .pattern = kEnvironmentPattern,
                  .min_items = 1,
                  .atomic = true})
          .field("olderThan", &RetentionMatch::older_than, {.description = "Least age.", .minimum = 1})
          .rule("has(self.tags) || has(self.tagRegexes) || has(self.environments) || has(self.olderThan)",
                "say what the rule is for; every tag is tags: ['*']");
  return binding;
}

const Binding<LegalHold>& Bound<LegalHold>::get() {
  static const auto binding = Binding<LegalHold>().field(
      "reason", &LegalHold::reason, {.description = "Why it is held.", .required = true, .min_length = 1});
  return binding;
}

const Binding<Retain>& Bound<Retain>::get() {
  static const auto binding =
      Binding<Retain>()
          .field("atLeast", &Retain::at_least, {.description = "Least time it is kept.", .minimum = 1})
          .field("legalHold", &Retain::legal_hold, {.description = "Kept until lifted."})
          .exactly_one_of({"atLeast", "legalHold"});
  return binding;
}

const Binding<RetentionRule>& Bound<RetentionRule>::get() {
  using Rule = RetentionRule;
  static const auto binding =
      Binding<Rule>()
          .field("name", &Rule::name,
                 {.description = "Name in this list.", .required = true, .min_length = 1, .max_length = 63})
          .field("match", &Rule::match, {.description = "What the rule is for.", .required = true, .always = true})
          .field("expireAfter", &Rule::expire_after,
                 {.description = "Inactivity after which it may go.", .minimum = kDay})
          .field("keepLast", &Rule::keep_last,
                 {.description = "Newest that are kept.", .minimum = 1, .maximum = 100'000})
          .field("keepNewestPerMinor", &Rule::keep_newest_per_minor,
                 {.description = "Newest of each minor version that are kept.", .minimum = 1, .maximum = 100'000})
          .field("retain", &Rule::retain, {.description = "What compliance asks for."})
          .rule("has(self.expireAfter) != has(self.retain)", "give exactly one of expireAfter, retain")
          .rule("!has(self.retain) || !(has(self.keepLast) || has(self.keepNewestPerMinor))",
                "what is retained is kept whatever its number; remove keepLast and keepNewestPerMinor");
  return binding;
}

const Binding<UntaggedRule>& Bound<UntaggedRule>::get() {
  static const auto binding = Binding<UntaggedRule>().field(
      "expireAfter", &UntaggedRule::expire_after,
      {.description = "Time after which dangling manifests may go.", .required = true, .minimum = kDay});
  return binding;
}

const Binding<Protect>& Bound<Protect>::get() {
  static const auto binding =
      Binding<Protect>()
          .field("tags", &Protect::tags, glob_list({.description = "Patterns of tags."}))
          .field("digests", &Protect::digests,
                 {.description = "Digests.",
                  .max_length = 135,
                  .pattern = kDigestPattern,
                  .atomic = true,
                  .check = check_digest_text})
          .field("usedBy", &Protect::used_by, {.description = "Not yet: Further users of images."})
          .field("ignorePullsFrom", &Protect::ignore_pulls_from,
                 {.description = "Whose pulls are no use.", .min_length = 1, .max_length = 255, .atomic = true});
  return binding;
}

const Binding<Schedule>& Bound<Schedule>::get() {
  static const auto binding = Binding<Schedule>()
                                  .field("cron", &Schedule::cron,
                                         {.description = "Five fields of cron.",
                                          .required = true,
                                          .min_length = 1,
                                          .max_length = 128,
                                          .check = check_cron_text})
                                  .field("timeZone", &Schedule::time_zone,
                                         {.description = "IANA name.",
                                          .max_length = 64,
                                          .pattern = kTimeZonePattern,
                                          .default_json = "\"Etc/UTC\"",
                                          .check = check_time_zone})
                                  .rule("self.cron.startsWith('@') || self.cron.matches('^ *[^ ]+( +[^ ]+){4} *$')",
                                        "cron has five fields: minute, hour, day of the month, month, day of the week");
  return binding;
}

const Binding<RetentionLimits>& Bound<RetentionLimits>::get() {
  static const auto binding =
      Binding<RetentionLimits>()
          .field(
              "maxDeletions", &RetentionLimits::max_deletions,
              {.description = "Most deletions in one run.", .minimum = 1, .maximum = 1'000'000, .default_json = "100"})
          .field("maxPercent", &RetentionLimits::max_percent,
                 {.description = "Largest share of a repository in one run, in percent.",
                  .minimum = 1,
                  .maximum = 100,
                  .default_json = "10"});
  return binding;
}

const Binding<RetentionPolicySpec>& Bound<RetentionPolicySpec>::get() {
  using Spec = RetentionPolicySpec;
  static const auto binding =
      Binding<Spec>()
          .field("registryRef", &Spec::registry_ref,
                 {.description = "ContainerRegistry it is for.", .required = true, .immutable = true})
          .field("repositories", &Spec::repositories,
                 glob_list({.description = "Patterns of repositories.", .required = true, .min_items = 1}))
          .field("mode", &Spec::mode,
                 {.description = "Preview shows. Not yet: Enforce, which deletes.", .default_json = "\"Preview\""})
          .field("schedule", &Spec::schedule, {.description = "When it runs."})
          .field("rules", &Spec::rules,
                 {.description = "What goes and what stays; the first match wins, and a retain wherever it stands.",
                  .list_map_key = "name"})
          .field("untagged", &Spec::untagged, {.description = "What becomes of dangling manifests."})
          .field("protect", &Spec::protect, {.description = "What stays whatever the rules say."})
          .field("limits", &Spec::limits, {.description = "Bounds of one run.", .default_json = "{}"})
          .field("gracePeriod", &Spec::grace_period,
                 {.description = "Time between marking and deleting.", .minimum = 1, .default_json = "\"7d\""})
          .field("suspend", &Spec::suspend, {.description = "Does nothing while true."});
  return binding;
}

const Binding<RetentionPolicyStatus>& Bound<RetentionPolicyStatus>::get() {
  static const auto binding = status_binding<RetentionPolicyStatus>();
  return binding;
}

}  // namespace slipway
