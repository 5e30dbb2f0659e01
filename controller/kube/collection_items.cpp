#include "controller/kube/collection_items.h"

#include <utility>

#include "controller/kube/api_document.h"
#include "controller/kube/requests.h"

namespace slipway::kube {
namespace {

constexpr std::size_t kLargestEnvelope = 64u << 10;
constexpr DocumentLimits kItemLimits{.bytes = 16u << 20, .depth = 128, .nodes = 500'000, .shallow = kFieldsOfManagers};

std::unexpected<Error> no_list(const std::string& why) {
  return fail(ErrorClass::Integrity, "the list can't be read: " + why,
              "check what answers at the API server's address");
}

}  // namespace

Result<void> CollectionItems::feed(std::span<const std::byte> bytes) {
  for (const std::byte byte : bytes)
    if (Result<void> taken = take_byte(static_cast<char>(byte)); !taken) return taken;
  if (item_.size() > largest_item_) return no_list("an item of more than " + std::to_string(largest_item_) + " bytes");
  if (envelope_.size() > kLargestEnvelope) return no_list("too much stands around its items");
  return {};
}

Result<void> CollectionItems::take_byte(char byte) {
  switch (at_) {
    case At::Item:
      return take_item_byte(byte);
    case At::BetweenItems:
      return take_between(byte);
    case At::Envelope:
      take_envelope(byte);
      return {};
  }
  return {};
}

bool CollectionItems::is_structure(char byte) {
  if (std::exchange(is_escaped_, false)) return false;
  if (byte == '"') {
    is_in_string_ = !is_in_string_;
    return false;
  }
  is_escaped_ = is_in_string_ && byte == '\\';
  return !is_in_string_;
}

void CollectionItems::take_envelope(char byte) {
  envelope_ += byte;
  const bool was_in_string = is_in_string_;
  const bool is_outside = is_structure(byte);
  if (!was_in_string && is_in_string_) last_string_.clear();
  if (was_in_string && is_in_string_ && depth_ == 1 && last_string_.size() < 16) last_string_ += byte;
  if (!is_outside) return;
  if (byte == '[' && depth_ == 1 && last_string_ == "items") {
    at_ = At::BetweenItems;
    return;
  }
  if (byte == '{' || byte == '[') ++depth_;
  if ((byte == '}' || byte == ']') && depth_ > 0) --depth_;
}

Result<void> CollectionItems::take_between(char byte) {
  if (byte == ']') {
    envelope_ += byte;
    at_ = At::Envelope;
    return {};
  }
  if (byte == ',' || byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t') return {};
  if (byte != '{') return no_list("an item is no object");
  at_ = At::Item;
  depth_ = 0;
  return take_item_byte(byte);
}

Result<void> CollectionItems::take_item_byte(char byte) {
  item_ += byte;
  if (!is_structure(byte)) return {};
  if (byte == '{' || byte == '[') ++depth_;
  if (byte == '}' || byte == ']') --depth_;
  if (depth_ > 0) return {};
  const Document document = parse_api_json(item_, "item", kItemLimits);
  item_.clear();
  at_ = At::BetweenItems;
  depth_ = 1;
  if (!document.problems.empty()) return no_list(document.problems.front().message);
  return take_(document.root);
}

Result<Node> CollectionItems::finish() const {
  if (at_ != At::Envelope || depth_ != 0 || envelope_.empty())
    return fail(ErrorClass::Unavailable, "the list ended early", "try again");
  Document document = parse_json(envelope_, "list");
  if (!document.problems.empty()) return no_list(document.problems.front().message);
  return std::move(document.root);
}

}  // namespace slipway::kube
