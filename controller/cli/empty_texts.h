#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

/// An empty text where a value is wanted is what a variable that is not set gives, and no value.
namespace slipway::cli {

/// Refuses an empty text of each option and word of `verb`, but of --listen, of which it is a value.
void refuse_empty_texts(CLI::App& verb);

/// "--name=" as "--name" and an empty text: CLI11 would take the argument behind it as the value, and that of a flag
/// for true, which is refused by a CLI::ValidationError.
std::vector<std::string> with_empty_texts_apart(const CLI::App& app, const std::vector<std::string>& arguments);

}  // namespace slipway::cli
