#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "crds/base/result.h"

namespace slipway::emulator {

/// A connection's bytes, plain or through TLS. Calls block; shut_down() from another thread ends them.
class Stream {
 public:
  virtual ~Stream() = default;
  /// Bytes received, 0 when the other side closed or the connection broke.
  virtual std::size_t receive(std::span<char> space) = 0;
  /// False when the connection broke.
  virtual bool send(std::span<const char> bytes) = 0;
  /// Sends from a file; bytes sent, fewer than `count` when the connection broke.
  virtual std::uint64_t send_file(int file, std::uint64_t offset, std::uint64_t count) = 0;
  /// No more bytes go out; what comes in can still be read.
  virtual void finish_sending() = 0;
  virtual void shut_down() = 0;
};

/// Certificate and key of a TLS listener; empty: none.
struct TlsFiles {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

/// Makes streams of accepted sockets. Safe from every thread.
class StreamMaker {
 public:
  virtual ~StreamMaker() = default;
  /// Owns `socket` from here on. Null when the TLS handshake fails. Blocks for the handshake.
  virtual std::unique_ptr<Stream> make(int socket) = 0;
};

/// Invalid when the certificate or key can't be used.
Result<std::unique_ptr<StreamMaker>> make_stream_maker(const TlsFiles& tls);

}  // namespace slipway::emulator
