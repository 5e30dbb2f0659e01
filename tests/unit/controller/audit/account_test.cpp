#include "controller/audit/account.h"

#include "tests/catch.h"
#include "tests/unit/controller/audit/chains.h"

namespace slipway::audit::tests {
namespace {

/// Takes records, one a minute from nine o'clock on.
Account account_of(const std::vector<std::variant<Started, Intent, Outcome, Mended>>& contents,
                   const ChangeFilter& filter = {}) {
  Account account(filter);
  Head head = new_chain(kChain);
  for (const auto& content : contents) {
    const auto at = kNine + std::chrono::minutes(head.last.seq);
    REQUIRE(account.take(*read_line(seal({.at = at, .content = content}, head))));
  }
  return account;
}

std::vector<std::int64_t> records_of(const Account& account) {
  std::vector<std::int64_t> records;
  for (const auto& change : account.changes()) records.push_back(change.record);
  return records;
}

}  // namespace

TEST_CASE("a change is told with its end") {
  const auto account = account_of({Started{.version = "0.1.0", .replica = "a"}, set_tag("1"), set_tag("2"),
                                   set_tag("3"), Outcome{.of = 3, .ending = Ending::Done, .error = ""},
                                   Outcome{.of = 2, .ending = Ending::Refused, .error = "Forbidden: no push"}});
  REQUIRE(account.changes().size() == 3);
  CHECK(result_of(account.changes()[0]) == "Refused");
  CHECK(result_of(account.changes()[1]) == "Done");
  CHECK(result_of(account.changes()[2]) == "Open");
  CHECK(account.changes()[0].ended_at == kNine + std::chrono::minutes(5));
  CHECK(to_json_text(to_node(account.changes()[0])) ==
        R"({"record":2,"time":"2026-11-24T09:01:00Z","action":"SetTag","registry":"contoso.azurecr.io",)"
        R"("repository":"shop/storefront","tag":"1","before":null,"after":")" +
            Digest::of("image").str() +
            R"(","kind":"ImagePublication","namespace":"shop","name":"storefront","uid":"u-1","generation":3,)"
            R"("fieldManager":"kubectl","publisher":"cluster-1","reconcile":"0123","result":"Refused",)"
            R"("endedAt":"2026-11-24T09:05:00Z","error":"Forbidden: no push"})");
}

TEST_CASE("only what is asked for is told") {
  Intent other = set_tag("2");
  other.who.object.namespace_name = "bank";
  other.what.repository = "bank/app";
  other.what.action = AuditAction::MoveTag;
  const std::vector<std::variant<Started, Intent, Outcome, Mended>> contents{
      set_tag("1"), other, set_tag("3"), Outcome{.of = 1, .ending = Ending::Done, .error = ""}};
  using Records = std::vector<std::int64_t>;
  ChangeFilter filter;
  CHECK(records_of(account_of(contents, filter)) == Records{1, 2, 3});
  filter.since = kNine + std::chrono::minutes(1);
  CHECK(records_of(account_of(contents, filter)) == Records{2, 3});
  filter = {};
  filter.namespace_name = "bank";
  CHECK(records_of(account_of(contents, filter)) == Records{2});
  filter = {};
  filter.repository = "shop/*";
  CHECK(records_of(account_of(contents, filter)) == Records{1, 3});
  filter.repository = "contoso.azurecr.io/bank/**";
  CHECK(records_of(account_of(contents, filter)) == Records{2});
  filter = {};
  filter.action = AuditAction::MoveTag;
  CHECK(records_of(account_of(contents, filter)) == Records{2});
}

TEST_CASE("a spreadsheet gets a line for each change, and no formula") {
  Intent intent = set_tag("1");
  intent.who.edited_by = "=cmd()";
  intent.what.why = "a \"quoted\", thing";
  const auto text = to_csv(account_of({intent}).changes());
  CHECK_THAT(text, Catch::Matchers::StartsWith(
                       "record,time,action,registry,repository,tag,before,after,why,kind,namespace,name,uid,generation,"
                       "fieldManager,revision,publisher,reconcile,result,endedAt,error\r\n"
                       "1,2026-11-24T09:00:00Z,SetTag,contoso.azurecr.io,shop/storefront,1,,sha256:"));
  CHECK_THAT(
      text, Catch::Matchers::Contains(",\"a \"\"quoted\"\", thing\",ImagePublication,shop,storefront,u-1,3,'=cmd(),,"));
  CHECK_THAT(text, Catch::Matchers::EndsWith(",cluster-1,0123,Open,,\r\n"));
}

}  // namespace slipway::audit::tests
