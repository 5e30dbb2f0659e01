#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/emulator/route.h"
#include "tests/emulator/target.h"

namespace slipway::emulator {

/// A right to do something to one thing, as tokens and challenges have it.
struct Access {
  std::string type;  ///< "repository" or "registry".
  std::string name;
  std::set<std::string> actions;
  bool operator==(const Access&) const = default;
};

/// What a request needs (wire reference, section 1.8); nothing for those that need no sign-in at all or only one.
std::vector<Access> required_access(const std::string& method, const Route& route, const Target& target);
/// True for what is reached without any sign-in.
bool is_open(Resource resource);

/// "repository:team/app:pull,push"; several separated by a space.
std::string scope_of(const std::vector<Access>& access);
/// Reads scopes; what is not understood is left out.
std::vector<Access> parse_scopes(std::string_view text);

/// Whether `held` gives everything that `needed` asks. `*` is any name and any action.
bool covers(const std::vector<Access>& held, const std::vector<Access>& needed);

}  // namespace slipway::emulator
