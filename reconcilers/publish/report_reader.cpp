#include "reconcilers/publish/report_reader.h"

#include <string>
#include <utility>

#include "crds/base/text.h"
#include "reconcilers/gzip.h"
#include "reconcilers/reasons.h"

namespace slipway::publish {
namespace {

Result<std::string> text_of_config_map(const KeyRef& ref, const std::string& namespace_name, ObjectReader& reader) {
  auto found = reader.config_map(namespace_name, ref.name);
  if (!found) return std::unexpected(std::move(found.error()));
  if (!*found)
    return fail(ErrorClass::NotFound, "ConfigMap " + namespace_name + "/" + ref.name + " is not there",
                "create it from the scanner's output: kubectl -n " + namespace_name + " create configmap " + ref.name +
                    " --from-file=" + ref.key + "=FILE");
  const auto value = (*found)->data.find(ref.key);
  if (value == (*found)->data.end())
    return fail(ErrorClass::NotFound, "ConfigMap " + namespace_name + "/" + ref.name + " has no key " + quoted(ref.key),
                "put the scanner's output under that key");
  if (!is_gzip(value->second)) return value->second;
  auto text = gunzip(value->second, gates::kMaxReportBytes);
  if (text) return text;
  auto error = std::move(text.error());
  error.reason = reason::kReportInvalid;
  return while_doing("ConfigMap " + namespace_name + "/" + ref.name + " key " + quoted(ref.key), std::move(error));
}

Result<std::string> text_of(const ScanReportRef& ref, const Loaded<ImagePublication>& publication,
                            ObjectReader& reader) {
  if (ref.inline_text) return *ref.inline_text;
  if (ref.config_map_ref)
    return text_of_config_map(*ref.config_map_ref, publication.object.metadata.namespace_name, reader);
  if (ref.path) return reader.file(publication.base_folder, *ref.path, gates::kMaxReportBytes);
  return fail_because("NotSupported", {.cls = ErrorClass::Invalid,
                                       .message = "it is where this version can't read it",
                                       .remedy = "name it by configMapRef, path or inline"});
}

Result<gates::ScanReport> read_report(const ScanReportRef& ref, const Loaded<ImagePublication>& publication,
                                      ObjectReader& reader) {
  auto text = text_of(ref, publication, reader);
  if (!text) return std::unexpected(std::move(text.error()));
  auto report = gates::parse_report(ref.format, *text);
  return report || !ref.path ? report : while_doing(quoted(*ref.path, 200), std::move(report.error()));
}

}  // namespace

std::vector<gates::NamedReport> read_reports(const Loaded<ImagePublication>& publication, ObjectReader& reader) {
  std::vector<gates::NamedReport> reports;
  if (!publication.object.spec.gates.scan) return reports;
  for (const auto& ref : publication.object.spec.gates.scan->reports)
    reports.push_back({.name = ref.name, .report = read_report(ref, publication, reader)});
  return reports;
}

}  // namespace slipway::publish
