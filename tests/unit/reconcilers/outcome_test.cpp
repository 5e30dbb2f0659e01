#include "reconcilers/outcome.h"

#include "tests/catch.h"

using namespace slipway;
using namespace std::chrono_literals;

namespace {

using Kind = Outcome::Kind;
using Milliseconds = std::optional<std::chrono::milliseconds>;

const Timestamp kStart = *parse_timestamp("2026-11-24T09:00:00Z");

Error error(ErrorClass cls, std::string reason = "", std::optional<std::chrono::seconds> retry_after = {}) {
  return {.cls = cls, .message = "m", .remedy = "r", .reason = std::move(reason), .retry_after = retry_after};
}

}  // namespace

TEST_CASE("what follows from each class of error", "[outcome]") {
  struct Row {
    std::string name;
    Error error;
    Deadlines deadlines;
    std::chrono::seconds after;
    Outcome expected;
  };
  const Deadlines plain{.attempt_started_at = kStart, .interval = 600s};
  const Deadlines bounded{.attempt_started_at = kStart, .retry_for = 60s, .interval = 600s};
  const Deadlines waiting{.attempt_started_at = kStart, .wait_for = 3600s, .interval = 600s};
  const Deadlines at_once{.attempt_started_at = kStart, .wait_for = 0s, .interval = 600s};
  const Deadlines untrusted{.attempt_started_at = kStart, .interval = 600s, .untrusted_since = kStart};
  const Deadlines often{.attempt_started_at = kStart, .interval = 10s};
  const Outcome stalled{.kind = Kind::Stalled, .delay = 600s};
  const Outcome retry{.kind = Kind::Retry, .delay = std::nullopt};
  const Row rows[] = {
      {"stopping", error(ErrorClass::Cancelled), plain, 0s, {.kind = Kind::Done, .delay = std::nullopt}},
      {"unavailable", error(ErrorClass::Unavailable), plain, 0s, retry},
      {"unavailable for days without a bound", error(ErrorClass::Unavailable), plain, 864000s, retry},
      {"put off, however long it is tried",
       error(ErrorClass::Unavailable, "HostSilent"),
       bounded,
       60s,
       {Kind::PutOff, 300s}},
      {"throttled", error(ErrorClass::Throttled), plain, 0s, retry},
      {"throttled with the server's word", error(ErrorClass::Throttled, "", 17s), plain, 0s, {Kind::Retry, 17s}},
      {"throttled for longer than the interval",
       error(ErrorClass::Throttled, "", 3600s),
       plain,
       0s,
       {Kind::Retry, 600s}},
      {"unavailable for longer than the interval",
       error(ErrorClass::Unavailable, "", 3600s),
       plain,
       0s,
       {Kind::Retry, 600s}},
      {"throttled, where looks are often", error(ErrorClass::Throttled, "", 290s), often, 0s, {Kind::Retry, 290s}},
      {"throttled for long, where looks are often",
       error(ErrorClass::Throttled, "", 3600s),
       often,
       0s,
       {Kind::Retry, 300s}},
      {"quota used up", error(ErrorClass::QuotaExceeded), plain, 0s, {Kind::Retry, 600s}},
      {"quota used up, with the server's word",
       error(ErrorClass::QuotaExceeded, "", 30s),
       plain,
       0s,
       {Kind::Retry, 30s}},
      {"quota used up, with the server's word of later than the interval",
       error(ErrorClass::QuotaExceeded, "", 3600s),
       plain,
       0s,
       {Kind::Retry, 600s}},
      {"our bug", error(ErrorClass::Internal), plain, 0s, {Kind::Retry, 600s}},
      {"just within retry", error(ErrorClass::Unavailable), bounded, 59s, retry},
      {"retry used up", error(ErrorClass::Unavailable), bounded, 60s, {Kind::Again, 600s}},
      {"retry used up, server says later than interval",
       error(ErrorClass::Throttled, "", 900s),
       bounded,
       60s,
       {Kind::Again, 600s}},
      {"retry used up, server says earlier", error(ErrorClass::Throttled, "", 10s), bounded, 60s, {Kind::Again, 600s}},
      {"invalid", error(ErrorClass::Invalid), plain, 0s, stalled},
      {"not found", error(ErrorClass::NotFound), waiting, 0s, stalled},
      {"conflict", error(ErrorClass::Conflict), plain, 0s, stalled},
      {"unauthorized", error(ErrorClass::Unauthorized), plain, 0s, stalled},
      {"forbidden", error(ErrorClass::Forbidden), plain, 0s, stalled},
      {"forbidden by who says when to ask again",
       error(ErrorClass::Forbidden, "", 90s),
       plain,
       0s,
       {Kind::Stalled, 90s}},
      {"forbidden by who asks for haste", error(ErrorClass::Forbidden, "", 1s), plain, 0s, {Kind::Stalled, 60s}},
      {"forbidden by who has more time", error(ErrorClass::Forbidden, "", 900s), plain, 0s, stalled},
      {"integrity", error(ErrorClass::Integrity), plain, 0s, stalled},
      {"refused", error(ErrorClass::Refused), waiting, 0s, stalled},
      {"refused with the reason of one that is awaited", error(ErrorClass::Refused, "AwaitingReport"), waiting, 0s,
       stalled},
      {"a certificate is not trusted",
       error(ErrorClass::Refused, "CertificateNotTrusted"),
       plain,
       0s,
       {Kind::Stalled, 60s}},
      {"TLS is answered in clear", error(ErrorClass::Refused, "AnsweredInClear"), plain, 0s, {Kind::Stalled, 60s}},
      {"TLS is answered in clear for minutes",
       error(ErrorClass::Refused, "AnsweredInClear"),
       untrusted,
       170s,
       {Kind::Stalled, 170s}},
      {"a certificate is not trusted for minutes",
       error(ErrorClass::Refused, "CertificateNotTrusted"),
       untrusted,
       170s,
       {Kind::Stalled, 170s}},
      {"a certificate is not trusted for days",
       error(ErrorClass::Refused, "CertificateNotTrusted"),
       untrusted,
       864000s,
       {Kind::Stalled, 300s}},
      {"a certificate is not trusted, the clock was set back",
       error(ErrorClass::Refused, "CertificateNotTrusted"),
       untrusted,
       -3600s,
       {Kind::Stalled, 60s}},
      {"a certificate is not trusted, where looks are often",
       error(ErrorClass::Refused, "CertificateNotTrusted"),
       often,
       0s,
       {Kind::Stalled, 10s}},
      {"a report is awaited: looked at each interval",
       error(ErrorClass::NotFound, "AwaitingReport"),
       waiting,
       0s,
       {Kind::Again, 600s}},
      {"a report is awaited: the end is nearer",
       error(ErrorClass::NotFound, "AwaitingReport"),
       waiting,
       3599s,
       {Kind::Again, 1s}},
      {"the wait is over", error(ErrorClass::NotFound, "AwaitingReport"), waiting, 3600s, stalled},
      {"a platform is awaited", error(ErrorClass::NotFound, "PlatformNotCovered"), waiting, 0s, {Kind::Again, 600s}},
      {"no waiting", error(ErrorClass::NotFound, "AwaitingReport"), at_once, 0s, stalled},
      {"no wait set", error(ErrorClass::NotFound, "AwaitingReport"), plain, 0s, stalled},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const Outcome got = outcome_of(row.error, row.deadlines, kStart + row.after);
    CHECK(got.kind == row.expected.kind);
    CHECK((got.delay == row.expected.delay));
  }
}

TEST_CASE("what follows a written status", "[outcome]") {
  const Outcome wanted{.kind = Kind::Again, .delay = 5s};
  CHECK(after_write({}, wanted, kStart) == wanted);
  CHECK(after_write(std::unexpected(error(ErrorClass::Conflict)), wanted, kStart) == Outcome{Kind::Retry, {}});
  CHECK(after_write(std::unexpected(error(ErrorClass::Unavailable)), wanted, kStart) == Outcome{Kind::Retry, {}});
  for (const auto cls : {ErrorClass::Unauthorized, ErrorClass::Forbidden, ErrorClass::Refused})
    CHECK(after_write(std::unexpected(error(cls)), wanted, kStart) == Outcome{Kind::Retry, {}});
  CHECK(after_write(std::unexpected(error(ErrorClass::Cancelled)), wanted, kStart) == Outcome{});
  CHECK(after_write(std::unexpected(error(ErrorClass::Internal)), wanted, kStart) == Outcome{Kind::Retry, 3600s});
  CHECK(after_write(std::unexpected(error(ErrorClass::Invalid)), wanted, kStart).kind == Kind::Stalled);
}
