#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace slipway::tests {

/// Debian's docker-registry on a free port of 127.0.0.1 over a folder of its own; stopped and removed at the end.
class RegistryProcess {
 public:
  RegistryProcess();
  ~RegistryProcess();
  RegistryProcess(const RegistryProcess&) = delete;
  RegistryProcess& operator=(const RegistryProcess&) = delete;

  static bool installed();
  /// "127.0.0.1:PORT".
  const std::string& host() const { return host_; }

 private:
  bool begin(int port);

  std::filesystem::path folder_;
  std::string host_;
  pid_t process_ = 0;
};

}  // namespace slipway::tests
