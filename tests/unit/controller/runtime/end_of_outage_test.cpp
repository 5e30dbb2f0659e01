#include "controller/runtime/end_of_outage.h"

#include <future>
#include <thread>
#include <vector>

#include "tests/catch.h"

using namespace slipway::runtime;
using namespace std::chrono_literals;

TEST_CASE("All who wait go on when the outage is over, and who begins to wait then waits its time") {
  EndOfOutage outage;
  std::vector<std::future<bool>> waiting;
  std::promise<void> over;
  for (int i = 0; i < 3; ++i) waiting.push_back(std::async(std::launch::async, [&] { return outage.wait(1h, {}); }));
  std::jthread teller([&, ended = over.get_future()] {
    while (ended.wait_for(1ms) == std::future_status::timeout) outage.tell();
  });
  for (auto& one : waiting) CHECK_FALSE(one.get());
  over.set_value();
  teller.join();
  CHECK(outage.wait(1ms, {}));
}

TEST_CASE("It does not wait for an outage's end once it is told to stop") {
  EndOfOutage outage;
  std::stop_source stop;
  stop.request_stop();
  CHECK_FALSE(outage.wait(1h, stop.get_token()));
}
