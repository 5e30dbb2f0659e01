#pragma once

#include <mutex>
#include <utility>

namespace slipway::runtime {

/// A value inside its mutex: reached only through the lock. Never keep the lock across a call that can wait.
template <class T>
class Guarded {
 public:
  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}

  class Lock {
   public:
    explicit Lock(Guarded& guarded) : hold_(guarded.mutex_), value_(guarded.value_) {}
    T& operator*() { return value_; }
    T* operator->() { return &value_; }

   private:
    std::unique_lock<std::mutex> hold_;
    T& value_;
  };
  Lock lock() { return Lock(*this); }

 private:
  std::mutex mutex_;
  T value_{};
};

}  // namespace slipway::runtime
