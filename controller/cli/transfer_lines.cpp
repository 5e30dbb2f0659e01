#include "controller/cli/transfer_lines.h"

#include <algorithm>
#include <cmath>

#include "controller/cli/table.h"
#include "crds/base/byte_count.h"
#include "crds/base/time.h"

namespace slipway::cli {

namespace {

constexpr std::size_t kBarCells = 24;
constexpr std::size_t kLeastBarCells = 4;
/// What a name has at least, if that leaves room for figures.
constexpr std::size_t kLeastNameCells = 8;
/// Weight of a reading that lasted one second: three seconds of history fade to a fifth.
constexpr double kFade = 0.42;
/// What the rate was before a reading that lasted longer says nothing of what it is after it.
constexpr double kStandstill = 5;
constexpr double kLeastSample = 1;
/// Sooner than a host that does not answer is told. A slow network brings a full buffer at a time.
constexpr std::chrono::milliseconds kSoonestStill{1500};
constexpr std::chrono::milliseconds kLatestStill{10'000};

std::int64_t percent_of(const TransferProgress& progress) {
  if (progress.bytes_total <= 0) return 100;
  return std::clamp<std::int64_t>(progress.bytes_done * 100 / progress.bytes_total, 0, 100);
}

std::string bar_of(const TransferProgress& progress, std::size_t cells) {
  const auto filled = static_cast<std::size_t>(percent_of(progress)) * cells / 100;
  std::string bar(filled, '=');
  if (filled < cells) bar += '>';
  bar.resize(cells, ' ');
  return '[' + bar + ']';
}

/// "  [====>   ]" in what room there is; nothing where there is little.
std::string bar_in(std::size_t columns, const TransferProgress& progress) {
  constexpr std::string_view kFrame = "  []";
  if (columns < kFrame.size() + kLeastBarCells) return "";
  return "  " + bar_of(progress, std::min(columns - kFrame.size(), kBarCells));
}

std::string rate_text(const TransferMeter& meter) {
  return format_bytes(std::llround(meter.rate())) + "/s";
}

std::string left_text(const TransferMeter& meter) {
  const auto left = meter.time_left();
  return left ? format_duration(*left) + " left" : std::string{};
}

/// The end of the name, which tells more than its beginning.
std::string cut_to(std::string text, std::size_t columns) {
  if (columns == 0) return "";
  const std::size_t width = display_width(text);
  if (width <= columns) return text;
  std::size_t bytes = 0;
  for (std::size_t cells = 0; bytes < text.size(); ++bytes)
    if ((text[bytes] & 0xC0) != 0x80 && ++cells > width - columns + 1) break;
  return "…" + text.substr(bytes);
}

}  // namespace

void TransferMeter::add(std::chrono::milliseconds at, const TransferProgress& progress) {
  const bool has_waited = !latest_.waiting.empty() && progress.waiting.empty();
  latest_ = progress;
  is_still_ = false;
  const std::int64_t moved = progress.bytes_done - progress.bytes_there;
  if (has_waited) sampled_ = 0;
  if (last_at_ && at <= *last_at_) return;
  if (!moved_at_ || moved != moved_) {
    apart_ = at - moved_at_.value_or(at);
    moved_at_ = at;
  }
  if (last_at_ && !has_waited) sample(static_cast<double>((at - *last_at_).count()) / 1000, moved - moved_);
  last_at_ = at;
  moved_ = moved;
}

void TransferMeter::look(std::chrono::milliseconds at) {
  const auto& since = latest_.waiting.empty() ? last_at_ : moved_at_;
  is_still_ = since && at - *since >= std::clamp(2 * apart_, kSoonestStill, kLatestStill);
}

/// The mean of the first seconds, then one that forgets.
void TransferMeter::sample(double seconds, std::int64_t bytes) {
  const double now = std::max(static_cast<double>(bytes) / seconds, 0.0);
  if (rate_ == 0 && now == 0) return;  // Nothing is moved yet.
  sampled_ += seconds;
  const double weight = std::max(seconds / sampled_, 1 - std::pow(1 - kFade, seconds));
  rate_ += weight * (now - rate_);
  if (seconds > kStandstill) sampled_ = 0;
}

std::optional<std::chrono::seconds> TransferMeter::time_left() const {
  const std::int64_t left = latest_.bytes_total - latest_.bytes_done;
  if (left <= 0 || is_still_ || rate_ < 1 || sampled_ < kLeastSample || !latest_.waiting.empty()) return std::nullopt;
  const double seconds = std::ceil(static_cast<double>(left) / rate_);
  constexpr double kLongestGuess = 86'400;  // A rate of which more would follow is no rate: it stands still.
  if (seconds > kLongestGuess) return std::nullopt;
  return std::chrono::seconds{static_cast<std::int64_t>(seconds)};
}

std::string bar_line(const std::string& name, const TransferMeter& meter, std::size_t columns) {
  const TransferProgress& now = meter.latest();
  const std::size_t least_name = std::min(display_width(name), kLeastNameCells);
  std::string figures;
  bool is_full = false;
  const auto add = [&](const std::string& figure) {
    if (figure.empty() || is_full) return;
    const std::string more = figures + "  " + figure;
    is_full = least_name + display_width(more) > columns;
    if (!is_full) figures = more;
  };
  add(format_bytes(now.bytes_done) + " / " + format_bytes(now.bytes_total));
  add(meter.is_still() ? "waiting" : rate_text(meter));
  add(left_text(meter));
  add(std::to_string(now.blobs_done) + '/' + std::to_string(now.blobs_total) + " blobs");
  const std::string shown = cut_to(name, columns - display_width(figures));
  const std::size_t used = display_width(shown) + display_width(figures);
  return shown + bar_in(columns - used, now) + figures;
}

std::string plain_line(const std::string& name, const TransferMeter& meter) {
  const TransferProgress& now = meter.latest();
  std::string line = name + ": " + format_bytes(now.bytes_done) + " of " + format_bytes(now.bytes_total) + " (" +
                     std::to_string(percent_of(now)) + " %), " + rate_text(meter);
  if (const auto left = left_text(meter); !left.empty()) line += ", " + left;
  return line + ", " + std::to_string(now.blobs_done) + " of " + std::to_string(now.blobs_total) + " blobs";
}

}  // namespace slipway::cli
