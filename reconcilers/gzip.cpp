#include "reconcilers/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

namespace slipway {

namespace {

constexpr std::string_view kMagic = "\x1f\x8b";
constexpr int kGzipOnly = 16 + MAX_WBITS;

std::unexpected<Error> broken(const std::string& what) {
  return fail(ErrorClass::Refused, "gzip data: " + what, "pack it again with gzip");
}

/// Gives the stream's memory back.
class Inflater {
 public:
  Inflater() : ready_(inflateInit2(&stream_, kGzipOnly) == Z_OK) {}
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  Result<std::string> unpack(std::string_view bytes, std::size_t limit) {
    if (!ready_) return fail(ErrorClass::Internal, "zlib can't be started", "report it");
    give(bytes);
    std::string out;
    while (true) {
      const int state = step(out);
      if (out.size() > limit)
        return fail(ErrorClass::Invalid, "gzip data: it holds more than " + std::to_string(limit) + " bytes",
                    "make it smaller");
      if (state == Z_STREAM_END && stream_.avail_in == 0) return out;
      if (state == Z_STREAM_END && inflateReset(&stream_) == Z_OK) continue;
      if (state != Z_OK) return broken(state == Z_BUF_ERROR ? "it is cut" : "it is damaged");
    }
  }

 private:
  void give(std::string_view bytes) {
    // zlib takes a pointer to what it never writes.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
  }

  int step(std::string& out) {
    std::array<char, 1u << 16> piece;
    stream_.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream_.avail_out = static_cast<uInt>(piece.size());
    const int state = inflate(&stream_, Z_NO_FLUSH);
    out.append(piece.data(), piece.size() - stream_.avail_out);
    return state;
  }

  z_stream stream_{};
  bool ready_;
};

}  // namespace

bool is_gzip(std::string_view bytes) {
  return bytes.starts_with(kMagic);
}

Result<std::string> gunzip(std::string_view bytes, std::size_t limit) {
  if (bytes.size() > std::numeric_limits<uInt>::max()) return broken("it is too large");
  return Inflater().unpack(bytes, limit);
}

}  // namespace slipway
