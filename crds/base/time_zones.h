#pragma once

#include <string_view>

namespace slipway {

/// Of the IANA database whose names the program has in it.
inline constexpr std::string_view kTimeZonesRelease = "2025b";

/// Whether the IANA database has a zone of that name ("Europe/Berlin", "Etc/GMT+1"), be it one of earlier days
/// ("US/Eastern", "CET"). The program has the names in it: it says the same on every machine.
bool is_time_zone(std::string_view text);

}  // namespace slipway
