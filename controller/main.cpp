#include <exception>
#include <iostream>

#include "controller/cli/program.h"

int main(int argc, char** argv) {
  using slipway::cli::ExitCode;
  try {
    return static_cast<int>(slipway::cli::run_program({argv + 1, argv + argc}, std::cout, std::cerr));
  } catch (const std::exception& error) {
    std::cerr << "error: a bug of slipway: " << error.what() << "; please report it\n";
    return static_cast<int>(ExitCode::Bug);
  }
}
