#include "controller/registry/ambient_credentials.h"

#include <fstream>
#include <latch>
#include <semaphore>
#include <thread>

#include "tests/catch.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temporary_folder.h"

using namespace slipway;
using namespace std::chrono_literals;
using registry::Credentials;

namespace {

Credentials basic(const std::string& user, const std::string& password) {
  return {.username = user, .password = SecretText(password), .identity_token = {}};
}

struct World {
  tests::TemporaryFolder folder;
  tests::ManualClock clock{Timestamp(1'800'000'000'000ms)};
  std::map<std::string, std::string> variables;
  std::vector<std::pair<std::string, std::string>> asked;
  Result<std::optional<Credentials>> helper = std::optional<Credentials>();
  registry::AmbientCredentials ambient{clock,
                                       {.variable = [this](const char* name) -> const char* {
                                          const auto found = variables.find(name);
                                          return found == variables.end() ? nullptr : found->second.c_str();
                                        },
                                        .ask_helper =
                                            [this](const std::string& name, const std::string& server) {
                                              asked.emplace_back(name, server);
                                              return helper;
                                            }}};

  void configure(const std::string& json) {
    variables["DOCKER_CONFIG"] = folder.path().string();
    std::ofstream(folder.path() / "config.json") << json;
  }
};

}  // namespace

TEST_CASE("Without anything in the environment a registry is asked anonymously") {
  World world;
  CHECK(world.ambient.of("r.io") == Credentials{});
  world.variables["HOME"] = world.folder.path().string();
  CHECK(world.ambient.of("other.io") == Credentials{});
  CHECK(world.asked.empty());
}

TEST_CASE("Of several who ask for one host at the same time one runs the helper, and all get what it says") {
  World world;
  world.configure(R"({"credsStore":"test"})");
  std::counting_semaphore<> running{0};
  std::latch may_end{1};
  const bool fails = GENERATE(false, true);
  registry::AmbientCredentials ambient{
      world.clock,
      {.variable =
           [&](const char* name) {
             return std::string_view(name) == "DOCKER_CONFIG" ? world.variables["DOCKER_CONFIG"].c_str() : nullptr;
           },
       .ask_helper = [&](const std::string& name, const std::string& server) -> Result<std::optional<Credentials>> {
         world.asked.emplace_back(name, server);
         running.release();
         may_end.wait();
         if (fails) return fail(ErrorClass::Unavailable, "no answer", "try it by hand");
         return std::optional(basic("me", "pw"));
       }}};
  runtime::Guarded<std::vector<bool>> found;
  {
    const auto ask = [&] {
      const auto answer = ambient.of("r.io");
      found.lock()->push_back(answer && answer->username == "me");
    };
    const std::jthread first{ask};
    running.acquire();
    const std::jthread second{ask};
    const std::jthread third{ask};
    may_end.count_down();
  }
  CHECK(*found.lock() == std::vector<bool>(3, !fails));
  if (!fails) CHECK(world.asked.size() == 1);
}

TEST_CASE("Variables are for the host that they name and for no other") {
  World world;
  world.variables = {
      {"SLIPWAY_REGISTRY_HOST", "r.io"}, {"SLIPWAY_REGISTRY_USERNAME", "ci"}, {"SLIPWAY_REGISTRY_PASSWORD", "pw"}};
  CHECK(world.ambient.of("r.io") == basic("ci", "pw"));
  for (const std::string host : {"r.io:5000", "evil.r.io", "r.io.evil.io", "docker.io"})
    CHECK(world.ambient.of(host) == Credentials{});
}

TEST_CASE("What is set and does not do is told by its name") {
  World world;
  const auto lacking = [&](const std::string& host, std::map<std::string, std::string> variables) {
    world.variables = std::move(variables);
    world.clock.advance(2min);
    const auto found = world.ambient.of(host);
    REQUIRE(found);
    CHECK(found->anonymous());
    return found->lacking;
  };
  CHECK(lacking("r.io", {}).empty());
  CHECK(lacking("r.io", {{"SLIPWAY_REGISTRY_HOST", "r.io"},
                         {"SLIPWAY_REGISTRY_USERNAME", ""},
                         {"SLIPWAY_REGISTRY_PASSWORD", ""}}) ==
        "SLIPWAY_REGISTRY_USERNAME is empty; SLIPWAY_REGISTRY_PASSWORD is empty");
  CHECK(lacking("r.io", {{"SLIPWAY_REGISTRY_HOST", "r.io"}, {"SLIPWAY_REGISTRY_PASSWORD", "pw"}}) ==
        "SLIPWAY_REGISTRY_USERNAME is not set");
  for (const std::string whose : {"https://r.io", "other.io"})
    CHECK(lacking("r.io", {{"SLIPWAY_REGISTRY_HOST", whose},
                           {"SLIPWAY_REGISTRY_USERNAME", "ci"},
                           {"SLIPWAY_REGISTRY_PASSWORD", "pw"}}) ==
          "SLIPWAY_REGISTRY_HOST names \"" + whose + "\", not r.io");
  CHECK(lacking("r.io", {{"SLIPWAY_REGISTRY_HOST", "https://ci:s3cret@r.io"},
                         {"SLIPWAY_REGISTRY_USERNAME", "ci"},
                         {"SLIPWAY_REGISTRY_PASSWORD", "pw"}})
            .find("s3cret") == std::string::npos);
  world.configure(R"({"auths":{"other.io":{"username":"u","password":"p"}}})");
  const std::string file = (world.folder.path() / "config.json").string();
  CHECK(lacking("r.io", {{"DOCKER_CONFIG", world.folder.path().string()}}) == file + " has no entry for r.io");
}

TEST_CASE("A password without a host goes nowhere") {
  World world;
  world.variables["SLIPWAY_REGISTRY_PASSWORD"] = "pw";
  const auto found = world.ambient.of("r.io");
  REQUIRE(!found);
  CHECK(found.error().cls == ErrorClass::Invalid);
  CHECK(found.error().message.find("pw") == std::string::npos);
  CHECK(found.error().remedy.find("SLIPWAY_REGISTRY_HOST") != std::string::npos);
}

TEST_CASE("Docker's configuration is read where docker reads it") {
  World world;
  std::filesystem::create_directory(world.folder.path() / ".docker");
  std::ofstream(world.folder.path() / ".docker" / "config.json")
      << R"({"auths":{"r.io":{"username":"home","password":"p"}}})";
  world.variables["HOME"] = world.folder.path().string();
  CHECK(world.ambient.of("r.io") == basic("home", "p"));
  World other;
  other.variables["HOME"] = world.folder.path().string();
  other.configure(R"({"auths":{"r.io":{"username":"elsewhere","password":"p"}}})");
  CHECK(other.ambient.of("r.io") == basic("elsewhere", "p"));
}

TEST_CASE("A helper comes before what is written in the file, and Docker Hub has its old name there") {
  World world;
  world.configure(R"({"credsStore":"store","auths":{"r.io":{"username":"file","password":"p"}}})");
  world.helper = basic("helper", "h");
  CHECK(world.ambient.of("r.io") == basic("helper", "h"));
  CHECK(world.ambient.of("docker.io") == basic("helper", "h"));
  CHECK(world.asked ==
        std::vector<std::pair<std::string, std::string>>{{"store", "r.io"}, {"store", "https://index.docker.io/v1/"}});
}

TEST_CASE("A helper that knows nothing leaves it to the file, one that fails is told of") {
  World world;
  world.configure(R"({"credsStore":"store","auths":{"r.io":{"username":"file","password":"p"}}})");
  world.helper = fail(ErrorClass::Unavailable, "docker-credential-store failed", "try it by hand");
  CHECK(world.ambient.of("r.io").error().cls == ErrorClass::Unavailable);
  world.helper = std::optional<Credentials>();
  CHECK(world.ambient.of("r.io") == basic("file", "p"));
}

TEST_CASE("Credentials say where a person finds them") {
  World world;
  world.configure(R"({"credHelpers":{"h.io":"store"},"auths":{"r.io":{"username":"file","password":"p"}}})");
  const std::string file = (world.folder.path() / "config.json").string();
  CHECK(world.ambient.of("r.io")->who() == "basic user file (from " + file + ")");
  world.helper = basic("helper", "p");
  CHECK(world.ambient.of("h.io")->who() ==
        "basic user helper (from docker-credential-store, which " + file + " names)");
  world.variables["SLIPWAY_REGISTRY_HOST"] = "v.io";
  world.variables["SLIPWAY_REGISTRY_USERNAME"] = "ci";
  world.variables["SLIPWAY_REGISTRY_PASSWORD"] = "pw";
  CHECK(world.ambient.of("v.io")->who() ==
        "basic user ci (from the variables SLIPWAY_REGISTRY_USERNAME and SLIPWAY_REGISTRY_PASSWORD)");
  CHECK(world.ambient.of("none.io")->who() == "anonymous");
}

TEST_CASE("An answer is kept for a minute") {
  World world;
  world.configure(R"({"credsStore":"store"})");
  world.helper = basic("one", "p");
  REQUIRE(world.ambient.of("r.io") == basic("one", "p"));
  world.helper = basic("two", "p");
  world.clock.advance(59'999ms);
  CHECK(world.ambient.of("r.io") == basic("one", "p"));
  world.clock.advance(1ms);
  CHECK(world.ambient.of("r.io") == basic("two", "p"));
}

TEST_CASE("A configuration that is no JSON is Invalid and not shown") {
  World world;
  world.configure(R"({"auths":{"r.io":{"auth":"c2VjcmV0)");
  const auto found = world.ambient.of("r.io");
  REQUIRE(!found);
  CHECK(found.error().cls == ErrorClass::Invalid);
  CHECK(found.error().message.find("c2VjcmV0") == std::string::npos);
}
