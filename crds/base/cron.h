#pragma once

#include <bitset>
#include <string_view>

#include "crds/base/result.h"

namespace slipway {

/// When something runs, as crontab(5) has it: five fields, each a list of numbers, ranges and steps. Months and days of
/// the week may be named by three letters; Sunday is 0 and 7. Where both days are restricted, either one is enough.
struct Cron {
  std::bitset<60> minutes;
  std::bitset<24> hours;
  std::bitset<32> days;    ///< From 1.
  std::bitset<13> months;  ///< From 1.
  std::bitset<7> weekdays;
  bool any_day = false;      ///< The day of the month is "*".
  bool any_weekday = false;  ///< The day of the week is "*".
  bool operator==(const Cron&) const = default;
};

/// Invalid names the field, what was found and what is expected; also for a date that no year has ("0 0 30 2 *").
/// "@hourly", "@daily", "@weekly", "@monthly" and "@yearly" are taken too.
Result<Cron> parse_cron(std::string_view text);

/// Invalid unless `text` names an IANA time zone ("Europe/Berlin", "UTC").
Result<void> check_time_zone(std::string_view text);

}  // namespace slipway
