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
#include <utility>
#include <vector>

#include "tests/catch.h"

using namespace slipway::runtime;
using namespace std::chrono_literals;

namespace {

enum class Kind { Pipe, Terminal };

/// A reader that may be late, and what is written to.
class Ends {
 public:
  explicit Ends(Kind kind, int flags = 0) {
    if (kind == Kind::Pipe)
      REQUIRE(::pipe2(ends_.data(), flags) == 0);
    else
      REQUIRE(::openpty(&ends_[0], &ends_[1], nullptr, nullptr, nullptr) == 0);
  }
  ~Ends() {
    close_writing();
    ::close(ends_[0]);
  }
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;

  int to_write() const { return ends_[1]; }
  void close_writing() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }
  /// Waits for something unless the flags are of another mind.
  std::string read_some() const {
    std::string text(16 * PIPE_BUF, '\0');
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(::read(ends_[0], text.data(), text.size()), 0)));
    return text;
  }

 private:
  std::array<int, 2> ends_{};
};

}  // namespace

TEST_CASE("a stream writes whole lines at their ends, and what has none when it is flushed") {
  const Ends ends{Kind::Pipe, O_NONBLOCK};
  {
    LineBuffer buffer{ends.to_write(), [] { return false; }};
    std::ostream stream(&buffer);
    stream << "one " << 1;
    CHECK(ends.read_some().empty());
    stream << "\ntwo\nthr";
    CHECK(ends.read_some() == "one 1\ntwo\n");
    stream << std::flush;
    CHECK(ends.read_some() == "thr");
    stream.put('e').put('\n');
    CHECK(ends.read_some() == "e\n");
    stream << "the end";
  }
  CHECK(ends.read_some() == "the end");
}

TEST_CASE("a stream that nobody reads holds nobody, and tells what was lost when it is read again") {
  const Ends ends{GENERATE(Kind::Pipe, Kind::Terminal)};
  constexpr int kLines = 2'000;
  std::string read;
  LineBuffer buffer{ends.to_write(), RoomToWrite::always, 1ms};
  std::ostream stream(&buffer);
  for (int i = 0; i < kLines; ++i) stream << "a line of " << std::string(90, 'x') << '\n';
  // Until one comes through, each read has something: it is full, or has that one.
  for (int i = 0; read.find("again ") == std::string::npos || !read.ends_with('\n'); ++i) {
    stream << "again " << i << '\n';
    read += ends.read_some();
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
}

TEST_CASE("a stream that may not give its reader up loses nothing") {
  const Ends ends{GENERATE(Kind::Pipe, Kind::Terminal)};
  constexpr int kLines = 2'000;
  std::jthread writer([&] {
    LineBuffer buffer{ends.to_write(), [] { return false; }, 0ms};
    std::ostream stream(&buffer);
    for (int i = 0; i < kLines; ++i) stream << "line " << i << " of " << std::string(90, 'x') << '\n';
    stream << "the end\n";
  });
  std::string read;
  while (!read.contains("the end")) read += ends.read_some();
  CHECK(std::ranges::count(read, '\n') == kLines + 1);
  CHECK_FALSE(read.contains("lost"));
  writer.join();
}

TEST_CASE("streams that write to one terminal at once lose nothing") {
  Ends ends{Kind::Terminal};
  std::jthread all([&] {
    {
      std::vector<std::jthread> writers;
      for (int i = 0; i < 8; ++i)
        writers.emplace_back([&] {
          LineBuffer buffer{ends.to_write(), [] { return false; }, 0ms};
          std::ostream stream(&buffer);
          for (int line = 0; line < 500; ++line) stream << "a line of " << std::string(90, 'x') << '\n';
        });
    }
    ends.close_writing();
  });
  std::string read;
  for (std::string some = ends.read_some(); !some.empty(); some = ends.read_some()) read += some;
  CHECK_FALSE(read.contains("lost"));
  CHECK(std::ranges::count(read, '\n') == 4'000);
}

TEST_CASE("the rest of a long line that nobody read goes out at the end, where it is read again") {
  Ends ends{Kind::Pipe};
  const auto room = static_cast<std::size_t>(::fcntl(ends.to_write(), F_GETPIPE_SZ));
  const std::string line = std::string(room + PIPE_BUF, 'x') + '\n';
  std::string read;
  {
    LineBuffer buffer{ends.to_write(), RoomToWrite::always, 1ms};
    std::ostream stream(&buffer);
    stream << line;
    while (read.size() < room) read += ends.read_some();
  }
  ends.close_writing();
  for (std::string some = ends.read_some(); !some.empty(); some = ends.read_some()) read += some;
  CHECK(read.size() == line.size());
  CHECK(read.ends_with("x\n"));
}

TEST_CASE("what a stream lost at its very end is told") {
  const Ends ends{Kind::Pipe};
  std::string read;
  {
    LineBuffer buffer{ends.to_write(), RoomToWrite::always, 1ms};
    std::ostream stream(&buffer);
    for (int i = 0; i < 2'000; ++i) stream << "a line of " << std::string(90, 'x') << '\n';
    while (read.size() < 32 * std::size_t{PIPE_BUF} && std::ranges::count(read, '\n') < 400) read += ends.read_some();
  }
  read += ends.read_some();
  CHECK(read.contains("\nwarning: "));
  CHECK(read.ends_with(" lines were lost here: nobody read them\n"));
}
