#include "crds/v1alpha1/forms.h"

#include <set>
#include <string>

#include "crds/v1alpha1/manifests.h"
#include "tests/catch.h"

namespace slipway {
namespace {

void collect_patterns(const Node& schema, std::set<std::string>& patterns) {
  if (const Node* pattern = schema.find("pattern"); pattern != nullptr && pattern->kind == Node::Kind::String)
    patterns.insert(pattern->text);
  for (const auto& member : schema.members) collect_patterns(member.value, patterns);
}

}  // namespace

TEST_CASE("what a person writes in a field of its own is asked for in words, not by a pattern") {
  std::set<std::string> patterns;
  for (const auto kind :
       {ResourceKind::ContainerRegistry, ResourceKind::ImagePublication, ResourceKind::RetentionPolicy}) {
    const Node manifest = crd_manifest(kind);
    const Node& schema = *manifest.find("spec")->find("versions")->items.at(0).find("schema")->find("openAPIV3Schema");
    collect_patterns(*schema.find("properties")->find("spec"), patterns);
  }
  CHECK(patterns.empty());
}

}  // namespace slipway
