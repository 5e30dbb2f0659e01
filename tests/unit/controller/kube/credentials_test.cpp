#include "controller/kube/credentials.h"

#include <future>
#include <thread>

#include "tests/catch.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temporary_folder.h"

using namespace slipway;
using namespace slipway::kube;
using namespace std::chrono_literals;

namespace {

constexpr Timestamp kStart{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24}};
const std::string kCertificate = "-----BEGIN CERTIFICATE-----\n";
const std::string kKey = "-----BEGIN PRIVATE KEY-----\n";

/// A plugin that gives "token-1", "token-2", … which live for an hour each, and counts.
struct FakePlugin {
  const tests::ManualClock& clock;
  int runs = 0;
  std::chrono::milliseconds life = 1h;
  bool is_broken = false;

  Credentials::RunPlugin hand() {
    return [this](const ClusterAccess&, const std::string&, const std::stop_token&) -> Result<ExecCredential> {
      ++runs;
      if (is_broken) return fail(ErrorClass::Unauthorized, "the plugin fails", "run it by hand");
      return ExecCredential{.token = SecretText("token-" + std::to_string(runs)),
                            .certificate = {},
                            .key = {},
                            .ends = clock.now() + life};
    };
  }
};

std::string token_of(Credentials& credentials) {
  const auto identity = credentials.current({});
  return identity ? identity->token.reveal() : identity.error().message;
}

}  // namespace

TEST_CASE("A token file that rotates is read again after a minute, and at once when its token was refused") {
  const tests::TemporaryFolder folder;
  tests::ManualClock clock(kStart);
  folder.write("token", "one\n");
  ClusterAccess access;
  access.user.token_file = (folder / "token").string();
  Credentials credentials(access, clock, run_exec_plugin);
  CHECK(token_of(credentials) == "one");
  folder.write("token", "two\n");
  clock.advance(59s);
  CHECK(token_of(credentials) == "one");
  clock.advance(1s);
  CHECK(token_of(credentials) == "two");

  folder.write("token", "three\n");
  credentials.refused(*credentials.current({}));
  CHECK(token_of(credentials) == "three");

  SECTION("one that can't be read for a moment is used on, unless it was refused") {
    std::filesystem::remove(folder / "token");
    clock.advance(2min);
    CHECK(token_of(credentials) == "three");
    credentials.refused(*credentials.current({}));
    CHECK_THAT(token_of(credentials), Catch::Contains("no such file"));
  }
}

TEST_CASE("A refusal of what is not used any more changes nothing") {
  tests::ManualClock clock(kStart);
  ClusterAccess access;
  access.user.exec = ExecCommand{};
  FakePlugin plugin{clock};
  Credentials credentials(access, clock, plugin.hand());
  CHECK(token_of(credentials) == "token-1");
  credentials.refused(Identity{.token = SecretText("old"), .certificate = {}, .key = {}, .authority = {}});
  CHECK(token_of(credentials) == "token-1");
}

TEST_CASE("An exec plugin runs again shortly before what it gave ends, and after a refusal") {
  tests::ManualClock clock(kStart);
  ClusterAccess access;
  access.user.exec = ExecCommand{};
  FakePlugin plugin{clock};
  Credentials credentials(access, clock, plugin.hand());
  CHECK(token_of(credentials) == "token-1");
  clock.advance(1h - 11s);
  CHECK(token_of(credentials) == "token-1");
  clock.advance(1s);
  CHECK(token_of(credentials) == "token-2");
  credentials.refused(*credentials.current({}));
  CHECK(token_of(credentials) == "token-3");
  clock.advance(1h);
  plugin.is_broken = true;
  CHECK(token_of(credentials) == ": the plugin fails");
}

TEST_CASE("Whoever waits while another caller runs the plugin stops when it is asked to") {
  tests::ManualClock clock(kStart);
  ClusterAccess access;
  access.user.exec = ExecCommand{};
  std::promise<void> began;
  std::promise<void> may_end;
  Credentials credentials(access, clock, [&](const auto&, const auto&, const auto&) -> Result<ExecCredential> {
    began.set_value();
    may_end.get_future().wait_for(5s);
    return ExecCredential{.token = SecretText("token"), .certificate = {}, .key = {}, .ends = clock.now() + 1h};
  });
  std::string first;
  {
    const std::jthread caller([&] { first = token_of(credentials); });
    began.get_future().wait();
    std::stop_source stop;
    stop.request_stop();
    const auto second = credentials.current(stop.get_token());
    may_end.set_value();
    REQUIRE_FALSE(second);
    CHECK(second.error().cls == ErrorClass::Cancelled);
  }
  CHECK(first == "token");
  CHECK(token_of(credentials) == "token");
}

TEST_CASE("Credentials of a plugin that have ended already are not sent") {
  tests::ManualClock clock(kStart);
  ClusterAccess access;
  access.user.exec = ExecCommand{};
  FakePlugin plugin{clock};
  plugin.life = 0s;
  Credentials credentials(access, clock, plugin.hand());
  const auto identity = credentials.current({});
  REQUIRE_FALSE(identity);
  CHECK(identity.error().cls == ErrorClass::Unauthorized);
}

TEST_CASE("What is no PEM, an encrypted key or a token with a line break within is refused and not shown") {
  struct Row {
    UserAccess user;
    std::string message;
  };
  const Material certificate{.data = kCertificate, .file = {}};
  const Row row = GENERATE_COPY(values<Row>({
      {{.client_certificate = {.data = "hunter2", .file = {}}, .client_key = {.data = kKey, .file = {}}},
       "no PEM of a certificate"},
      {{.client_certificate = certificate, .client_key = {.data = "hunter2", .file = {}}}, "no PEM of a key"},
      {{.client_certificate = certificate,
        .client_key = {.data = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nhunter2", .file = {}}},
       "the key is encrypted"},
      {{.token = SecretText("hunter2\r\nX-Evil: 1")}, "characters that no token has"},
      {{.token_file = "/dev/null"}, "the token is empty"},
  }));
  const tests::ManualClock clock(kStart);
  ClusterAccess access;
  access.user = row.user;
  Credentials credentials(access, clock, run_exec_plugin);
  const auto identity = credentials.current({});
  REQUIRE_FALSE(identity);
  CHECK_THAT(identity.error().message, Catch::Contains(row.message) && !Catch::Contains("hunter2"));
}

TEST_CASE("An ExecCredential is read, and what is none says so without showing it") {
  const ExecCommand command{.api_version = "client.authentication.k8s.io/v1", .command = "login"};
  const std::string head = R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":)";
  const auto good =
      read_exec_credential(command, head + R"({"token":"t","expirationTimestamp":"2026-11-24T01:00:00Z"}})");
  REQUIRE(good);
  CHECK(good->token == SecretText("t"));
  CHECK(good->ends == kStart + 1h);
  for (
      const std::string& bad :
      {std::string("hunter2"), head + R"({"clientKeyData":"hunter2"}})", head + "{}}",
       head + R"({"token":"hunter2","expirationTimestamp":"soon"}})",
       std::string(
           R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","status":{"token":"hunter2"}})")}) {
    const auto credential = read_exec_credential(command, bad);
    REQUIRE_FALSE(credential);
    CHECK_THAT(credential.error().message, !Catch::Contains("hunter2"));
  }
}

TEST_CASE("A plugin is run without a terminal, told of the cluster, and its failure is told with its hint") {
  const tests::TemporaryFolder folder;
  const std::string program = (folder / "login").string();
  folder.write("login", R"(#!/bin/sh
[ "$1" = get ] && [ "$MODE" = test ] || exit 7
case "$KUBERNETES_EXEC_INFO" in
  *'"interactive":false'*'"server":"https://k:1"'*'"certificate-authority-data":"cGVt"'*) ;; *) exit 8 ;;
esac
[ "$SAYS" != much ] || exec head -c 2000000 /dev/zero
echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"t"}}'
)");
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  ClusterAccess access;
  access.server = "https://k:1";
  access.user.exec = ExecCommand{.api_version = "client.authentication.k8s.io/v1",
                                 .command = program,
                                 .arguments = {"get"},
                                 .environment = {{"MODE", "test"}},
                                 .install_hint = "install login",
                                 .provide_cluster_info = true};
  const auto given = run_exec_plugin(access, "pem", {});
  REQUIRE(given);
  CHECK(given->token == SecretText("t"));
  access.user.exec->environment.emplace_back("SAYS", "much");
  const auto endless = run_exec_plugin(access, "pem", {});
  REQUIRE_FALSE(endless);
  CHECK_THAT(endless.error().message, Catch::Contains("said more than it may"));
  access.user.exec->arguments = {"other"};
  const auto failed = run_exec_plugin(access, "pem", {});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().cls == ErrorClass::Unauthorized);
  CHECK_THAT(failed.error().message, Catch::Contains("ended with 7"));
  access.user.exec->command = "no-such-program-of-ours";
  const auto missing = run_exec_plugin(access, "pem", {});
  REQUIRE_FALSE(missing);
  CHECK_THAT(missing.error().remedy, Catch::Contains("install login"));
}
