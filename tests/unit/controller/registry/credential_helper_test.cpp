#include "controller/registry/credential_helper.h"

#include <stdlib.h>

#include <fstream>

#include "tests/catch.h"
#include "tests/support/temporary_folder.h"

using namespace slipway;
using namespace std::chrono_literals;
using registry::ask_credential_helper;

namespace {

/// A program of that name first on the PATH, as long as it lives.
class HelperOnPath {
 public:
  explicit HelperOnPath(const std::string& script) : before_(::getenv("PATH")) {
    const std::filesystem::path program = folder_.path() / "docker-credential-test";
    std::ofstream(program) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    ::setenv("PATH", (folder_.path().string() + ":" + before_).c_str(), 1);
  }
  ~HelperOnPath() { ::setenv("PATH", before_.c_str(), 1); }
  HelperOnPath(const HelperOnPath&) = delete;
  HelperOnPath& operator=(const HelperOnPath&) = delete;

 private:
  tests::TemporaryFolder folder_;
  const std::string before_;
};

}  // namespace

TEST_CASE("A helper is given the server and says user and secret") {
  const HelperOnPath helper(R"(read -r server; [ "$1" = get ] || exit 3
echo "{\"ServerURL\":\"$server\",\"Username\":\"$server\",\"Secret\":\"s\"}")");
  const auto found = ask_credential_helper("test", "r.io:5000");
  REQUIRE(found);
  CHECK(**found == registry::Credentials{.username = "r.io:5000", .password = SecretText("s")});
}

TEST_CASE("A user named <token> means an identity token") {
  const HelperOnPath helper(R"(echo '{"Username":"<token>","Secret":"s"}')");
  const auto found = ask_credential_helper("test", "r.io");
  REQUIRE(found);
  CHECK((*found)->identity_token.reveal() == "s");
  CHECK((*found)->password.empty());
}

TEST_CASE("A helper that does not read its input and finds nothing is no error") {
  const HelperOnPath helper("echo 'credentials not found in native keychain'; exit 1");
  const auto found = ask_credential_helper("test", "r.io");
  REQUIRE(found);
  CHECK(!found->has_value());
}

TEST_CASE("What a helper may not do") {
  struct Row {
    std::string situation, script;
    ErrorClass cls;
  };
  const Row row = GENERATE(values<Row>({
      {"fails", "echo hidden; exit 2", ErrorClass::Unavailable},
      {"is no JSON", "echo hidden", ErrorClass::Invalid},
      {"has no secret", "echo '{\"Username\":\"hidden\"}'", ErrorClass::Invalid},
      {"never ends", "exec sleep 60", ErrorClass::Unavailable},
      {"never ends after its answer", "echo '{\"Secret\":\"hidden\"}'; exec sleep 60 >&-", ErrorClass::Unavailable},
      {"says too much", "exec cat /dev/zero", ErrorClass::Unavailable},
  }));
  CAPTURE(row.situation);
  const HelperOnPath helper(row.script);
  const auto found = ask_credential_helper("test", "r.io", {.time = 300ms, .bytes = 64u << 10});
  REQUIRE(!found);
  CHECK(found.error().cls == row.cls);
  CHECK(found.error().message.find("hidden") == std::string::npos);
  CHECK_FALSE(found.error().remedy.empty());
}

TEST_CASE("A helper is not waited for once it is to stop") {
  const HelperOnPath helper("exec sleep 60");
  std::stop_source stop;
  stop.request_stop();
  const auto found = ask_credential_helper("test", "r.io", {.time = 60s}, stop.get_token());
  REQUIRE(!found);
  CHECK(found.error().cls == ErrorClass::Cancelled);
}

TEST_CASE("A child that a helper leaves behind does not hold back its answer") {
  const HelperOnPath helper("sleep 60 & echo '{\"Secret\":\"s\"}'");
  const auto found = ask_credential_helper("test", "r.io", {.time = 10s, .bytes = 64u << 10});
  REQUIRE(found);
  CHECK((*found)->password.reveal() == "s");
}

TEST_CASE("No program, no name") {
  const std::string name = GENERATE("slipway-has-no-such-helper", "", "../evil", "a b", "x;y");
  CAPTURE(name);
  CHECK(ask_credential_helper(name, "r.io").error().cls == ErrorClass::Invalid);
}
