#include "controller/audit/chain.h"

#include <functional>

#include "tests/catch.h"
#include "tests/unit/controller/audit/chains.h"

namespace slipway::audit::tests {
namespace {

using Lines = std::vector<std::string>;

void replace(std::string& line, const std::string& from, const std::string& to) {
  const auto at = line.find(from);
  REQUIRE(at != std::string::npos);
  line.replace(at, from.size(), to);
}

/// The line with a hash that fits its text.
std::string sealed_anew(std::string line) {
  const auto at = line.rfind(R"(,"hash":")");
  const std::string body = line.substr(0, at) + '}';
  return line.substr(0, at) + R"(,"hash":")" + std::string(Digest::of(body).hex()) + "\"}";
}

Anchor anchor_of(const Lines& lines, std::size_t record) {
  return read_line(lines.at(record - 1))->head.last;
}

}  // namespace

TEST_CASE("a chain as it was written is right, and says where it ends") {
  const auto lines = chain_of(5);
  const auto verdict = verdict_on(lines);
  CHECK_FALSE(verdict.finding);
  CHECK(verdict.chain == kChain);
  CHECK(verdict.first == 1);
  CHECK(verdict.head == anchor_of(lines, 5));
  CHECK(verdict.began == "2026-11-24T09:00:01Z");
  CHECK(verdict.ended == "2026-11-24T09:00:05Z");
  CHECK(verdict.open.empty());
}

TEST_CASE("an intent without an outcome may have happened") {
  CHECK(verdict_on(chain_of(6)).open == std::set<std::int64_t>{6});
}

TEST_CASE("a line is what the reference page says") {
  Head head = new_chain(kChain);
  const auto line = seal({.at = kNine, .content = set_tag("1.2")}, head);
  const auto at = line.rfind(R"(,"hash":")");
  CHECK(line.substr(0, at) ==
        R"({"audit":"v1","chain":")" + kChain + R"(","seq":1,"prev":")" + std::string(64, '0') +
            R"(","time":"2026-11-24T09:00:00Z","record":"Intent","action":"SetTag","registry":"contoso.azurecr.io",)"
            R"("repository":"shop/storefront","tag":"1.2","before":null,"after":")" +
            Digest::of("image").str() +
            R"(","kind":"ImagePublication","namespace":"shop","name":"storefront","uid":"u-1","generation":3,)"
            R"("fieldManager":"kubectl","publisher":"cluster-1","reconcile":"0123")");
  CHECK(line.substr(at) == R"(,"hash":")" + std::string(Digest::of(line.substr(0, at) + '}').hex()) + "\"}");
}

TEST_CASE("every record is read as it was written") {
  AuditChange moved = set_tag("1").what;
  moved.action = AuditAction::MoveTag;
  moved.before = Digest::of("earlier");
  moved.why = "line\nbreak \"quoted\" \xC3\xA9";
  Intent from_git = set_tag("2");
  from_git.who.revision = "main@sha1:4f2a";
  from_git.what = moved;
  from_git.what.looked = false;
  from_git.what.before = {};
  for (const Record& record : std::initializer_list<Record>{
           {kNine, Started{.version = "0.1.0", .replica = "slipway-0"}},
           {kNine, set_tag("1.2")},
           {kNine, from_git},
           {kNine, Intent{set_tag("1").who, moved, "p", "r"}},
           {kNine, Outcome{.of = 7, .ending = Ending::Unknown, .error = "Unavailable: no answer"}},
           {kNine, Outcome{.of = 7, .ending = Ending::Done, .error = ""}},
           {kNine, Mended{.bytes = 12, .digest = Digest::of("half").str()}}}) {
    Head head = new_chain(kChain);
    const auto line = read_line(seal(record, head));
    REQUIRE(line);
    CHECK(line->head == head);
    CHECK(*record_from(line->members) == record);
  }
}

TEST_CASE("whatever is done to a chain is found") {
  struct Case {
    std::string what;
    std::function<void(Lines&)> tamper;
    FindingKind kind;
    std::int64_t record;
    std::size_t line;
  };
  const auto whole = chain_of(9);
  const auto other = chain_of(9, std::string(32, 'd'));
  const std::vector<Case> cases{
      {"a byte of a value", [](Lines& l) { replace(l[3], "kubectl", "kubecti"); }, FindingKind::Changed, 4, 4},
      {"a byte of the first record", [](Lines& l) { replace(l[0], "slipway-0", "slipway-1"); }, FindingKind::Changed, 0,
       1},
      {"a byte of the hash", [](Lines& l) { l[4][l[4].size() - 3] = l[4][l[4].size() - 3] == '0' ? '1' : '0'; },
       FindingKind::Changed, 5, 5},
      {"a byte of the last record", [](Lines& l) { replace(l[8], "Done", "Gone"); }, FindingKind::Changed, 9, 9},
      {"white space", [](Lines& l) { replace(l[3], "\"tag\":", "\"tag\": "); }, FindingKind::Changed, 4, 4},
      {"a record, with its hash made anew",
       [](Lines& l) {
         replace(l[3], "kubectl", "kubecti");
         l[3] = sealed_anew(l[3]);
       },
       FindingKind::Changed, 4, 4},
      {"the first record, with its hash made anew",
       [](Lines& l) {
         replace(l[0], "slipway-0", "slipway-1");
         l[0] = sealed_anew(l[0]);
       },
       FindingKind::Changed, 1, 1},
      {"a line is missing", [](Lines& l) { l.erase(l.begin() + 3); }, FindingKind::Gap, 5, 4},
      {"three lines are missing", [](Lines& l) { l.erase(l.begin() + 3, l.begin() + 6); }, FindingKind::Gap, 7, 4},
      {"the beginning is missing", [](Lines& l) { l.erase(l.begin()); }, FindingKind::Gap, 2, 1},
      {"two lines are exchanged", [](Lines& l) { std::swap(l[3], l[4]); }, FindingKind::Reordered, 5, 4},
      {"the first two are exchanged", [](Lines& l) { std::swap(l[0], l[1]); }, FindingKind::Reordered, 2, 1},
      {"a line stands later", [](Lines& l) { std::rotate(l.begin() + 2, l.begin() + 3, l.begin() + 8); },
       FindingKind::Reordered, 4, 3},
      {"a line stands earlier", [](Lines& l) { std::rotate(l.begin() + 2, l.begin() + 7, l.begin() + 8); },
       FindingKind::Reordered, 8, 3},
      {"a line stands twice", [](Lines& l) { l.insert(l.begin() + 4, l[3]); }, FindingKind::Reordered, 4, 5},
      {"the last line stands twice", [](Lines& l) { l.push_back(l.back()); }, FindingKind::Reordered, 9, 10},
      {"two chains are spliced", [&](Lines& l) { std::copy(other.begin() + 5, other.end(), l.begin() + 5); },
       FindingKind::ForeignChain, 6, 6},
      {"a chain follows another", [&](Lines& l) { l.insert(l.end(), other.begin(), other.end()); },
       FindingKind::ForeignChain, 1, 10},
      {"two chains are spliced under one name",
       [&](Lines& l) {
         for (std::size_t i = 5; i < 9; ++i) {
           l[i] = other[i];
           replace(l[i], std::string(32, 'd'), kChain);
           l[i] = sealed_anew(l[i]);
         }
       },
       FindingKind::Changed, 5, 5},
      {"a number is changed, with the hash made anew",
       [](Lines& l) {
         replace(l[3], "\"seq\":4", "\"seq\":5");
         l[3] = sealed_anew(l[3]);
       },
       FindingKind::Gap, 5, 4},
      {"a foreign line", [](Lines& l) { l.insert(l.begin() + 3, "hello"); }, FindingKind::NotARecord, 0, 4},
      {"an empty line", [](Lines& l) { l.insert(l.begin() + 3, ""); }, FindingKind::NotARecord, 0, 4},
      {"half a line in the middle", [](Lines& l) { l[3].resize(100); }, FindingKind::Changed, 4, 4},
      {"a key stands twice, with the hash made anew",
       [](Lines& l) {
         replace(l[3], "\"seq\":4", "\"seq\":4,\"seq\":4");
         l[3] = sealed_anew(l[3]);
       },
       FindingKind::NotARecord, 0, 4},
      {"everything is gone", [](Lines& l) { l.clear(); }, FindingKind::Truncated, 1, 0},
  };
  for (const auto& each : cases) {
    Lines lines = whole;
    each.tamper(lines);
    const auto verdict = verdict_on(lines);
    INFO(each.what);
    REQUIRE(verdict.finding);
    CHECK(to_string(verdict.finding->kind) == to_string(each.kind));
    CHECK(verdict.finding->record == each.record);
    CHECK(verdict.finding->place.line == each.line);
    CHECK_FALSE(verdict.finding->message.empty());
  }
}

TEST_CASE("an end that is missing is found by a record that was noted elsewhere") {
  auto lines = chain_of(9);
  const VerifyOptions noted{.after = {}, .head = anchor_of(lines, 9), .among_others = false};
  CHECK_FALSE(verdict_on(lines, noted).finding);
  lines.pop_back();
  CHECK_FALSE(verdict_on(lines).finding);
  const auto found = verdict_on(lines, noted).finding;
  REQUIRE(found);
  CHECK(found->kind == FindingKind::Truncated);
  CHECK(found->message == "the last is record 8, and record 9 was noted: the end is missing");
}

TEST_CASE("a chain that was written anew as a whole is found by a record that was noted elsewhere") {
  const auto lines = chain_of(9);
  VerifyOptions noted;
  noted.head = Anchor{.seq = 5, .hash = std::string(64, 'a')};
  const auto found = verdict_on(lines, noted).finding;
  REQUIRE(found);
  CHECK(found->kind == FindingKind::Changed);
  CHECK(found->record == 5);
  noted.head = anchor_of(lines, 5);
  CHECK_FALSE(verdict_on(lines, noted).finding);
}

TEST_CASE("the later part of a chain is right after what was noted of the earlier one") {
  const auto lines = chain_of(9);
  const Lines later(lines.begin() + 4, lines.end());
  VerifyOptions options;
  options.after = anchor_of(lines, 4);
  CHECK_FALSE(verdict_on(later, options).finding);
  CHECK(verdict_on(later, options).first == 5);
  options.after->hash = std::string(64, 'a');
  CHECK(verdict_on(later, options).finding->kind == FindingKind::Changed);
  options.after = anchor_of(lines, 3);
  CHECK(verdict_on(later, options).finding->kind == FindingKind::Gap);
  options = {};
  options.head = anchor_of(lines, 3);
  options.after = anchor_of(lines, 4);
  CHECK(verdict_on(later, options).finding->kind == FindingKind::Gap);
}

TEST_CASE("half a record at the end is what a writer that was killed leaves, and only there") {
  auto lines = chain_of(5);
  const std::string half = chain_of(6).back().substr(0, 100);
  const auto verdict = verdict_on(lines, {}, half);
  CHECK_FALSE(verdict.finding);
  CHECK(verdict.half_bytes == 100);
  CHECK_FALSE(verdict_on({}, {}, half).finding);

  ChainVerifier verifier{{}};
  verifier.take(lines[0], {.file = "one", .line = 1});
  verifier.take_half(half, {.file = "one", .line = 2});
  verifier.take(lines[1], {.file = "two", .line = 1});
  const auto found = verifier.finish({.file = "two", .line = 1}).finding;
  REQUIRE(found);
  CHECK(found->kind == FindingKind::Changed);
  CHECK(found->place == LinePlace{.file = "one", .line = 2});
}

TEST_CASE("among the lines of other programs a chain is read, and none of it may be missing") {
  auto lines = chain_of(5);
  lines.insert(lines.begin() + 2, R"({"level":"info","message":"running"})");
  lines.insert(lines.begin(), "hello");
  VerifyOptions options;
  options.among_others = true;
  CHECK_FALSE(verdict_on(lines, options).finding);
  replace(lines[1], "{\"audit", "{\"audio");
  CHECK(verdict_on(lines, options).finding->kind == FindingKind::Gap);
}

TEST_CASE("a record is named by hash and number") {
  const std::string hash(64, 'a');
  CHECK(*parse_anchor(hash + "@12") == Anchor{.seq = 12, .hash = hash});
  CHECK(to_string(*parse_anchor(hash + "@12")) == hash + "@12");
  CHECK(*parse_anchor(std::string(64, 'A') + "@12") == Anchor{.seq = 12, .hash = hash});
  for (const auto& wrong : {std::string(), std::string("@"), hash, hash + "@", hash + "@0", hash + "@-1", hash + "@1x",
                            hash.substr(1) + "@1", "g" + hash.substr(1) + "@1", "12@" + hash})
    CHECK(parse_anchor(wrong).error().cls == ErrorClass::Invalid);
}

TEST_CASE("a refusal of the registry did not happen, a silence may have") {
  CHECK(outcome_of(1, {}).ending == Ending::Done);
  for (const auto cls : {ErrorClass::Unavailable, ErrorClass::Cancelled, ErrorClass::Internal, ErrorClass::Integrity,
                         ErrorClass::Throttled, ErrorClass::QuotaExceeded})
    CHECK(outcome_of(1, fail(cls, "m")).ending == Ending::Unknown);
  for (const auto cls : {ErrorClass::Forbidden, ErrorClass::Unauthorized, ErrorClass::Conflict, ErrorClass::NotFound,
                         ErrorClass::Invalid, ErrorClass::Refused})
    CHECK(outcome_of(1, fail(cls, "m")).ending == Ending::Refused);
  CHECK(outcome_of(1, fail(ErrorClass::Forbidden, "no push")).error == "Forbidden: no push");
}

}  // namespace slipway::audit::tests
