#include "tests/support/registry_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace slipway::tests {
namespace {

constexpr const char* kProgram = "/usr/bin/docker-registry";

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
  ::close(socket);
  return ntohs(address.sin_port);
}

bool answers(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool connected = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return connected;
}

pid_t start(std::vector<std::string> command) {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  pid_t process = 0;
  const int failed = posix_spawn(&process, command[0].c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error(command[0] + " does not start");
  return process;
}

}  // namespace

bool RegistryProcess::installed() {
  return ::access(kProgram, X_OK) == 0;
}

RegistryProcess::RegistryProcess(std::string emulator) : emulator_(std::move(emulator)) {
  std::string pattern = (std::filesystem::temp_directory_path() / "slipway-registry-").string() + std::string(6, 'X');
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = pattern;
  constexpr int kPorts = 3;  // One that was free may be somebody else's before it is listened on.
  for (int tries = 0; tries < kPorts; ++tries)
    if (begin(free_port())) return;
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
  throw std::runtime_error("the registry does not listen");
}

std::vector<std::string> RegistryProcess::command() const {
  const std::string data = (folder_ / "data").string();
  if (!emulator_.empty()) return {emulator_, "--listen", host_, "--data", data};
  const std::filesystem::path config = folder_ / "config.yml";
  std::ofstream(config) << "version: 0.1\nlog: {level: error}\nstorage:\n  filesystem: {rootdirectory: " << data
                        << "}\n  delete: {enabled: true}\nhttp: {addr: \"" << host_ << "\"}\n";
  return {kProgram, "serve", config.string()};
}

/// False when it ends, or does not listen for so long that only a failure is told later: a busy machine is waited for.
bool RegistryProcess::begin(int port) {
  constexpr std::chrono::seconds kLongest{180};
  host_ = "127.0.0.1:" + std::to_string(port);
  process_ = start(command());
  const auto end = std::chrono::steady_clock::now() + kLongest;
  while (::waitpid(process_, nullptr, WNOHANG) == 0) {
    if (answers(port)) return true;
    if (std::chrono::steady_clock::now() > end) {
      ::kill(process_, SIGKILL);
      ::waitpid(process_, nullptr, 0);
      break;
    }
    ::poll(nullptr, 0, 20);
  }
  return false;
}

RegistryProcess::~RegistryProcess() {
  ::kill(process_, SIGTERM);
  ::waitpid(process_, nullptr, 0);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace slipway::tests
