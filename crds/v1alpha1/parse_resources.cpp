#include <algorithm>
#include <array>
#include <set>

#include "crds/base/make_node.h"
#include "crds/base/read_document.h"
#include "crds/base/text.h"
#include "crds/v1alpha1/bindings.h"
#include "crds/v1alpha1/core_objects.h"
#include "crds/v1alpha1/field_overrides.h"
#include "crds/v1alpha1/parse_resource.h"
#include "crds/v1alpha1/resources.h"
#include "crds/v1alpha1/support.h"
#include "crds/v1alpha1/validation.h"

namespace slipway {

namespace {

constexpr std::string_view kKnownKinds =
    "ContainerRegistry, ImagePublication and RetentionPolicy of slipway.dev/v1alpha1; Namespace, Secret and ConfigMap "
    "of v1";

/// Those of kApiVersion first, kOwnKinds of them.
constexpr std::array<std::string_view, 7> kKinds{"ContainerRegistry", "ImagePublication", "RetentionPolicy", "List",
                                                 "Namespace",         "Secret",           "ConfigMap"};
constexpr std::ptrdiff_t kOwnKinds = 3;

/// In whichever letters.
bool is_read_kind(std::string_view kind) {
  return std::ranges::any_of(kKinds, [lower = lower_case(kind)](auto each) { return lower_case(each) == lower; });
}

/// Misspelled, or a list of them, which `kubectl get --raw` gives.
bool may_be_read_kind(std::string_view kind) {
  if (!closest_to(kind, {kKinds.begin(), kKinds.end()}).empty()) return true;
  constexpr std::string_view kList = "list";
  return lower_case(kind).ends_with(kList) && is_read_kind(kind.substr(0, kind.size() - kList.size()));
}

/// A folder that something else applies too holds more than what is ours. What may be meant as ours is not foreign:
/// passed over, it would count as deleted.
bool is_foreign(std::string_view version, const std::string& kind) {
  if (version == "v1") return !kind.empty() && !may_be_read_kind(kind);
  const std::size_t slash = version.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == version.size() || kind.empty()) return false;
  const std::string group = lower_case(version.substr(0, slash));
  if (group.find("slipway") != std::string::npos || !closest_to(group, {kGroup}).empty()) return false;
  return !is_read_kind(kind);
}

/// SOPS leaves kind and names as they are, and adds how to decrypt the rest.
bool is_encrypted(const Node& root) {
  const Node* sops = root.find("sops");
  return sops != nullptr && sops->kind == Node::Kind::Map;
}

/// kustomize wants neither apiVersion nor kind there.
bool is_kustomization(std::string_view file) {
  const std::string_view name = file.substr(file.rfind('/') + 1);
  return name == "kustomization.yaml" || name == "kustomization.yml";
}

void warn_of_unsupported(ProblemList& problems, const std::vector<UnsupportedField>& fields, const std::string& file,
                         const Whereabouts& where) {
  for (const auto& field : fields)
    problems.add(where.told({.file = file,
                             .place = {},
                             .field = field.field,
                             .message = field.message,
                             .expected = field.remedy,
                             .reason = "NotSupported",
                             .warning = true}));
}

/// What a file says of the life of an object in some cluster says nothing of this one.
ObjectMeta without_life(const ObjectMeta& metadata) {
  ObjectMeta kept;
  kept.name = metadata.name;
  kept.namespace_name = metadata.namespace_name;
  kept.labels = metadata.labels;
  kept.annotations = metadata.annotations;
  return kept;
}

/// The fields of T's spec that can't be changed, where they stand.
template <class T>
Node fixed_part_of(const Node& root) {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> fixed;
    for (const auto& each : Bound<decltype(T::spec)>::get().schema().properties)
      if (each.schema.info.immutable) fixed.push_back(each.name);
    return fixed;
  }();
  const Node* spec = root.find("spec");
  Node kept = map_node();
  kept.place = root.place;
  if (spec == nullptr) return kept;
  Node fixed = map_node();
  fixed.place = spec->place;
  for (const auto& member : spec->members)
    if (std::ranges::find(names, member.key) != names.end()) fixed.members.push_back(member);
  kept.members.push_back({"spec", spec->place, std::move(fixed)});
  return kept;
}

template <class T>
void finish_metadata(T& object, bool from_api_server) {
  if (!from_api_server) object.metadata = without_life(object.metadata);
  if constexpr (T::kKind == ResourceKind::ContainerRegistry)
    object.metadata.namespace_name.clear();
  else if (object.metadata.namespace_name.empty())
    object.metadata.namespace_name = "default";
}

class StreamParser {
 public:
  StreamParser(std::string_view file, const ParseOptions& options) : file_(file), options_(options) {}

  void parse(const ReadDocument& read) {
    const Document& document = read.document;
    if (document.problems.empty()) return parse_root(document.root);
    for (const auto& problem : document.problems) problems_.add(problem);
    problems_.add_unseen(document.more_problems);
    if (read.refused.kind == Node::Kind::Null) return;
    // Its other errors are told, and nothing of it counts.
    StreamParser others(file_, options_);
    others.parse(read.refused);
    for (const auto& problem : others.problems_.kept())
      if (std::ranges::find(document.problems, problem.place, &Problem::place) == document.problems.end())
        problems_.add(problem);
    problems_.add_unseen(others.problems_.more_errors());
  }

  void parse(const Node& root) { parse_root(root); }

  ParsedResources take() { return {std::move(resources_), problems_.take(file_)}; }

 private:
  void parse_root(const Node& root) {
    FieldReader reader = reader_here();
    if (!reader.expect(root, Node::Kind::Map)) return keep_problems(reader);
    const std::string kind = text_of(root, "kind");
    const std::string version = text_of(root, "apiVersion");
    if (version == kApiVersion ? parse_own(root, kind) : version == "v1" && parse_core(root, kind)) return;
    if (!are_texts(root, reader)) return keep_problems(reader);
    if (!options_.from_api_server && is_foreign(version, kind))
      reader.warn(root.place, "kind " + quoted(kind) + " of apiVersion " + quoted(version) + " is passed over",
                  "read are " + std::string(kKnownKinds));
    else if (!options_.from_api_server && kind.empty() && version.empty() && is_kustomization(file_))
      reader.warn(root.place, "a kustomization is passed over", "every file counts as it stands here");
    else
      refuse_unknown(root, kind, version, reader);
    keep_problems(reader);
  }

  /// Whether what is given of apiVersion and kind is.
  static bool are_texts(const Node& root, FieldReader& reader) {
    bool are = true;
    for (const std::string_view name : {"apiVersion", "kind"}) {
      const Node* node = root.find(name);
      if (node == nullptr || node->kind == Node::Kind::Null) continue;
      const FieldReader::Step step(reader, name);
      are &= reader.expect(*node, Node::Kind::String);
    }
    return are;
  }

  static void refuse_unknown(const Node& root, const std::string& kind, const std::string& version,
                             FieldReader& reader) {
    const auto known = std::ranges::find(kKinds, kind);
    const bool is_known = known != kKinds.end();
    const std::string_view field = is_known ? "apiVersion" : "kind";
    const FieldReader::Step step(reader, field);
    const Place place = place_of(root, field);
    if (kind.empty())
      return reader.problem(place, "this is no resource: it has no kind",
                            "keep what is none in a folder of its own; known are " + std::string(kKnownKinds));
    std::string expected = "known are " + std::string(kKnownKinds);
    const auto close = closest_to(kind, {kKinds.begin(), kKinds.end()});
    if (is_known)
      expected = "write " + std::string(known - kKinds.begin() < kOwnKinds ? kApiVersion : "v1");
    else if (!close.empty())
      expected = "did you mean " + std::string(close) + "?";
    const std::string of = version.empty() ? " without an apiVersion" : " of apiVersion " + quoted(version);
    reader.problem(place, "kind " + quoted(kind) + of + " is not known", std::move(expected));
  }

  /// False when the kind is not known.
  bool parse_own(const Node& root, std::string_view kind) {
    if (kind == "ContainerRegistry")
      parse_kind<ContainerRegistry>(root);
    else if (kind == "ImagePublication")
      parse_publication(root);
    else if (kind == "RetentionPolicy")
      parse_kind<RetentionPolicy>(root);
    else
      return false;
    return true;
  }

  bool parse_core(const Node& root, std::string_view kind) {
    FieldReader reader = reader_here();
    if (kind == "List") {
      parse_list(root);
    } else if (!options_.from_api_server && is_encrypted(root)) {
      reader.warn(root.place, "this " + std::string(kind) + " is encrypted by SOPS: it is passed over",
                  "what decrypts and applies it in a cluster is left alone; here it counts as not there");
      keep_problems(reader);
    } else if (kind == "Namespace") {
      auto object = read_namespace(root, reader);
      keep(root, "Namespace " + object.name, object, reader);
    } else if (kind == "Secret") {
      auto object = read_secret(root, reader);
      keep(root, "Secret " + object.namespace_name + '/' + object.name, object, reader);
    } else if (kind == "ConfigMap") {
      auto object = read_config_map(root, reader);
      keep(root, "ConfigMap " + object.namespace_name + '/' + object.name, object, reader);
    } else {
      return false;
    }
    return true;
  }

  void parse_list(const Node& root) {
    FieldReader reader = reader_here();
    const FieldReader::Step step(reader, "items");
    const Node* items = root.find("items");
    if (items == nullptr || items->kind == Node::Kind::Null) return;
    if (!reader.expect(*items, Node::Kind::List)) return keep_problems(reader);
    const std::string list = path_;
    for (std::size_t i = 0; i < items->items.size(); ++i) {
      path_ = reader.path() + '[' + std::to_string(i) + ']';
      parse_root(items->items[i]);
    }
    path_ = list;
  }

  void parse_publication(Node root) {
    FieldReader reader = reader_here();
    apply_overrides(root, options_, reader);
    parse_kind<ImagePublication>(root, reader);
  }

  template <class T>
  void parse_kind(const Node& root) {
    FieldReader reader = reader_here();
    parse_kind<T>(root, reader);
  }

  template <class T>
  void parse_kind(const Node& root, FieldReader& reader) {
    auto object = read_known(root, reader, T{});
    finish_metadata(object, options_.from_api_server);
    const ObjectKey key = key_of(object);
    const auto unsupported_fields = unsupported(object);
    if (!keep(root, to_string(key), std::move(object), reader)) return;
    if (!options_.keep_roots && !options_.from_api_server) resources_.back().where.root = fixed_part_of<T>(root);
    if (unsupported_fields.empty()) return;
    warn_of_unsupported(problems_, unsupported_fields, file_, {root, path_, reader.origins()});
  }

  bool refuse(FieldReader& reader) {
    keep_problems(reader);
    return false;
  }

  /// Keeps the object, named by its kind and key, if nothing is wrong with it.
  bool keep(const Node& root, const std::string& key, Resource object, FieldReader& reader) {
    if (reader.problems().has_errors()) return refuse(reader);
    if (!seen_.insert(key).second) {
      reader.problem(root.place, key + " stands here a second time", "keep one of the two");
      return refuse(reader);
    }
    keep_problems(reader);
    resources_.push_back({std::move(object), file_, root.place,
                          Whereabouts{options_.keep_roots ? root : Node{}, path_, reader.origins()}});
    return true;
  }

  template <class T>
  static T read_known(const Node& root, FieldReader& reader, T object) {
    read_section(root, reader, "metadata", object.metadata, true);
    read_section(root, reader, "spec", object.spec, true);
    if (reader.lenient()) read_section(root, reader, "status", object.status, false);
    for (const auto& member : root.members)
      if (!std::set<std::string_view>{"apiVersion", "kind", "metadata", "spec", "status"}.contains(member.key))
        reader.unknown_field(member, {"apiVersion", "kind", "metadata", "spec", "status"});
    validate(object, root, reader);
    if (!reader.lenient()) warn_of_nothing(root, reader);
    if constexpr (T::kKind == ResourceKind::ImagePublication)
      if (reader.lenient()) refuse_files(object, root, reader);
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

  FieldReader reader_here() const { return {file_, options_.from_api_server, path_}; }

  void keep_problems(FieldReader& reader) { problems_.add(reader.take()); }

  std::string file_;
  const ParseOptions& options_;
  std::vector<ParsedResource> resources_;
  ProblemList problems_;
  std::set<std::string> seen_;  ///< Kind and key of what was kept.
  std::string path_;            ///< Of the item of a List that is read; else empty.
};

}  // namespace

ParsedResources parse_resource(const Node& root, std::string_view file, const ParseOptions& options) {
  StreamParser parser(file, options);
  parser.parse(root);
  return parser.take();
}

ParsedResources parse_resources(std::string_view text, std::string_view file, const ParseOptions& options) {
  StreamParser parser(file, options);
  for (const auto& document : read_documents(text, file)) parser.parse(document);
  return parser.take();
}

}  // namespace slipway
