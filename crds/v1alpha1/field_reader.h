#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crds/base/document.h"
#include "crds/base/problem_list.h"
#include "crds/v1alpha1/schema.h"
#include "crds/v1alpha1/whereabouts.h"

namespace slipway {

/// Collects what is wrong while a document is read into a model, with the field path of where the reading is. One
/// thread at a time.
class FieldReader {
 public:
  /// `lenient`: fields that are not known are passed over (objects of an API server, stored status). `path`: where the
  /// document stands in the file's.
  FieldReader(std::string_view file, bool lenient, std::string path = {})
      : file_(file), lenient_(lenient), path_(std::move(path)) {}

  /// Puts a name or an index on the path as long as it lives.
  class Step {
   public:
    Step(FieldReader& reader, std::string_view name);
    Step(FieldReader& reader, std::size_t index);
    ~Step();
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    FieldReader& reader_;
    std::size_t length_;
  };

  bool lenient() const { return lenient_; }
  const std::string& path() const { return path_; }
  void problem(Place place, std::string message, std::string expected);
  void problem(Place place, const Error& error);
  /// A problem with what a rule of safety forbids.
  void refuse(Place place, std::string message, std::string expected);
  /// A problem that does not refuse the object.
  void warn(Place place, std::string message, std::string expected);
  /// From now on problems at or below `field` say in front that its value came from `origin` ("--set spec.suspend").
  void came_from(std::string field, std::string origin) { origins_.emplace_back(std::move(field), std::move(origin)); }
  const FieldOrigins& origins() const { return origins_; }
  /// Who gives `field` where it is missing here.
  void is_given_by(std::string field, std::string who) { givers_.emplace(std::move(field), std::move(who)); }
  /// In words; empty when nobody does.
  std::string giver_of(const std::string& field) const;
  const ProblemList& problems() const { return problems_; }
  ProblemList take() { return std::exchange(problems_, {}); }

  /// Whether there is a problem with `field`, seen from here, or with something that it stands in.
  bool is_refused(std::string_view field) const;

  /// False and a problem when the node is of another kind.
  bool expect(const Node& node, Node::Kind kind);
  /// The same, with words of its own for what is expected.
  bool expect(const Node& node, Node::Kind kind, std::string expected);
  /// The string within its bounds, or nothing and a problem.
  bool read_string(const Node& node, const FieldInfo& info, std::string& value);
  void unknown_field(const Node::Member& member, const std::vector<std::string_view>& known);
  void missing(const Node& map, std::string_view field, std::string_view description);
  /// Problems for a list that is too short or long, or whose items repeat their key.
  void check_list(const Node& list, const FieldInfo& info);
  void check_choice(const Node& node, const std::string& found, const std::vector<std::string>& choices);

 private:
  void add(Problem problem);

  std::string file_;
  bool lenient_;
  std::string path_;
  FieldOrigins origins_;
  std::map<std::string, std::string> givers_;
  ProblemList problems_;
};

/// The words with commas between them.
std::string joined(const std::vector<std::string_view>& words);

/// The candidate that `text` most likely meant, or empty.
std::string_view closest_to(std::string_view text, const std::vector<std::string_view>& candidates);

}  // namespace slipway
