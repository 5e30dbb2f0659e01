#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "controller/cli/table.h"
#include "crds/v1alpha1/resources.h"

namespace slipway::cli {

/// What the columns of `kubectl get` would show.
struct TableStyle {
  bool wide = false;
  bool with_namespace = true;
  Timestamp now;
  bool is_somebody_at_work = true;  ///< As Looked has it.
};

Table table_of(std::span<const ImagePublication> objects, const TableStyle& style);
Table table_of(std::span<const ContainerRegistry> objects, const TableStyle& style);
Table table_of(std::span<const RetentionPolicy> objects, const TableStyle& style);

/// How long ago, as kubectl says it: "45s", "7m", "3h", "12d", "2y".
std::string age_text(std::chrono::milliseconds age);

}  // namespace slipway::cli
