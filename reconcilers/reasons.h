#pragma once

#include <string_view>

/// Every reason that a condition or an event of ours can carry, each with when it appears and what to do. Where an
/// error has no reason of its own, the name of its class is the reason (to_string(ErrorClass)).
namespace slipway::reason {

// Of every kind.
inline constexpr std::string_view kSucceeded = "Succeeded";      ///< All is as the spec wants it.
inline constexpr std::string_view kProgressing = "Progressing";  ///< Work goes on; wait.
inline constexpr std::string_view kSuspended = "Suspended";  ///< Event: spec.suspend is true; set it to false to go on.
inline constexpr std::string_view kNotSupported =
    "NotSupported";                                          ///< This version can't do what a field asks; remove it.
inline constexpr std::string_view kForbidden = "Forbidden";  ///< No access entry gives it; the remedy shows the line.
inline constexpr std::string_view kCertificateNotTrusted =
    "CertificateNotTrusted";  ///< Nobody known signed it, its time is over, it is another host's; the message says.
inline constexpr std::string_view kAnsweredInClear =
    "AnsweredInClear";  ///< A host that is asked for TLS speaks plain HTTP; name another port, or set plainHTTP.
inline constexpr std::string_view kHostSilent =
    "HostSilent";  ///< Not tried yet: a host gives no answer, and another resource waits for one. It goes on by itself.

// Of ContainerRegistry.
inline constexpr std::string_view kAnswered = "Answered";  ///< Reachable: the registry answered.
inline constexpr std::string_view kSignedIn = "SignedIn";  ///< Authenticated: the registry took the credentials.

// Of ImagePublication: gates.
inline constexpr std::string_view kNoGates = "NoGates";          ///< GatesPassed: nothing was asked for.
inline constexpr std::string_view kGatesPassed = "GatesPassed";  ///< Every gate passed.
inline constexpr std::string_view kPublishedBeforeGates =
    "PublishedBeforeGates";  ///< GatesPassed Unknown: no such gates were asked for then; they judge the next one.
inline constexpr std::string_view kAwaitingReport = "AwaitingReport";  ///< A report is missing or about another image.
inline constexpr std::string_view kReportNotNamed = "ReportNotNamed";  ///< A gate needs a report, the spec names none.
inline constexpr std::string_view kReportInvalid =
    "ReportInvalid";                                             ///< Not a whole report of its format; make it again.
inline constexpr std::string_view kReportEmpty = "ReportEmpty";  ///< The scan looked at no package; scan the image.
inline constexpr std::string_view kReportConflict = "ReportConflict";  ///< The report contradicts itself; scan again.
inline constexpr std::string_view kReportTooOld = "ReportTooOld";      ///< Older than maxAge; scan again.
inline constexpr std::string_view kReportWithoutTime = "ReportWithoutTime";    ///< maxAge can't be judged; scan again.
inline constexpr std::string_view kReportFromFuture = "ReportFromFuture";      ///< Its clock is wrong; scan again.
inline constexpr std::string_view kPlatformNotCovered = "PlatformNotCovered";  ///< A platform has no report; add one.
inline constexpr std::string_view kEndOfLife = "EndOfLife";  ///< The distribution gets no advisories; use a newer one.
inline constexpr std::string_view kFindings = "FindingsAboveLimit";  ///< Fix, or write an exception with an end.

// Of what is kept outside a cluster.
inline constexpr std::string_view kStatusUnreadable = "StatusUnreadable";  ///< Another version wrote it.

// Of ImagePublication: content and tags.
inline constexpr std::string_view kTransferred = "Transferred";      ///< All content is at the registry.
inline constexpr std::string_view kTagsSet = "TagsSet";              ///< Every tag names what it should.
inline constexpr std::string_view kTagConflict = "TagConflict";      ///< An immutable tag names another digest.
inline constexpr std::string_view kSuperseded = "Superseded";        ///< A moving tag was left on a newer build.
inline constexpr std::string_view kRolledBack = "RolledBack";        ///< Moving tags name the digest of rollback.
inline constexpr std::string_view kRollbackEnded = "RollbackEnded";  ///< rollback.until is over; remove rollback.
inline constexpr std::string_view kOrderUnknown = "OrderUnknown";    ///< Event: moved without knowing which is newer.
inline constexpr std::string_view kWentBack = "WentBack";            ///< Event: moved to an older build.
inline constexpr std::string_view kPublished = "Published";          ///< Event: a publication was finished.
inline constexpr std::string_view kRepaired = "Repaired";  ///< Event: something was missing and is there again.
inline constexpr std::string_view kNoted = "Noted";        ///< Event: something was left as it is; the text says what.
inline constexpr std::string_view kUntagged = "Untagged";  ///< Event: the tags of a deleted publication are gone.
inline constexpr std::string_view kLeftTagged =
    "LeftTagged";  ///< Event: a deleted publication went without its tags being removed; remove them by hand.
inline constexpr std::string_view kUntagging =
    "Untagging";  ///< Event: the tags of a deleted publication can't be removed yet; it is tried again for ten minutes.
inline constexpr std::string_view kExpired =
    "Expired";  ///< Event: ttlAfterPublished is over; the object is deleted, or the text says why not.
inline constexpr std::string_view kReplicated = "Replicated";  ///< Nothing to wait for, or every region serves it.

}  // namespace slipway::reason
