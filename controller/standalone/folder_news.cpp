#include "controller/standalone/folder_news.h"

#include <algorithm>
#include <string>
#include <utility>

namespace slipway::standalone {

namespace {

std::string in_words(const manifests::GoneObject& gone) {
  std::string text = to_string(gone.key) + " is deleted: " + gone.origin + " does not hold it any more";
  if (gone.deletion_policy == DeletionPolicy::Retain) text += "; its tags stay (deletionPolicy Retain)";
  if (gone.deletion_policy == DeletionPolicy::Untag) text += "; its tags are removed (deletionPolicy Untag)";
  return text;
}

}  // namespace

void FolderNews::take(const Result<manifests::FolderChange>& change) {
  signs_.of_folder();
  if (!change) {
    const auto before = std::exchange(*last_error_.lock(), change.error());
    if (before != change.error()) log_.error(change.error());
    return;
  }
  if (std::exchange(*last_error_.lock(), std::nullopt)) log_.info("the manifests can be read again");
  const auto is_wrong = [](const Problem& problem) { return !problem.warning; };
  metrics_.set_manifests(static_cast<std::size_t>(std::ranges::count_if(change->problems, is_wrong)), clock_.now());
  if (change->problems != problems_) report(change->problems);
  problems_ = change->problems;
  for (const auto& gone : change->gone) log_.info(in_words(gone));
  for (const auto& key : change->edited) queue_.add(key, runtime::Priority::Edit);
  for (const auto& key : change->again) queue_.add(key, runtime::Priority::Resync);
}

void FolderNews::report(const std::vector<Problem>& problems) {
  for (const auto& problem : problems) {
    if (problem.warning)
      log_.warn(to_string(problem));
    else
      log_.error(to_string(problem));
  }
  if (problems.empty()) log_.info("every manifest is valid again");
}

}  // namespace slipway::standalone
