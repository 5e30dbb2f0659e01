#include "controller/cli/transfer_lines.h"

#include <algorithm>
#include <cmath>

#include "controller/cli/table.h"
#include "crds/base/time.h"

namespace slipway::cli {

namespace {

constexpr std::size_t kBarCells = 24;
/// Weight of a reading that lasted one second: three seconds of history fade to a fifth.
constexpr double kFade = 0.42;

std::int64_t percent_of(const TransferProgress& progress) {
  if (progress.bytes_total <= 0) return 100;
  return std::clamp<std::int64_t>(progress.bytes_done * 100 / progress.bytes_total, 0, 100);
}

std::string bar_of(const TransferProgress& progress) {
  const auto filled = static_cast<std::size_t>(percent_of(progress)) * kBarCells / 100;
  std::string bar(filled, '=');
  if (filled < kBarCells) bar += '>';
  bar.resize(kBarCells, ' ');
  return '[' + bar + ']';
}

std::string rate_text(const TransferMeter& meter) {
  return format_bytes(std::llround(meter.rate())) + "/s";
}

std::string left_text(const TransferMeter& meter) {
  const auto left = meter.time_left();
  return left ? format_duration(*left) + " left" : std::string{};
}

std::string cut_to(std::string text, std::size_t columns) {
  if (display_width(text) <= columns) return text;
  std::size_t bytes = 0;
  for (std::size_t cells = 0; bytes < text.size(); ++bytes)
    if ((text[bytes] & 0xC0) != 0x80 && ++cells > columns) break;
  text.resize(bytes);
  return text;
}

}  // namespace

void TransferMeter::add(std::chrono::milliseconds at, const TransferProgress& progress) {
  if (last_at_ && at > *last_at_) {
    const double seconds = static_cast<double>((at - *last_at_).count()) / 1000;
    const double now = static_cast<double>(progress.bytes_done - latest_.bytes_done) / seconds;
    const double weight = rate_ == 0 ? 1 : 1 - std::pow(1 - kFade, seconds);
    rate_ += weight * (std::max(now, 0.0) - rate_);
  }
  if (!last_at_ || at > *last_at_) last_at_ = at;
  latest_ = progress;
}

std::optional<std::chrono::seconds> TransferMeter::time_left() const {
  const std::int64_t left = latest_.bytes_total - latest_.bytes_done;
  if (left <= 0 || rate_ < 1) return std::nullopt;
  const double seconds = std::ceil(static_cast<double>(left) / rate_);
  return std::chrono::seconds{static_cast<std::int64_t>(std::min(seconds, 86400.0 * 365))};
}

std::string bar_line(const std::string& name, const TransferMeter& meter, std::size_t columns) {
  const TransferProgress& now = meter.latest();
  std::string line = name + "  " + bar_of(now) + "  " + format_bytes(now.bytes_done) + " / " +
                     format_bytes(now.bytes_total) + "  " + rate_text(meter);
  if (const auto left = left_text(meter); !left.empty()) line += "  " + left;
  line += "  " + std::to_string(now.blobs_done) + '/' + std::to_string(now.blobs_total) + " blobs";
  return cut_to(std::move(line), columns);
}

std::string plain_line(const std::string& name, const TransferMeter& meter) {
  const TransferProgress& now = meter.latest();
  std::string line = name + ": " + format_bytes(now.bytes_done) + " of " + format_bytes(now.bytes_total) + " (" +
                     std::to_string(percent_of(now)) + " %), " + rate_text(meter);
  if (const auto left = left_text(meter); !left.empty()) line += ", " + left;
  return line + ", " + std::to_string(now.blobs_done) + " of " + std::to_string(now.blobs_total) + " blobs";
}

}  // namespace slipway::cli
