#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/document.h"
#include "crds/base/problem_list.h"
#include "crds/base/read_document.h"

namespace slipway {

/// Puts a tree of Nodes together from the events of a parser and keeps the bounds: depth, number of nodes, keys that
/// stand once. After a broken bound it takes nothing more; of a key that stands twice it leaves the second out and goes
/// on. One thread at a time.
class DocumentBuilder {
 public:
  DocumentBuilder(std::string_view file, const DocumentLimits& limits) : file_(file), limits_(limits) {}

  /// False: stop, a bound is broken. A value goes to the open map (after key()), the open list, or becomes the root.
  bool value(Node node);
  bool key(std::string name, Place place);
  bool open(Node::Kind kind, Place place);
  bool close();
  /// Counts a copy that is kept for aliases.
  bool keep_copy(const Node& node) { return count(node); }

  /// Whether an open map waits for a key.
  bool expects_key() const;
  /// The value that was completed last, for an anchor. Null before the first.
  const Node* completed() const { return completed_; }
  /// How many values there are so far, copies included.
  std::size_t nodes() const { return nodes_; }

  /// The document has no form that could be read: nothing of it counts.
  void problem(Place place, std::string message, std::string expected);
  /// The value to come is refused, and reading goes on.
  void refuse_value(Place place, std::string message, std::string expected);
  /// The tree, or why there is none. Ends this builder.
  ReadDocument finish();

 private:
  struct Frame {
    Node node;
    std::string key;
    Place key_place;
    bool has_key = false;
    bool is_left_out = false;                 ///< What comes for that key: it stands there already.
    std::set<std::string, std::less<>> keys;  ///< Of a map with many.
    /// Whether this map has a member of that name; to be asked before each is added.
    bool has(const std::string& name);
  };

  bool count(const Node& node);
  bool count(std::size_t nodes, std::size_t bytes, Place place);
  void put(Node node);
  std::string path() const;
  void add(Place place, std::string field, std::string message, std::string expected);
  bool begins_a_resource(std::string_view key) const;

  std::string file_;
  DocumentLimits limits_;
  std::vector<Frame> frames_;
  Node root_;
  Node left_out_;  ///< The last that was.
  ProblemList problems_;
  bool is_broken_ = false;
  const Node* completed_ = nullptr;
  std::size_t nodes_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace slipway
