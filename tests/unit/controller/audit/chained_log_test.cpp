#include "controller/audit/chained_log.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <latch>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "controller/audit/file_medium.h"
#include "controller/audit/log_files.h"
#include "controller/audit/stream_medium.h"
#include "tests/catch.h"
#include "tests/support/full_volume.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/controller/audit/chains.h"

namespace slipway::audit::tests {
namespace {

using slipway::tests::FullVolume;
using slipway::tests::ManualClock;
using slipway::tests::TemporaryFolder;

const ManualClock kClock{kNine};

Result<std::unique_ptr<ChainedLog>> open_log(const std::filesystem::path& folder,
                                             std::int64_t segment_bytes = 1 << 20) {
  auto medium = FileMedium::open({.folder = folder, .segment_bytes = segment_bytes});
  if (!medium) return std::unexpected(medium.error());
  return ChainedLog::open(std::move(*medium), kClock,
                          {.version = "0.1.0",
                           .replica = "slipway-0",
                           .publisher = "cluster-1",
                           .reconcile_id = [] { return std::string("0123"); },
                           .on_written = {},
                           .on_failure = {}});
}

Verdict verdict_of(const std::filesystem::path& folder) {
  return *verify({.paths = {folder.string()}, .standard_input = std::cin}, {});
}

/// What went wrong, or nothing.
std::string finding_of(const std::filesystem::path& folder) {
  const auto verdict = verdict_of(folder);
  return verdict.finding ? verdict.finding->message : "";
}

std::string read(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

/// Throws at every third append.
class ThrowingMedium final : public Medium {
 public:
  explicit ThrowingMedium(std::unique_ptr<Medium> next) : next_(std::move(next)) {}
  Result<ChainEnd> begin() override { return next_->begin(); }
  Result<void> append(std::string_view lines, const Head& last) override {
    if (++appends_ % 3 == 0) throw std::runtime_error{"no memory"};
    return next_->append(lines, last);
  }
  Result<void> make_durable() override { return next_->make_durable(); }
  void end() noexcept override { next_->end(); }

 private:
  const std::unique_ptr<Medium> next_;
  int appends_ = 0;
};

/// A signal that does nothing as long as this lives.
class IgnoredSignal {
 public:
  explicit IgnoredSignal(int number) : number_(number), before_(std::signal(number, SIG_IGN)) {}
  ~IgnoredSignal() { std::signal(number_, before_); }
  IgnoredSignal(const IgnoredSignal&) = delete;
  IgnoredSignal& operator=(const IgnoredSignal&) = delete;

 private:
  const int number_;
  void (*const before_)(int);
};

Result<std::vector<AuditNumber>> intend(ChainedLog& log) {
  return log.intend(set_tag("1").who, {set_tag("1").what, set_tag("2").what});
}

/// Makes one change that ends well.
void change(ChainedLog& log, const std::string& tag) {
  const auto intent = set_tag(tag);
  const auto numbers = log.intend(intent.who, {intent.what});
  REQUIRE(numbers);
  log.ended(numbers->at(0), {});
}

}  // namespace

TEST_CASE("a log has a record from its start, and each process that changes something says so first") {
  const TemporaryFolder folder;
  {
    const auto log = open_log(folder / "audit");
    REQUIRE(log);
    CHECK(verdict_of(folder / "audit").head == (*log)->head());
    CHECK((*log)->head().seq == 1);
    change(**log, "1.0");
    CHECK((*log)->head().seq == 3);
  }
  {
    REQUIRE(open_log(folder / "audit"));
  }
  CHECK(verdict_of(folder / "audit").head.seq == 3);
  {
    const auto log = open_log(folder / "audit");
    change(**log, "1.1");
    CHECK((*log)->head().seq == 6);
  }
  const auto verdict = verdict_of(folder / "audit");
  CHECK_FALSE(verdict.finding);
  CHECK(verdict.open.empty());
  CHECK(verdict.head.seq == 6);
}

TEST_CASE("a record says who asked and of which reconcile") {
  const TemporaryFolder folder;
  change(**open_log(folder.path()), "1.0");
  std::vector<Record> records;
  static_cast<void>(verify({.paths = {folder.path().string()}, .standard_input = std::cin}, {},
                           [&](const SealedLine& line) { records.push_back(*record_from(line.members)); }));
  REQUIRE(records.size() == 3);
  CHECK(std::get<Started>(records[0].content) == Started{.version = "0.1.0", .replica = "slipway-0"});
  CHECK(std::get<Intent>(records[1].content) == set_tag("1.0"));
  CHECK(std::get<Outcome>(records[2].content) == Outcome{.of = 2, .ending = Ending::Done, .error = ""});
}

TEST_CASE("changes that are intended together stand together") {
  const TemporaryFolder folder;
  const auto log = open_log(folder.path());
  const auto intent = set_tag("1.0");
  CHECK(*(*log)->intend(intent.who, {intent.what, set_tag("1").what}) == std::vector<AuditNumber>{2, 3});
  CHECK((*log)->intend(intent.who, {})->empty());
  (*log)->ended(3, fail(ErrorClass::Forbidden, "no push"));
  CHECK(verdict_of(folder.path()).open == std::set<std::int64_t>{2});
}

TEST_CASE("a chain goes on over its segments") {
  const TemporaryFolder folder;
  for (int run = 0; run < 3; ++run) {
    const auto log = open_log(folder.path(), 1500);
    for (int i = 0; i < 5; ++i) change(**log, std::to_string(i));
  }
  CHECK(segments_of(folder.path())->size() > 3);
  const auto verdict = verdict_of(folder.path());
  CHECK_FALSE(verdict.finding);
  CHECK(verdict.head.seq == 1 + 3 * 10 + 2);
  std::filesystem::remove(folder / segment_name(2));
  CHECK_THAT(finding_of(folder.path()), Catch::Matchers::Contains("missing before"));
}

TEST_CASE("what a writer that was killed left of a record is cut off, and the log says so") {
  const TemporaryFolder folder;
  change(**open_log(folder.path()), "1.0");
  const auto segment = folder / segment_name(1);
  const std::string whole = read(segment);
  const auto last = whole.rfind('\n', whole.size() - 2) + 1;
  for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, last - 1, last, last + 1, whole.size() - 1}) {
    std::filesystem::remove_all(folder.path());
    folder.write(segment_name(1), whole.substr(0, cut));
    INFO(cut);
    const bool is_half = cut != 0 && cut != last;
    if (cut != 0) CHECK(finding_of(folder.path()).empty());
    CHECK((verdict_of(folder.path()).half_bytes != 0) == is_half);
    change(**open_log(folder.path()), "1.1");
    CHECK(finding_of(folder.path()).empty());
    CHECK((read(segment).find(R"("record":"Mended")") != std::string::npos) == is_half);
  }
}

TEST_CASE("a segment that was begun and has no record is gone on with") {
  const TemporaryFolder folder;
  change(**open_log(folder.path()), "1.0");
  folder.write(segment_name(2), R"({"audit)");
  change(**open_log(folder.path()), "1.1");
  CHECK(finding_of(folder.path()).empty());
  CHECK(verdict_of(folder.path()).head.seq == 7);
  CHECK(read(folder / segment_name(2)).find("Mended") != std::string::npos);
}

TEST_CASE("nothing is written to a log whose end is not as it was written") {
  const TemporaryFolder folder;
  change(**open_log(folder.path()), "1.0");
  std::string text = read(folder / segment_name(1));
  text.replace(text.rfind("Done"), 4, "Gone");
  folder.write(segment_name(1), text);
  const auto log = open_log(folder.path());
  REQUIRE_FALSE(log);
  CHECK(log.error().cls == ErrorClass::Integrity);
  CHECK_THAT(log.error().message, Catch::Matchers::Contains("not as it was written"));
  CHECK(read(folder / segment_name(1)) == text);
}

TEST_CASE("what is done to the files of a log that is open stops it") {
  const TemporaryFolder folder;
  const auto log = open_log(folder.path());
  change(**log, "1.0");
  const auto segment = folder / segment_name(1);
  const auto refused = [&] {
    const auto numbers = (*log)->intend(set_tag("1").who, {set_tag("1").what});
    return numbers ? ErrorClass::Internal : numbers.error().cls;
  };
  SECTION("removed") {
    std::filesystem::remove(segment);
  }
  SECTION("replaced") {
    const std::string text = read(segment);
    std::filesystem::remove(segment);
    std::ofstream{folder / "other"} << "x";
    folder.write(segment_name(1), text);
  }
  SECTION("shortened") {
    std::filesystem::resize_file(segment, 10);
  }
  CHECK(refused() == ErrorClass::Integrity);
  CHECK(refused() == ErrorClass::Integrity);
}

TEST_CASE("many threads record at once, and all of it is in one chain") {
  const TemporaryFolder folder;
  constexpr int kThreads = 16;
  constexpr int kChanges = 20;
  std::set<AuditNumber> all;
  {
    const auto log = open_log(folder.path());
    std::latch ready(kThreads);
    runtime::Guarded<std::set<AuditNumber>> numbers;
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread)
      threads.emplace_back([&, thread] {
        ready.arrive_and_wait();
        for (int i = 0; i < kChanges; ++i) {
          const auto intent = set_tag(std::to_string(thread) + "." + std::to_string(i));
          const auto number = (*log)->intend(intent.who, {intent.what});
          if (!number) return;
          numbers.lock()->insert(number->at(0));
          (*log)->ended(number->at(0), {});
        }
      });
    threads.clear();
    all = *numbers.lock();
  }
  CHECK(all.size() == kThreads * kChanges);
  const auto verdict = verdict_of(folder.path());
  CHECK_FALSE(verdict.finding);
  CHECK(verdict.head.seq == 1 + 2 * kThreads * kChanges);
  CHECK(verdict.open.empty());
}

TEST_CASE("several processes write one chain, also when some are killed") {
  const TemporaryFolder folder;
  {
    REQUIRE(open_log(folder.path()));
  }
  std::vector<pid_t> children;
  for (int child = 0; child < 4; ++child) {
    children.push_back(::fork());
    if (children.back() != 0) continue;
    const auto log = open_log(folder.path(), 20'000);
    for (int i = 0; log && (child < 2 || i < 50); ++i) {
      const auto intent = set_tag(std::to_string(i));
      const auto number = (*log)->intend(intent.who, {intent.what});
      if (!number) ::_exit(1);
      (*log)->ended(number->at(0), {});
    }
    ::_exit(0);
  }
  for (const std::size_t child : {std::size_t{2}, std::size_t{3}}) {
    int status = 0;
    ::waitpid(children[child], &status, 0);
    CHECK(status == 0);
  }
  for (const std::size_t child : {std::size_t{0}, std::size_t{1}}) {
    ::kill(children[child], SIGKILL);
    ::waitpid(children[child], nullptr, 0);
  }
  CHECK(finding_of(folder.path()).empty());
  change(**open_log(folder.path()), "last");
  CHECK(finding_of(folder.path()).empty());
}

TEST_CASE("who writes when the lock was taken away takes turns by the next one") {
  const TemporaryFolder folder;
  const auto first = open_log(folder.path());
  change(**first, "0");
  std::filesystem::remove(folder / "audit.lock");
  SECTION("which it makes") {
    change(**first, "1");
    CHECK(std::filesystem::exists(folder / "audit.lock"));
  }
  SECTION("which another process made") {
    const auto second = open_log(folder.path());
    std::atomic<int> refused = 0;
    {
      std::vector<std::jthread> writers;
      for (ChainedLog* log : {first->get(), second->get()})
        writers.emplace_back([&refused, log] {
          for (int i = 0; i < 100; ++i)
            if (!intend(*log)) ++refused;
        });
    }
    CHECK(refused == 0);
  }
  CHECK(finding_of(folder.path()).empty());
}

TEST_CASE("what the disk does not take is not intended, and leaves nothing behind") {
  const TemporaryFolder folder;
  const auto log = open_log(folder.path());
  change(**log, "1.0");
  const std::string before = read(folder / segment_name(1));
  const auto refused = [&] {
    const FullVolume full{before.size() + 20};
    return (*log)->intend(set_tag("1").who, {set_tag("1").what});
  }();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().cls == ErrorClass::Unavailable);
  CHECK_THAT(refused.error().remedy, Catch::Matchers::Contains("make room on its volume"));
  CHECK(read(folder / segment_name(1)) == before);
  change(**log, "1.1");
  CHECK(finding_of(folder.path()).empty());
}

TEST_CASE("half a record is not cut off before there is room for the record that says so") {
  const TemporaryFolder folder;
  change(**open_log(folder.path()), "1.0");
  const auto segment = folder / segment_name(1);
  std::ofstream{segment, std::ios::app} << R"({"audit)";
  const std::string before = read(segment);
  {
    const FullVolume full{before.size() + 20};
    const auto log = open_log(folder.path());
    REQUIRE_FALSE(log);
    CHECK(log.error().cls == ErrorClass::Unavailable);
  }
  CHECK(read(segment) == before);
  change(**open_log(folder.path()), "1.1");
  CHECK(read(segment).find(R"("record":"Mended")") != std::string::npos);
  CHECK(finding_of(folder.path()).empty());
}

TEST_CASE("half a record stays where the segment for the record that says so can't be made") {
  const TemporaryFolder folder;
  change(**open_log(folder.path()), "1.0");
  const auto segment = folder / segment_name(1);
  std::ofstream{segment, std::ios::app} << R"({"audit)";
  const std::string before = read(segment);
  {
    const auto medium = FileMedium::open({.folder = folder.path(), .segment_bytes = 1});
    REQUIRE(medium);
    const auto end = (*medium)->begin();
    REQUIRE(end);
    REQUIRE(end->mended);
    std::filesystem::create_directory(folder / segment_name(2));
    CHECK_FALSE((*medium)->append("x\n", end->head));
    (*medium)->end();
    std::filesystem::remove(folder / segment_name(2));
  }
  CHECK(read(segment) == before);
  change(**open_log(folder.path(), 1), "1.1");
  CHECK(read(folder / segment_name(2)).find(R"("record":"Mended")") != std::string::npos);
  CHECK(finding_of(folder.path()).empty());
}

TEST_CASE("an exception while records are written fails those records alone") {
  const TemporaryFolder folder;
  constexpr int kThreads = 8;
  constexpr int kChanges = 30;
  struct Told {
    std::set<AuditNumber> on_record;
    int failed = 0;
  };
  runtime::Guarded<Told> told;
  auto log = ChainedLog::open(std::make_unique<ThrowingMedium>(*FileMedium::open({.folder = folder.path()})), kClock,
                              {.version = "0.1.0"});
  REQUIRE(log);
  const auto intend = [&](const std::string& tag) {
    bool is_recorded = false;
    try {
      const auto numbers = (*log)->intend(set_tag(tag).who, {set_tag(tag).what});
      is_recorded = numbers.has_value();
      if (is_recorded) told.lock()->on_record.insert(numbers->at(0));
    } catch (const std::runtime_error&) {
    }
    if (!is_recorded) ++told.lock()->failed;
  };
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kChanges; ++i) intend(std::to_string(thread) + "." + std::to_string(i));
    });
  threads.clear();
  const auto seen = *told.lock();
  CHECK(seen.failed > 0);
  CHECK(seen.on_record.size() + static_cast<std::size_t>(seen.failed) == kThreads * kChanges);
  const auto verdict = verdict_of(folder.path());
  CHECK_FALSE(verdict.finding);
  CHECK(verdict.open == std::set<std::int64_t>(seen.on_record.begin(), seen.on_record.end()));
  CHECK(open_log(folder.path()));
}

TEST_CASE("a folder that can't be used is said so at the start") {
  const TemporaryFolder folder;
  folder.write("file", "x");
  const auto log = open_log(folder / "file");
  REQUIRE_FALSE(log);
  CHECK(log.error().cls == ErrorClass::Unavailable);
  CHECK_THAT(log.error().remedy, Catch::Matchers::Contains("--audit-folder"));
  std::filesystem::create_directories(folder / "linked");
  folder.write("elsewhere", "");
  std::filesystem::create_symlink(folder / "elsewhere", folder / ("linked/" + segment_name(1)));
  CHECK(open_log(folder / "linked").error().cls == ErrorClass::Unavailable);
}

TEST_CASE("on a descriptor a chain begins with each process, and nothing is intended that can't be written") {
  const IgnoredSignal broken{SIGPIPE};
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  auto log = ChainedLog::open(std::make_unique<StreamMedium>(ends[1]), kClock, {.version = "0.1.0"});
  REQUIRE(log);
  change(**log, "1.0");
  std::string text(1 << 16, '\0');
  text.resize(static_cast<std::size_t>(::read(ends[0], text.data(), text.size())));
  std::istringstream in("other\n" + text);
  const auto verdict = verify({.paths = {"-"}, .standard_input = in}, {});
  CHECK_FALSE(verdict->finding);
  CHECK(verdict->head == (*log)->head());
  ::close(ends[0]);
  CHECK((*log)->intend(set_tag("1").who, {set_tag("1").what}).error().cls == ErrorClass::Unavailable);
  ::close(ends[1]);
}

TEST_CASE("a reader of a descriptor that stops reading holds nobody, and the chain goes on when it reads again") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  REQUIRE(::fcntl(ends[1], F_SETPIPE_SZ, 2 * PIPE_BUF) == 2 * PIPE_BUF);
  if (GENERATE(false, true)) REQUIRE(::fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
  auto log = ChainedLog::open(std::make_unique<StreamMedium>(ends[1], std::chrono::milliseconds{1}), kClock,
                              {.version = "0.1.0"});
  REQUIRE(log);
  // More than fits: some of it comes through.
  const auto recorded = (*log)->intend(set_tag("1").who, std::vector<AuditChange>(20, set_tag("1").what));
  REQUIRE_FALSE(recorded);
  CHECK(recorded.error().cls == ErrorClass::Unavailable);
  CHECK_THAT(recorded.error().message, Catch::EndsWith("standard output: nobody reads it"));
  CHECK_FALSE(intend(**log));
  std::string text(1 << 16, '\0');
  auto read_some = [&, done = std::size_t{0}]() mutable {
    done += static_cast<std::size_t>(::read(ends[0], text.data() + done, text.size() - done));
    return text.substr(0, done);
  };
  bool goes_on = false;
  for (int i = 0; i < 10 && !goes_on; ++i) {
    read_some();
    goes_on = intend(**log).has_value();
  }
  CHECK(goes_on);
  std::istringstream in(read_some());
  const auto verdict = verify({.paths = {"-"}, .standard_input = in}, {});
  REQUIRE(verdict);
  INFO((verdict->finding ? verdict->finding->message : ""));
  CHECK_FALSE(verdict->finding);
  CHECK(verdict->head == (*log)->head());
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("on a full disk a descriptor's chain waits, and goes on when there is room") {
  const TemporaryFolder folder;
  const int file = ::open((folder / "log").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  REQUIRE(file >= 0);
  auto log = ChainedLog::open(std::make_unique<StreamMedium>(file), kClock, {.version = "0.1.0"});
  REQUIRE(log);
  change(**log, "1.0");
  const std::string before = read(folder / "log");
  const std::size_t record = before.find('\n', before.find('\n') + 1) - before.find('\n');
  {
    // Nothing comes through, or half a record, or one and some of the next.
    const FullVolume full{before.size() + GENERATE_COPY(std::size_t{0}, std::size_t{20}, record + 20)};
    CHECK(intend(**log).error().cls == ErrorClass::Unavailable);
    CHECK(intend(**log).error().cls == ErrorClass::Unavailable);
  }
  change(**log, "1.1");
  change(**log, "1.2");
  std::istringstream in(read(folder / "log"));
  const auto verdict = verify({.paths = {"-"}, .standard_input = in}, {});
  REQUIRE(verdict);
  INFO((verdict->finding ? verdict->finding->message : ""));
  CHECK_FALSE(verdict->finding);
  CHECK(verdict->head == (*log)->head());
  ::close(file);
}

TEST_CASE("what is written and what fails is told") {
  const TemporaryFolder folder;
  std::size_t records = 0;
  int failures = 0;
  Anchor head;
  auto log = ChainedLog::open(*FileMedium::open({.folder = folder.path()}), kClock,
                              {.version = "0.1.0",
                               .replica = {},
                               .publisher = {},
                               .reconcile_id = {},
                               .on_written =
                                   [&](std::size_t count, const Anchor& last) {
                                     records += count;
                                     head = last;
                                   },
                               .on_failure = [&](const Error&) { ++failures; }});
  change(**log, "1.0");
  CHECK(records == 3);
  CHECK(head == (*log)->head());
  std::filesystem::remove(folder / segment_name(1));
  CHECK_FALSE((*log)->intend(set_tag("1").who, {set_tag("1").what}));
  CHECK(failures == 1);
}

TEST_CASE("there is no log where nobody wrote one") {
  const TemporaryFolder folder;
  for (const auto& path : {folder.path(), folder / "missing", folder / "missing.jsonl"}) {
    const auto verdict = verify({.paths = {path.string()}, .standard_input = std::cin}, {});
    REQUIRE_FALSE(verdict);
    CHECK(verdict.error().cls == ErrorClass::NotFound);
  }
}

TEST_CASE("a line that never ends is no record and takes no memory") {
  const TemporaryFolder folder;
  folder.write(segment_name(1), std::string(1 << 20, 'x') + "\n");
  CHECK(verdict_of(folder.path()).finding->kind == FindingKind::NotARecord);
}

TEST_CASE("segments are named by number") {
  CHECK(segment_name(1) == "audit-000001.jsonl");
  CHECK(segment_number("audit-000001.jsonl") == 1);
  CHECK(segment_number("audit-1234567.jsonl") == 1234567);
  for (const auto* other :
       {"audit-.jsonl", "audit-000000.jsonl", "audit-1x.jsonl", "audit.lock", "audit-000001.jsonl.gz"})
    CHECK_FALSE(segment_number(other));
}

}  // namespace slipway::audit::tests
