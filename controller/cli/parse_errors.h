#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace slipway::cli {

/// What is wrong with `arguments`, with where to look it up: CLI11's words, but where others say more.
std::string reason_and_hint(const CLI::App& app, const CLI::ParseError& error,
                            const std::vector<std::string>& arguments);

}  // namespace slipway::cli
