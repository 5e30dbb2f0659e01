#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "controller/audit/record.h"
#include "crds/base/result.h"

/// Records as lines that carry each other's hashes. Pure.
///
///   {"audit":"v1","chain":"…","seq":7,"prev":"…","time":"…",…,"hash":"…"}
///
/// `hash` is the SHA-256 of the line as it stands, without `,"hash":"…"`, in hexadecimal; `prev` is the one of the
/// record before. Whoever changes a record has to change every one that follows, and the last hash with them.
namespace slipway::audit {

/// One record of a chain, as a person keeps it elsewhere: "HASH@SEQ".
struct Anchor {
  std::int64_t seq = 0;
  std::string hash;
  bool operator==(const Anchor&) const = default;
};

std::string to_string(const Anchor& anchor);
/// Invalid for what is not 64 hexadecimal digits, '@' and a number from 1 on.
Result<Anchor> parse_anchor(std::string_view text);

/// The last record of a chain; seq 0 before the first.
struct Head {
  std::string chain;  ///< 32 hexadecimal digits, made at random for the first record.
  Anchor last;
  bool operator==(const Head&) const = default;
};

/// A chain that has no record yet.
Head new_chain(std::string id);

/// The line (without its end) of the record that follows `head`, and moves `head` to it.
std::string seal(const Record& record, Head& head);

/// A line that is a record whose hash is its own.
struct SealedLine {
  Head head;
  std::string prev;
  Node members;
};
/// Invalid for what is no record, Integrity where the hash is not that of the text.
Result<SealedLine> read_line(std::string_view line);

/// A record is never longer.
inline constexpr std::size_t kLongestLine = 64u << 10;

enum class FindingKind {
  NotARecord,    ///< A line that is no record of this log.
  Changed,       ///< A record is not as it was written.
  Gap,           ///< Records are missing.
  Reordered,     ///< Records do not stand where they were written, or stand there twice.
  ForeignChain,  ///< A record of another chain.
  Truncated,     ///< The end is missing: a record that was noted elsewhere is not there.
};
std::string_view to_string(FindingKind kind);

struct LinePlace {
  std::string file;
  std::size_t line = 0;  ///< From 1 on.
  bool operator==(const LinePlace&) const = default;
};

/// The first thing that is wrong with a chain.
struct Finding {
  FindingKind kind = FindingKind::Changed;
  LinePlace place;
  std::int64_t record = 0;  ///< 0 where it has no number.
  std::string message;
  bool operator==(const Finding&) const = default;
};

/// What a whole chain is found to be.
struct Verdict {
  std::optional<Finding> finding;
  std::string chain;
  std::int64_t first = 0;       ///< Number of the first record; 0 when there is none.
  Anchor head;                  ///< The last one that was right.
  std::string began, ended;     ///< Times of the first and the last one.
  std::set<std::int64_t> open;  ///< Intents without an outcome: they may have happened.
  std::size_t half_bytes = 0;   ///< Of half a record at the end, as a writer that was killed leaves it.
};

struct VerifyOptions {
  std::optional<Anchor> after;  ///< What the first record follows; absent: the chain is given from its first record.
  std::optional<Anchor> head;   ///< A record that was noted elsewhere and has to be there.
  bool among_others = false;    ///< Lines that are no records are passed over: a log of several programs.
};

/// Takes the lines of a chain one after the other and says the first thing that is wrong with them. Keeps no line. One
/// thread at a time.
class ChainVerifier {
 public:
  explicit ChainVerifier(VerifyOptions options) : options_(std::move(options)) {}

  /// `line` without its end. Gives the record when all is well up to it.
  std::optional<SealedLine> take(std::string_view line, const LinePlace& place);
  /// What stands behind the last line end; nothing may come after it.
  void take_half(std::string_view text, const LinePlace& place);
  /// After the last line. `place` is the end.
  Verdict finish(const LinePlace& place);

 private:
  bool begins(const SealedLine& line, const LinePlace& place);
  bool follows(const SealedLine& line, const LinePlace& place);
  bool is_the_noted_one(const SealedLine& line, const LinePlace& place);
  void accept(const SealedLine& line, const LinePlace& place);
  void look_for_missing(std::string_view line);
  bool find(FindingKind kind, const LinePlace& place, std::int64_t record, std::string message);

  const VerifyOptions options_;
  Verdict verdict_;
  std::string last_hash_;
  LinePlace last_place_;
  bool half_ = false;
  std::int64_t missing_until_ = 0;  ///< With a Gap: the number before which records are missing.
};

}  // namespace slipway::audit
