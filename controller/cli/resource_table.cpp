#include "controller/cli/resource_table.h"

#include <algorithm>
#include <utility>

#include "crds/v1alpha1/enum_names.h"
#include "reconcilers/readiness.h"

namespace slipway::cli {

namespace {

using Row = std::vector<std::string>;

std::string status_of(const Conditions& conditions) {
  const Condition* ready = find_condition(conditions, kReady);
  return ready ? ready->status : "";
}

std::string reason_of(const Conditions& conditions) {
  if (const Condition* ready = find_condition(conditions, kReady)) return ready->reason;
  const Condition* working = find_condition(conditions, kReconciling);
  return working ? working->reason : "";
}

std::string message_of(const Conditions& conditions) {
  const Condition* ready = find_condition(conditions, kReady);
  return ready ? ready->message : "";
}

std::string age_of(const ObjectMeta& metadata, const TableStyle& style) {
  return metadata.creation_timestamp ? age_text(style.now - *metadata.creation_timestamp) : "";
}

Row start_of(const ObjectMeta& metadata, const TableStyle& style) {
  Row row;
  if (style.with_namespace) row.push_back(metadata.namespace_name);
  row.push_back(metadata.name);
  return row;
}

Row header_of(const TableStyle& style, Row columns, const Row& wide) {
  Row header = style.with_namespace ? Row{"NAMESPACE", "NAME"} : Row{"NAME"};
  std::move(columns.begin(), columns.end(), std::back_inserter(header));
  if (style.wide) std::copy(wide.begin(), wide.end(), std::back_inserter(header));
  return header;
}

void append(Row& row, Row cells) {
  std::move(cells.begin(), cells.end(), std::back_inserter(row));
}

}  // namespace

std::string age_text(std::chrono::milliseconds age) {
  using namespace std::chrono;
  const auto seconds = std::max<std::int64_t>(duration_cast<std::chrono::seconds>(age).count(), 0);
  constexpr std::int64_t kMinute = 60, kHour = 3600, kDay = 86400, kYear = 365 * kDay;
  if (seconds < 2 * kMinute) return std::to_string(seconds) + 's';
  if (seconds < 2 * kHour) return std::to_string(seconds / kMinute) + 'm';
  if (seconds < 2 * kDay) return std::to_string(seconds / kHour) + 'h';
  if (seconds < 2 * kYear) return std::to_string(seconds / kDay) + 'd';
  return std::to_string(seconds / kYear) + 'y';
}

Table table_of(std::span<const ImagePublication> objects, const TableStyle& style) {
  Table table{header_of(style, {"READY", "DIGEST", "TAGS", "REASON", "AGE"},
                        {"REGISTRY", "REPOSITORY", "ENVIRONMENT", "PUBLISHED", "MESSAGE"}),
              {}};
  for (const auto& object : objects) {
    const auto& status = object.status;
    Row row = start_of(object.metadata, style);
    append(row, {status_of(status.conditions), status.display.digest, status.display.tags,
                 object.spec.suspend ? "Suspended" : reason_of(status.conditions), age_of(object.metadata, style)});
    if (style.wide) {
      const auto at = status.published ? status.published->at : std::nullopt;
      append(row, {object.spec.registry_ref.name, object.spec.repository, object.spec.environment,
                   at ? to_string(*at) : "", message_of(status.conditions)});
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table table_of(std::span<const ContainerRegistry> objects, const TableStyle& given) {
  TableStyle style = given;
  style.with_namespace = false;
  Table table{header_of(style, {"READY", "LOGIN SERVER", "REASON", "AGE"}, {"IDENTITY", "CHECKED", "MESSAGE"}), {}};
  for (const auto& object : objects) {
    const auto& status = object.status;
    Row row = start_of(object.metadata, style);
    append(row, {status_of(status.conditions), object.spec.login_server, reason_of(status.conditions),
                 age_of(object.metadata, style)});
    if (style.wide)
      append(row, {status.identity, status.last_checked_at ? to_string(*status.last_checked_at) : "",
                   message_of(status.conditions)});
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table table_of(std::span<const RetentionPolicy> objects, const TableStyle& style) {
  Table table{header_of(style, {"READY", "MODE", "REASON", "AGE"}, {"REGISTRY", "MESSAGE"}), {}};
  for (const auto& object : objects) {
    Row row = start_of(object.metadata, style);
    append(row, {status_of(object.status.conditions), std::string{name_of(object.spec.mode)},
                 reason_of(object.status.conditions), age_of(object.metadata, style)});
    if (style.wide) append(row, {object.spec.registry_ref.name, message_of(object.status.conditions)});
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace slipway::cli
