#include <vector>

#include "crds/base/read_document.h"
#include "crds/base/text.h"
#include "crds/base/yaml_document.h"

namespace slipway {

namespace {

/// Each costs some time, however little is in it.
constexpr std::size_t kMostDocuments = 20'000;

Problem problem_at(std::string_view file, Place place, std::string message, std::string expected) {
  return {.file = std::string(file),
          .place = place,
          .field = {},
          .message = std::move(message),
          .expected = std::move(expected),
          .reason = "Invalid",
          .warning = false};
}

ReadDocument broken(Problem problem) {
  ReadDocument read;
  read.document.problems.push_back(std::move(problem));
  return read;
}

/// The first byte that no text file has, or nothing.
std::optional<Problem> find_bad_byte(std::string_view text, std::string_view file) {
  Place place{1, 1};
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text.substr(i));
    if (length == 0) return problem_at(file, place, "this byte is not UTF-8", "save the file as UTF-8");
    if (text[i] == '\0') return problem_at(file, place, "there is a NUL byte", "save the file as UTF-8 text");
    if (text[i] == '\n')
      place = {place.line + 1, 1};
    else
      ++place.column;
    i += length;
  }
  return std::nullopt;
}

bool is_marker(std::string_view line, std::string_view marker) {
  if (!line.starts_with(marker)) return false;
  return line.size() == marker.size() || line[marker.size()] == ' ' || line[marker.size()] == '\t' ||
         line[marker.size()] == '\r';
}

bool has_content(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t\r");
  return first != std::string_view::npos && line[first] != '#' && line.front() != '%';
}

/// Splits at `---` and `...` in the first column, which end a document whatever stands around them. Directives and
/// comments in front of a `---` stay with it.
std::vector<YamlChunk> split_documents(std::string_view text) {
  std::vector<YamlChunk> chunks;
  std::size_t start = 0;
  std::size_t start_line = 1;
  bool content = false;
  std::size_t line_number = 1;
  const auto cut = [&](std::size_t at, std::size_t next_line) {
    if (content) chunks.push_back({text.substr(start, at - start), start_line});
    start = at;
    start_line = next_line;
    content = false;
  };
  for (std::size_t at = 0; at < text.size(); ++line_number) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    const std::size_t next = std::min(end + 1, text.size());
    if (is_marker(line, "---")) {
      if (content) cut(at, line_number);
      content = has_content(line.substr(3));
    } else if (is_marker(line, "...")) {
      cut(next, line_number + 1);
    } else if (!line.empty() && has_content(line)) {
      content = true;
    }
    at = next;
  }
  cut(text.size(), line_number);
  return chunks;
}

std::size_t count_nodes(const Node& node) {
  std::size_t count = 1;
  for (const auto& item : node.items) count += count_nodes(item);
  for (const auto& member : node.members) count += count_nodes(member.value);
  return count;
}

/// What a document took of the stream's bound counts for the next; one that broke it is gone and counts as one.
std::vector<ReadDocument> read_yaml_stream(std::string_view text, std::string_view file, DocumentLimits limits) {
  std::vector<ReadDocument> documents;
  std::size_t chunks = 0;
  for (const YamlChunk& chunk : split_documents(text)) {
    if (++chunks > kMostDocuments) {
      documents.push_back(
          broken(problem_at(file, {chunk.first_line, 1}, "the file has more than 20,000 documents", "split it")));
      break;
    }
    ReadDocument read = read_yaml_document(chunk, file, limits);
    const Document& document = read.document;
    limits.nodes -= std::min(limits.nodes, count_nodes(document.problems.empty() ? document.root : read.refused));
    if (document.problems.empty() && document.root.kind == Node::Kind::Null) continue;
    documents.push_back(std::move(read));
  }
  return documents;
}

bool looks_like_json(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
}

bool looks_like_template(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text.substr(first).starts_with("{{");
}

bool all_good(const std::vector<ReadDocument>& documents) {
  for (const auto& read : documents)
    if (!read.document.problems.empty()) return false;
  return !documents.empty();
}

}  // namespace

std::vector<ReadDocument> read_documents(std::string_view text, std::string_view file, const DocumentLimits& limits) {
  std::vector<ReadDocument> documents;
  if (text.size() > limits.bytes) {
    const std::string size = std::to_string(limits.bytes);
    documents.push_back(broken(problem_at(file, {}, "the file has more than " + size + " bytes", "split it")));
    return documents;
  }
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    documents.push_back(broken(problem_at(file, {1, 1}, "the file is UTF-16", "save it as UTF-8")));
    return documents;
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (auto bad = find_bad_byte(text, file)) {
    documents.push_back(broken(std::move(*bad)));
    return documents;
  }
  if (!looks_like_json(text)) return read_yaml_stream(text, file, limits);
  documents.push_back(read_json(text, file, limits));
  if (all_good(documents)) return documents;
  // A flow map of YAML starts with a brace too, and so does a stream of JSON documents.
  auto as_yaml = read_yaml_stream(text, file, limits);
  if (all_good(as_yaml)) return as_yaml;
  if (looks_like_template(text))
    return {broken(problem_at(file, {1, 1}, "this is a template, and no resource yet",
                              "keep it in another folder, or write here what it becomes"))};
  return documents;
}

std::vector<Document> parse_documents(std::string_view text, std::string_view file, const DocumentLimits& limits) {
  std::vector<Document> documents;
  for (ReadDocument& read : read_documents(text, file, limits)) documents.push_back(std::move(read.document));
  return documents;
}

}  // namespace slipway
