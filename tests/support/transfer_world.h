#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "controller/transfer/transfer_engine.h"
#include "tests/support/fake_blob_ends.h"

namespace slipway::testing {

constexpr std::int64_t kWhole = 5'000;  ///< Blobs up to here go up in one request in these worlds.

inline std::string bytes_of(std::size_t size, unsigned seed = 1) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>((seed = seed * 1103515245U + 12345U) >> 16);
  return bytes;
}

inline bool all_may(const std::string&) {
  return true;
}

inline Cut cut_after(std::int64_t after, ErrorClass cls = ErrorClass::Unavailable) {
  return {.after = after, .error = {.cls = cls, .message = "cut"}};
}

inline transfer::TransferRules small_rules() {
  return {.most_streams = 6, .ring_bytes = 4096, .whole_up_to = kWhole, .most_failures = 3};
}

/// A source, a registry, an engine, and time that only waiting moves.
struct TransferWorld {
  explicit TransferWorld(transfer::TransferRules given = small_rules()) : rules(given) {}

  FakeSource source;
  FakeRegistry registry;
  FakeStore store{registry, "team/app"};
  runtime::Guarded<std::vector<std::chrono::milliseconds>> waits;
  runtime::Guarded<std::vector<TransferProgress>> seen;
  runtime::Guarded<std::chrono::nanoseconds> on_the_wire;  ///< Time that requests took.
  std::function<void(const std::stop_token& stop)> while_waiting;
  transfer::TransferRules rules;
  transfer::TransferEngine engine{
      transfer::TransferHands{.wait =
                                  [this](std::chrono::milliseconds delay, const std::stop_token& stop) {
                                    waits.lock()->push_back(delay);
                                    if (while_waiting) while_waiting(stop);
                                    return !stop.stop_requested();
                                  },
                              .chance = [] { return 0.5; },
                              .elapsed =
                                  [this] {
                                    std::chrono::nanoseconds sum = *on_the_wire.lock();
                                    for (const auto held = waits.lock(); const auto wait : *held) sum += wait;
                                    return sum;
                                  }},
      rules};

  BlobTransferRequest request(std::vector<content::Descriptor> blobs) {
    BlobTransferRequest request;
    request.blobs = std::move(blobs);
    request.on_progress = [this](const TransferProgress& progress) { seen.lock()->push_back(progress); };
    return request;
  }
  Result<BlobTransferReport> run(std::vector<content::Descriptor> blobs) {
    return engine.transfer(source, store, request(std::move(blobs)), {});
  }
  std::vector<std::string> notes() {
    std::vector<std::string> all;
    for (const auto held = seen.lock(); const TransferProgress& progress : *held)
      if (!progress.note.empty()) all.push_back(progress.note);
    return all;
  }
  bool holds(const std::string& bytes, const std::string& repository = "team/app") {
    auto state = registry.state.lock();
    const auto& blobs = state->blobs[repository];
    const auto found = blobs.find(Digest::of(bytes));
    return found != blobs.end() && found->second == bytes;
  }
};

}  // namespace slipway::testing
