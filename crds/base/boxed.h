#pragma once

#include <memory>
#include <utility>

namespace slipway {

/// A value or none, as std::optional, that while absent takes a pointer's room: for large members that are mostly
/// absent of objects that are kept by the ten thousand. Copies copy the value; const means that the value is.
template <class T>
class Boxed {
 public:
  Boxed() = default;
  Boxed(T value) : value_(std::make_unique<T>(std::move(value))) {}  // NOLINT(google-explicit-constructor)
  Boxed(const Boxed& other) : value_(other ? std::make_unique<T>(*other) : nullptr) {}
  Boxed(Boxed&&) noexcept = default;
  Boxed& operator=(Boxed other) noexcept {
    value_ = std::move(other.value_);
    return *this;
  }
  ~Boxed() = default;

  bool has_value() const { return value_ != nullptr; }
  explicit operator bool() const { return has_value(); }
  /// Of one that is not absent.
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return value_.get(); }
  const T* operator->() const { return value_.get(); }
  void reset() { value_.reset(); }

  bool operator==(const Boxed& other) const {
    return has_value() && other ? *value_ == *other : has_value() == other.has_value();
  }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace slipway
