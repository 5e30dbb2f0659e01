#include "controller/audit/chain.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "crds/base/text.h"
#include "reconcilers/json.h"

namespace slipway::audit {
namespace {

constexpr std::string_view kFormat = "v1";
constexpr std::string_view kBeginning = R"({"audit":")";
constexpr std::string_view kBeforeHash = R"(,"hash":")";
constexpr std::string_view kAfterHash = "\"}";
constexpr std::size_t kHashDigits = 64;
constexpr std::size_t kChainDigits = 32;
constexpr DocumentLimits kLimits{.bytes = kLongestLine, .depth = 2, .nodes = 64};

std::string nothing_before() {
  return std::string(kHashDigits, '0');
}

std::string hash_of(std::string_view body) {
  return std::string(Digest::of(body).hex());
}

bool is_hexadecimal(std::string_view text, std::size_t digits) {
  return text.size() == digits &&
         std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

std::string number(std::int64_t seq) {
  return "record " + std::to_string(seq);
}

std::unexpected<Error> no_record(const std::string& why) {
  return fail(ErrorClass::Invalid, "this is no record of the audit log: " + why, "keep nothing else in its files");
}

std::unexpected<Error> changed(const std::string& how) {
  return fail(ErrorClass::Integrity, how, "compare it with a copy of the log");
}

/// The text that was hashed, and the hash that the line carries.
struct Seal {
  std::string body;
  std::string hash;
};

Result<Seal> seal_of(std::string_view line) {
  const std::size_t tail = kBeforeHash.size() + kHashDigits + kAfterHash.size();
  if (!line.starts_with(kBeginning)) return no_record("it begins otherwise");
  const std::string_view end = line.size() < tail ? std::string_view{} : line.substr(line.size() - tail);
  const std::string_view hash = end.empty() ? end : end.substr(kBeforeHash.size(), kHashDigits);
  if (!end.starts_with(kBeforeHash) || !end.ends_with(kAfterHash) || !is_hexadecimal(hash, kHashDigits))
    return changed("it does not end with a hash");
  return Seal{.body = std::string(line.substr(0, line.size() - tail)) + '}', .hash = std::string(hash)};
}

}  // namespace

std::string to_string(const Anchor& anchor) {
  return anchor.hash + '@' + std::to_string(anchor.seq);
}

Result<Anchor> parse_anchor(std::string_view text) {
  const std::size_t at = std::min(text.find('@'), text.size());
  const std::string_view digits = text.substr(std::min(at + 1, text.size()));
  Anchor anchor{.seq = 0, .hash = lower_case(text.substr(0, at))};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), anchor.seq);
  const bool is_number = error == std::errc{} && end == digits.data() + digits.size() && anchor.seq > 0;
  if (is_number && is_hexadecimal(anchor.hash, kHashDigits)) return anchor;
  return fail(ErrorClass::Invalid, quoted(text, 100) + " names no record",
              "write HASH@NUMBER, as slipway audit head prints it");
}

Head new_chain(std::string id) {
  return {.chain = std::move(id), .last = {.seq = 0, .hash = nothing_before()}};
}

std::string seal(const Record& record, Head& head) {
  json::MapBuilder line;
  line.add("audit", json::text(kFormat))
      .add("chain", json::text(head.chain))
      .add("seq", json::integer(head.last.seq + 1))
      .add("prev", json::text(head.last.hash));
  for (auto& member : members_of(record)) line.add(std::move(member.key), std::move(member.value));
  std::string text = to_json_text(line.build());
  head.last = {.seq = head.last.seq + 1, .hash = hash_of(text)};
  text.pop_back();
  return text.append(kBeforeHash).append(head.last.hash).append(kAfterHash);
}

Result<SealedLine> read_line(std::string_view line) {
  auto sealed = seal_of(line);
  if (!sealed) return std::unexpected(std::move(sealed.error()));
  if (hash_of(sealed->body) != sealed->hash) return changed("its hash is not that of its text");
  Document document = parse_json(sealed->body, "", kLimits);
  if (!document.problems.empty()) return no_record(document.problems.front().message);
  SealedLine read{
      .head = {.chain = json::text_at(document.root, "chain"),
               .last = {.seq = json::integer_at(document.root, "seq").value_or(0), .hash = std::move(sealed->hash)}},
      .prev = json::text_at(document.root, "prev"),
      .members = std::move(document.root)};
  if (json::text_at(read.members, "audit") != kFormat) return no_record("another version of slipway wrote it");
  if (read.head.last.seq < 1 || !is_hexadecimal(read.head.chain, kChainDigits) ||
      !is_hexadecimal(read.prev, kHashDigits))
    return no_record("its place in a chain is missing");
  return read;
}

std::string_view to_string(FindingKind kind) {
  switch (kind) {
    case FindingKind::NotARecord:
      return "NotARecord";
    case FindingKind::Changed:
      return "Changed";
    case FindingKind::Gap:
      return "Gap";
    case FindingKind::Reordered:
      return "Reordered";
    case FindingKind::ForeignChain:
      return "ForeignChain";
    case FindingKind::Truncated:
      return "Truncated";
  }
  return "Changed";
}

std::optional<SealedLine> ChainVerifier::take(std::string_view line, const LinePlace& place) {
  if (verdict_.finding) {
    look_for_missing(line);
    return std::nullopt;
  }
  if (options_.among_others && !line.starts_with(kBeginning)) return std::nullopt;
  const std::int64_t expected = verdict_.first == 0 ? 0 : verdict_.head.seq + 1;
  if (half_) find(FindingKind::Changed, last_place_, expected, "half a record stands before other lines");
  auto read = read_line(line);
  if (!read) {
    const bool is_record = read.error().cls == ErrorClass::Integrity;
    find(is_record ? FindingKind::Changed : FindingKind::NotARecord, place, is_record ? expected : 0,
         read.error().message);
    return std::nullopt;
  }
  const bool fits = !verdict_.finding && (verdict_.first == 0 ? begins(*read, place) : follows(*read, place));
  if (!fits || !is_the_noted_one(*read, place)) return std::nullopt;
  accept(*read, place);
  return std::move(*read);
}

bool ChainVerifier::begins(const SealedLine& line, const LinePlace& place) {
  const Anchor before = options_.after.value_or(Anchor{.seq = 0, .hash = nothing_before()});
  verdict_.chain = line.head.chain;
  verdict_.head = before;
  last_hash_ = before.hash;
  last_place_ = place;
  return follows(line, place);
}

bool ChainVerifier::follows(const SealedLine& line, const LinePlace& place) {
  const std::int64_t expected = verdict_.head.seq + 1;
  const std::int64_t seq = line.head.last.seq;
  if (line.head.chain != verdict_.chain)
    return find(FindingKind::ForeignChain, place, seq,
                number(seq) + " of chain " + line.head.chain + " stands in chain " + verdict_.chain);
  if (seq > expected) {
    missing_until_ = seq;
    const std::string missing = seq - expected == 1
                                    ? number(expected) + " is"
                                    : "records " + std::to_string(expected) + " to " + std::to_string(seq - 1) + " are";
    return find(FindingKind::Gap, place, seq, missing + " missing before " + number(seq));
  }
  if (seq < expected)
    return find(FindingKind::Reordered, place, seq, number(seq) + " stands after " + number(expected - 1));
  if (line.prev == last_hash_) return true;
  return find(FindingKind::Changed, last_place_, std::max<std::int64_t>(expected - 1, 1),
              number(seq) + " does not follow what stands before it: that, or " + number(seq) +
                  ", was changed and its hash was made anew");
}

bool ChainVerifier::is_the_noted_one(const SealedLine& line, const LinePlace& place) {
  const auto& noted = options_.head;
  if (!noted || noted->seq != line.head.last.seq || noted->hash == line.head.last.hash) return true;
  return find(FindingKind::Changed, place, noted->seq, number(noted->seq) + " is not the one that was noted");
}

void ChainVerifier::accept(const SealedLine& line, const LinePlace& place) {
  verdict_.head = line.head.last;
  last_hash_ = line.head.last.hash;
  last_place_ = place;
  const std::string time = json::text_at(line.members, "time");
  if (verdict_.first == 0) {
    verdict_.first = line.head.last.seq;
    verdict_.began = time;
  }
  verdict_.ended = time;
  const std::string what = json::text_at(line.members, "record");
  if (what == "Intent") verdict_.open.insert(line.head.last.seq);
  if (what == "Outcome") verdict_.open.erase(json::integer_at(line.members, "of").value_or(0));
}

/// What seems to be missing may stand further down.
void ChainVerifier::look_for_missing(std::string_view line) {
  Finding& finding = *verdict_.finding;
  if (finding.kind != FindingKind::Gap) return;
  const auto read = read_line(line);
  if (!read || read->head.chain != verdict_.chain) return;
  const std::int64_t seq = read->head.last.seq;
  if (seq <= verdict_.head.seq || seq >= missing_until_) return;
  finding.kind = FindingKind::Reordered;
  finding.message = number(missing_until_) + " stands before " + number(seq);
}

void ChainVerifier::take_half(std::string_view text, const LinePlace& place) {
  if (text.empty() || verdict_.finding) return;
  if (options_.among_others && !text.starts_with(kBeginning)) return;
  half_ = true;
  verdict_.half_bytes = text.size();
  last_place_ = place;
}

Verdict ChainVerifier::finish(const LinePlace& place) {
  if (verdict_.finding) return std::move(verdict_);
  const auto& noted = options_.head;
  if (verdict_.first == 0) {
    // Half a record is what is left when the first one was cut short.
    if (half_ && !noted) return std::move(verdict_);
    find(FindingKind::Truncated, place, noted ? noted->seq : 1, "there is no record, and a log has one from its start");
  } else if (noted && verdict_.head.seq < noted->seq) {
    find(FindingKind::Truncated, place, noted->seq,
         "the last is " + number(verdict_.head.seq) + ", and " + number(noted->seq) + " was noted: the end is missing");
  } else if (noted && noted->seq < verdict_.first) {
    find(FindingKind::Gap, place, noted->seq,
         number(noted->seq) + " was noted, and what is given begins with " + number(verdict_.first));
  }
  return std::move(verdict_);
}

bool ChainVerifier::find(FindingKind kind, const LinePlace& place, std::int64_t record, std::string message) {
  if (!verdict_.finding)
    verdict_.finding = Finding{.kind = kind, .place = place, .record = record, .message = std::move(message)};
  return false;
}

}  // namespace slipway::audit
