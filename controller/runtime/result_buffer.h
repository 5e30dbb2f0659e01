#pragma once

#include <streambuf>
#include <string>

namespace slipway::runtime {

/// What a std::ostream over a descriptor writes results by: all of them, however long their reader takes. After a write
/// that failed nothing is written any more. One thread at a time.
class ResultBuffer final : public std::streambuf {
 public:
  /// `descriptor` is not closed.
  explicit ResultBuffer(int descriptor) : descriptor_(descriptor) {}
  ~ResultBuffer() override;

  /// Writes what is left. The errno of the write that failed; 0 when none did.
  int finish();

 protected:
  int_type overflow(int_type character) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;

 private:
  void write_all();

  const int descriptor_;
  std::string held_;
  int failure_ = 0;
};

}  // namespace slipway::runtime
