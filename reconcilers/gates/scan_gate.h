#pragma once

#include <string>
#include <vector>

#include "crds/base/result.h"
#include "crds/v1alpha1/gates.h"
#include "crds/v1alpha1/image_publication_status.h"
#include "reconcilers/access.h"
#include "reconcilers/gates/scan_report.h"

namespace slipway::gates {

/// One runnable image that is published (attestations are not).
struct PlatformImage {
  content::Platform platform;
  Digest digest = Digest::of("");
  Digest config_digest = Digest::of("");
  std::vector<std::string> diff_ids;
  bool lists_layers = true;  ///< False: its config could not be read as an image's, `diff_ids` says nothing.
};

/// What is judged.
struct ScanSubject {
  std::vector<PlatformImage> images;  ///< Every one needs a report of its own.
  std::vector<Digest> indexes;        ///< That hold them: the source's and, of a subset, the one published. Or none.
  bool is_whole = true;               ///< False: of a source index a part is published, the rest is not known.
  std::string source_host;            ///< Registry of the source, e.g. "ghcr.io"; empty for files.
};

/// A report that the publication names, read or not. A report that could not be read carries the reader's error:
/// NotFound, Unavailable and Throttled are waited for, every other class is told as it is. Every finding counts:
/// whoever reads one leaves out those of a report that is not judged (ReportBinder::is_judged()).
struct NamedReport {
  std::string name;
  Result<ScanReport> report;
  std::string place = {};  ///< Where it was read, for messages: a file, a ConfigMap; empty when it is in the resource.
};

/// One gate: the publication's own, or the floor of an access entry.
struct ScanQuestion {
  std::string gate;            ///< "scan", "scan of access entry shop".
  bool floor = false;          ///< Of an access entry: its exceptions are not the publication\'s.
  ScanGate rules;              ///< Of a floor: `reports` is empty, they come from the publication.
  bool judge_age = true;       ///< False when this object published this digest for this environment before.
  std::size_t list_up_to = 0;  ///< How many findings are listed in the verdict: each with all of its names.
};

/// The gates of `own` and of all floors that ask for a scan, the publication's own first. None: nothing is asked for.
std::vector<ScanQuestion> scan_questions(const Gates& own, const std::vector<GateFloor>& floors);

enum class GateState {
  Passed,
  Awaiting,  ///< A report is missing or about another image: until waitFor is over.
  Refused,   ///< Nothing helps but another report, spec or image.
};

/// A finding that keeps a gate from passing.
struct RefusedFinding {
  std::string gate;
  std::string report;  ///< Name of the first that has it.
  std::string place;   ///< As of NamedReport.
  Finding finding;
  bool operator==(const RefusedFinding&) const = default;
};

struct GateVerdict {
  VerdictStatus status;
  GateState state = GateState::Refused;
  std::string reason;                      ///< One of reasons.h.
  std::string message;                     ///< Which report, which image, what is wrong.
  std::string remedy;                      ///< What to do; an exception to write or a version to upgrade to.
  std::string note;                        ///< Of one that passed: what is likely a mistake all the same.
  std::vector<RefusedFinding> above = {};  ///< The worst first, as many as were asked for; the message names a few.
  std::size_t above_in_all = 0;            ///< How many there are.
};

/// Judges one gate over all images. All reports that are bound to an image by content must pass; a report about an
/// image that is not published is left aside if the others cover everything. Of several faults the one nearest to a
/// finding is told: findings, then faulty reports, then missing ones. An exception of the publication's own that no
/// finding of the reports matches is a note, or is told with the findings that refuse; a floor's are for many images.
///
///   situation                                             state      reason
///   no report named                                       Refused    ReportNotNamed
///   no image to judge (an artifact)                       Refused    PlatformNotCovered
///   report not there, or its place does not answer        Awaiting   AwaitingReport
///   report unreadable for another cause                   Refused    the reader's reason or class
///   half a report, not of its format, not of an image     Refused    ReportInvalid
///   an image has no report, and a report fits no image    Awaiting   AwaitingReport (about another image)
///   an image has no report, every report fits another     Awaiting   PlatformNotCovered
///   image id, diff ids, platform, digest disagree         Refused    ReportConflict
///   it names the config alone, which lists no layers      Refused    PlatformNotCovered
///   no package list looked at                             Refused    ReportEmpty
///   distribution without advisories                       Refused    EndOfLife
///   created more than 5 minutes after now                 Refused    ReportFromFuture
///   maxAge set, no time in the report                     Refused    ReportWithoutTime
///   older than maxAge                                     Refused    ReportTooOld
///   finding above allowUpTo, neither unfixed under
///     `unfixed: Ignore` nor under an unexpired exception  Refused    FindingsAboveLimit
///   else                                                  Passed     GatesPassed
GateVerdict judge_scan(const ScanQuestion& question, const ScanSubject& subject,
                       const std::vector<NamedReport>& reports, Timestamp now);

/// Whether some image is known to the reports by its config alone: none that is bound to it was read from its manifest
/// (is_read_from_manifest()). Other layers may stand under that config, so who publishes holds them against it.
bool needs_layers_checked(const ScanSubject& subject, const std::vector<NamedReport>& reports);

/// The verdict as an error: NotFound with reason AwaitingReport or PlatformNotCovered when awaited, else Refused.
/// (Invalid for NotSupported). Not to be asked of one that passed.
Error to_error(const GateVerdict& verdict);

}  // namespace slipway::gates
