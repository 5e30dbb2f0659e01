#include "controller/cli/resource_table.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>

#include "controller/cli/present_conditions.h"
#include "crds/v1alpha1/manifests.h"

namespace slipway::cli {

namespace {

constexpr std::string_view kOfType = "[?(@.type==\"";

const Node* of_type(const Node& list, std::string_view type) {
  const auto found = std::ranges::find_if(list.items, [&](const Node& item) {
    const Node* name = item.find("type");
    return name != nullptr && name->text == type;
  });
  return found == list.items.end() ? nullptr : &*found;
}

/// What stands at a PrinterColumn's path.
const Node* find_at(const Node& object, std::string_view path) {
  const Node* found = &object;
  while (found != nullptr && !path.empty()) {
    if (path.starts_with(kOfType)) {
      path.remove_prefix(kOfType.size());
      found = of_type(*found, path.substr(0, path.find('"')));
      path.remove_prefix(path.find(']') + 1);
      continue;
    }
    path.remove_prefix(1);
    const std::string_view name = path.substr(0, path.find_first_of(".["));
    found = found->find(name);
    path.remove_prefix(name.size());
  }
  return found;
}

std::string cell_of(const Node& object, const PrinterColumn& column, Timestamp now) {
  const Node* found = find_at(object, column.path);
  if (found == nullptr) return "";
  if (column.type != "date") return found->text;
  const auto time = parse_timestamp(found->text);
  return time ? age_text(now - *time) : found->text;
}

std::string heading_of(std::string_view name) {
  std::string heading(name);
  std::ranges::transform(heading, heading.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return heading;
}

/// What waits until it is tried again is told by two conditions in the same words: they stand once, at the end.
void say_once(const std::vector<PrinterColumn>& columns, std::vector<std::string>& cells) {
  const auto cell = [&](std::string_view name) {
    const auto column = std::ranges::find(columns, name, &PrinterColumn::name);
    return column == columns.end() ? nullptr : &cells[static_cast<std::size_t>(column - columns.begin())];
  };
  std::string* const doing = cell("Doing");
  const std::string* const message = cell("Message");
  if (doing != nullptr && message != nullptr && *doing == *message) doing->clear();
}

template <class T>
Table make_table(std::span<const T> objects, const TableStyle& style) {
  auto columns = printer_columns(T::kKind);
  if (!style.wide) std::erase_if(columns, [](const PrinterColumn& column) { return column.wide; });
  // Of any length: what stood behind it would be out of sight.
  std::ranges::stable_partition(columns, [](const PrinterColumn& column) { return column.name != "Message"; });
  Table table{style.with_namespace ? std::vector<std::string>{"NAMESPACE", "NAME"} : std::vector<std::string>{"NAME"},
              {}};
  for (const auto& column : columns) table.header.push_back(heading_of(column.name));
  for (const auto& object : objects) {
    std::vector<std::string> cells;
    cells.reserve(columns.size());
    T shown = object;
    shown.status.conditions =
        present_conditions(std::move(shown.status.conditions),
                           {object.metadata.generation, object.status.observed_generation, style.is_somebody_at_work});
    const Node node = to_node(shown);
    for (const auto& column : columns) cells.push_back(cell_of(node, column, style.now));
    say_once(columns, cells);
    auto& row = table.rows.emplace_back();
    if (style.with_namespace) row.push_back(object.metadata.namespace_name);
    row.push_back(object.metadata.name);
    std::ranges::move(cells, std::back_inserter(row));
  }
  return table;
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
  return make_table(objects, style);
}

Table table_of(std::span<const ContainerRegistry> objects, const TableStyle& style) {
  return make_table(objects, {style.wide, false, style.now, style.is_somebody_at_work});
}

Table table_of(std::span<const RetentionPolicy> objects, const TableStyle& style) {
  return make_table(objects, style);
}

}  // namespace slipway::cli
