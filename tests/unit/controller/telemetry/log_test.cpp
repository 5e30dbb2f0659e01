#include "controller/telemetry/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <sstream>

#include "crds/base/document.h"
#include "tests/catch.h"

using namespace slipway;
using namespace slipway::telemetry;
using namespace std::chrono_literals;

namespace {

struct FixedClock final : Clock {
  Timestamp now() const override { return *parse_timestamp("2026-11-24T09:00:00Z"); }
};

/// The lines that `write` makes the log write.
template <class Write>
std::string logged(LogFormat format, LogLevel level, Write write) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const FixedClock clock;
  {
    Log log{clock, {.format = format, .level = level, .descriptor = ends[1]}};
    write(log);
  }
  ::close(ends[1]);
  std::string text(16384, '\0');
  const ssize_t size = ::read(ends[0], text.data(), text.size());
  ::close(ends[0]);
  text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return text;
}

}  // namespace

TEST_CASE("a text line has time, level, message and fields") {
  const std::string line = logged(LogFormat::Text, LogLevel::Info, [](Log& log) {
    log.info("published", {{"object", "ImagePublication shop/a"}, {"bytes", 12}, {"none", ""}});
  });
  CHECK(line == "2026-11-24T09:00:00Z info published object=\"ImagePublication shop/a\" bytes=12 none=\"\"\n");
}

TEST_CASE("a JSON line parses, whatever is in it") {
  const std::string line = logged(LogFormat::Json, LogLevel::Info, [](Log& log) {
    log.warn("a \"quote\"\nand \x1b[2J and \xff", {{"level", "forged"}, {"key", "v"}, {"status", 429}});
  });
  const Document document = parse_json(line, "log");
  REQUIRE(document.problems.empty());
  CHECK(document.root.find("level")->text == "warn");
  CHECK(document.root.find("message")->text == "a \"quote\"\nand \x1b[2J and \xEF\xBF\xBD");
  CHECK(document.root.find("key")->text == "v");
  CHECK(document.root.find("status")->kind == Node::Kind::Integer);
  CHECK(document.root.find("status")->integer == 429);
  CHECK(std::ranges::count(line, '\n') == 1);
  CHECK(line.find('\x1b') == std::string::npos);
}

TEST_CASE("text from outside makes no line of its own and moves no cursor") {
  const std::string line =
      logged(LogFormat::Text, LogLevel::Info, [](Log& log) { log.info("one\ntwo \x1b[2J", {{"key", "a\nb"}}); });
  CHECK(line == "2026-11-24T09:00:00Z info one\\ntwo \\x1b[2J key=\"a\\nb\"\n");
}

TEST_CASE("levels below the one asked for are left out") {
  const std::string lines = logged(LogFormat::Text, LogLevel::Warn, [](Log& log) {
    log.debug("d");
    log.info("i");
    log.warn("w");
    log.error("e");
  });
  CHECK(lines == "2026-11-24T09:00:00Z warn w\n2026-11-24T09:00:00Z error e\n");
}

TEST_CASE("an error is logged with class and remedy") {
  const std::string line = logged(LogFormat::Text, LogLevel::Info, [](Log& log) {
    log.error(
        Error{.cls = ErrorClass::Conflict, .message = "m", .remedy = "r", .reason = "TagConflict", .retry_after = {}},
        {});
  });
  CHECK(line == "2026-11-24T09:00:00Z error m class=Conflict reason=TagConflict remedy=r\n");
}

TEST_CASE("lines carry the reconcile that the thread is in") {
  const std::string lines = logged(LogFormat::Text, LogLevel::Info, [](Log& log) {
    const ReconcileScope outer{"1"};
    {
      const ReconcileScope inner{"2"};
      log.info("inside");
    }
    log.info("after");
  });
  CHECK(lines == "2026-11-24T09:00:00Z info inside reconcileID=2\n2026-11-24T09:00:00Z info after reconcileID=1\n");
}

TEST_CASE("levels have names") {
  CHECK(log_level_from("warn") == LogLevel::Warn);
  CHECK(log_level_from("debug") == LogLevel::Debug);
  CHECK_FALSE(log_level_from("WARN"));
  CHECK_FALSE(log_level_from(""));
}

TEST_CASE("a reader that stops reading holds nobody, gets whole lines, and is told how many it missed") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  REQUIRE(::fcntl(ends[1], F_SETPIPE_SZ, 2 * PIPE_BUF) == 2 * PIPE_BUF);
  if (GENERATE(false, true)) REQUIRE(::fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
  const std::string text(GENERATE(100, 3 * PIPE_BUF / 2), 'x');
  const FixedClock clock;
  std::string read;
  const auto read_some = [&] {
    std::string more(4 * PIPE_BUF, '\0');
    more.resize(static_cast<std::size_t>(::read(ends[0], more.data(), more.size())));
    read += more;
  };
  constexpr int kLines = 200;
  {
    Log log{clock, {.format = LogFormat::Text, .level = LogLevel::Info, .descriptor = ends[1], .patience = 1ms}};
    for (int i = 0; i < kLines; ++i) log.info(text);
    for (int i = 0; i < 3; ++i) {
      read_some();
      log.info("again");
    }
  }
  ::close(ends[1]);
  read_some();
  ::close(ends[0]);
  int whole = 0;
  int again = 0;
  int lost = 0;
  const std::string head = "2026-11-24T09:00:00Z ";
  std::istringstream lines(read);
  for (std::string line; std::getline(lines, line);) {
    if (line == head + "info " + text) {
      ++whole;
    } else if (line == head + "info again") {
      ++again;
    } else {
      REQUIRE(line.starts_with(head + "warn lines of this log were lost: nobody read them"));
      lost += std::stoi(line.substr(line.find("lost=") + 5));
    }
  }
  CHECK(lost > 0);
  CHECK(again > 0);
  CHECK(whole + again + lost == kLines + 3);
}
