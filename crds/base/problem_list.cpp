#include "crds/base/problem_list.h"

#include <algorithm>
#include <utility>

namespace slipway {

namespace {

Problem others(const std::string& file, std::size_t count, bool warning) {
  return {.file = file,
          .place = {},
          .field = {},
          .message = "there are " + std::to_string(count) + (warning ? " more warnings" : " more errors"),
          .expected = "mend those above first",
          .reason = "Invalid",
          .warning = warning};
}

}  // namespace

Problem problem_of(const Error& error, const std::string& file) {
  return {.file = file,
          .place = {},
          .field = {},
          .message = error.message,
          .expected = error.remedy,
          .reason = "Invalid",
          .warning = false};
}

void ProblemList::add(Problem problem) {
  std::size_t& count = problem.warning ? warnings_ : errors_;
  if (count++ < kMost) kept_.push_back(std::move(problem));
}

void ProblemList::add(ProblemList other) {
  const std::size_t errors = errors_ + other.errors_;
  const std::size_t warnings = warnings_ + other.warnings_;
  for (auto& problem : other.kept_) add(std::move(problem));
  errors_ = errors;
  warnings_ = warnings;
}

std::vector<Problem> ProblemList::take(const std::string& file) {
  if (errors_ > kMost) kept_.push_back(others(file, errors_ - kMost, false));
  if (warnings_ > kMost) kept_.push_back(others(file, warnings_ - kMost, true));
  errors_ = warnings_ = 0;
  return std::exchange(kept_, {});
}

}  // namespace slipway
