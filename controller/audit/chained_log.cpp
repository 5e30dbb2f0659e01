#include "controller/audit/chained_log.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <random>
#include <utility>

namespace slipway::audit {
namespace {

/// From begin() of a medium to its end(), whatever comes between.
class Section {
 public:
  explicit Section(Medium& medium) : medium_(medium) {}
  ~Section() { medium_.end(); }
  Section(const Section&) = delete;
  Section& operator=(const Section&) = delete;
  Result<ChainEnd> begin() { return medium_.begin(); }

 private:
  Medium& medium_;
};

}  // namespace

/// Of the thread that writes. However it ends, nobody waits for its records any more, and another one may write.
class ChainedLog::Turn {
 public:
  Turn(ChainedLog& log, const Batches& batches) : log_(log), batches_(batches) {}
  ~Turn() {
    const auto queue = log_.queue_.lock();
    for (const auto& one : batches_) one->is_done = true;
    queue->is_writing = false;
    log_.changed_.notify_all();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  ChainedLog& log_;
  const Batches& batches_;
};

std::unexpected<Error> ChainedLog::not_recorded() {
  return fail(ErrorClass::Internal, "writing the audit log ended before the records were on it",
              "report this as a bug");
}

std::string new_chain_id() {
  std::random_device random;
  std::string id;
  for (int i = 0; i < 4; ++i) {
    std::array<char, 9> digits{};
    std::snprintf(digits.data(), digits.size(), "%08x", static_cast<unsigned>(random()));
    id += digits.data();
  }
  return id;
}

ChainedLog::ChainedLog(std::unique_ptr<Medium> medium, const Clock& clock, ChainedLogSettings settings)
    : clock_(clock), settings_(std::move(settings)), writer_{.medium = std::move(medium), .has_started = false} {}

/// Outcomes, which nobody waited for.
ChainedLog::~ChainedLog() {
  Section section{*writer_.medium};
  if (section.begin()) static_cast<void>(writer_.medium->make_durable());
}

Result<std::unique_ptr<ChainedLog>> ChainedLog::open(std::unique_ptr<Medium> medium, const Clock& clock,
                                                     ChainedLogSettings settings) {
  std::unique_ptr<ChainedLog> log{new ChainedLog{std::move(medium), clock, std::move(settings)}};
  if (auto begun = log->begin_chain(); !begun) return std::unexpected(std::move(begun.error()));
  return log;
}

/// A log has a record from its start, so that one without any is known to have lost them. To one that has some, a
/// process that changes nothing adds nothing.
Result<void> ChainedLog::begin_chain() {
  Section section{*writer_.medium};
  auto end = section.begin();
  if (!end) return std::unexpected(std::move(end.error()));
  if (end->head.chain.empty() || end->mended) return write_between({}, std::move(*end), /*is_awaited=*/true);
  *head_.lock() = end->head.last;
  return {};
}

Result<std::vector<AuditNumber>> ChainedLog::intend(const AuditSubject& who, const std::vector<AuditChange>& changes) {
  if (changes.empty()) return std::vector<AuditNumber>{};
  const auto batch = std::make_shared<Batch>();
  batch->is_awaited = true;
  const std::string id = settings_.reconcile_id ? settings_.reconcile_id() : std::string();
  for (const auto& change : changes)
    batch->records.push_back(
        record_of(Intent{.who = who, .what = change, .publisher = settings_.publisher, .reconcile_id = id}));
  submit(batch);
  return batch->numbers;
}

void ChainedLog::ended(AuditNumber change, const Result<void>& how) {
  const auto batch = std::make_shared<Batch>();
  batch->records.push_back(record_of(outcome_of(change, how)));
  submit(batch);
}

Result<void> ChainedLog::try_again() {
  const auto batch = std::make_shared<Batch>();
  batch->is_awaited = true;
  submit(batch);
  return batch->numbers ? Result<void>{} : std::unexpected(batch->numbers.error());
}

Anchor ChainedLog::head() const {
  return *head_.lock();
}

/// One thread writes for all that came meanwhile. Whoever waits takes over from it; what nobody waits for it writes
/// itself before it goes.
void ChainedLog::submit(const std::shared_ptr<Batch>& batch) {
  Batches taken;
  const auto take = [&](Queue& queue) {
    taken = std::exchange(queue.waiting, {});
    queue.is_writing = !taken.empty();
  };
  {
    auto queue = queue_.lock();
    queue->waiting.push_back(batch);
    if (!batch->is_awaited && queue->is_writing) return;
    queue.wait(changed_, {}, [&] { return batch->is_done || !queue->is_writing; });
    if (batch->is_done) return;
    take(*queue);
  }
  while (!taken.empty()) {
    {
      const Turn turn{*this, taken};
      write(taken);
    }
    taken.clear();
    const auto queue = queue_.lock();
    const bool is_awaited = std::ranges::any_of(queue->waiting, [](const auto& one) { return one->is_awaited; });
    if (!is_awaited && !queue->is_writing) take(*queue);
  }
}

void ChainedLog::write(const Batches& batches) {
  const bool is_awaited = std::ranges::any_of(batches, [](const auto& batch) { return batch->is_awaited; });
  const auto written = [&]() -> Result<void> {
    Section section{*writer_.medium};
    auto end = section.begin();
    if (!end) return std::unexpected(std::move(end.error()));
    return write_between(batches, std::move(*end), is_awaited);
  }();
  if (written) return;
  writer_.has_started = false;
  for (const auto& batch : batches) batch->numbers = std::unexpected(written.error());
  if (settings_.on_failure) settings_.on_failure(written.error());
}

/// Between begin() and end() of the medium.
Result<void> ChainedLog::write_between(const Batches& batches, ChainEnd end, bool is_awaited) {
  Head head = end.head.chain.empty() ? new_chain(new_chain_id()) : std::move(end.head);
  const auto before = head.last.seq;
  std::string lines;
  const auto add = [&](const Record& record) { lines += seal(record, head) + '\n'; };
  if (!writer_.has_started) add(record_of(Started{.version = settings_.version, .replica = settings_.replica}));
  if (end.mended) add(record_of(*end.mended));
  std::vector<std::vector<AuditNumber>> numbers(batches.size());
  for (std::size_t i = 0; i < batches.size(); ++i)
    for (const auto& record : batches[i]->records) {
      add(record);
      numbers[i].push_back(head.last.seq);
    }
  if (auto appended = writer_.medium->append(lines, head); !appended) return appended;
  if (is_awaited)
    if (auto kept = writer_.medium->make_durable(); !kept) return kept;
  writer_.has_started = true;
  for (std::size_t i = 0; i < batches.size(); ++i) batches[i]->numbers = std::move(numbers[i]);
  *head_.lock() = head.last;
  if (settings_.on_written) settings_.on_written(static_cast<std::size_t>(head.last.seq - before), head.last);
  return {};
}

Record ChainedLog::record_of(std::variant<Started, Intent, Outcome, Mended> content) const {
  return {.at = clock_.now(), .content = std::move(content)};
}

}  // namespace slipway::audit
