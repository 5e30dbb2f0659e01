#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "crds/base/document.h"
#include "crds/base/result.h"

namespace slipway::kube {

/// Takes a list ("{"kind": …, "items": [{…}, …]}") apart as it arrives in pieces, split at any byte: each item is given
/// and let go, so that a page of any length costs the memory of its largest object. One thread.
class CollectionItems {
 public:
  using ItemTaker = std::function<Result<void>(const Node& item)>;
  explicit CollectionItems(ItemTaker take, std::size_t largest_item = 8u << 20)
      : take_(std::move(take)), largest_item_(largest_item) {}

  /// The taker's first error, or Integrity for an item that is no JSON, or larger than the bound, or for more than 64
  /// KiB around the items; nothing more may be fed then.
  Result<void> feed(std::span<const std::byte> bytes);
  /// What stands around the items, with an empty list in their place. Unavailable when the body ended early.
  Result<Node> finish() const;

 private:
  enum class At { Envelope, BetweenItems, Item };

  Result<void> take_byte(char byte);
  Result<void> take_item_byte(char byte);
  Result<void> take_between(char byte);
  void take_envelope(char byte);
  /// Whether the byte is outside strings; follows quotes and escapes.
  bool is_structure(char byte);

  const ItemTaker take_;
  const std::size_t largest_item_;
  At at_ = At::Envelope;
  std::string envelope_;
  std::string item_;
  std::string last_string_;  ///< Of the outermost map.
  std::size_t depth_ = 0;    ///< Of the envelope, or of the item.
  bool is_in_string_ = false;
  bool is_escaped_ = false;
};

}  // namespace slipway::kube
