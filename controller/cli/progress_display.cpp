#include "controller/cli/progress_display.h"

#include <chrono>
#include <ostream>

#include "controller/cli/messages.h"

namespace slipway::cli {

namespace {

using namespace std::chrono_literals;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr auto kBetweenDrawings = 100ms;
constexpr auto kBetweenLines = 5s;
constexpr std::size_t kMostBars = 16;

ProgressStyle style_for(const Console& console, ProgressStyle style) {
  if (style != ProgressStyle::Auto) return style;
  const auto terminal = console.environment.find("TERM");
  const bool draws = terminal == console.environment.end() || terminal->second != "dumb";
  return console.errors_is_terminal && draws ? ProgressStyle::Bars : ProgressStyle::Lines;
}

bool is_over(const TransferProgress& progress) {
  return progress.blobs_done == progress.blobs_total;
}

}  // namespace

ProgressDisplay::ProgressDisplay(const Console& console, ProgressStyle style, const runtime::SteadyClock& clock)
    : console_(console), style_(style_for(console, style)), clock_(clock), started_(clock.now()) {}

ProgressDisplay::~ProgressDisplay() {
  close();
}

void ProgressDisplay::progress(const ObjectKey& object, const TransferProgress& progress) {
  if (style_ == ProgressStyle::None) return;
  const auto now = clock_.now();
  auto screen = screen_.lock();
  if (screen->is_closed) return;
  Transfer& transfer = screen->transfers[object];
  transfer.meter.add(duration_cast<milliseconds>(now - started_), progress);
  if (!progress.note.empty()) write_line(*screen, name_of(object) + ": " + progress.note);
  if (style_ == ProgressStyle::Bars) {
    if (is_over(progress)) screen->transfers.erase(object);
    return show_bars(*screen, now, is_over(progress) || !progress.note.empty());
  }
  if (progress.bytes_total > 0) show_line(object, transfer, now);
}

void ProgressDisplay::refresh() {
  const auto now = clock_.now();
  auto screen = screen_.lock();
  if (!screen->bars.empty() && screen->bars != bars_at(*screen, now)) show_bars(*screen, now, true);
}

void ProgressDisplay::print(const std::string& line) {
  auto screen = screen_.lock();
  const bool had_bars = !screen->bars.empty();
  write_line(*screen, line);
  if (had_bars) show_bars(*screen, clock_.now(), true);
}

void ProgressDisplay::finish(const ObjectKey& object, const std::string& line) {
  if (style_ != ProgressStyle::None) fail(object, name_of(object) + ": " + line);
}

void ProgressDisplay::fail(const ObjectKey& object, const std::string& line) {
  auto screen = screen_.lock();
  screen->transfers.erase(object);
  write_line(*screen, line);
  if (style_ == ProgressStyle::Bars) show_bars(*screen, clock_.now(), true);
}

void ProgressDisplay::close() {
  auto screen = screen_.lock();
  erase_bars(*screen);
  console_.errors.flush();
  screen->transfers.clear();
  screen->is_closed = true;
}

void ProgressDisplay::show_line(const ObjectKey& object, Transfer& transfer, runtime::SteadyClock::Time now) {
  const bool is_due = !transfer.was_shown || now - transfer.shown_at >= kBetweenLines;
  const bool ends = is_over(transfer.meter.latest());
  if (transfer.is_over || (!is_due && !ends)) return;
  transfer.is_over = ends;
  console_.errors << plain_line(name_of(object), transfer.meter) << '\n' << std::flush;
  transfer.shown_at = now;
  transfer.was_shown = true;
}

std::vector<std::string> ProgressDisplay::bars_at(Screen& screen, runtime::SteadyClock::Time now) const {
  std::vector<std::string> bars;
  for (auto& [object, transfer] : screen.transfers) {
    if (bars.size() == kMostBars) break;
    transfer.meter.look(duration_cast<milliseconds>(now - started_));
    bars.push_back(bar_line(name_of(object), transfer.meter, console_.columns));
  }
  return bars;
}

void ProgressDisplay::show_bars(Screen& screen, runtime::SteadyClock::Time now, bool at_once) {
  if (!at_once && !screen.bars.empty() && now - screen.drawn_at < kBetweenDrawings) return;
  erase_bars(screen);
  screen.bars = bars_at(screen, now);
  for (const std::string& bar : screen.bars) console_.errors << bar << '\n';
  console_.errors.flush();
  screen.drawn_at = now;
}

/// Back to the first bar, everything from there cleared. To its first column: a terminal echoes Ctrl-C where the cursor
/// stands.
void ProgressDisplay::erase_bars(Screen& screen) {
  if (!screen.bars.empty()) console_.errors << "\r\x1b[" << screen.bars.size() << "A\x1b[J";
  screen.bars.clear();
}

void ProgressDisplay::write_line(Screen& screen, const std::string& line) {
  erase_bars(screen);
  console_.errors << line << '\n' << std::flush;
}

}  // namespace slipway::cli
