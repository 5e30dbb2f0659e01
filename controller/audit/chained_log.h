#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controller/audit/medium.h"
#include "controller/runtime/guarded.h"
#include "reconcilers/ports/audit_log.h"
#include "reconcilers/ports/clock.h"

namespace slipway::audit {

/// What every record says of the process, and who wants to know of records. All functions may be null.
struct ChainedLogSettings {
  std::string version;
  std::string replica;
  std::string publisher;
  std::function<std::string()> reconcile_id;  ///< Of the calling thread.
  std::function<void(std::size_t records, const Anchor& head)> on_written;
  std::function<void(const Error&)> on_failure;
};

/// 32 hexadecimal digits. Thread-safe.
std::string new_chain_id();

/// The audit log as a chain of records on a medium. What several threads record at once goes to the disk together, and
/// they wait for it once. Thread-safe.
class ChainedLog final : public AuditLog {
 public:
  /// Begins the chain where there is none; Integrity or Unavailable as Medium says. `clock` outlives the log.
  static Result<std::unique_ptr<ChainedLog>> open(std::unique_ptr<Medium> medium, const Clock& clock,
                                                  ChainedLogSettings settings);
  ~ChainedLog() override;
  ChainedLog(const ChainedLog&) = delete;
  ChainedLog& operator=(const ChainedLog&) = delete;

  Result<std::vector<AuditNumber>> intend(const AuditSubject& who, const std::vector<AuditChange>& changes) override;
  void ended(AuditNumber change, const Result<void>& how) override;

  /// After a failure: records that this process writes here again (Started), as soon as it can. No record otherwise.
  Result<void> try_again();

  /// The last record that this process wrote or found.
  Anchor head() const;

 private:
  /// Records that one caller gives.
  struct Batch {
    std::vector<Record> records;
    bool is_awaited = false;  ///< Somebody waits until they are durable.
    bool is_done = false;
    Result<std::vector<AuditNumber>> numbers = not_recorded();  ///< Of records that are on the medium.
  };
  using Batches = std::vector<std::shared_ptr<Batch>>;
  struct Queue {
    Batches waiting;
    bool is_writing = false;  ///< A thread is writing; it or one that waits takes the next.
  };
  /// Of the thread that writes.
  struct Writer {
    std::unique_ptr<Medium> medium;
    bool has_started = false;  ///< This process said so in a record, and none failed since.
  };

  class Turn;

  static std::unexpected<Error> not_recorded();
  ChainedLog(std::unique_ptr<Medium> medium, const Clock& clock, ChainedLogSettings settings);
  Result<void> begin_chain();
  void submit(const std::shared_ptr<Batch>& batch);
  void write(const Batches& batches);
  Result<void> write_between(const Batches& batches, ChainEnd end, bool is_awaited);
  Record record_of(std::variant<Started, Intent, Outcome, Mended> content) const;

  const Clock& clock_;
  const ChainedLogSettings settings_;
  std::condition_variable_any changed_;
  runtime::Guarded<Queue> queue_;
  Writer writer_;
  runtime::Guarded<Anchor> head_;
};

}  // namespace slipway::audit
