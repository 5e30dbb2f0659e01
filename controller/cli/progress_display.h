#pragma once

#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include "controller/cli/console.h"
#include "controller/cli/options.h"
#include "controller/cli/transfer_lines.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/system_clock.h"
#include "reconcilers/ports/progress_watcher.h"

namespace slipway::cli {

/// Shows how transfers go: bars that are drawn over on a terminal, lines a few seconds apart elsewhere. What a person
/// should see (a cut that was resumed, an end) gets a line of its own in both. Thread-safe.
class ProgressDisplay final : public ProgressWatcher {
 public:
  /// Auto in `style` asks the console. `console` and `clock` outlive the display.
  ProgressDisplay(const Console& console, ProgressStyle style, const runtime::SteadyClock& clock);
  ~ProgressDisplay() override;

  void progress(const ObjectKey& object, const TransferProgress& progress) override;
  /// Draws the bars again where they look different by now: for when nothing comes.
  void refresh();
  /// A line that stays, whatever the style.
  void print(const std::string& line);
  /// As print(), after the object's name and unless nothing is to be shown; takes the object's bar away.
  void finish(const ObjectKey& object, const std::string& line);
  /// As print(); takes the object's bar away.
  void fail(const ObjectKey& object, const std::string& line);
  /// Takes every bar away, for good: what is written to the console from now on stays.
  void close();

 private:
  struct Transfer {
    TransferMeter meter;
    runtime::SteadyClock::Time shown_at;
    bool was_shown = false;
    bool is_over = false;  ///< Its end was shown.
  };
  struct Screen {
    std::map<ObjectKey, Transfer> transfers;
    std::vector<std::string> bars;  ///< Lines on the terminal that are drawn over next time.
    runtime::SteadyClock::Time drawn_at;
    bool is_closed = false;
  };

  std::vector<std::string> bars_at(Screen& screen, runtime::SteadyClock::Time now) const;
  void show_bars(Screen& screen, runtime::SteadyClock::Time now, bool at_once);
  void show_line(const ObjectKey& object, Transfer& transfer, runtime::SteadyClock::Time now);
  void erase_bars(Screen& screen);
  void write_line(Screen& screen, const std::string& line);

  const Console& console_;
  const ProgressStyle style_;
  const runtime::SteadyClock& clock_;
  const runtime::SteadyClock::Time started_;
  runtime::Guarded<Screen> screen_;
};

}  // namespace slipway::cli
