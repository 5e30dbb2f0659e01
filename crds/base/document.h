#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crds/base/result.h"

namespace slipway {

/// Where something stands in a file; both count from 1. Zero means unknown (made in memory, not read).
struct Place {
  std::size_t line = 0;
  std::size_t column = 0;
  bool operator==(const Place&) const = default;
};

/// One value of a JSON or YAML document with its place. Scalars are typed as kubectl types them: `1.10` is a number,
/// `"1.10"` a string, `yes` and `true` booleans, a date a string, `~` and empty are null.
struct Node {
  enum class Kind { Null, Boolean, Integer, Number, String, List, Map };
  struct Member;

  Kind kind = Kind::Null;
  Place place;
  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0;
  std::string text;             ///< String: its value. Every other scalar: as it was written ("1.10", "0x1F").
  std::vector<Node> items;      ///< List.
  std::vector<Member> members;  ///< Map, in the order written; keys are unique.

  const Node* find(std::string_view key) const;
};

struct Node::Member {
  std::string key;
  Place place;  ///< Of the key.
  Node value;
};

/// Where the field at `path` ("spec.tags[1].template", seen from `root`) stands; the place of what encloses it when it
/// is absent.
Place place_of(const Node& root, std::string_view path);

/// "null", "boolean", "integer", "number", "string", "list", "map": for messages.
std::string_view to_string(Node::Kind kind);

/// One thing that is wrong with a file, as a person should read it.
struct Problem {
  std::string file;  ///< As the user named it; "-" for standard input; empty for objects of an API server.
  Place place;
  std::string field;     ///< Field path, e.g. "spec.tags[1].template"; empty when the document itself is broken.
  std::string message;   ///< What was found.
  std::string expected;  ///< What is expected, or what to do.
  std::string reason;    ///< "Invalid", "NotSupported", "Refused" or "NotFound".
  bool warning = false;  ///< True: the object is accepted (validate exits 0).
  bool operator==(const Problem&) const = default;
};

/// "file:line:column: field: message; expected".
std::string to_string(const Problem& problem);

/// One document of a stream: its root, or why it could not be read.
struct Document {
  Node root;                      ///< Null when `problems` is not empty.
  std::vector<Problem> problems;  ///< Syntax errors, duplicate keys, limits: the first hundred.
  std::size_t more_problems = 0;  ///< How many there are beyond those.
};

/// Bounds that keep hostile input from costing more than it is worth.
struct DocumentLimits {
  std::size_t bytes = 64u << 20;  ///< Of one stream.
  std::size_t depth = 64;         ///< Of nesting.
  std::size_t nodes = 200'000;    ///< Of one stream, with aliases expanded; the text of all is bounded by `bytes`.
  /// Of JSON: the map under this key is kept with the keys of its values alone (`{a: {b: {}}}`), of which deeper ones
  /// are checked as JSON and left out.
  std::string_view shallow = {};
  bool repeated_keys = false;  ///< Of JSON: a key may stand again; the first one is found.
};

/// Reads a YAML stream (or JSON, when the first character is '{' or '['), one Document per `---`. A syntax error in one
/// document does not lose the others. Duplicate keys, unknown aliases, custom tags, merge keys, NUL bytes and invalid
/// UTF-8, infinities and NaN are problems. Empty documents (only comments) are left out.
std::vector<Document> parse_documents(std::string_view text, std::string_view file, const DocumentLimits& limits = {});

/// Reads one JSON document (RFC 8259); duplicate keys are refused, places are exact.
Document parse_json(std::string_view text, std::string_view file, const DocumentLimits& limits = {});

/// The JSON text of `node`, compact, keys in order.
std::string to_json_text(const Node& node);

}  // namespace slipway
