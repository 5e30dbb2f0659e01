#include <algorithm>
#include <set>

#include "crds/base/text.h"
#include "crds/v1alpha1/bindings.h"
#include "crds/v1alpha1/resources.h"
#include "crds/v1alpha1/support.h"
#include "crds/v1alpha1/validation.h"

namespace slipway {

namespace {

constexpr std::string_view kKnownKinds =
    "ContainerRegistry, ImagePublication and RetentionPolicy of slipway.dev/v1alpha1";

void warn_of_unsupported(std::vector<Problem>& problems, const std::vector<UnsupportedField>& fields,
                         const std::string& file, Place place) {
  for (const auto& field : fields)
    problems.push_back({.file = file,
                        .place = place,
                        .field = field.field,
                        .message = field.message,
                        .expected = field.remedy,
                        .reason = "NotSupported",
                        .warning = true});
}

template <class T>
void finish_metadata(T& object) {
  if constexpr (T::kKind == ResourceKind::ContainerRegistry)
    object.metadata.namespace_name.clear();
  else if (object.metadata.namespace_name.empty())
    object.metadata.namespace_name = "default";
}

class StreamParser {
 public:
  StreamParser(std::string_view file, const ParseOptions& options) : file_(file), options_(options) {}

  void parse(const Document& document) {
    for (const auto& problem : document.problems) result_.problems.push_back(problem);
    if (document.problems.empty()) parse_root(document.root);
  }

  ParsedResources take() { return std::move(result_); }

 private:
  void parse_root(const Node& root) {
    FieldReader reader(file_, options_.from_api_server);
    if (!reader.expect(root, Node::Kind::Map)) return keep_problems(reader);
    const std::string kind = text_of(root, "kind");
    const std::string version = text_of(root, "apiVersion");
    if (kind == "List" && version == "v1") return parse_list(root);
    if (version != kApiVersion) {
      reader.problem(root.place, "apiVersion " + quoted(version) + " with kind " + quoted(kind) + " is not known",
                     "known are " + std::string(kKnownKinds));
      return keep_problems(reader);
    }
    if (kind == "ContainerRegistry") return parse_kind<ContainerRegistry>(root);
    if (kind == "ImagePublication") return parse_kind<ImagePublication>(root);
    if (kind == "RetentionPolicy") return parse_kind<RetentionPolicy>(root);
    reader.problem(root.place, "kind " + quoted(kind) + " is not known", "known are " + std::string(kKnownKinds));
    keep_problems(reader);
  }

  void parse_list(const Node& root) {
    const Node* items = root.find("items");
    if (items == nullptr) return;
    for (const auto& item : items->items) parse_root(item);
  }

  template <class T>
  void parse_kind(const Node& root) {
    FieldReader reader(file_, options_.from_api_server);
    auto object = read_known(root, reader, T{});
    const auto problems = reader.take();
    for (const auto& problem : problems) result_.problems.push_back(problem);
    if (!problems.empty()) return;
    finish_metadata(object);
    const ObjectKey key{T::kKind, object.metadata.namespace_name, object.metadata.name};
    if (!seen_.insert(key).second) {
      FieldReader again(file_, false);
      again.problem(root.place, to_string(key) + " stands here a second time", "keep one of the two");
      return keep_problems(again);
    }
    warn_of_unsupported(result_.problems, unsupported(object), file_, root.place);
    result_.resources.push_back({std::move(object), file_, root.place});
  }

  template <class T>
  static T read_known(const Node& root, FieldReader& reader, T object) {
    read_section(root, reader, "metadata", object.metadata, true);
    read_section(root, reader, "spec", object.spec, true);
    read_section(root, reader, "status", object.status, false);
    for (const auto& member : root.members)
      if (!std::set<std::string_view>{"apiVersion", "kind", "metadata", "spec", "status"}.contains(member.key))
        reader.unknown_field(member, {"apiVersion", "kind", "metadata", "spec", "status"});
    validate(object, root, reader);
    return object;
  }

  template <class S>
  static void read_section(const Node& root, FieldReader& reader, std::string_view name, S& value, bool required) {
    const FieldReader::Step step(reader, name);
    const Node* node = root.find(name);
    if (node != nullptr && node->kind != Node::Kind::Null) return Bound<S>::get().read(*node, reader, value);
    if (required) reader.problem(root.place, "the section is missing", "add it");
  }

  static std::string text_of(const Node& root, std::string_view name) {
    const Node* node = root.find(name);
    return node == nullptr ? std::string{} : node->text;
  }

  void keep_problems(FieldReader& reader) {
    for (auto& problem : reader.take()) result_.problems.push_back(std::move(problem));
  }

  std::string file_;
  const ParseOptions& options_;
  ParsedResources result_;
  std::set<ObjectKey> seen_;
};

}  // namespace

ParsedResources parse_resources(std::string_view text, std::string_view file, const ParseOptions& options) {
  StreamParser parser(file, options);
  for (const auto& document : parse_documents(text, file)) parser.parse(document);
  return parser.take();
}

}  // namespace slipway
