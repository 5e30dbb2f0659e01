#include "controller/runtime/end_of_outage.h"

#include <future>
#include <vector>

#include "tests/catch.h"

using namespace slipway::runtime;
using namespace std::chrono_literals;

TEST_CASE("All who wait go on when the outage is over, and who has seen that waits its time") {
  EndOfOutage outage;
  std::vector<std::future<bool>> waiting;
  for (int i = 0; i < 3; ++i) waiting.push_back(std::async(std::launch::async, [&] { return outage.wait(1h, 0, {}); }));
  outage.tell();
  for (auto& one : waiting) CHECK_FALSE(one.get());
  CHECK(outage.count() == 1);
  // Who comes late has not missed it.
  CHECK_FALSE(outage.wait(1h, 0, {}));
  CHECK(outage.wait(1ms, 1, {}));
}

TEST_CASE("It does not wait for an outage's end once it is told to stop") {
  EndOfOutage outage;
  std::stop_source stop;
  stop.request_stop();
  CHECK_FALSE(outage.wait(1h, 0, stop.get_token()));
}
