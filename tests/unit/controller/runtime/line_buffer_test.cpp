#include "controller/runtime/line_buffer.h"

#include <fcntl.h>
#include <pty.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <ostream>
#include <sstream>
#include <thread>

#include "tests/catch.h"

using namespace slipway::runtime;
using namespace std::chrono_literals;

namespace {

std::string read_some(int descriptor) {
  std::string text(16 * PIPE_BUF, '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(::read(descriptor, text.data(), text.size()), 0)));
  return text;
}

}  // namespace

TEST_CASE("a stream writes whole lines at their ends, and what has none when it is flushed") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_NONBLOCK) == 0);
  {
    LineBuffer buffer{ends[1], [] { return false; }};
    std::ostream stream(&buffer);
    stream << "one " << 1;
    CHECK(read_some(ends[0]).empty());
    stream << "\ntwo\nthr";
    CHECK(read_some(ends[0]) == "one 1\ntwo\n");
    stream << std::flush;
    CHECK(read_some(ends[0]) == "thr");
    stream.put('e').put('\n');
    CHECK(read_some(ends[0]) == "e\n");
    stream << "the end";
  }
  CHECK(read_some(ends[0]) == "the end");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a stream that nobody reads holds nobody, and tells what was lost when it is read again") {
  std::array<int, 2> ends{};
  SECTION("a pipe") {
    REQUIRE(::pipe(ends.data()) == 0);
  }
  SECTION("a terminal") {
    REQUIRE(::openpty(&ends[0], &ends[1], nullptr, nullptr, nullptr) == 0);
  }
  constexpr int kLines = 2'000;
  std::string read;
  LineBuffer buffer{ends[1], RoomToWrite::always, 1ms};
  std::ostream stream(&buffer);
  for (int i = 0; i < kLines; ++i) stream << "a line of " << std::string(90, 'x') << '\n';
  // Until one comes through, each read has something: it is full, or has that one.
  for (int i = 0; read.find("again ") == std::string::npos || !read.ends_with('\n'); ++i) {
    stream << "again " << i << '\n';
    read += read_some(ends[0]);
  }
  CHECK(stream.good());
  std::istringstream lines(read);
  int through = 0;
  int lost = 0;
  std::string line;
  while (std::getline(lines, line) && !line.starts_with("again ")) {
    if (line.ends_with('\r')) line.pop_back();
    through += line == "a line of " + std::string(90, 'x') ? 1 : 0;
    if (line.starts_with("warning: ")) lost += std::stoi(line.substr(9));
  }
  CHECK(lost > 0);
  CHECK(through + lost == kLines + std::stoi(line.substr(6)));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a stream that may not give its reader up loses nothing") {
  std::array<int, 2> ends{};
  SECTION("a pipe") {
    REQUIRE(::pipe(ends.data()) == 0);
  }
  SECTION("a terminal") {
    REQUIRE(::openpty(&ends[0], &ends[1], nullptr, nullptr, nullptr) == 0);
  }
  constexpr int kLines = 2'000;
  std::jthread writer([&] {
    LineBuffer buffer{ends[1], [] { return false; }, 0ms};
    std::ostream stream(&buffer);
    for (int i = 0; i < kLines; ++i) stream << "line " << i << " of " << std::string(90, 'x') << '\n';
    stream << "the end\n";
  });
  std::string read;
  while (!read.contains("the end")) read += read_some(ends[0]);
  CHECK(std::ranges::count(read, '\n') == kLines + 1);
  CHECK_FALSE(read.contains("lost"));
  writer.join();
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("what a stream lost at its very end is told") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  std::string read;
  {
    LineBuffer buffer{ends[1], RoomToWrite::always, 1ms};
    std::ostream stream(&buffer);
    for (int i = 0; i < 2'000; ++i) stream << "a line of " << std::string(90, 'x') << '\n';
    while (read.size() < 32 * std::size_t{PIPE_BUF} && std::ranges::count(read, '\n') < 400) read += read_some(ends[0]);
  }
  read += read_some(ends[0]);
  CHECK(read.contains("\nwarning: "));
  CHECK(read.ends_with(" lines were lost here: nobody read them\n"));
  ::close(ends[0]);
  ::close(ends[1]);
}
