#include "crds/base/document_builder.h"

#include <algorithm>

#include "crds/base/text.h"

namespace slipway {

namespace {

constexpr std::size_t kLongestStep = 320;  // What a label's key can have.
constexpr std::size_t kLongestPath = 1000;

struct Size {
  std::size_t nodes = 0;
  std::size_t bytes = 0;
};

void add_size(const Node& node, Size& size) {
  ++size.nodes;
  size.bytes += node.text.size();
  for (const auto& item : node.items) add_size(item, size);
  for (const auto& member : node.members) {
    size.bytes += member.key.size();
    add_size(member.value, size);
  }
}

}  // namespace

bool DocumentBuilder::count(const Node& node) {
  Size size;
  add_size(node, size);
  return count(size.nodes, size.bytes, node.place);
}

bool DocumentBuilder::count(std::size_t nodes, std::size_t bytes, Place place) {
  nodes_ += nodes;
  bytes_ += bytes;
  if (nodes_ <= limits_.nodes && bytes_ <= limits_.bytes) return true;
  const bool values = nodes_ > limits_.nodes;
  problem(place,
          "there are more than " + std::to_string(values ? limits_.nodes : limits_.bytes) +
              (values ? " values" : " bytes of text"),
          "split the file, and mind aliases that repeat each other");
  return false;
}

bool DocumentBuilder::value(Node node) {
  if (!count(node)) return false;
  put(std::move(node));
  return true;
}

void DocumentBuilder::put(Node node) {
  if (frames_.empty()) {
    root_ = std::move(node);
    completed_ = &root_;
    return;
  }
  Frame& frame = frames_.back();
  if (frame.node.kind == Node::Kind::List) {
    frame.node.items.push_back(std::move(node));
    completed_ = &frame.node.items.back();
    return;
  }
  frame.has_key = false;
  if (frame.is_left_out) {
    left_out_ = std::move(node);
    completed_ = &left_out_;
    return;
  }
  frame.node.members.push_back({std::move(frame.key), frame.key_place, std::move(node)});
  completed_ = &frame.node.members.back().value;
}

/// A few keys are looked through faster than a set of them is made.
bool DocumentBuilder::Frame::has(const std::string& name) {
  constexpr std::size_t kFew = 16;
  if (node.members.size() < kFew)
    return std::ranges::find(node.members, name, &Node::Member::key) != node.members.end();
  if (keys.empty())
    for (const Node::Member& member : node.members) keys.insert(member.key);
  return !keys.insert(name).second;
}

bool DocumentBuilder::key(std::string name, Place place) {
  Frame& frame = frames_.back();
  frame.is_left_out = !limits_.repeated_keys && frame.has(name);
  frame.key = std::move(name);
  frame.key_place = place;
  frame.has_key = true;
  if (frame.is_left_out)
    refuse_value(place, "the key stands here a second time",
                 begins_a_resource(frame.key) ? "put a line --- between two resources, or keep one of the two"
                                              : "keep one of the two");
  return count(0, frame.key.size(), place);
}

/// At the top, where a second resource shows by its keys.
bool DocumentBuilder::begins_a_resource(std::string_view key) const {
  return frames_.size() == 1 && (key == "apiVersion" || key == "kind" || key == "metadata" || key == "spec");
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
  return count(1, 0, place);
}

bool DocumentBuilder::close() {
  Node node = std::move(frames_.back().node);
  frames_.pop_back();
  put(std::move(node));  // It was counted when it was opened, its children when they came.
  return true;
}

bool DocumentBuilder::expects_key() const {
  return !frames_.empty() && frames_.back().node.kind == Node::Kind::Map && !frames_.back().has_key;
}

/// Of the value to come. Of a long one the end, which says most.
std::string DocumentBuilder::path() const {
  std::string path;
  for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame) {
    const std::string step = frame->node.kind == Node::Kind::List
                                 ? '[' + std::to_string(frame->node.items.size()) + ']'
                                 : '.' + (frame->key.size() <= kLongestStep ? frame->key : "…");
    if (path.size() + step.size() > kLongestPath) return "…" + path;
    path.insert(0, step);
  }
  return path.starts_with('.') ? path.substr(1) : path;
}

void DocumentBuilder::problem(Place place, std::string message, std::string expected) {
  is_broken_ = true;
  add(place, {}, std::move(message), std::move(expected));
}

/// Who writes one key again and again has no path and no text made for each.
void DocumentBuilder::refuse_value(Place place, std::string message, std::string expected) {
  if (problems_.kept().size() == ProblemList::kMost) return problems_.add_unseen(1);
  add(place, path(), std::move(message), std::move(expected));
}

void DocumentBuilder::add(Place place, std::string field, std::string message, std::string expected) {
  problems_.add({.file = file_,
                 .place = place,
                 .field = std::move(field),
                 .message = std::move(message),
                 .expected = std::move(expected),
                 .reason = "Invalid",
                 .warning = false});
}

ReadDocument DocumentBuilder::finish() {
  if (problems_.empty()) return {{std::move(root_), {}}, {}};
  return {{{}, problems_.kept(), problems_.more_errors()}, is_broken_ ? Node{} : std::move(root_)};
}

}  // namespace slipway
