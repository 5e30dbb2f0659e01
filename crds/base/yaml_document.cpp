#include "crds/base/yaml_document.h"

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <sstream>

#include "crds/base/document_builder.h"
#include "crds/base/scalar.h"
#include "crds/base/text.h"

namespace slipway {

namespace {

/// Thrown by the handler to leave yaml-cpp; the builder has the problem.
struct Stop {};

class NodeHandler final : public YAML::EventHandler {
 public:
  NodeHandler(DocumentBuilder& builder, std::size_t first_line) : builder_(builder), first_line_(first_line) {}

  /// yaml-cpp takes what stands behind a complete value for a document of its own.
  void refuse_more() { complete_ = true; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (complete_) stop(mark, "there is more behind the end of the value", "start another document with ---");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { scalar({}, mark, anchor, true); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_tag(tag, mark);
    scalar(value, mark, anchor, tag == "?");
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end() || builder_.expects_key())
      stop(mark, "an alias stands where it can't", "write the value itself");
    check(builder_.value(found->second));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    start(Node::Kind::List, mark, tag, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    start(Node::Kind::Map, mark, tag, anchor);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapEnd() override { end(); }

  Place place_of(const YAML::Mark& mark) const {
    if (mark.is_null()) return {first_line_, 1};
    return {static_cast<std::size_t>(mark.line) + first_line_, static_cast<std::size_t>(mark.column) + 1};
  }

 private:
  void scalar(const std::string& value, const YAML::Mark& mark, YAML::anchor_t anchor, bool plain) {
    const Place place = place_of(mark);
    if (builder_.expects_key()) {
      if (plain && value == "<<") stop(mark, "merge keys (\"<<\") are not part of YAML 1.2", "write the fields out");
      if (plain && plain_scalar(value, place).kind == Node::Kind::Null) stop(mark, "a key is empty", "name the field");
      check(builder_.key(value, place));
      return;
    }
    Node node = plain ? plain_scalar(value, place) : Node{};
    const bool is_refused = node.kind == Node::Kind::Number && !std::isfinite(node.number);
    if (is_refused)
      builder_.refuse_value(place, quoted(value) + " is no number that JSON has", "quote it if it is a text");
    if (!plain || is_refused) {
      node.kind = Node::Kind::String;
      node.place = place;
      node.text = value;
    }
    if (anchor != YAML::NullAnchor) keep(anchor, node);
    check(builder_.value(std::move(node)));
  }

  void start(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    refuse_tag(tag, mark);
    if (builder_.expects_key())
      stop(mark, "a list or map stands where a key is expected", "quote a text that begins with { or [");
    check(builder_.open(kind, place_of(mark)));
    open_anchors_.push_back(anchor);
  }

  void end() {
    check(builder_.close());
    const YAML::anchor_t anchor = open_anchors_.back();
    open_anchors_.pop_back();
    if (anchor != YAML::NullAnchor) keep(anchor, *builder_.completed());
  }

  void keep(YAML::anchor_t anchor, const Node& node) {
    check(builder_.keep_copy(node));
    anchors_[anchor] = node;
  }

  /// "?" is a plain scalar or an untagged collection, "!" a quoted scalar.
  void refuse_tag(const std::string& tag, const YAML::Mark& mark) {
    if (tag.empty() || tag == "?" || tag == "!" || tag == "tag:yaml.org,2002:str") return;
    stop(mark, "the tag " + quoted(tag) + " is not supported", "write the value without a tag");
  }

  [[noreturn]] void stop(const YAML::Mark& mark, std::string message, std::string expected) {
    builder_.problem(place_of(mark), std::move(message), std::move(expected));
    throw Stop{};
  }
  static void check(bool go_on) {
    if (!go_on) throw Stop{};
  }

  DocumentBuilder& builder_;
  std::size_t first_line_;
  bool complete_ = false;
  std::map<YAML::anchor_t, Node> anchors_;
  std::vector<YAML::anchor_t> open_anchors_;
};

struct Explanation {
  std::string_view theirs;  ///< Part of yaml-cpp's message.
  std::string_view message;
  std::string_view expected;
};

constexpr std::string_view kIllegalMapValue = "illegal map value";
constexpr std::array<Explanation, 11> kExplanations{{
    {kIllegalMapValue, "a ':' stands where no value can start", "quote a text that has \": \" in it"},
    {"end of map not found", "the fields of a map are not aligned or a ':' is missing",
     "indent the fields of one map alike, with spaces"},
    {"end of sequence not found", "the items of a list are not aligned", "indent the '-' of one list alike"},
    {"end of map flow not found", "a '{' has no '}'", "close it"},
    {"end of sequence flow not found", "a '[' has no ']'", "close it"},
    {"illegal flow end", "a '}' or ']' has no opening", "remove it or quote the text"},
    {"illegal block entry", "a '-' stands where no list can be", "put the list on lines of its own"},
    {"illegal map key", "a key stands where none can be", "start it on a line of its own"},
    {"illegal EOF", "a quoted text has no end", "close the quote"},
    {"illegal EOF in scalar", "a quoted text has no end", "close the quote"},
    {"the referenced anchor is not defined", "an alias names an anchor that is not defined", "define it with & first"},
}};

/// What the chunk has from the line of that number on; empty when there is none.
std::string_view from_line(const YamlChunk& chunk, std::size_t line) {
  std::string_view text = chunk.text;
  if (line < chunk.first_line) return {};
  for (std::size_t at = chunk.first_line; at < line && !text.empty(); ++at)
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return text;
}

/// A line of the chunk without its end; empty when there is none of that number.
std::string_view line_of(const YamlChunk& chunk, std::size_t line) {
  const std::string_view text = from_line(chunk, line);
  return text.substr(0, text.find_first_of("\r\n"));
}

/// The column of a tab among the blanks that `line` of the chunk begins with; 0 when there is none.
std::size_t tab_before_text(const YamlChunk& chunk, std::size_t line) {
  const std::string_view text = line_of(chunk, line);
  const std::size_t blanks = text.find_first_not_of(" \t");
  return text.substr(0, blanks).find('\t') + 1;
}

/// Where what is said of the nearest line above `line` begins, past the '-' of a list; absent when there is none.
std::optional<std::size_t> indent_above(const YamlChunk& chunk, std::size_t line) {
  std::string_view rest = chunk.text.substr(0, chunk.text.size() - from_line(chunk, line).size());
  while (!rest.empty()) {
    rest.remove_suffix(1);  // The end of the line.
    const std::size_t begin = rest.rfind('\n') + 1;
    const std::string_view above = rest.substr(begin);
    const std::size_t blanks = above.find_first_not_of(" \t\r");
    if (blanks != above.npos && above[blanks] != '#') return above.find_first_not_of(" \t-");
    rest = rest.substr(0, begin);
  }
  return std::nullopt;
}

/// Where the text of the line begins whose key a ':' at `place` would end, had it not been read as more of the value
/// of the line above, because it is indented deeper. Absent when something else is wrong there.
std::optional<Place> field_too_deep(const YamlChunk& chunk, Place place) {
  const std::string_view before = line_of(chunk, place.line).substr(0, place.column - 1);
  const std::size_t indent = before.find_first_not_of(' ');
  if (indent == before.npos || before.find(": ") != before.npos) return std::nullopt;
  const auto above = indent_above(chunk, place.line);
  if (!above || indent <= *above) return std::nullopt;
  return Place{place.line, indent + 1};
}

void explain(DocumentBuilder& builder, Place place, const std::string& theirs) {
  for (const auto& explanation : kExplanations)
    if (theirs.find(explanation.theirs) != std::string::npos)
      return builder.problem(place, std::string(explanation.message), std::string(explanation.expected));
  builder.problem(place, "this is not YAML (" + theirs + ")", "check indentation, quotes and brackets around here");
}

}  // namespace

ReadDocument read_yaml_document(const YamlChunk& chunk, std::string_view file, const DocumentLimits& limits) {
  DocumentBuilder builder(file, limits);
  NodeHandler handler(builder, chunk.first_line);
  try {
    std::istringstream stream{std::string(chunk.text)};
    YAML::Parser parser(stream);
    parser.HandleNextDocument(handler);
    handler.refuse_more();
    parser.HandleNextDocument(handler);
  } catch (const Stop&) {
    return builder.finish();
  } catch (const YAML::Exception& error) {
    const Place place = handler.place_of(error.mark);
    if (const std::size_t tab = tab_before_text(chunk, place.line); tab != 0)
      builder.problem({place.line, tab}, "a tab is used to indent, which YAML forbids", "indent with spaces");
    else if (const auto field = error.msg == kIllegalMapValue ? field_too_deep(chunk, place) : std::nullopt)
      builder.problem(*field, "this line is indented deeper than the one above, which has a value already",
                      "indent the fields of one map alike; quote a text of several lines that has \": \" in it");
    else
      explain(builder, place, error.msg);
  } catch (const std::exception& error) {
    explain(builder, {chunk.first_line, 1}, error.what());
  }
  return builder.finish();
}

}  // namespace slipway
