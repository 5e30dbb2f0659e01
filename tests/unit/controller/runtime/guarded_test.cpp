#include "controller/runtime/guarded.h"

#include <array>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "tests/catch.h"

using namespace std::chrono_literals;
using slipway::runtime::Guarded;

TEST_CASE("a guarded value changes under one thread at a time") {
  Guarded<int> value{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 1000; ++n) ++*value.lock();
      });
    }
  }
  CHECK(*value.lock() == 4000);
}

TEST_CASE("a guarded value that nothing was given is zero, whatever lay in its memory") {
  alignas(Guarded<int>) std::array<std::byte, sizeof(Guarded<int>)> memory;
  memory.fill(std::byte{0x80});
  auto* const value = new (memory.data()) Guarded<int>;
  CHECK(*value->lock() == 0);
  std::destroy_at(value);
}

TEST_CASE("waiting ends when the value is ready or the stop comes") {
  Guarded<bool> is_ready{false};
  std::condition_variable_any changed;
  std::stop_source stop;
  SECTION("ready") {
    std::jthread setter{[&] {
      *is_ready.lock() = true;
      changed.notify_all();
    }};
    auto lock = is_ready.lock();
    CHECK(lock.wait(changed, stop.get_token(), [&] { return *lock; }));
  }
  SECTION("stopped") {
    std::jthread stopper{[&] { stop.request_stop(); }};
    auto lock = is_ready.lock();
    CHECK_FALSE(lock.wait(changed, stop.get_token(), [&] { return *lock; }));
  }
  SECTION("time is over") {
    auto lock = is_ready.lock();
    CHECK_FALSE(lock.wait_for(changed, stop.get_token(), 1ms, [&] { return *lock; }));
  }
}
