#pragma once

#include "crds/base/document.h"
#include "crds/v1alpha1/object_meta.h"

namespace slipway {

/// The CustomResourceDefinition (apiextensions.k8s.io/v1) of a kind, made from its bindings. crds/manifests holds it as
/// text; `ninja crd-manifests` writes it there again.
Node crd_manifest(ResourceKind kind);

}  // namespace slipway
