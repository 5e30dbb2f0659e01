#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

namespace slipway::runtime {

/// A value inside its mutex, zero or empty where none is given: it is reached only through the lock that lock()
/// returns. What must wait for the value to change waits on the lock, which gives the mutex back meanwhile.
template <class T>
class Guarded {
 public:
  template <class Value>
  class Lock {
   public:
    Lock(std::mutex& mutex, Value& value) : lock_(mutex), value_(value) {}
    Value& operator*() const { return value_; }
    Value* operator->() const { return &value_; }

    /// Waits until `ready()` or until `stop` asks; true when ready.
    template <class Ready>
    bool wait(std::condition_variable_any& changed, std::stop_token stop, Ready ready) {
      return changed.wait(lock_, std::move(stop), std::move(ready));
    }
    /// As wait(), at most `longest`.
    template <class Duration, class Ready>
    bool wait_for(std::condition_variable_any& changed, std::stop_token stop, Duration longest, Ready ready) {
      return changed.wait_for(lock_, std::move(stop), longest, std::move(ready));
    }

   private:
    std::unique_lock<std::mutex> lock_;
    Value& value_;
  };

  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}

  [[nodiscard]] Lock<T> lock() { return {mutex_, value_}; }
  [[nodiscard]] Lock<const T> lock() const { return {mutex_, value_}; }

 private:
  mutable std::mutex mutex_;
  T value_{};
};

}  // namespace slipway::runtime
