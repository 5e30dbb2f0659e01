#include "crds/base/cron.h"

#include <fstream>
#include <sstream>
#include <string>

#include "crds/base/time_zones.h"
#include "tests/catch.h"

namespace slipway {

namespace {

/// The values that are set, "0 15 30".
template <std::size_t N>
std::string set_in(const std::bitset<N>& values) {
  std::string out;
  for (std::size_t i = 0; i < N; ++i)
    if (values[i]) out += (out.empty() ? "" : " ") + std::to_string(i);
  return out;
}

std::string problem_of(std::string_view text) {
  const auto cron = parse_cron(text);
  return cron ? "none" : cron.error().message + "; " + cron.error().remedy;
}

}  // namespace

TEST_CASE("a schedule is read as crontab has it") {
  const auto cron = parse_cron("*/15 0,12 1-5/2 jan,Dec MON-fri");
  REQUIRE(cron.has_value());
  CHECK(set_in(cron->minutes) == "0 15 30 45");
  CHECK(set_in(cron->hours) == "0 12");
  CHECK(set_in(cron->days) == "1 3 5");
  CHECK(set_in(cron->months) == "1 12");
  CHECK(set_in(cron->weekdays) == "1 2 3 4 5");
  CHECK_FALSE(cron->any_day);
  CHECK_FALSE(cron->any_weekday);
}

TEST_CASE("a step from a number goes on to the end, and Sunday has two numbers") {
  CHECK(set_in(parse_cron("50/5 * * * *")->minutes) == "50 55");
  CHECK(set_in(parse_cron("0 0 * * 7")->weekdays) == "0");
  CHECK(set_in(parse_cron("0 0 * * 5-7")->weekdays) == "0 5 6");
  CHECK(parse_cron(" 0\t3  * * * ") == parse_cron("0 3 * * *"));
  CHECK(parse_cron("@daily") == parse_cron("0 0 * * *"));
}

TEST_CASE("every number of a schedule is within its bounds") {
  for (const std::string good : {"0 0 1 1 0", "59 23 31 12 7", "0 0 29 2 *", "0 0 31 2 1", "0 0 31 1,2 *"})
    CHECK(problem_of(good) == "none");
  for (const std::string bad : {"60 0 1 1 0", "0 24 1 1 0", "0 0 0 1 0", "0 0 32 1 0", "0 0 1 0 0", "0 0 1 13 0",
                                "0 0 1 1 8", "-1 0 1 1 0", "5-1 * * * *", "*/0 * * * *", "1, * * * *", ", * * * *",
                                "a * * * *", "0 0 * foo *", "1-2-3 * * * *", "*/ * * * *", "100 * * * *", "@often"})
    CHECK(problem_of(bad) != "none");
}

TEST_CASE("what is wrong with a schedule is said") {
  CHECK(problem_of("0 3 * *") ==
        "the schedule \"0 3 * *\" has 4 fields; write five: minute, hour, day of the month, month, day of the week");
  CHECK(problem_of("0 24 * * *") ==
        "the hour \"24\" is not of cron's form; write '*', or numbers from 0 to 23 as lists (1,15), ranges (1-5) and "
        "steps (*/10)");
  CHECK(problem_of("0 0 30 2 *") ==
        "the schedule \"0 0 30 2 *\" names a day that no such month has; write a day that there is");
}

TEST_CASE("a time zone is an IANA name") {
  for (const std::string good : {"UTC", "Etc/UTC", "Etc/GMT+12", "Africa/Abidjan", "Europe/Berlin", "Europe/Zurich",
                                 "America/Argentina/Buenos_Aires", "US/Eastern", "Canada/Pacific", "GMT", "GMT+0",
                                 "CET", "EST5EDT", "W-SU", "Zulu"})
    CHECK(check_time_zone(good).has_value());
  for (const std::string bad : {"", "CEST", "Local", "Europe", "Europe/", "europe/berlin", "+02:00", "Europe/Berln",
                                "Europe/Berlin ", "Europe/Berlin@", "Europe/Berlin Brussels", "Europe/ ",
                                "America/Argentina", "America/Argentina/", "Europe/Abidjan"})
    CHECK_FALSE(check_time_zone(bad).has_value());
  for (const std::string bad : {"US", "/CET", "CET/", "US/CET", "EST 5EDT", "localtime", "posix/CET"})
    CHECK_FALSE(check_time_zone(bad).has_value());
}

TEST_CASE("every zone is known that this machine's database of the same release or an earlier one has") {
  std::ifstream database("/usr/share/zoneinfo/tzdata.zi");
  std::string line;
  std::getline(database, line);
  if (line > "# version " + std::string(kTimeZonesRelease)) {
    WARN("this machine has a newer database: crds/base/time_zones.cpp may want its new zones. " << line);
    return;
  }
  while (std::getline(database, line)) {
    std::istringstream words(line);
    std::string kind, first, second;
    words >> kind >> first >> second;
    const std::string zone = kind == "Z" ? first : kind == "L" ? second : "";
    if (zone.empty()) continue;
    CAPTURE(zone);
    CHECK(check_time_zone(zone).has_value());
  }
}

}  // namespace slipway
