#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace slipway::zstd {

/// Decompresses the zstd frames of RFC 8878 that stand one behind the other, with memory that is asked for before it is
/// taken. The formats before 1.0, which libzstd goes over to by itself in the middle of a stream, with memory that
/// nobody bounds, are damage. One thread at a time.
class ZstdFrames {
 public:
  struct Bounds {
    int most_window_log = 27;  ///< A larger window is refused; 27 at most.
    /// Whether a frame may have so many bytes; asked again for one that needs more than those before.
    std::function<bool(std::size_t)> take = [](std::size_t) { return true; };
    std::function<void(std::size_t)> give_back = [](std::size_t) {};
  };
  enum class Trouble { Damaged, LargeWindow, NotGiven, NoMemory };
  struct Failure {
    Trouble trouble = Trouble::Damaged;
    std::string why;  ///< What libzstd says, of Damaged.
  };
  struct Step {
    std::size_t read = 0;     ///< Of the packed bytes.
    std::size_t written = 0;  ///< When that is all the space there may be more without another byte.
  };

  explicit ZstdFrames(Bounds bounds) : bounds_(std::move(bounds)) {}
  ~ZstdFrames();
  ZstdFrames(const ZstdFrames&) = delete;
  ZstdFrames& operator=(const ZstdFrames&) = delete;

  /// As far as `packed` or `space` reach, at most to the end of a frame. After a failure there is no going on.
  std::expected<Step, Failure> step(std::span<const std::byte> packed, std::span<std::byte> space);
  /// No frame is under way.
  bool may_end() const { return is_before_frame_ && head_size_ == 0; }

 private:
  std::expected<Step, Failure> begin_frame(std::span<const std::byte> packed);
  std::expected<void, Failure> make_room(std::uint64_t window);
  std::expected<Step, Failure> decompress(std::span<const std::byte> packed, std::span<std::byte> space);
  void give_back();

  static constexpr std::size_t kLongestHead = 18;

  const Bounds bounds_;
  bool is_before_frame_ = true;
  std::array<std::byte, kLongestHead> head_{};  ///< Of a frame, until it is whole.
  std::size_t head_size_ = 0;
  std::unique_ptr<std::byte[]> workspace_;  ///< All that libzstd takes.
  std::size_t workspace_size_ = 0;
  void* stream_ = nullptr;  ///< Within it.
};

}  // namespace slipway::zstd
