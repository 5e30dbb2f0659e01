#include "controller/manifests/unanswered.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "controller/files/inside.h"
#include "crds/base/text.h"
#include "crds/v1alpha1/core_objects.h"
#include "crds/v1alpha1/references.h"
#include "crds/v1alpha1/stray_space.h"

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

/// The files of the source; of a layout its index.
void add_source(std::vector<Mention>& mentions, const SourceSpec& source, const std::string& base_folder) {
  const auto add = [&](const std::string& name, const std::string& path) {
    mentions.push_back({"spec.source." + name + ".path", {{Kind::File, base_folder, path}}});
  };
  if (source.oci_layout) add("ociLayout", source.oci_layout->path + "/index.json");
  if (source.oci_archive) add("ociArchive", source.oci_archive->path);
  if (source.docker_archive) add("dockerArchive", source.docker_archive->path);
}

struct MentionsOf {
  const std::string& base_folder;
  const std::string& controller_namespace;
  std::vector<Mention> operator()(const ImagePublication& object) const {
    auto mentions = mentions_of(object, base_folder);
    add_source(mentions, object.spec.source, base_folder);
    return mentions;
  }
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

/// That of the keys to sign in with: a docker configuration is not looked into here.
std::optional<Error> objection_to_space(const SecretObject& secret) {
  if (secret.data.contains(std::string(kDockerConfigKey))) return std::nullopt;
  const std::string stray = stray_space(secret.data.at("username"), secret.data.at("password"));
  if (stray.empty()) return std::nullopt;
  return Error{ErrorClass::Invalid, "Secret " + secret.namespace_name + '/' + secret.name + ": " + stray,
               "write it without, unless the registry has it so"};
}

/// Looks for what is mentioned among what is there.
class Search {
 public:
  Search(const ManifestReading& reading, const AnsweredBy& by) : by_(by) {
    for (const auto& each : reading.resources) {
      const auto reference = std::visit(AsReference{}, each.resource);
      if (reference) there_.insert(*reference);
      if (const auto* secret = std::get_if<SecretObject>(&each.resource)) secrets_.emplace(*reference, secret);
    }
  }

  /// What is mentioned is not there, or lacks what it is wanted for.
  std::optional<Error> objection_to(const Mention& mention) const {
    if (mention.any_of.front().kind == Kind::File) return objection_to_file(mention);
    if (!by_.is_whole) return std::nullopt;
    if (!is_answered(mention)) return Error{ErrorClass::NotFound, message_for(mention), remedy_for(mention)};
    if (!mention.is_sign_in) return std::nullopt;
    const SecretObject& secret = *secrets_.at(mention.any_of.front());
    auto lacking =
        mention.pulled_from.empty() ? objection_to_sign_in(secret) : objection_to_pull(secret, mention.pulled_from);
    return lacking ? std::move(lacking) : objection_to_space(secret);
  }

 private:
  /// What only a disk that is not well could tell is not judged.
  std::optional<Error> objection_to_file(const Mention& mention) const {
    const Reference& file = mention.any_of.front();
    const auto place = files::anchored(by_.root, file.scope);
    if (!place) return std::nullopt;
    const auto found = files::resolve_inside(place->root, place->base, file.name);
    if (found) return std::nullopt;
    if (found.error().cls == ErrorClass::NotFound)
      return Error{ErrorClass::NotFound, message_for(mention), remedy_for(mention)};
    return found.error().cls == ErrorClass::Refused ? std::optional{found.error()} : std::nullopt;
  }

  bool is_answered(const Mention& mention) const {
    return std::ranges::any_of(mention.any_of, [&](const Reference& each) { return there_.contains(each); });
  }

  static std::string message_for(const Mention& mention) {
    std::string names;
    for (const auto& each : mention.any_of) names += (names.empty() ? "" : " or ") + name_of(each);
    return "there is no " + names + (mention.any_of.front().kind == Kind::File ? "" : " in the folder");
  }

  std::string remedy_for(const Mention& mention) const {
    const Reference& wanted = mention.any_of.front();
    if (wanted.kind == Kind::File)
      return "correct the path, which starts at the folder of this file, or see that the file is there before the "
             "publication";
    std::string remedy = "add it, or correct the name" + others(wanted);
    const bool is_pull_secret = mention.field.starts_with("spec.source.");  // The environment stands in for no such.
    if (wanted.kind == Kind::Secret && !is_pull_secret)
      remedy += "; nothing is to be done where the cluster or the environment has it";
    if (wanted.kind == Kind::ConfigMap || is_pull_secret) remedy += "; nothing is to be done where the cluster has it";
    return remedy;
  }

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

  const AnsweredBy& by_;
  std::set<Reference> there_;
  std::map<Reference, const SecretObject*> secrets_;
};

Problem warning(const ManifestResource& resource, const std::string& field, Error error) {
  return resource.where.told({.file = resource.file,
                              .place = {},
                              .field = field,
                              .message = std::move(error.message),
                              .expected = std::move(error.remedy),
                              .reason = std::string(to_string(error.cls)),
                              .warning = true});
}

}  // namespace

std::vector<Problem> unanswered_references(const ManifestReading& reading, const AnsweredBy& by) {
  std::vector<Problem> problems;
  if (!reading.is_whole) return problems;
  const Search search{reading, by};
  for (const auto& each : reading.resources)
    for (const auto& mention : std::visit(MentionsOf{each.base_folder, by.controller_namespace}, each.resource))
      if (auto objection = search.objection_to(mention))
        problems.push_back(warning(each, mention.field, std::move(*objection)));
  return problems;
}

}  // namespace slipway::manifests
