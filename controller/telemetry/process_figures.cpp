#include "controller/telemetry/process_figures.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace slipway::telemetry {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::optional<double> open_files() {
  std::error_code failed;
  const std::filesystem::directory_iterator files{"/proc/self/fd", failed};
  if (failed) return std::nullopt;
  double count = 0;
  for (auto file = begin(files); !failed && file != end(files); file.increment(failed)) ++count;
  // One of them is this look.
  return count - 1;
}

}  // namespace

ProcessFigures process_figures() {
  ProcessFigures figures;
  rusage used{};
  if (getrusage(RUSAGE_SELF, &used) == 0) figures.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  double all = 0;
  double resident = 0;
  if (std::ifstream{"/proc/self/statm"} >> all >> resident) {
    figures.virtual_bytes = all * page;
    figures.resident_bytes = resident * page;
  }
  figures.open_files = open_files();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.most_files = static_cast<double>(limit.rlim_cur);
  return figures;
}

}  // namespace slipway::telemetry
