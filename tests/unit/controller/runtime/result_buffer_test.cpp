#include "controller/runtime/result_buffer.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ostream>
#include <string>
#include <thread>

#include "controller/files/handle.h"
#include "tests/catch.h"

using namespace slipway;

namespace {

constexpr std::size_t kMoreThanAPipeTakes = 1 << 20;

struct Pipe {
  explicit Pipe(int flags = 0) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    reader = files::Handle{ends[0]};
    writer = files::Handle{ends[1]};
    REQUIRE(::fcntl(writer.get(), F_SETFL, flags) == 0);
  }

  files::Handle reader, writer;
};

std::string all_of(int reader) {
  std::string text, piece(4096, '\0');
  for (ssize_t got = 0; (got = ::read(reader, piece.data(), piece.size())) > 0;)
    text.append(piece, 0, static_cast<std::size_t>(got));
  return text;
}

}  // namespace

TEST_CASE("A result arrives whole, also by a descriptor that is made not to wait") {
  for (const int flags : {0, O_NONBLOCK}) {
    Pipe pipe{flags};
    std::string read;
    std::jthread reader([&] { read = all_of(pipe.reader.get()); });
    {
      runtime::ResultBuffer buffer{pipe.writer.get()};
      std::ostream results(&buffer);
      results << std::string(kMoreThanAPipeTakes, 'a') << 'b' << 7 << '\n';
      CHECK(results.good());
      CHECK(buffer.finish() == 0);
      results << "the end";
    }
    pipe.writer.close();
    reader.join();
    CHECK(read == std::string(kMoreThanAPipeTakes, 'a') + "b7\nthe end");
  }
}

TEST_CASE("A result that could not be written is told by its first failure") {
  SECTION("a full disk, at the end") {
    const files::Handle full{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
    runtime::ResultBuffer buffer{full.get()};
    std::ostream(&buffer) << "a";
    CHECK(buffer.finish() == ENOSPC);
    CHECK(buffer.finish() == ENOSPC);
  }
  SECTION("a full disk, in the middle") {
    const files::Handle full{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
    runtime::ResultBuffer buffer{full.get()};
    std::ostream results(&buffer);
    results << std::string(kMoreThanAPipeTakes, 'a');
    CHECK_FALSE(results.good());
    CHECK(buffer.finish() == ENOSPC);
  }
  SECTION("what was printed flushed") {
    const files::Handle full{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
    runtime::ResultBuffer buffer{full.get()};
    std::ostream results(&buffer);
    CHECK_FALSE((results << "a" << std::flush).good());
  }
  SECTION("no descriptor") {
    runtime::ResultBuffer buffer{-1};
    std::ostream(&buffer) << "a";
    CHECK(buffer.finish() == EBADF);
  }
}

TEST_CASE("After a write that failed nothing is written any more, also where there is room again") {
  files::Handle full{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
  runtime::ResultBuffer buffer{full.get()};
  buffer.sputn("begun, ", 7);
  REQUIRE(buffer.finish() == ENOSPC);
  Pipe pipe;
  REQUIRE(::dup3(pipe.writer.get(), full.get(), O_CLOEXEC) == full.get());
  pipe.writer.close();
  CHECK(buffer.sputn("ended", 5) == 0);
  CHECK(buffer.finish() == ENOSPC);
  full.close();
  CHECK(all_of(pipe.reader.get()).empty());
}
