#include "controller/telemetry/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include "controller/runtime/line_writer.h"
#include "crds/base/document.h"
#include "crds/base/make_node.h"
#include "crds/base/text.h"

namespace slipway::telemetry {

namespace {

thread_local std::string reconcile_id;

constexpr std::size_t kLongestText = 8192;

std::string_view name_of(LogLevel level) {
  constexpr std::array<std::string_view, 4> kNames{"debug", "info", "warn", "error"};
  return kNames.at(static_cast<std::size_t>(level));
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  constexpr std::array kLevels{spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};
  return kLevels.at(static_cast<std::size_t>(level));
}

class DescriptorSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  DescriptorSink(const Log::Options& options, runtime::LineWriter::LineOfLoss line_of_loss)
      : writer_(options.descriptor, options.patience, std::move(line_of_loss)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    writer_.write(std::string{message.payload.data(), message.payload.size()} + '\n');
  }
  void flush_() override {}

 private:
  runtime::LineWriter writer_;
};

class FunctionSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FunctionSink(std::function<void(const std::string&)> write) : write_(std::move(write)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    write_({message.payload.data(), message.payload.size()});
  }
  void flush_() override {}

 private:
  std::function<void(const std::string&)> write_;
};

std::string text_value(std::string_view value) {
  const bool is_plain = !value.empty() && value.find_first_of(" \"=\\") == std::string_view::npos;
  std::string shown = visible(value, kLongestText);
  return is_plain && shown == value ? shown : '"' + shown + '"';
}

std::string text_of(const LogField& field) {
  const auto* number = std::get_if<std::int64_t>(&field.value);
  return number == nullptr ? text_value(std::get<std::string>(field.value)) : std::to_string(*number);
}

std::string text_line(LogLevel level, Timestamp time, std::string_view message, const std::vector<LogField>& fields) {
  std::string line = to_string(time) + ' ' + std::string{name_of(level)} + ' ' + visible(message, kLongestText);
  for (const LogField& field : fields) line += ' ' + std::string{field.key} + '=' + text_of(field);
  if (!reconcile_id.empty()) line += " reconcileID=" + text_value(reconcile_id);
  return line;
}

/// Bytes that are not UTF-8 become U+FFFD: a line must parse.
std::string as_utf8(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size() && out.size() < kLongestText;) {
    const std::size_t length = utf8_length(text.substr(i));
    out += length == 0 ? std::string_view{"\xEF\xBF\xBD"} : text.substr(i, length);
    i += length == 0 ? 1 : length;
  }
  return out;
}

std::string json_line(LogLevel level, Timestamp time, std::string_view message, const std::vector<LogField>& fields) {
  Node line = map_node();
  const auto put = [&line](std::string_view key, Node value) {
    if (line.find(key) == nullptr) add(line, std::string{key}, std::move(value));
  };
  put("time", string_node(to_string(time)));
  put("level", string_node(std::string{name_of(level)}));
  put("message", string_node(as_utf8(message)));
  if (!reconcile_id.empty()) put("reconcileID", string_node(as_utf8(reconcile_id)));
  for (const LogField& field : fields) {
    const auto* number = std::get_if<std::int64_t>(&field.value);
    put(field.key,
        number == nullptr ? string_node(as_utf8(std::get<std::string>(field.value))) : integer_node(*number));
  }
  return to_json_text(line);
}

std::string line_of(LogFormat format, LogLevel level, Timestamp time, std::string_view message,
                    const std::vector<LogField>& fields) {
  return (format == LogFormat::Json ? json_line : text_line)(level, time, message, fields);
}

spdlog::sink_ptr sink_of(const Clock& clock, const Log::Options& options) {
  if (options.write) return std::make_shared<FunctionSink>(options.write);
  return std::make_shared<DescriptorSink>(options, [&clock, format = options.format](std::int64_t lost) {
    return line_of(format, LogLevel::Warn, clock.now(), "lines of this log were lost: nobody read them",
                   {{"lost", lost}});
  });
}

}  // namespace

struct Log::Sink {
  spdlog::logger logger;
};

Log::Log(const Clock& clock, const Options& options)
    : clock_(clock),
      options_(options),
      sink_(std::make_unique<Sink>(Sink{spdlog::logger{"slipway", sink_of(clock, options)}})) {
  sink_->logger.set_level(spdlog_level(options.level));
}

Log::~Log() = default;

void Log::write(LogLevel level, std::string_view message, const std::vector<LogField>& fields) {
  if (!sink_->logger.should_log(spdlog_level(level))) return;
  sink_->logger.log(spdlog_level(level), line_of(options_.format, level, clock_.now(), message, fields));
}

void Log::debug(std::string_view message, const std::vector<LogField>& fields) {
  write(LogLevel::Debug, message, fields);
}

void Log::info(std::string_view message, const std::vector<LogField>& fields) {
  write(LogLevel::Info, message, fields);
}

void Log::warn(std::string_view message, const std::vector<LogField>& fields) {
  write(LogLevel::Warn, message, fields);
}

void Log::error(std::string_view message, const std::vector<LogField>& fields) {
  write(LogLevel::Error, message, fields);
}

void Log::error(const Error& error, const std::vector<LogField>& fields) {
  std::vector<LogField> all = fields;
  all.push_back({"class", std::string{to_string(error.cls)}});
  if (!error.reason.empty()) all.push_back({"reason", error.reason});
  if (!error.remedy.empty()) all.push_back({"remedy", error.remedy});
  write(LogLevel::Error, error.message, all);
}

std::optional<LogLevel> log_level_from(std::string_view text) {
  for (const LogLevel level : {LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error}) {
    if (text == name_of(level)) return level;
  }
  return std::nullopt;
}

ReconcileScope::ReconcileScope(std::string id) : before_(std::exchange(reconcile_id, std::move(id))) {}

ReconcileScope::~ReconcileScope() {
  reconcile_id = std::move(before_);
}

const std::string& current_reconcile_id() {
  return reconcile_id;
}

}  // namespace slipway::telemetry
