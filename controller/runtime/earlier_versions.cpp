#include "controller/runtime/earlier_versions.h"

#include "controller/runtime/reflected_objects.h"

namespace slipway::runtime {

void EarlierObjects::begin_list(EarlierVersions earlier) {
  are_taken_ = earlier == EarlierVersions::Taken;
  lowest_kept_.reset();
}

void EarlierObjects::passed(std::string_view version, const std::string& kept) {
  if (version == kept) return;
  if (!lowest_kept_ || is_later(*lowest_kept_, kept)) lowest_kept_ = kept;
}

bool EarlierObjects::passed_one_for_what_was_there_at(std::string_view version) const {
  return lowest_kept_ && !is_later(*lowest_kept_, version);
}

}  // namespace slipway::runtime
