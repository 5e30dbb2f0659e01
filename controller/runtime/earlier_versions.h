#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace slipway::runtime {

/// What an object of a list counts that is earlier than the one kept.
enum class EarlierVersions {
  Passed,  ///< Nothing: the list was under way while we wrote.
  Taken,   ///< As it is: the store was put back to a backup, where our later writes are gone.
};

/// The objects of a list that are earlier than those kept, as they come. Not thread-safe.
class EarlierObjects {
 public:
  void begin_list(EarlierVersions earlier);
  void end_list() { are_taken_ = false; }
  bool are_taken() const { return are_taken_; }
  /// One of that `version` did not replace what is kept.
  void passed(std::string_view version, const std::string& kept);
  /// Whether one was passed though what is kept was there at that version of the list already: then the store was put
  /// back, however far it has come since. What was written while the list was under way is later.
  bool passed_one_for_what_was_there_at(std::string_view version) const;

 private:
  bool are_taken_ = false;
  std::optional<std::string> lowest_kept_;  ///< Of those that one was passed for.
};

}  // namespace slipway::runtime
