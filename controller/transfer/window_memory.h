#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "controller/runtime/guarded.h"

namespace slipway::transfer {

/// The memory that decompressing zstd layers may take at once, of all who share this object. Nobody waits for it: who
/// gets none comes again later. Thread-safe.
class WindowMemory {
 public:
  /// Of `most` bytes, in pieces of at most `most_of_one`; all of them out of `whole` too, which outlives this.
  WindowMemory(std::size_t most, std::size_t most_of_one, WindowMemory* whole = nullptr)
      : most_(most), most_of_one_(most_of_one), whole_(whole) {}

  /// False when so much is not left, or is more than one may have.
  bool take(std::size_t bytes);
  void give_back(std::size_t bytes);
  /// From now on; what is taken stays so until it is given back.
  void limit_to(std::size_t most) { most_ = most; }

 private:
  bool take_here(std::size_t bytes);

  std::atomic<std::size_t> most_;
  const std::size_t most_of_one_;
  WindowMemory* const whole_;
  std::atomic<std::size_t> taken_ = 0;
};

/// Such memory, shared by tenants. One has at most three quarters of it at once, and half as soon as a second one has
/// asked for its own: what the first holds by then leaves something. Thread-safe.
class TenantsWindows {
 public:
  TenantsWindows(std::size_t most, std::size_t most_of_one)
      : most_(most), most_of_one_(most_of_one), whole_(most, most_of_one) {}

  /// That of all requests of one tenant together. The windows outlive it.
  std::shared_ptr<WindowMemory> of(const std::string& tenant);

 private:
  struct Tenants {
    std::optional<std::string> first;
    bool are_several = false;
    std::map<std::string, std::weak_ptr<WindowMemory>> parts;  ///< Of those who have requests; and some who had.
  };
  std::size_t most_of_tenant(const Tenants& tenants) const;

  const std::size_t most_;
  const std::size_t most_of_one_;
  WindowMemory whole_;
  runtime::Guarded<Tenants> tenants_;
};

}  // namespace slipway::transfer
