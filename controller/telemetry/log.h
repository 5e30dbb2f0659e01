#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "crds/base/result.h"
#include "reconcilers/ports/clock.h"

namespace slipway::telemetry {

enum class LogLevel { Debug, Info, Warn, Error };
enum class LogFormat { Text, Json };

/// "debug", "info", "warn", "error"; absent for anything else.
std::optional<LogLevel> log_level_from(std::string_view text);

struct LogField {
  std::string_view key;                           ///< lowerCamelCase.
  std::variant<std::string, std::int64_t> value;  ///< Never a secret: whoever logs sees to it.
};

/// Structured lines on standard error: time, level, message, fields, and the id of the reconcile that the thread is in.
/// Text and values are escaped, so that nothing from outside makes a line of its own or moves a terminal's cursor.
/// Thread-safe, never fails.
class Log {
 public:
  struct Options {
    LogFormat format = LogFormat::Json;
    LogLevel level = LogLevel::Info;
    int descriptor = 2;  ///< Where lines go; not closed.
    /// A slow reader is waited for so long in all within a minute or so, see RoomToWrite. Lines that come without room
    /// are lost, and it is told how many.
    std::chrono::milliseconds patience{10'000};
    /// Takes each line (without its end) instead of the descriptor, one at a time.
    std::function<void(const std::string& line)> write;
  };
  /// `clock` outlives the log.
  Log(const Clock& clock, const Options& options);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void debug(std::string_view message, const std::vector<LogField>& fields = {});
  void info(std::string_view message, const std::vector<LogField>& fields = {});
  void warn(std::string_view message, const std::vector<LogField>& fields = {});
  void error(std::string_view message, const std::vector<LogField>& fields = {});
  /// The error's message, class and remedy.
  void error(const Error& error, const std::vector<LogField>& fields = {});

 private:
  void write(LogLevel level, std::string_view message, const std::vector<LogField>& fields);
  struct Sink;
  const Clock& clock_;
  const Options options_;
  std::unique_ptr<Sink> sink_;
};

/// As long as it lives, lines of this thread carry the id; what was there before comes back after it.
class ReconcileScope {
 public:
  explicit ReconcileScope(std::string id);
  ~ReconcileScope();
  ReconcileScope(const ReconcileScope&) = delete;
  ReconcileScope& operator=(const ReconcileScope&) = delete;

 private:
  std::string before_;
};

/// The id of the reconcile that this thread is in; empty outside.
const std::string& current_reconcile_id();

/// `work` as another thread of the reconcile that this one is in does it, once.
template <class Work>
auto in_this_reconcile(Work work) {
  return [id = current_reconcile_id(), work = std::move(work)]<class... Given>(Given&&... given) mutable
    requires std::invocable<Work&, Given...>
  {
    const ReconcileScope scope{std::move(id)};
    work(std::forward<Given>(given)...);
  };
}

}  // namespace slipway::telemetry
