#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "crds/v1alpha1/condition.h"
#include "crds/v1alpha1/container_registry.h"
#include "crds/v1alpha1/object_meta.h"

namespace slipway {

/// What a rule applies to; all that is set must hold, and something is set.
struct RetentionMatch {
  std::vector<std::string> tags;
  std::vector<std::string> tag_regexes;  ///< RE2.
  std::vector<std::string> environments;
  std::optional<std::chrono::seconds> older_than;
  bool operator==(const RetentionMatch&) const = default;
};
struct LegalHold {
  std::string reason;
  bool operator==(const LegalHold&) const = default;
};
struct Retain {
  std::optional<std::chrono::seconds> at_least;
  std::optional<LegalHold> legal_hold;
  bool operator==(const Retain&) const = default;
};
struct RetentionRule {
  std::string name;
  RetentionMatch match;
  std::optional<std::chrono::seconds> expire_after;  ///< At least a day.
  std::optional<std::int64_t> keep_last;
  std::optional<std::int64_t> keep_newest_per_minor;
  std::optional<Retain> retain;
  bool operator==(const RetentionRule&) const = default;
};
struct UntaggedRule {
  std::chrono::seconds expire_after{};  ///< At least a day.
  bool operator==(const UntaggedRule&) const = default;
};
struct Protect {
  std::vector<std::string> tags;
  std::vector<std::string> digests;
  std::optional<UsedBy> used_by;
  std::vector<std::string> ignore_pulls_from;
  bool operator==(const Protect&) const = default;
};
struct Schedule {
  std::string cron;
  std::string time_zone = "Etc/UTC";
  bool operator==(const Schedule&) const = default;
};
struct RetentionLimits {
  std::int64_t max_deletions = 100;
  std::int64_t max_percent = 10;
  bool operator==(const RetentionLimits&) const = default;
};
enum class RetentionMode { Preview, Enforce };

struct RetentionPolicySpec {
  NameRef registry_ref;
  std::vector<std::string> repositories;
  RetentionMode mode = RetentionMode::Preview;
  std::optional<Schedule> schedule;
  std::vector<RetentionRule> rules;
  std::optional<UntaggedRule> untagged;
  Protect protect;
  RetentionLimits limits;
  std::chrono::seconds grace_period = std::chrono::hours{24} * 7;
  bool suspend = false;
  bool operator==(const RetentionPolicySpec&) const = default;
};

struct RetentionPolicyStatus {
  std::int64_t observed_generation = -1;
  std::string last_handled_reconcile_at;
  std::string source_revision;  ///< Of the Git commit that brought the object as it is; empty outside of Git.
  Conditions conditions;
  bool operator==(const RetentionPolicyStatus&) const = default;
};

struct RetentionPolicy {
  static constexpr ResourceKind kKind = ResourceKind::RetentionPolicy;
  ObjectMeta metadata;
  RetentionPolicySpec spec;
  RetentionPolicyStatus status;
  bool operator==(const RetentionPolicy&) const = default;
};

}  // namespace slipway
