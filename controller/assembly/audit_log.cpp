#include "controller/assembly/audit_log.h"

#include <utility>

#include "controller/assembly/shared_audit.h"
#include "controller/audit/chained_log.h"
#include "controller/audit/file_medium.h"
#include "controller/audit/stream_medium.h"
#include "controller/runtime/host_name.h"

namespace slipway::assembly {
namespace {

/// Between two times that the last record is told.
constexpr std::int64_t kTellEvery = 1000;

class ToldAudit final : public KeptAudit {
 public:
  ToldAudit(std::string place, const AuditSurroundings& surroundings)
      : place_(std::move(place)), surroundings_(surroundings) {}
  ~ToldAudit() override {
    if (log_ && has_written_) tell(log_->head());
  }
  ToldAudit(const ToldAudit&) = delete;
  ToldAudit& operator=(const ToldAudit&) = delete;

  Result<void> open(std::unique_ptr<audit::Medium> medium, const std::string& publisher) {
    auto opened = audit::ChainedLog::open(std::move(medium), surroundings_.clock,
                                          {.version = SLIPWAY_VERSION,
                                           .replica = runtime::host_name(),
                                           .publisher = publisher,
                                           .reconcile_id = telemetry::current_reconcile_id,
                                           .on_written = [this](auto count, const auto& head) { written(count, head); },
                                           .on_failure = [this](const Error& error) { failed(error); }});
    if (!opened) return std::unexpected(std::move(opened.error()));
    log_ = std::move(*opened);
    tell(log_->head());
    return {};
  }

  Result<std::vector<AuditNumber>> intend(const AuditSubject& who, const std::vector<AuditChange>& changes) override {
    return log_->intend(who, changes);
  }
  void ended(AuditNumber change, const Result<void>& how) override { log_->ended(change, how); }
  std::optional<Error> failure() const override { return *failure_.lock(); }
  std::optional<Error> try_again() override {
    if (!failure()) return std::nullopt;
    const auto recorded = log_->try_again();
    return recorded ? std::nullopt : std::optional(recorded.error());
  }

 private:
  void written(std::size_t records, const audit::Anchor& head) {
    surroundings_.metrics.audited(records);
    *failure_.lock() = std::nullopt;
    has_written_ = true;
    const auto before = head.seq - static_cast<std::int64_t>(records);
    if (head.seq / kTellEvery != before / kTellEvery) tell(head);
  }

  void failed(const Error& error) {
    surroundings_.metrics.audit_failed();
    const bool is_news = failure_.lock()->value_or(Error{}).message != error.message;
    *failure_.lock() = error;
    if (is_news) surroundings_.log.error(error);
  }

  void tell(const audit::Anchor& head) {
    surroundings_.log.info("audit log", {{"place", place_}, {"head", audit::to_string(head)}});
  }

  const std::string place_;
  const AuditSurroundings surroundings_;
  bool has_written_ = false;  ///< One thread writes at a time.
  runtime::Guarded<std::optional<Error>> failure_;
  std::unique_ptr<audit::ChainedLog> log_;
};

class NoAudit final : public KeptAudit {
 public:
  Result<std::vector<AuditNumber>> intend(const AuditSubject& /*who*/, const std::vector<AuditChange>&) override {
    return fail(ErrorClass::Internal, "a process that only looks has no audit log", "please report it");
  }
  void ended(AuditNumber /*change*/, const Result<void>& /*how*/) override {}
  std::optional<Error> failure() const override { return std::nullopt; }
  std::optional<Error> try_again() override { return std::nullopt; }
};

}  // namespace

Result<std::unique_ptr<KeptAudit>> open_audit_log(const std::filesystem::path& folder, const std::string& publisher,
                                                  const AuditSurroundings& surroundings) {
  Result<std::unique_ptr<audit::Medium>> medium = folder.empty() ? std::make_unique<audit::StreamMedium>(STDOUT_FILENO)
                                                                 : audit::FileMedium::open({.folder = folder});
  if (!medium) return std::unexpected(std::move(medium.error()));
  auto told = std::make_unique<ToldAudit>(folder.empty() ? "standard output" : folder.string(), surroundings);
  if (auto opened = told->open(std::move(*medium), publisher); !opened)
    return std::unexpected(std::move(opened.error()));
  if (folder.empty()) return told;
  return std::make_unique<SharedAudit>(std::move(told), room_of(folder), surroundings);
}

std::unique_ptr<KeptAudit> no_audit_log() {
  return std::make_unique<NoAudit>();
}

}  // namespace slipway::assembly
