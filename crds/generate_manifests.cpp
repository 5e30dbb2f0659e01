// Prints the CustomResourceDefinition of the kind that is named: what crds/manifests holds.
#include <iostream>

#include "crds/v1alpha1/manifests.h"
#include "crds/v1alpha1/resources.h"

int main(int count, char** arguments) {
  using slipway::ResourceKind;
  for (const auto kind :
       {ResourceKind::ContainerRegistry, ResourceKind::ImagePublication, ResourceKind::RetentionPolicy}) {
    if (count != 2 || arguments[1] != to_string(kind)) continue;
    std::cout << to_yaml_text(slipway::crd_manifest(kind));
    return 0;
  }
  std::cerr << "name one kind: ContainerRegistry, ImagePublication or RetentionPolicy\n";
  return 2;
}
