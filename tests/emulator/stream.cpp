#include "tests/emulator/stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "tests/emulator/files.h"

namespace slipway::emulator {
namespace {

class PlainStream : public Stream {
 public:
  explicit PlainStream(int socket) : socket_(socket) {
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  std::size_t receive(std::span<char> space) override {
    for (;;) {
      const ssize_t count = ::recv(socket_.number(), space.data(), space.size(), 0);
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) return 0;
    }
  }
  bool send(std::span<const char> bytes) override {
    while (!bytes.empty()) {
      const ssize_t count = ::send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return true;
  }
  std::uint64_t send_file(int file, std::uint64_t offset, std::uint64_t count) override {
    auto at = static_cast<off_t>(offset);
    std::uint64_t sent = 0;
    while (sent < count) {
      const ssize_t moved = ::sendfile(socket_.number(), file, &at, count - sent);
      if (moved < 0 && errno == EINTR) continue;
      if (moved <= 0) break;
      sent += static_cast<std::uint64_t>(moved);
    }
    return sent;
  }
  void finish_sending() override { ::shutdown(socket_.number(), SHUT_WR); }
  void shut_down() override { ::shutdown(socket_.number(), SHUT_RDWR); }

 private:
  FileDescriptor socket_;
};

/// How long a receive may take; 0 is for ever.
void set_patience(int socket, int seconds) {
  const timeval patience{.tv_sec = seconds, .tv_usec = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

class TlsStream final : public Stream {
 public:
  TlsStream(int socket, std::unique_ptr<SSL, FreeSsl> ssl) : plain_(socket), ssl_(std::move(ssl)) {}
  std::size_t receive(std::span<char> space) override {
    std::size_t count = 0;
    return SSL_read_ex(ssl_.get(), space.data(), space.size(), &count) == 1 ? count : 0;
  }
  bool send(std::span<const char> bytes) override {
    while (!bytes.empty()) {
      std::size_t count = 0;
      if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count) != 1) return false;
      bytes = bytes.subspan(count);
    }
    return true;
  }
  std::uint64_t send_file(int file, std::uint64_t offset, std::uint64_t count) override {
    std::vector<char> space(256 << 10);
    std::uint64_t sent = 0;
    while (sent < count) {
      const ssize_t read = ::pread(file, space.data(), std::min<std::uint64_t>(space.size(), count - sent),
                                   static_cast<off_t>(offset + sent));
      if (read <= 0 || !send(std::span(space).first(static_cast<std::size_t>(read)))) break;
      sent += static_cast<std::uint64_t>(read);
    }
    return sent;
  }
  void finish_sending() override {
    SSL_shutdown(ssl_.get());
    plain_.finish_sending();
  }
  void shut_down() override { plain_.shut_down(); }

 private:
  PlainStream plain_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
};

class PlainMaker final : public StreamMaker {
 public:
  std::unique_ptr<Stream> make(int socket) override { return std::make_unique<PlainStream>(socket); }
};

class TlsMaker final : public StreamMaker {
 public:
  explicit TlsMaker(std::unique_ptr<SSL_CTX, FreeContext> context) : context_(std::move(context)) {}
  std::unique_ptr<Stream> make(int socket) override {
    FileDescriptor owned(socket);
    std::unique_ptr<SSL, FreeSsl> ssl(SSL_new(context_.get()));
    SSL_set_fd(ssl.get(), socket);
    set_patience(socket, 10);
    if (SSL_accept(ssl.get()) != 1) return nullptr;
    set_patience(socket, 0);
    return std::make_unique<TlsStream>(owned.release(), std::move(ssl));
  }

 private:
  std::unique_ptr<SSL_CTX, FreeContext> context_;
};

}  // namespace

Result<std::unique_ptr<StreamMaker>> make_stream_maker(const TlsFiles& tls) {
  if (tls.certificate.empty()) return std::make_unique<PlainMaker>();
  std::unique_ptr<SSL_CTX, FreeContext> context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  if (SSL_CTX_use_certificate_chain_file(context.get(), tls.certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), tls.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return fail(ErrorClass::Invalid,
                "certificate " + tls.certificate.string() + " with key " + tls.key.string() +
                    " can't be used: " + ERR_reason_error_string(ERR_get_error()),
                "give PEM files that belong together");
  return std::make_unique<TlsMaker>(std::move(context));
}

}  // namespace slipway::emulator
