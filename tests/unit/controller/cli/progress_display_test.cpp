#include "controller/cli/progress_display.h"

#include <algorithm>
#include <sstream>

#include "tests/catch.h"
#include "tests/unit/controller/runtime/manual_steady_clock.h"

namespace slipway::cli {

namespace {

using namespace std::chrono_literals;

const ObjectKey kKey{ResourceKind::ImagePublication, "shop", "app"};

struct Screen {
  std::ostringstream out, errors;
  slipway::tests::ManualSteadyClock clock;
  Console console(bool is_terminal) { return {out, errors, is_terminal, 100, {}}; }
};

TransferProgress at(std::int64_t done, int blobs_done = 0, std::string note = {}) {
  return {.bytes_done = done, .bytes_total = 1000, .blobs_done = blobs_done, .blobs_total = 2, .note = std::move(note)};
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("in a pipe a transfer is told in lines some seconds apart, its end at once") {
  Screen screen;
  const Console console = screen.console(false);
  ProgressDisplay display{console, ProgressStyle::Auto, screen.clock};
  display.progress(kKey, at(0));
  display.progress(kKey, at(100));
  CHECK(lines_in(screen.errors.str()) == 1);
  screen.clock.advance(5s);
  display.progress(kKey, at(500));
  CHECK(lines_in(screen.errors.str()) == 2);
  display.progress(kKey, at(1000, 2));
  display.progress(kKey, at(1000, 2));
  CHECK(lines_in(screen.errors.str()) == 3);
  CHECK(screen.errors.str().find('\x1b') == std::string::npos);
  CHECK(screen.out.str().empty());
}

TEST_CASE("a terminal that can't draw gets lines, as a pipe does") {
  Screen screen;
  Console console{screen.out, screen.errors, true, 100, {{"TERM", "dumb"}}};
  ProgressDisplay display{console, ProgressStyle::Auto, screen.clock};
  display.progress(kKey, at(100));
  display.print("a line");
  display.close();
  CHECK(screen.errors.str().starts_with("shop/app: 100 B of "));
  CHECK(screen.errors.str().find('\x1b') == std::string::npos);
}

TEST_CASE("a cut that was resumed gets a line at once") {
  Screen screen;
  const Console console = screen.console(false);
  ProgressDisplay display{console, ProgressStyle::Lines, screen.clock};
  display.progress(kKey, at(0));
  display.progress(kKey, at(100, 0, "layer 3f2a cut at 41 MiB, resumed"));
  CHECK(screen.errors.str().find("shop/app: layer 3f2a cut at 41 MiB, resumed\n") != std::string::npos);
}

TEST_CASE("on a terminal bars are drawn over, and taken away at the end") {
  Screen screen;
  const Console console = screen.console(true);
  {
    ProgressDisplay display{console, ProgressStyle::Auto, screen.clock};
    display.progress(kKey, at(0));
    CHECK(screen.errors.str().find('[') != std::string::npos);
    screen.clock.advance(1s);
    display.progress(kKey, at(500));
    CHECK(screen.errors.str().find("\r\x1b[1A\x1b[J") != std::string::npos);
    display.finish(kKey, "published");
  }
  CHECK(screen.errors.str().ends_with("\r\x1b[1A\x1b[Jshop/app: published\n"));
}

TEST_CASE("a line of the log stands above the bars and stays") {
  Screen screen;
  const Console console = screen.console(true);
  ProgressDisplay display{console, ProgressStyle::Bars, screen.clock};
  display.progress(kKey, at(0));
  display.print("warn: look");
  const std::string text = screen.errors.str();
  const auto line = text.find("\r\x1b[1A\x1b[Jwarn: look\n");
  REQUIRE(line != std::string::npos);
  CHECK(text.find("shop/app", line) != std::string::npos);
}

TEST_CASE("a bar that is drawn again while its registry hangs promises no end") {
  Screen screen;
  const Console console = screen.console(true);
  ProgressDisplay display{console, ProgressStyle::Bars, screen.clock};
  display.progress(kKey, at(0));
  screen.clock.advance(1s);
  display.progress(kKey, at(500));
  CHECK_THAT(screen.errors.str(), Catch::Contains("1s left"));
  screen.clock.advance(2s);
  screen.errors.str("");
  display.print("shop/app: waiting for ghcr.io");
  CHECK_THAT(screen.errors.str(), Catch::Contains("  500 B / 1000 B  waiting  0/2 blobs\n"));
}

TEST_CASE("bars are drawn again when nothing comes, once they look different") {
  Screen screen;
  const Console console = screen.console(true);
  ProgressDisplay display{console, ProgressStyle::Bars, screen.clock};
  const auto drawn = [&] {
    screen.errors.str("");
    display.refresh();
    return screen.errors.str();
  };
  CHECK(drawn().empty());
  display.progress(kKey, at(0));
  screen.clock.advance(1s);
  display.progress(kKey, at(500));
  screen.clock.advance(1s);
  CHECK(drawn().empty());
  screen.clock.advance(1s);
  CHECK(drawn() == "\r\x1b[1A\x1b[Jshop/app  [============>           ]  500 B / 1000 B  waiting  0/2 blobs\n");
  screen.clock.advance(1s);
  CHECK(drawn().empty());
  display.progress(kKey, at(600));
  CHECK_THAT(screen.errors.str(), Catch::Contains("B/s"));
  display.close();
  screen.clock.advance(1min);
  CHECK(drawn().empty());
}

TEST_CASE("in a pipe nothing is drawn again") {
  Screen screen;
  const Console console = screen.console(false);
  ProgressDisplay display{console, ProgressStyle::Auto, screen.clock};
  display.progress(kKey, at(500));
  screen.errors.str("");
  screen.clock.advance(1min);
  display.refresh();
  CHECK(screen.errors.str().empty());
}

TEST_CASE("what is printed after the display is closed stays, also of a transfer that did not end") {
  Screen screen;
  const Console console = screen.console(true);
  {
    ProgressDisplay display{console, ProgressStyle::Bars, screen.clock};
    display.progress(kKey, at(100));
    display.close();
    screen.clock.advance(1s);
    display.progress(kKey, at(200));
    display.print("the last word");
    console.errors << "READY\n";
  }
  CHECK(screen.errors.str().ends_with("\r\x1b[1A\x1b[Jthe last word\nREADY\n"));
}

TEST_CASE("who wants no progress gets none") {
  Screen screen;
  const Console console = screen.console(true);
  ProgressDisplay display{console, ProgressStyle::None, screen.clock};
  display.progress(kKey, at(0, 0, "note"));
  display.finish(kKey, "published");
  CHECK(screen.errors.str().empty());
  display.print("a warning");
  CHECK(screen.errors.str() == "a warning\n");
}

}  // namespace slipway::cli
