#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "crds/base/document.h"

namespace slipway {

/// The error as a problem of a whole file.
Problem problem_of(const Error& error, const std::string& file = {});

/// What is wrong with something, in the order found: the first kMost errors and the first kMost warnings. Of the rest
/// it knows only how many, so that hostile input cannot make it grow.
class ProblemList {
 public:
  static constexpr std::size_t kMost = 100;

  void add(Problem problem);
  void add(ProblemList other);
  /// Counts errors that somebody else left out.
  void add_unseen(std::size_t errors) { errors_ += errors; }

  bool empty() const { return kept_.empty(); }
  bool has_errors() const { return errors_ > 0; }
  const std::vector<Problem>& kept() const { return kept_; }
  std::size_t more_errors() const { return errors_ > kMost ? errors_ - kMost : 0; }

  /// All that were kept, and one more that counts the others.
  std::vector<Problem> take(const std::string& file);

 private:
  std::vector<Problem> kept_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
};

}  // namespace slipway
