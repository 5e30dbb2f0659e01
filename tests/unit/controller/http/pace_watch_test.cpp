#include "controller/http/pace_watch.h"

#include "tests/catch.h"

using namespace slipway;
using namespace std::chrono_literals;
using http::PaceWatch;

TEST_CASE("Silence ends an exchange at its bound, and any sign of life puts it off", "[pace]") {
  const PaceWatch::Time start{};
  PaceWatch watch(60s, {}, start);
  CHECK(!watch.judge(start + 59'999ms, 0, 0));
  CHECK(watch.until_next_look(start + 59'500ms) == 501ms);
  CHECK(watch.judge(start + 60s, 0, 0) == "no byte for 60000 ms");
  CHECK(!watch.judge(start + 61s, 1, 0));
  CHECK(!watch.judge(start + 120s, 1, 1));
  CHECK(watch.judge(start + 180s, 1, 1));
}

TEST_CASE("Too few bytes in a stretch of waiting end an exchange, what its own ends take does not count", "[pace]") {
  const http::LeastRate least{.bytes = 100, .over = 10s};
  const PaceWatch::Time now{};
  PaceWatch watch(60s, least, now);
  CHECK(!watch.judge(now, 99, 0));
  watch.waited(9'999ms);
  CHECK(!watch.judge(now, 99, 0));
  SECTION("one byte too few") {
    watch.waited(1ms);
    CHECK(watch.judge(now, 99, 0) == "fewer than 100 bytes in 10000 ms");
  }
  SECTION("just enough, and the next stretch starts from there") {
    watch.waited(1ms);
    CHECK(!watch.judge(now, 100, 0));
    watch.waited(9'999ms);
    CHECK(!watch.judge(now, 199, 0));
    watch.waited(1ms);
    CHECK(watch.judge(now, 199, 0));
  }
}

TEST_CASE("What has no least rate wakes nobody before its time-out", "[pace]") {
  const PaceWatch::Time start{};
  CHECK(PaceWatch(100s, {.bytes = 0}, start).until_next_look(start + 30s) == 70'001ms);
  CHECK(PaceWatch(100s, {.bytes = 1}, start).until_next_look(start + 30s) == 1s);
}

TEST_CASE("Once all is sent nothing counts but the time until the answer is whole", "[pace]") {
  const PaceWatch::Time start{};
  PaceWatch watch(60s, {.bytes = 100, .over = 10s}, start);
  CHECK(!watch.judge(start + 30s, 99, 0));
  http::Request request{.body_length = 5, .answer_wait = {{.longest = 600s, .remedy = "wait"}}};
  request.body_reader = [](std::span<std::byte>) { return Result<std::size_t>(0); };
  CHECK_FALSE(watch.awaits_answer(request, {.head = 0, .body = 5}, start + 10s));
  CHECK_FALSE(watch.awaits_answer(request, {.head = 1, .body = 4}, start + 20s));
  CHECK(watch.awaits_answer(request, {.head = 1, .body = 5}, start + 30s));
  CHECK(watch.awaits_answer(request, {.head = 1, .body = 5}, start + 40s));
  watch.waited(24h);
  CHECK(!watch.judge(start + 629s, 99, 0));
  CHECK(watch.until_next_look(start + 629'500ms) == 501ms);
  CHECK(watch.judge(start + 630s, 99, 1) == "no answer in time");
}

TEST_CASE("Only who says how long an answer may take has it waited for so, and for a body of known length", "[pace]") {
  const PaceWatch::Time start{};
  PaceWatch watch(60s, {}, start);
  http::Request request{.answer_wait = {{.longest = 600s, .remedy = "wait"}}};
  SECTION("a body without a length") {
    request.body_reader = [](std::span<std::byte>) { return Result<std::size_t>(0); };
  }
  SECTION("any other request") {
    request.answer_wait.reset();
  }
  CHECK_FALSE(watch.awaits_answer(request, {.head = 1, .body = 1}, start));
  CHECK(watch.judge(start + 60s, 0, 0) == "no byte for 60000 ms");
}

TEST_CASE("who drips is ended in five minutes of waiting, 8 KiB a second go on for as long as it takes", "[pace]") {
  const std::int64_t per_second = GENERATE(1025, (8 << 10) - 1, 8 << 10);
  CAPTURE(per_second);
  PaceWatch::Time now{};
  PaceWatch watch(60s, {}, now);
  std::int64_t bytes = 0;
  std::chrono::seconds lasted{0};
  for (; lasted < 24h; lasted += 10s) {
    now += 10s;
    bytes += 10 * per_second;
    watch.waited(10s);
    if (watch.judge(now, bytes, 0)) break;
  }
  if (per_second < 8 << 10)
    CHECK(lasted < 5min);
  else
    CHECK(lasted == 24h);
}
