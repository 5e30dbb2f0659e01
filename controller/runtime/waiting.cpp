#include "controller/runtime/waiting.h"

#include <condition_variable>
#include <mutex>
#include <random>
#include <utility>

#include "controller/runtime/system_clock.h"

namespace slipway::runtime {

bool wait(std::chrono::milliseconds time, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock{mutex};
  never.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

void wait_for_stop(std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock{mutex};
  never.wait(lock, std::move(stop), [] { return false; });
}

std::chrono::nanoseconds elapsed() {
  return SystemSteadyClock{}.now().time_since_epoch();
}

double chance() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_real_distribution<double>{0, 1}(random);
}

}  // namespace slipway::runtime
