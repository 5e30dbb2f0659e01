#pragma once

#include <string>
#include <vector>

#include "crds/base/digest.h"
#include "crds/base/result.h"
#include "crds/v1alpha1/image_publication.h"

namespace slipway {

/// What templates are filled from.
struct TagValues {
  BuildInfo build;
  std::string environment;
  Digest digest = Digest::of("");  ///< That is published (of a subset: of the subset).
};

enum class ExpansionState {
  Expanded,
  Missing,   ///< `optional` and a value is missing.
  HeldBack,  ///< A prerelease never sets {{major}}, {{major}}.{{minor}}, {{major}}.{{minor}}.{{patch}} or latest.
};

struct ExpandedTag {
  std::string name;  ///< Of the TagSpec.
  std::string tag;   ///< Empty when Missing.
  Mutability mutability = Mutability::Immutable;
  bool never_lower = false;  ///< {{major}}, {{major}}.{{minor}}, latest: see tag_order.h.
  ExpansionState state = ExpansionState::Expanded;
  std::string why;  ///< Empty when Expanded.
  bool operator==(const ExpandedTag&) const = default;
};

/// The tags of a publication, in the order of the spec. Values are made safe for the tag grammar: every character that
/// no tag can have becomes '-', what comes out is cut to 128 characters, and a first '.' or '-' becomes '_'.
/// {{date}} is YYYYMMDD of builtAt, UTC. Invalid for a missing value of a template that is not optional (the remedy
/// names the field), a version that is not semantic where {{major}} and its like are used, two templates that give one
/// tag, a tag that is empty, and one that starts as the tag of what is attached to an image does: sha256- or sha512-
/// and 64 hexadecimal digits (OCI distribution 1.1, "Referrers Tag Schema"; cosign's .sig, .att and .sbom).
Result<std::vector<ExpandedTag>> expand_tags(const std::vector<TagSpec>& tags, const TagValues& values);

}  // namespace slipway
