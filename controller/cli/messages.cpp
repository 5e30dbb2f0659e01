#include "controller/cli/messages.h"

#include <ostream>
#include <utility>

#include "crds/base/byte_count.h"
#include "crds/base/make_node.h"
#include "crds/base/text.h"
#include "crds/base/time.h"
#include "crds/v1alpha1/resources.h"

namespace slipway::cli {

namespace {

std::string text_of(const Error& error) {
  return visible(error.message) + (error.remedy.empty() ? "" : "; " + visible(error.remedy));
}

std::string line_of(const Error& error) {
  return "error: " + text_of(error);
}

}  // namespace

std::string name_of(const ObjectKey& object) {
  return object.namespace_name + '/' + object.name;
}

std::string error_line(const ObjectKey& object, const Error& error) {
  return line_of(while_doing(to_string(object), error).error());
}

std::string delay_line(const ObjectKey& object, const standalone::Delay& delay) {
  const std::string left = "it is tried again for up to " + format_duration(delay.left);
  if (!delay.is_told) return name_of(object) + ": not yet, " + left + ": " + text_of(delay.error);
  return name_of(object) + ": still not (" + std::string{to_string(delay.error.cls)} + "), " + left;
}

std::string wait_line(const ObjectKey& object, const std::string& hosts) {
  return name_of(object) + ": waiting for " + visible(hosts);
}

std::string transfer_text(const TransferStatus& transfer) {
  return format_bytes(transfer.bytes_sent) + " sent; blobs: " + std::to_string(transfer.blobs_sent) + " sent, " +
         std::to_string(transfer.blobs_mounted) + " mounted, " + std::to_string(transfer.blobs_present) +
         " already there";
}

ExitCode print_error(const Error& error, std::ostream& errors) {
  errors << line_of(error) << '\n';
  return exit_code_of(error.cls);
}

ExitCode print_error(std::string_view about, const Error& error, std::ostream& errors) {
  return print_error(while_doing(about, error).error(), errors);
}

bool print_problems(const std::vector<Problem>& problems, std::ostream& errors) {
  bool is_wrong = false;
  for (const auto& problem : problems) {
    errors << (problem.warning ? "warning: " : "error: ") << to_string(problem) << '\n';
    is_wrong = is_wrong || !problem.warning;
  }
  return is_wrong;
}

bool is_data(OutputFormat format) {
  return format == OutputFormat::Json || format == OutputFormat::Yaml;
}

void print_data(const Node& node, OutputFormat format, std::ostream& out) {
  out << (format == OutputFormat::Json ? to_json_text(node) + '\n' : to_yaml_text(node));
}

Node list_of(std::vector<Node> items) {
  Node list = map_node();
  add(list, "apiVersion", string_node("v1"));
  add(list, "kind", string_node("List"));
  add(list, "items", list_node(std::move(items)));
  return list;
}

}  // namespace slipway::cli
