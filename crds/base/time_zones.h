#pragma once

#include <string_view>

namespace slipway {

/// Whether the IANA database has a zone of that name in one of its areas ("Europe/Berlin", "Etc/GMT+1"), or it is
/// "UTC". The program has the names in it: it says the same on every machine.
bool is_time_zone(std::string_view text);

}  // namespace slipway
