#include "controller/cluster/tenants_audit.h"

#include "tests/catch.h"

namespace slipway::cluster {

namespace {

const Error kFull{.cls = ErrorClass::Unavailable,
                  .message = "writing the audit log \"/var/lib/slipway/audit-000001.jsonl\": no space left on device",
                  .remedy = "make room, or name another with --audit-folder"};

const Error kShare{.cls = ErrorClass::QuotaExceeded, .message = "namespace shop put 2 GiB there", .remedy = "less"};

class FullAudit final : public assembly::KeptAudit {
 public:
  Result<std::vector<AuditNumber>> intend(const AuditSubject&, const std::vector<AuditChange>&) override {
    if (is_shared_out) return std::unexpected(kShare);
    if (is_full) return std::unexpected(kFull);
    return std::vector<AuditNumber>{7};
  }
  void ended(AuditNumber change, const Result<void>&) override { last = change; }
  std::optional<Error> failure() const override { return is_full ? std::optional(kFull) : std::nullopt; }
  std::optional<Error> try_again() override { return failure(); }

  bool is_full = true;
  bool is_shared_out = false;
  AuditNumber last = 0;
};

}  // namespace

TEST_CASE("tenants learn that nothing can be recorded, who runs Slipway learns why") {
  FullAudit kept;
  TenantsAudit audit{kept};
  const auto noted = audit.intend({}, {});
  REQUIRE_FALSE(noted);
  CHECK(noted.error().cls == ErrorClass::Unavailable);
  CHECK_FALSE(noted.error().message.contains("/var/lib"));
  // Who asked knows whether it is: a deletion goes on without.
  CHECK_FALSE(noted.error().message.contains("not made"));
  CHECK_FALSE(noted.error().remedy.contains("--audit-folder"));
  CHECK_THAT(noted.error().remedy, Catch::Contains("who runs Slipway"));
  CHECK(audit.failure() == kFull);
  CHECK(audit.try_again() == kFull);
  kept.is_full = false;
  CHECK(audit.intend({}, {}) == std::vector<AuditNumber>{7});
  audit.ended(7, {});
  CHECK(kept.last == 7);
}

TEST_CASE("a tenant learns that its own share of the audit log is used up") {
  FullAudit kept;
  kept.is_shared_out = true;
  TenantsAudit audit{kept};
  const auto noted = audit.intend({}, {});
  REQUIRE_FALSE(noted);
  CHECK(noted.error() == kShare);
}

}  // namespace slipway::cluster
