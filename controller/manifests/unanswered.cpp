#include "controller/manifests/unanswered.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>
#include <variant>

#include "controller/manifests/references.h"
#include "crds/base/text.h"

namespace slipway::manifests {

namespace {

using Kind = Reference::Kind;

constexpr std::size_t kMostNamed = 5;

/// What a mention of the object looks like, of objects that are mentioned.
struct AsReference {
  using Answer = std::optional<Reference>;
  Answer operator()(const ContainerRegistry& object) const {
    return Reference{Kind::Registry, {}, object.metadata.name};
  }
  Answer operator()(const SecretObject& object) const {
    return Reference{Kind::Secret, object.namespace_name, object.name};
  }
  Answer operator()(const ConfigMapObject& object) const {
    return Reference{Kind::ConfigMap, object.namespace_name, object.name};
  }
  template <class T>
  Answer operator()(const T&) const {
    return std::nullopt;
  }
};

struct MentionsOf {
  const std::string& base_folder;
  const std::string& controller_namespace;
  std::vector<Mention> operator()(const ImagePublication& object) const { return mentions_of(object, base_folder); }
  std::vector<Mention> operator()(const ContainerRegistry& object) const {
    return mentions_of(object, controller_namespace);
  }
  std::vector<Mention> operator()(const RetentionPolicy& object) const { return mentions_of(object); }
  template <class T>
  std::vector<Mention> operator()(const T&) const {
    return {};
  }
};

std::string name_of(const Reference& reference) {
  const std::string name = reference.scope + '/' + reference.name;
  switch (reference.kind) {
    case Kind::Secret:
      return "Secret " + name;
    case Kind::ConfigMap:
      return "ConfigMap " + name;
    case Kind::File:
      return "file " + quoted(reference.name, 200);
    default:
      return "ContainerRegistry " + reference.name;
  }
}

/// Looks for what is mentioned among what is there.
class Search {
 public:
  explicit Search(const ManifestReading& reading) {
    for (const auto& each : reading.resources)
      if (const auto reference = std::visit(AsReference{}, each.resource)) there_.insert(*reference);
  }

  bool is_answered(const Mention& mention) const {
    return std::ranges::any_of(mention.any_of, [&](const Reference& each) { return is_there(each); });
  }

  static std::string message_for(const Mention& mention) {
    std::string names;
    for (const auto& each : mention.any_of) names += (names.empty() ? "" : " or ") + name_of(each);
    return "there is no " + names + (mention.any_of.front().kind == Kind::File ? "" : " in the folder");
  }

  std::string remedy_for(const Mention& mention) const {
    const Reference& wanted = mention.any_of.front();
    if (wanted.kind == Kind::File)
      return "correct the path, which starts at the folder of this file, or see that the report is there before the "
             "publication";
    std::string remedy = "add it, or correct the name" + others(wanted);
    if (wanted.kind == Kind::Secret) remedy += "; nothing is to be done where the cluster or the environment has it";
    if (wanted.kind == Kind::ConfigMap) remedy += "; nothing is to be done where the cluster has it";
    return remedy;
  }

 private:
  /// What is there instead: of the same kind, or of the same name in another namespace.
  std::string others(const Reference& wanted) const {
    std::string names;
    std::size_t count = 0;
    for (const auto& each : there_) {
      const bool is_like = each.kind == wanted.kind && (wanted.kind == Kind::Registry || each.name == wanted.name);
      if (is_like && count++ < kMostNamed) names += (names.empty() ? " (there is " : ", ") + name_of(each);
    }
    return names.empty() ? "" : names + (count > kMostNamed ? ", …)" : ")");
  }

  bool is_there(const Reference& reference) const {
    if (reference.kind != Kind::File) return there_.contains(reference);
    std::error_code error;
    return std::filesystem::exists(std::filesystem::path{reference.scope} / reference.name, error) || error;
  }

  std::set<Reference> there_;
};

}  // namespace

std::vector<Problem> unanswered_references(const ManifestReading& reading, const std::string& controller_namespace) {
  std::vector<Problem> problems;
  if (!reading.is_whole) return problems;
  const Search search{reading};
  for (const auto& each : reading.resources)
    for (const auto& mention : std::visit(MentionsOf{each.base_folder, controller_namespace}, each.resource))
      if (!search.is_answered(mention))
        problems.push_back({.file = each.file,
                            .place = place_of(each.root, mention.field),
                            .field = mention.field,
                            .message = Search::message_for(mention),
                            .expected = search.remedy_for(mention),
                            .reason = "NotFound",
                            .warning = true});
  return problems;
}

}  // namespace slipway::manifests
