#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace slipway::tests {

/// A registry on a free port of 127.0.0.1 over a folder of its own; stopped and removed at the end.
class RegistryProcess {
 public:
  /// Of the program `emulator`; empty: Debian's docker-registry.
  explicit RegistryProcess(std::string emulator = {});
  ~RegistryProcess();
  RegistryProcess(const RegistryProcess&) = delete;
  RegistryProcess& operator=(const RegistryProcess&) = delete;

  /// Whether docker-registry is.
  static bool installed();
  /// "127.0.0.1:PORT".
  const std::string& host() const { return host_; }

 private:
  bool begin(int port);
  std::vector<std::string> command() const;

  const std::string emulator_;
  std::filesystem::path folder_;
  std::string host_;
  pid_t process_ = 0;
};

}  // namespace slipway::tests
