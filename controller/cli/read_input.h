#pragma once

#include <string>
#include <vector>

#include "crds/base/result.h"

namespace slipway::cli {

struct InputFile {
  std::string name;  ///< As messages show it; "-" for standard input.
  std::string text;
};

/// The file, standard input for "-", or every .yaml, .yml and .json file below the folder, by name; hidden ones are
/// left out. NotFound, or Invalid for an empty folder and for files over 64 MiB.
Result<std::vector<InputFile>> read_input(const std::string& path);

}  // namespace slipway::cli
