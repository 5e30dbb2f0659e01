#include "crds/v1alpha1/whereabouts.h"

#include <algorithm>

namespace slipway {

Problem Whereabouts::told(Problem problem) const {
  problem.place = place_of(root, problem.field);
  problem.field = seen_from(path, problem.field);
  const auto origin = std::find_if(origins.rbegin(), origins.rend(), [&](const auto& each) {
    return is_at_or_below(problem.field, each.first) || is_at_or_below(each.first, problem.field);
  });
  if (origin != origins.rend()) problem.message = origin->second + ": " + problem.message;
  return problem;
}

std::string seen_from(const std::string& path, const std::string& field) {
  return path.empty() ? field : path + '.' + field;
}

bool is_at_or_below(std::string_view path, std::string_view field) {
  return path.starts_with(field) &&
         (path.size() == field.size() || path[field.size()] == '.' || path[field.size()] == '[');
}

}  // namespace slipway
