#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace slipway::testing {

/// One accepted connection, spoken to byte by byte: for answers that a proper server never gives.
class RawConnection {
 public:
  explicit RawConnection(int socket) : socket_(socket) {}
  ~RawConnection() { ::close(socket_); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  /// The next request's line and header fields; empty when the client closed.
  std::string read_head() {
    for (;;) {
      if (const std::size_t end = buffer_.find("\r\n\r\n"); end != std::string::npos) {
        std::string head = buffer_.substr(0, end + 4);
        buffer_.erase(0, end + 4);
        return head;
      }
      if (!fill()) return {};
    }
  }
  /// Up to `count` bytes of body; fewer when the client closed.
  std::string read(std::size_t count) {
    while (buffer_.size() < count && fill()) {
    }
    std::string bytes = buffer_.substr(0, count);
    buffer_.erase(0, bytes.size());
    return bytes;
  }
  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  /// Waits until the client goes away.
  void wait_for_close() {
    while (fill()) buffer_.clear();
  }
  /// Reads nothing and waits for the other side to reset.
  void stall() {
    pollfd watched{.fd = socket_, .events = POLLRDHUP, .revents = 0};
    ::poll(&watched, 1, 20'000);
  }
  /// Closes with a reset: what was not yet read is lost.
  void reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  }
  int socket() const { return socket_; }
  void shut_down() { ::shutdown(socket_, SHUT_RDWR); }

 private:
  bool fill() {
    char space[65536];
    const ssize_t count = ::recv(socket_, space, sizeof(space), 0);
    if (count <= 0) return false;
    buffer_.append(space, static_cast<std::size_t>(count));
    return true;
  }
  int socket_;
  std::string buffer_;
};

/// Listens on a free port of 127.0.0.1; each connection is handled by `serve` on its own thread.
class RawServer {
 public:
  explicit RawServer(std::function<void(RawConnection&)> serve) : serve_(std::move(serve)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    ::listen(socket_, 64);
    socklen_t length = sizeof(address);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::jthread([this] { accept(); });
  }
  ~RawServer() {
    stopping_ = true;
    ::shutdown(socket_, SHUT_RDWR);
    acceptor_.join();
    handlers_.clear();
    ::close(socket_);
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  std::string url(std::string_view path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }
  int connections() const { return connections_; }

 private:
  void accept() {
    while (!stopping_) {
      const int accepted = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
      if (accepted < 0) return;
      ++connections_;
      handlers_.emplace_back([this, accepted] {
        RawConnection connection(accepted);
        serve_(connection);
      });
    }
  }
  std::function<void(RawConnection&)> serve_;
  int socket_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> connections_ = 0;
  std::vector<std::jthread> handlers_;
  std::jthread acceptor_;
};

}  // namespace slipway::testing
