#include "reconcilers/gates/scan_gate.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <utility>

#include "crds/base/text.h"
#include "crds/v1alpha1/enum_names.h"
#include "reconcilers/brief_digest.h"
#include "reconcilers/gates/finding_remedy.h"
#include "reconcilers/gates/report_binding.h"
#include "reconcilers/reasons.h"

namespace slipway::gates {

namespace {

constexpr std::chrono::minutes kClockSkew{5};
constexpr std::size_t kMostFindingsNamed = 3;
constexpr std::size_t kMostFaultsNamed = 3;
constexpr std::size_t kMostImagesNamed = 10;
constexpr std::string_view kScanAgain = "scan the image again and replace the report";

/// One thing that keeps a gate from passing. The lowest rank is told first.
struct Fault {
  int rank = 0;
  GateState state = GateState::Refused;
  std::string reason;
  std::string message;
  std::string remedy;
};

constexpr int kRankFindings = 0;
constexpr int kRankReport = 1;
constexpr int kRankMissing = 2;

Fault report_fault(std::string_view why, std::string message, std::string_view remedy = kScanAgain) {
  return {.rank = kRankReport,
          .state = GateState::Refused,
          .reason = std::string(why),
          .message = std::move(message),
          .remedy = std::string(remedy)};
}

Fault missing(std::string_view why, std::string message, std::string remedy) {
  return {.rank = kRankMissing,
          .state = GateState::Awaiting,
          .reason = std::string(why),
          .message = std::move(message),
          .remedy = std::move(remedy)};
}

/// Counts all and keeps what may be told: each report can have faults about each of a thousand images.
class Faults {
 public:
  void add(Fault fault) {
    ++count_;
    auto& alike = kept_[fault.rank];
    if (alike.size() < kMostFaultsNamed) alike.push_back(std::move(fault));
  }
  std::size_t count() const { return count_; }
  bool are_all_of(int rank) const {
    return std::ranges::all_of(kept_, [&](const auto& of) { return of.first == rank; });
  }

  /// The first few as they are told: by rank, and of one rank in the order of the reports.
  std::vector<const Fault*> told() const {
    std::vector<const Fault*> out;
    for (const auto& [rank, alike] : kept_)
      for (const auto& fault : alike)
        if (out.size() < kMostFaultsNamed) out.push_back(&fault);
    return out;
  }

 private:
  std::map<int, std::vector<Fault>> kept_;  ///< By rank.
  std::size_t count_ = 0;
};

std::string name_of(const PlatformImage& image) {
  return to_string(image.platform) + " (" + brief(image.digest) + ")";
}

/// "all" (../scan.json): whoever reads the message shall find the rest of it there.
std::string name_and_place(const NamedReport& named) {
  return quoted(named.name) + (named.place.empty() ? "" : " (" + visible(named.place, 200) + ")");
}

bool is_about(const ScanException& exception, const Finding& finding) {
  return exception.id == finding.id && (exception.package.empty() || exception.package == finding.package);
}

std::string name_of(const ScanException& exception) {
  return "exception " + quoted(exception.id) +
         (exception.package.empty() ? "" : " for package " + quoted(exception.package));
}

struct ByValue {
  bool operator()(const Finding* a, const Finding* b) const { return *a < *b; }
};

/// Judges one gate: collects faults and counts over all reports and images. The findings stay in the reports: there may
/// be megabytes of them.
class Judge {
 public:
  Judge(const ScanQuestion& question, const ScanSubject& subject, Timestamp now)
      : question_(question), subject_(subject), now_(now) {
    status_.gate = question.gate;
  }

  GateVerdict judge(const std::vector<NamedReport>& reports) {
    for (const auto& report : reports) judge_report(report);
    gather_findings(reports);
    judge_coverage();
    count_findings();
    return verdict();
  }

 private:
  void judge_report(const NamedReport& named);
  void judge_bound(const NamedReport& named, const ReportBinder& binder, const PlatformImage& image);
  void judge_age(const NamedReport& named);
  void gather_findings(const std::vector<NamedReport>& reports);
  void judge_coverage();
  void count_findings();
  void count(const Finding& finding);
  void add_finding_fault();
  std::string describe(const Finding& finding) const;
  std::string reports_with() const;
  std::vector<RefusedFinding> listed() const;
  const ScanException* exception_for(const Finding& finding) const;
  bool has_ended(const ScanException& exception) const;
  std::string unmatched() const;
  GateVerdict verdict() const;

  const ScanQuestion& question_;
  const ScanSubject& subject_;
  const Timestamp now_;
  VerdictStatus status_;
  Faults faults_;
  std::set<Digest> covered_;
  std::vector<std::string> strangers_;  ///< Reports that are about none of the images, as a message names them.
  std::map<const Finding*, const NamedReport*, ByValue> findings_;  ///< With the first report that has it.
  std::vector<const Finding*> above_;                               ///< What refuses, the worst first.
};

void Judge::judge_report(const NamedReport& named) {
  const std::string name = "report " + quoted(named.name);
  if (!named.report) {
    const Error& error = named.report.error();
    const bool awaited =
        error.cls == ErrorClass::NotFound || error.cls == ErrorClass::Unavailable || error.cls == ErrorClass::Throttled;
    const std::string why = error.reason.empty() ? std::string(to_string(error.cls)) : error.reason;
    faults_.add(awaited ? missing(reason::kAwaitingReport, name + ": " + error.message, error.remedy)
                        : report_fault(why, name + ": " + error.message, error.remedy));
    return;
  }
  bool bound = false;
  const ReportBinder binder{*named.report, subject_};
  for (const auto& image : subject_.images) {
    const ReportBinding binding = binder.bind(image);
    if (binding.kind == ReportBinding::Kind::None) continue;
    bound = true;
    covered_.insert(image.digest);
    if (binding.kind == ReportBinding::Kind::Conflict)
      faults_.add(report_fault(reason::kReportConflict,
                               name + " contradicts itself about " + name_of(image) + ": " + binding.conflict));
    else
      judge_bound(named, binder, image);
  }
  if (bound) judge_age(named);
  if (!bound)
    strangers_.push_back(name + " is about " + quoted(named.report->artifact_name) + ", image id " +
                         quoted(named.report->image_id));
}

void Judge::judge_bound(const NamedReport& named, const ReportBinder& binder, const PlatformImage& image) {
  const ScanReport& report = *named.report;
  const std::string name = "report " + quoted(named.name) + " about " + name_of(image);
  if (!report.covers_packages)
    faults_.add(report_fault(reason::kReportEmpty, name + " covered nothing: no package list was looked at",
                             "let the scanner look for vulnerabilities in an image that has packages"));
  if (!image.lists_layers && !binder.is_read_from_manifest(image))
    faults_.add(report_fault(
        reason::kPlatformNotCovered, name + " names its config alone, which says nothing of its layers",
        "scan " + image.digest.str() + " at a registry, so that the report's RepoDigests name that digest"));
  if (report.end_of_life)
    faults_.add(report_fault(reason::kEndOfLife,
                             name + " says nothing: " + quoted(report.distribution) + " gets no advisories any more",
                             "build the image on a distribution that is still maintained"));
}

void Judge::judge_age(const NamedReport& named) {
  const std::string name = "report " + quoted(named.name);
  const auto& created = named.report->created_at;
  if (created && *created > now_ + kClockSkew) {
    faults_.add(report_fault(reason::kReportFromFuture, name + " is from the future: " + to_string(*created),
                             "set the clock of the machine that scans, and scan again"));
    return;
  }
  const auto& max_age = question_.rules.max_age;
  if (!max_age || !question_.judge_age) return;
  if (!created)
    faults_.add(report_fault(reason::kReportWithoutTime,
                             name + " does not say when it was made, so maxAge can't be judged",
                             "scan again with a scanner that writes CreatedAt"));
  else if (now_ - *created > *max_age)
    faults_.add(report_fault(reason::kReportTooOld, name + " was made at " + to_string(*created) +
                                                        ", longer ago than " + format_duration(*max_age)));
}

/// Not by image: there may be a thousand of them, and tens of thousands of findings.
void Judge::gather_findings(const std::vector<NamedReport>& reports) {
  for (const auto& named : reports)
    if (named.report)
      for (const auto& finding : named.report->findings) findings_.try_emplace(&finding, &named);
}

void Judge::judge_coverage() {
  std::string open;
  std::size_t count = 0;
  for (const auto& image : subject_.images)
    if (!covered_.contains(image.digest) && count++ < kMostImagesNamed)
      open += (count == 1 ? "" : ", ") + name_of(image);
  if (count == 0) return;
  if (count > kMostImagesNamed) open += " and " + std::to_string(count - kMostImagesNamed) + " more";
  const std::string remedy = "scan " + open + " and name the report under spec.gates.scan.reports";
  if (strangers_.empty()) {
    faults_.add(missing(reason::kPlatformNotCovered, "no report is about " + open, remedy));
    return;
  }
  std::string message = strangers_.front();
  if (strangers_.size() > 1) message += " (and " + std::to_string(strangers_.size() - 1) + " more are of other images)";
  faults_.add(missing(reason::kAwaitingReport, message + "; none is about " + open, remedy));
}

bool Judge::has_ended(const ScanException& exception) const {
  const auto end = parse_until(exception.until);
  return !end || now_ >= *end;
}

const ScanException* Judge::exception_for(const Finding& finding) const {
  const ScanException* ended = nullptr;
  for (const auto& exception : question_.rules.exceptions) {
    if (!is_about(exception, finding)) continue;
    if (!has_ended(exception)) return &exception;
    ended = &exception;
  }
  return ended;
}

/// Nothing while a report is missing or faulty: what it would say is not known.
std::string Judge::unmatched() const {
  if (question_.floor || !faults_.are_all_of(kRankFindings)) return "";
  std::string names;
  std::size_t count = 0;
  for (const auto& exception : question_.rules.exceptions) {
    if (std::ranges::any_of(findings_, [&](const auto& found) { return is_about(exception, *found.first); })) continue;
    if (count++ < kMostFindingsNamed) names += (names.empty() ? "" : ", ") + name_of(exception);
  }
  if (count > kMostFindingsNamed) names += " and " + std::to_string(count - kMostFindingsNamed) + " more";
  return names.empty() ? "" : "no finding is matched by " + names + ": correct id and package, or remove it";
}

void Judge::count(const Finding& finding) {
  switch (finding.severity) {
    case Severity::Critical:
      ++status_.critical;
      return;
    case Severity::High:
      ++status_.high;
      return;
    case Severity::Medium:
      ++status_.medium;
      return;
    case Severity::Low:
      ++status_.low;
      return;
    default:
      ++status_.unknown;
  }
}

void Judge::count_findings() {
  for (const auto& [known, report] : findings_) {
    const Finding& finding = *known;
    if (!finding.fixable && question_.rules.unfixed == Unfixed::Ignore) {
      ++status_.ignored;
      continue;
    }
    const ScanException* exception = exception_for(finding);
    if (exception != nullptr && !has_ended(*exception)) {
      ++status_.excepted;
      continue;
    }
    count(finding);
    if (finding.severity > question_.rules.allow_up_to) above_.push_back(&finding);
  }
  if (!above_.empty()) add_finding_fault();
}

std::string Judge::describe(const Finding& finding) const {
  std::string out =
      quoted(finding.id) + " (" + std::string(name_of(finding.severity)) + ") in " + quoted(finding.package);
  if (!finding.installed_version.empty()) out += " " + quoted(finding.installed_version);
  if (!finding.fixed_version.empty()) out += ", fixed in " + quoted(finding.fixed_version);
  if (const ScanException* ended = exception_for(finding); ended != nullptr)
    out += ", whose exception ended (" + quoted(ended->until) + ")";
  return out;
}

std::string Judge::reports_with() const {
  std::set<const NamedReport*> reports;
  for (const Finding* finding : above_) reports.insert(findings_.at(finding));
  std::set<std::string> names;
  for (const NamedReport* report : reports) names.insert(name_and_place(*report));
  std::string out = names.size() == 1 ? "report " : "reports ";
  std::size_t count = 0;
  for (const auto& name : names)
    if (count++ < kMostFindingsNamed) out += (count == 1 ? "" : ", ") + name;
  return count <= kMostFindingsNamed ? out : out + " and " + std::to_string(count - kMostFindingsNamed) + " more";
}

void Judge::add_finding_fault() {
  std::ranges::stable_sort(above_, std::ranges::greater(), &Finding::severity);
  std::string message = std::to_string(above_.size()) + (above_.size() == 1 ? " finding" : " findings") + " above " +
                        std::string(name_of(question_.rules.allow_up_to)) + " in " + reports_with() + ": ";
  const std::size_t named = std::min(above_.size(), kMostFindingsNamed);
  for (std::size_t i = 0; i < named; ++i) message += (i == 0 ? "" : "; ") + describe(*above_[i]);
  if (above_.size() > named) message += "; and " + std::to_string(above_.size() - named) + " more";
  faults_.add({.rank = kRankFindings,
               .state = GateState::Refused,
               .reason = std::string(reason::kFindings),
               .message = std::move(message),
               .remedy = remedy_for(above_, question_.floor, now_)});
}

std::vector<RefusedFinding> Judge::listed() const {
  std::vector<RefusedFinding> out;
  for (std::size_t i = 0; i < std::min(above_.size(), question_.list_up_to); ++i) {
    const NamedReport& report = *findings_.at(above_[i]);
    out.push_back({question_.gate, report.name, report.place, *above_[i]});
  }
  return out;
}

GateVerdict Judge::verdict() const {
  GateVerdict out{.status = status_,
                  .state = GateState::Passed,
                  .reason = std::string(reason::kGatesPassed),
                  .message = question_.gate + " passed",
                  .remedy = {},
                  .note = {},
                  .above = listed(),
                  .above_in_all = above_.size()};
  out.status.passed = faults_.count() == 0;
  if (out.status.passed) {
    out.note = unmatched();
    return out;
  }
  const auto told = faults_.told();
  const Fault& worst = *told.front();
  out.state = worst.state;
  out.reason = worst.reason;
  out.remedy = worst.remedy;
  out.message = question_.gate + ": " + worst.message;
  for (std::size_t i = 1; i < told.size(); ++i) out.message += "; " + told[i]->message;
  if (const std::size_t rest = faults_.count() - told.size(); rest > 0)
    out.message += "; and " + std::to_string(rest) + " more faults";
  if (const auto note = unmatched(); !note.empty()) out.message += "; " + note;
  return out;
}

GateVerdict no_report(const ScanQuestion& question) {
  const std::string who = question.floor ? " (a floor of the ContainerRegistry)" : "";
  return {.status = {.gate = question.gate},
          .state = GateState::Refused,
          .reason = std::string(reason::kReportNotNamed),
          .message = question.gate + who + " needs a scan report, and the publication names none",
          .remedy = "scan the image with trivy image --format json and name the report under spec.gates.scan.reports"};
}

GateVerdict no_image(const ScanQuestion& question) {
  return {.status = {.gate = question.gate},
          .state = GateState::Refused,
          .reason = std::string(reason::kPlatformNotCovered),
          .message = question.gate + ": the source holds no image that a scanner could look at",
          .remedy = "publish an image, or take the scan out of the gates"};
}

}  // namespace

std::vector<ScanQuestion> scan_questions(const Gates& own, const std::vector<GateFloor>& floors) {
  std::vector<ScanQuestion> out;
  if (own.scan) out.push_back({.gate = "scan", .floor = false, .rules = *own.scan, .judge_age = true});
  for (const auto& floor : floors)
    if (floor.gates.scan)
      out.push_back({.gate = "scan of access entry " + floor.entry,
                     .floor = true,
                     .rules = *floor.gates.scan,
                     .judge_age = true});
  return out;
}

GateVerdict judge_scan(const ScanQuestion& question, const ScanSubject& subject,
                       const std::vector<NamedReport>& reports, Timestamp now) {
  if (reports.empty()) return no_report(question);
  if (subject.images.empty()) return no_image(question);
  return Judge(question, subject, now).judge(reports);
}

bool needs_layers_checked(const ScanSubject& subject, const std::vector<NamedReport>& reports) {
  std::vector<const PlatformImage*> open;
  open.reserve(subject.images.size());
  for (const auto& image : subject.images) open.push_back(&image);
  for (const auto& named : reports) {
    if (!named.report) continue;
    const ReportBinder binder{*named.report, subject};
    std::erase_if(open, [&](const PlatformImage* image) {
      return binder.is_read_from_manifest(*image) && binder.bind(*image).kind == ReportBinding::Kind::Bound;
    });
  }
  return !open.empty();
}

Error to_error(const GateVerdict& verdict) {
  ErrorClass cls = verdict.state == GateState::Awaiting ? ErrorClass::NotFound : ErrorClass::Refused;
  if (verdict.reason == reason::kNotSupported) cls = ErrorClass::Invalid;
  return {
      .cls = cls, .message = verdict.message, .remedy = verdict.remedy, .reason = verdict.reason, .retry_after = {}};
}

}  // namespace slipway::gates
