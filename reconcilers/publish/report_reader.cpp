#include "reconcilers/publish/report_reader.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "crds/base/text.h"
#include "reconcilers/gates/report_binding.h"
#include "reconcilers/gzip.h"
#include "reconcilers/reasons.h"

namespace slipway::publish {
namespace {

using gates::Finding;
using gates::NamedReport;
using gates::ScanReport;

std::unexpected<Error> too_much(std::string message) {
  return fail_because(std::string(reason::kReportInvalid),
                      {.cls = ErrorClass::Refused,
                       .message = std::move(message),
                       .remedy = "let the scanner leave out what no gate judges (trivy image without --list-all-pkgs), "
                                 "or publish fewer platforms at once"});
}

std::size_t bytes_of(const std::string& text) {
  return sizeof(std::string) + text.size();
}

std::size_t bytes_of(const std::vector<std::string>& texts) {
  std::size_t sum = 0;
  for (const auto& text : texts) sum += bytes_of(text);
  return sum;
}

std::size_t bytes_of(const ImageReference& reference) {
  return sizeof(reference) + reference.registry.size() + reference.repository.size() + reference.tag.size() +
         reference.digest->str().size();
}

// Each field has a name in the bindings below: one that is added does not compile until somebody counts it.

std::size_t bytes_of(const content::Platform& platform) {
  const auto& [os, architecture, variant, os_version] = platform;
  return os.size() + architecture.size() + variant.size() + os_version.size();
}

std::size_t bytes_of(const Finding& finding) {
  const auto& [kind, id, package, installed_version, path, severity, fixed_version, fixable] = finding;
  return sizeof(finding) + id.size() + package.size() + installed_version.size() + path.size() + fixed_version.size();
}

std::size_t bytes_of(const ScanReport& report) {
  const auto& [artifact_name, created_at, image_id, diff_ids, repo_digests, platform, covers_packages, end_of_life,
               distribution, findings] = report;
  std::size_t sum = sizeof(report) + artifact_name.size() + image_id.size() + distribution.size() + bytes_of(diff_ids);
  if (platform) sum += bytes_of(*platform);
  for (const auto& reference : repo_digests) sum += bytes_of(reference);
  for (const auto& finding : findings) sum += bytes_of(finding);
  return sum;
}

bool is_same_place(const ScanReportRef& a, ScanReportRef b) {
  b.name = a.name;
  return a == b;
}

class ReportReader {
 public:
  ReportReader(const Loaded<ImagePublication>& publication, const gates::ScanSubject& subject, ObjectReader& reader,
               std::mutex& one_at_a_time)
      : publication_(publication), subject_(subject), reader_(reader), one_at_a_time_(one_at_a_time) {}

  Result<std::vector<NamedReport>> read(const std::vector<ScanReportRef>& refs, const std::stop_token& stop) {
    for (auto ref = refs.begin(); ref != refs.end(); ++ref) {
      const auto same = std::find_if(refs.begin(), ref, [&](const auto& one) { return is_same_place(one, *ref); });
      auto report =
          same == ref ? read_whole(*ref, stop) : reports_[static_cast<std::size_t>(same - refs.begin())].report;
      if (stop.stop_requested()) return stopped();
      reports_.push_back({.name = ref->name, .report = keep(std::move(report)), .place = place_of(*ref)});
    }
    return std::move(reports_);
  }

 private:
  static std::unexpected<Error> stopped() { return fail(ErrorClass::Cancelled, "stopped"); }

  Result<ScanReport> read_whole(const ScanReportRef& ref, const std::stop_token& stop) {
    if (stop.stop_requested()) return stopped();
    const auto packed = packed_text_of(ref);
    if (!packed) return std::unexpected(packed.error());
    if (unpacked_left_ == 0) return over_all();
    const std::lock_guard alone(one_at_a_time_);
    if (stop.stop_requested()) return stopped();
    auto text =
        ref.path ? reader_.file(publication_.base_folder, *ref.path, gates::kMaxReportBytes) : unpack(*packed, ref);
    if (!text) return std::unexpected(std::move(text.error()));
    if (text->size() > unpacked_left_) {
      unpacked_left_ = 0;
      return over_all();
    }
    unpacked_left_ -= text->size();
    auto report = gates::parse_report(ref.format, *text);
    return report || !ref.path ? report : while_doing(quoted(*ref.path, 200), std::move(report.error()));
  }

  static std::string place_of(const ScanReportRef& ref) {
    if (ref.path) return *ref.path;
    return ref.config_map_ref ? "ConfigMap " + ref.config_map_ref->name + " key " + ref.config_map_ref->key : "";
  }

  /// As it is in an object; nothing of what is a file.
  Result<std::string> packed_text_of(const ScanReportRef& ref) {
    if (ref.inline_text) return *ref.inline_text;
    if (ref.config_map_ref) return value_in_config_map(*ref.config_map_ref);
    if (ref.path) return std::string();
    return fail_because("NotSupported", {.cls = ErrorClass::Invalid,
                                         .message = "it is where this version can't read it",
                                         .remedy = "name it by configMapRef, path or inline"});
  }

  const std::string& namespace_name() const { return publication_.object.metadata.namespace_name; }

  Result<std::string> value_in_config_map(const KeyRef& ref) {
    auto found = reader_.config_map(namespace_name(), ref.name);
    if (!found) return std::unexpected(std::move(found.error()));
    const std::string name = "ConfigMap " + namespace_name() + "/" + ref.name;
    if (!*found)
      return fail(ErrorClass::NotFound, name + " is not there",
                  "create it from the scanner's output: kubectl -n " + namespace_name() + " create configmap " +
                      ref.name + " --from-file=" + ref.key + "=FILE");
    const auto value = (*found)->data.find(ref.key);
    if (value == (*found)->data.end())
      return fail(ErrorClass::NotFound, name + " has no key " + quoted(ref.key),
                  "put the scanner's output under that key");
    return std::move(value->second);
  }

  Result<std::string> unpack(const std::string& packed, const ScanReportRef& ref) const {
    if (!ref.config_map_ref || !is_gzip(packed)) return packed;
    auto text = gunzip(packed, kMaxUnpackedReport);
    if (text) return text;
    auto error = std::move(text.error());
    error.reason = reason::kReportInvalid;
    return while_doing(
        "ConfigMap " + namespace_name() + "/" + ref.config_map_ref->name + " key " + quoted(ref.config_map_ref->key),
        std::move(error));
  }

  static std::unexpected<Error> over_all() {
    return too_much("with those before it, the reports have more than 64 MiB");
  }

  /// Without what no verdict depends on.
  Result<ScanReport> keep(Result<ScanReport> report) {
    if (!report) return report;
    if (!gates::ReportBinder(*report, subject_).is_judged()) report->findings = {};
    std::erase_if(report->findings, [&](const Finding& finding) { return is_known(finding); });
    report->findings.shrink_to_fit();
    const std::size_t bytes = bytes_of(*report);
    if (bytes > kept_left_)
      return too_much("with those before it, what is to be kept of the reports is more than 8 MiB");
    kept_left_ -= bytes;
    return report;
  }

  bool is_known(const Finding& finding) const {
    return std::ranges::any_of(reports_, [&](const NamedReport& earlier) {
      return earlier.report && std::ranges::binary_search(earlier.report->findings, finding, std::greater<>());
    });
  }

  const Loaded<ImagePublication>& publication_;
  const gates::ScanSubject& subject_;
  ObjectReader& reader_;
  std::mutex& one_at_a_time_;
  std::size_t unpacked_left_ = kMaxReportsBytes;
  std::size_t kept_left_ = kMaxKeptReportBytes;
  std::vector<NamedReport> reports_;
};

}  // namespace

Result<std::vector<NamedReport>> read_reports(const Loaded<ImagePublication>& publication,
                                              const gates::ScanSubject& subject, ObjectReader& reader,
                                              std::mutex& one_at_a_time, const std::stop_token& stop) {
  const auto& scan = publication.object.spec.gates.scan;
  if (!scan) return std::vector<NamedReport>();
  return ReportReader(publication, subject, reader, one_at_a_time).read(scan->reports, stop);
}

}  // namespace slipway::publish
