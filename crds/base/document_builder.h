#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/document.h"

namespace slipway {

/// Puts a tree of Nodes together from the events of a parser and keeps the bounds: depth, number of nodes, keys that
/// stand once. After the first broken bound it takes nothing more. One thread at a time.
class DocumentBuilder {
 public:
  DocumentBuilder(std::string_view file, const DocumentLimits& limits) : file_(file), limits_(limits) {}

  /// False: stop, a bound is broken. A value goes to the open map (after key()), the open list, or becomes the root.
  bool value(Node node);
  bool key(std::string name, Place place);
  bool open(Node::Kind kind, Place place);
  bool close();

  /// Whether an open map waits for a key.
  bool expects_key() const;
  /// The value that was completed last, for an anchor. Null before the first.
  const Node* completed() const { return completed_; }
  std::size_t depth() const { return frames_.size(); }

  void problem(Place place, std::string message, std::string expected);
  /// The tree, or why there is none. Ends this builder.
  Document finish();

 private:
  struct Frame {
    Node node;
    std::string key;
    Place key_place;
    bool has_key = false;
    std::set<std::string, std::less<>> keys;
  };

  bool count(const Node& node);
  std::string path_of(std::string_view key) const;

  std::string file_;
  DocumentLimits limits_;
  std::vector<Frame> frames_;
  Document document_;
  const Node* completed_ = nullptr;
  std::size_t nodes_ = 0;
};

}  // namespace slipway
