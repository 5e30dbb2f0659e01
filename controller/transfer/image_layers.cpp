#include "controller/transfer/image_layers.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "controller/transfer/patience.h"

namespace slipway::transfer {
namespace {

std::unexpected<Error> wants_too_much(const Digest& layer) {
  return fail(ErrorClass::Integrity, "layer " + layer.str() + " wants more memory to be decompressed than it gets",
              "compress it with a window of at most 128 MiB, or use `verify: Standard`");
}

std::unexpected<Error> takes_too_long(const Digest& layer) {
  return fail(ErrorClass::Unavailable,
              "layer " + layer.str() +
                  " could not be read to its end in the time that it gets while others wait for the memory that "
                  "decompressing it takes",
              "it is tried again; compressed with a window of at most 8 MiB it needs no turn, and with `verify: "
              "Standard` it is not decompressed");
}

}  // namespace

/// What was found right before counts as if it came out now: an image that grows too much does so however often it is
/// tried.
ImageLayers::ImageLayers(RunningTransfer& running)
    : running_(running),
      windows_(running.request.deep ? running.means.windows.of(running.request.tenant) : nullptr),
      growth_(running.means.rules.image_growth) {
  if (!running_.request.deep) return;
  for (const content::Descriptor& blob : running_.request.blobs) {
    const auto entry = running_.request.diff_ids.find(blob.digest);
    if (entry == running_.request.diff_ids.end()) continue;
    if (const auto unpacked = running_.means.checked.unpacked(blob.digest, entry->second))
      (void)growth_.add({.read = blob.size, .unpacked = *unpacked});
  }
}

std::optional<std::string> ImageLayers::diff_id_of(const Digest& layer) const {
  const auto entry = running_.request.diff_ids.find(layer);
  if (!running_.request.deep || entry == running_.request.diff_ids.end()) return std::nullopt;
  return running_.means.checked.unpacked(layer, entry->second) ? std::nullopt : std::optional(entry->second);
}

std::optional<LayerCheck::Parts> ImageLayers::to_check(const Digest& layer) {
  const std::optional<std::string> diff_id = diff_id_of(layer);
  if (!diff_id) return std::nullopt;
  return LayerCheck::Parts{.diff_id = *diff_id, .windows = *windows_, .image = growth_};
}

void ImageLayers::found_right(const content::Descriptor& blob, std::int64_t unpacked) {
  (void)growth_.add({.read = blob.size, .unpacked = unpacked});
  running_.means.checked.add(blob.digest, running_.request.diff_ids.at(blob.digest), unpacked);
}

Result<void> ImageLayers::look_into(const content::Descriptor& blob, bool was_sent, const std::stop_token& stop) {
  const std::optional<std::string> diff_id = diff_id_of(blob.digest);
  if (!diff_id) return {};
  const Result<bool> looked = was_sent ? false : look_among_others(blob, *diff_id, stop);
  if (!looked) return std::unexpected(looked.error());
  return *looked ? Result<void>{} : look_in_turn(blob, *diff_id, stop);
}

Result<bool> ImageLayers::look_among_others(const content::Descriptor& blob, const std::string& diff_id,
                                            const std::stop_token& stop) {
  const StreamSlots::Slot slot(running_.means.slots, running_.slots, stop);
  if (!slot.held()) return stopped();
  running_.board.told("layer " + blob.digest.short_hex() + " is there: it is read at the registry, to be checked");
  const auto looked =
      look(blob, {.diff_id = diff_id, .windows = *windows_, .image = growth_}, [] { return false; }, stop);
  if (!looked) return std::unexpected(looked.error());
  return *looked == Looked::Right;
}

Result<void> ImageLayers::look_in_turn(const content::Descriptor& blob, const std::string& diff_id,
                                       const std::stop_token& stop) {
  const TransferRules& rules = running_.means.rules;
  std::chrono::seconds stay = rules.first_turn;
  for (int turns = 0; turns < rules.most_turns; ++turns, stay = std::min(2 * stay, rules.longest_turn)) {
    LargeWindow::Turn turn(running_.means.large_window, running_.turns, stay);
    running_.board.waits(blob,
                         "layer " + blob.digest.short_hex() +
                             ": decompressing it takes memory that is not left, it is read again when its turn comes");
    if (!turn.wait(stop)) return stopped();
    const std::stop_callback pass_on(stop, [&turn] { turn.end(); });
    const auto gives_way = [&turn] { return turn.is_over(); };
    const auto looked =
        look(blob, {.diff_id = diff_id, .windows = turn.memory(), .image = growth_}, gives_way, turn.until_over());
    if (!looked) return std::unexpected(looked.error());
    if (*looked == Looked::Right) return {};
    if (*looked == Looked::NoMemory) return wants_too_much(blob.digest);
    if (stop.stop_requested()) return stopped();
  }
  return takes_too_long(blob.digest);
}

Result<ImageLayers::Looked> ImageLayers::look(const content::Descriptor& blob, const LayerCheck::Parts& layer,
                                              const GivesWay& gives_way, const std::stop_token& stop) {
  BlobCheck check(blob, layer);
  if (Result<void> read = read_all(blob, check, gives_way, stop); !read)
    return std::unexpected(std::move(read.error()));
  if (check.is_postponed()) return Looked::NoMemory;
  const std::optional<std::int64_t> unpacked = check.unpacked();
  if (unpacked) found_right(blob, *unpacked);
  return unpacked ? Looked::Right : Looked::GaveWay;
}

/// Ends early when the check is postponed, or gives way.
Result<void> ImageLayers::read_all(const content::Descriptor& blob, BlobCheck& check, const GivesWay& gives_way,
                                   const std::stop_token& stop) {
  const TransferRules& rules = running_.means.rules;
  const TransferHands& hands = running_.means.hands;
  Patience patience(rules, hands, [&](std::chrono::milliseconds delay, const Error& error) {
    running_.board.waits(blob, while_waiting(blob.digest, delay, error));
  });
  bool leaves_off = false;
  const BlobSink sink = [&](std::span<const std::byte> bytes) -> Result<void> {
    Result<void> taken = check.take(check.position(), bytes);
    running_.board.moved(blob, check.position());
    leaves_off = check.is_postponed() || (taken && check.position() < blob.size && gives_way());
    if (leaves_off) return fail(ErrorClass::Cancelled, "it is read again later");
    return taken;
  };
  while (check.position() < blob.size && !gives_way()) {
    const std::int64_t before = check.position();
    const std::chrono::nanoseconds began = hands.elapsed();
    Result<void> read = running_.to.read_blob(blob, before, sink, stop);
    if (leaves_off) return {};
    if (is_progress(rules, check.position() - before, hands.elapsed() - began)) patience.renew();
    if (read && check.position() < blob.size)
      return fail(ErrorClass::Integrity, blob.digest.str() + " is shorter than its manifest says",
                  "delete that blob at the registry and publish again");
    if (read) continue;
    const auto may_wait = [&] { return !check.has_failed() && !gives_way(); };
    if (may_wait() && patience.again(read.error(), stop) == Patience::Answer::Again) continue;
    // Whatever else it was shows again the next time.
    if (!check.has_failed() && gives_way()) return {};
    return while_doing("reading " + blob.digest.str(), std::move(read.error()));
  }
  return blob.size > 0 ? Result<void>{} : check.take_nothing();
}

}  // namespace slipway::transfer
