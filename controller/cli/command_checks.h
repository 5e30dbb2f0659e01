#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "controller/cli/command_line.h"
#include "controller/cli/options.h"

/// What the parser of the command line can't check: what a text means, and what goes together. Each is absent when all
/// is well.
namespace slipway::cli {

Usage wrong(const std::string& verb, const std::string& what, const std::string& remedy);

/// As given, but "help" and "help VERB" as the flag, which is how they are asked for elsewhere.
std::vector<std::string> with_help_as_flag(std::vector<std::string> arguments);

/// "FIELD=VALUE" of `--set`.
std::optional<Usage> take_sets(const std::vector<std::string>& sets, const std::string& verb,
                               std::vector<FieldOverride>& overrides);

std::optional<Usage> take_timeout(const std::string& text, const std::string& verb,
                                  std::optional<std::chrono::seconds>& timeout);

/// Between what a duration of `run` may be.
struct Bounds {
  std::chrono::seconds least;
  std::chrono::seconds most;
  const char* words;
};
inline constexpr Bounds kGitIntervals{std::chrono::seconds{1}, std::chrono::hours{24}, "1s to 24h"};
inline constexpr Bounds kGraces{std::chrono::seconds{1}, std::chrono::hours{1}, "1s to 1h"};

/// An empty text leaves what is there.
std::optional<Usage> take_bounded(const std::string& text, const std::string& flag, const Bounds& bounds,
                                  std::chrono::seconds& taken);

/// What `run` is over: exactly one, and no flag that only another one has.
std::optional<Usage> check_source(const RunOptions& run);

/// What stands right after the verb and is no option: a path without its flag, or a name without its kind.
std::optional<Usage> check_first_word(const std::vector<std::string>& arguments,
                                      const std::function<bool(const std::string&)>& is_kind);

/// "NAMESPACE/NAME", as other verbs print it, is a name and its namespace.
std::optional<Usage> take_namespace(const std::string& verb, std::string& name, std::string& namespace_name);

}  // namespace slipway::cli
