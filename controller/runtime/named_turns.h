#pragma once

#include <condition_variable>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <utility>

#include "controller/runtime/guarded.h"

namespace slipway::runtime {

/// Lets those in this process who work on one name take turns, and those of different names pass. Thread-safe.
class NamedTurns {
  struct Table {
    Guarded<std::set<std::string>> held;
    std::condition_variable_any ended;
  };

 public:
  /// One turn; the next one of its name comes when this ends. May outlive the object it was taken from.
  class Turn {
   public:
    Turn(std::shared_ptr<Table> table, std::string name) : table_(std::move(table)), name_(std::move(name)) {}
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    const std::shared_ptr<Table> table_;
    const std::string name_;
  };

  /// Waits until nobody else holds `name`. Null when `stop` asks.
  std::unique_ptr<Turn> take(const std::string& name, const std::stop_token& stop);

 private:
  const std::shared_ptr<Table> table_ = std::make_shared<Table>();
};

}  // namespace slipway::runtime
