#include "controller/cli/git_words.h"

#include <ostream>

#include "controller/cli/resource_table.h"
#include "crds/base/text.h"

namespace slipway::cli {

void print_git(const standalone::GitManifests* git, Timestamp now, std::ostream& errors) {
  if (git == nullptr) return;
  const standalone::GitSeen seen = git->seen();
  if (seen.refused.empty()) return;
  errors << "error: " << visible(seen.refused) << " changes nothing, "
         << (seen.in_force.empty() ? "and nothing is in force" : visible(seen.in_force) + " stays in force") << ": "
         << visible(seen.refused_because);
  if (seen.fetched_at) errors << " (asked " << age_text(now - *seen.fetched_at) << " ago)";
  errors << '\n';
}

}  // namespace slipway::cli
