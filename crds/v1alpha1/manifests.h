#pragma once

#include <string_view>
#include <vector>

#include "crds/base/document.h"
#include "crds/v1alpha1/object_meta.h"

namespace slipway {

/// The CustomResourceDefinition (apiextensions.k8s.io/v1) of a kind, made from its bindings. crds/manifests holds it as
/// text; `ninja crd-manifests` writes it there again.
Node crd_manifest(ResourceKind kind);

/// A column of `kubectl get`, and of `slipway get`.
struct PrinterColumn {
  std::string_view name;
  std::string_view type;  ///< "string", "boolean" or "date" (shown as an age).
  std::string_view path;  ///< Names after dots, and `[?(@.type=="Ready")]` for the condition of a type.
  std::string_view description;
  bool wide = false;  ///< Only with `-o wide`.
};

/// The columns of a kind after its name, in order.
std::vector<PrinterColumn> printer_columns(ResourceKind kind);

}  // namespace slipway
