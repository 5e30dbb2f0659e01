#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <filesystem>
#include <iostream>
#include <ostream>
#include <system_error>

#include "controller/cli/exit_code.h"
#include "controller/cli/program.h"
#include "controller/runtime/child_process.h"
#include "controller/runtime/core_dumps.h"
#include "controller/runtime/line_buffer.h"
#include "controller/runtime/open_files.h"
#include "controller/runtime/result_buffer.h"
#include "controller/runtime/signals.h"

using slipway::cli::ExitCode;

namespace {

slipway::cli::Environment environment_of_process() {
  slipway::cli::Environment environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text{*entry};
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

std::size_t columns_of_terminal() {
  winsize size{};
  const bool is_known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_known ? size.ws_col : 80;
}

/// Whoever reads no more has what was wanted. What is not written for another reason is missing somewhere.
ExitCode with_results_written(ExitCode code, slipway::runtime::ResultBuffer& results, std::ostream& errors) {
  const int failure = results.finish();
  if (failure == 0 || failure == EPIPE) return code;
  errors << "error: standard output does not have all of the result: " << std::generic_category().message(failure)
         << "; make room there or write elsewhere, and run it again\n";
  return slipway::cli::graver(code, ExitCode::Outside);
}

}  // namespace

int main(int argc, char** argv) {
  slipway::runtime::hold_standard_streams();
  slipway::runtime::forbid_core_dumps();
  slipway::runtime::raise_open_files();
  slipway::runtime::hear_of_ended_programs();
  slipway::runtime::outlive_readers();
  try {
    // What a verb tells is its result, so that a pager or a stopped terminal holds it up, as any program. What `run`
    // has to say goes to its log, which holds nobody up.
    slipway::runtime::LineBuffer lines(STDERR_FILENO, slipway::runtime::Signals::has_any_come);
    std::ostream errors(&lines);
    slipway::runtime::ResultBuffer results(STDOUT_FILENO);
    std::ostream out(&results);
    errors.tie(&out);
    const slipway::cli::Console console{out, errors, isatty(STDERR_FILENO) == 1, columns_of_terminal(),
                                        environment_of_process()};
    const ExitCode code = slipway::cli::run_program({argv + 1, argv + argc}, console);
    return static_cast<int>(with_results_written(code, results, errors));
  } catch (const std::filesystem::filesystem_error& refused) {
    std::cerr << "error: a file or folder can't be used: " << refused.what()
              << "; look whether the working directory and what is named are there\n";
    return static_cast<int>(ExitCode::Outside);
  } catch (const std::system_error& refused) {
    std::cerr << "error: the system refuses what slipway needs: " << refused.what()
              << "; raise its limits of processes and memory, or lower --workers\n";
    return static_cast<int>(ExitCode::Outside);
  } catch (const std::exception& error) {
    std::cerr << "error: a bug of slipway: " << error.what() << "; please report it\n";
    return static_cast<int>(ExitCode::Bug);
  }
}
