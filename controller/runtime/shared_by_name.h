#pragma once

#include <map>
#include <memory>
#include <string>

namespace slipway::runtime {

/// What those who use it share, by name: it goes with the last of them.
template <class T>
class SharedByName {
 public:
  /// Where nobody uses one of that name, `make` gives a std::shared_ptr<T>.
  template <class Make>
  std::shared_ptr<T> find_or_make(const std::string& name, Make make) {
    if (auto known = all_[name].lock()) return known;
    std::erase_if(all_, [](const auto& entry) { return entry.second.expired(); });
    std::shared_ptr<T> made = make();
    all_[name] = made;
    return made;
  }

 private:
  std::map<std::string, std::weak_ptr<T>> all_;
};

}  // namespace slipway::runtime
