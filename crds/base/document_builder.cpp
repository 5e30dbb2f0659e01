#include "crds/base/document_builder.h"

#include "crds/base/text.h"

namespace slipway {

namespace {

std::size_t size_of(const Node& node) {
  std::size_t total = 1;
  for (const auto& item : node.items) total += size_of(item);
  for (const auto& member : node.members) total += size_of(member.value);
  return total;
}

}  // namespace

bool DocumentBuilder::count(const Node& node) {
  nodes_ += size_of(node);
  if (nodes_ <= limits_.nodes) return true;
  problem(node.place, "the document has more than " + std::to_string(limits_.nodes) + " values",
          "split it, and mind aliases that repeat each other");
  return false;
}

bool DocumentBuilder::value(Node node) {
  if (!count(node)) return false;
  if (frames_.empty()) {
    document_.root = std::move(node);
    completed_ = &document_.root;
    return true;
  }
  Frame& frame = frames_.back();
  if (frame.node.kind == Node::Kind::List) {
    frame.node.items.push_back(std::move(node));
    completed_ = &frame.node.items.back();
    return true;
  }
  frame.node.members.push_back({std::move(frame.key), frame.key_place, std::move(node)});
  completed_ = &frame.node.members.back().value;
  frame.has_key = false;
  return true;
}

bool DocumentBuilder::key(std::string name, Place place) {
  Frame& frame = frames_.back();
  if (!frame.keys.insert(name).second)
    problem(place, "the key " + quoted(path_of(name)) + " stands here a second time", "keep one of the two");
  frame.key = std::move(name);
  frame.key_place = place;
  frame.has_key = true;
  return true;
}

bool DocumentBuilder::open(Node::Kind kind, Place place) {
  if (frames_.size() >= limits_.depth) {
    problem(place, "the document is nested more than " + std::to_string(limits_.depth) + " levels deep",
            "no resource needs that");
    return false;
  }
  Frame frame;
  frame.node.kind = kind;
  frame.node.place = place;
  frames_.push_back(std::move(frame));
  return true;
}

bool DocumentBuilder::close() {
  Node node = std::move(frames_.back().node);
  frames_.pop_back();
  // Its children were counted when they came.
  nodes_ -= size_of(node) - 1;
  return value(std::move(node));
}

bool DocumentBuilder::expects_key() const {
  return !frames_.empty() && frames_.back().node.kind == Node::Kind::Map && !frames_.back().has_key;
}

std::string DocumentBuilder::path_of(std::string_view key) const {
  std::string path;
  for (const auto& frame : frames_) {
    if (&frame == &frames_.back()) break;
    if (frame.node.kind == Node::Kind::List)
      path += '[' + std::to_string(frame.node.items.size()) + ']';
    else
      path += (path.empty() ? "" : ".") + frame.key;
  }
  return (path.empty() ? "" : path + '.') + std::string(key);
}

void DocumentBuilder::problem(Place place, std::string message, std::string expected) {
  document_.problems.push_back({.file = file_,
                                .place = place,
                                .field = {},
                                .message = std::move(message),
                                .expected = std::move(expected),
                                .reason = "Invalid",
                                .warning = false});
}

Document DocumentBuilder::finish() {
  if (!document_.problems.empty()) document_.root = Node{};
  return std::move(document_);
}

}  // namespace slipway
