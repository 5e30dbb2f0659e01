#include "controller/git/client.h"

#include "tests/catch.h"

using namespace slipway;
using namespace slipway::git;

TEST_CASE("what git says becomes what the caller does next, with what to do") {
  const auto location = parse_location("https://git.example.com/a", "/");
  const Credentials credentials{.user = "ci", .password = SecretText{"hunter2"}, .origin = "a file"};
  struct Row {
    const char* said;
    ErrorClass cls;
  };
  for (const auto& row : std::vector<Row>{
           {"fatal: Authentication failed for 'https://git.example.com/a/'", ErrorClass::Unauthorized},
           {"fatal: could not read Username for 'https://x': terminal prompts disabled", ErrorClass::Unauthorized},
           {"fatal: unable to access 'x': The requested URL returned error: 403", ErrorClass::Forbidden},
           {"fatal: repository 'https://git.example.com/a/' not found", ErrorClass::NotFound},
           {"fatal: unable to access 'x': server certificate verification failed. CAfile: none",
            ErrorClass::Unavailable},
           {"Host key verification failed.\nfatal: Could not read from remote repository.", ErrorClass::Unauthorized},
           {"git@x: Permission denied (publickey).\nfatal: Could not read from remote repository.",
            ErrorClass::Unauthorized},
           {"fatal: unable to access 'x': Failed to connect to x port 443", ErrorClass::Unavailable},
           {"fatal: unable to access 'x': The requested URL returned error: 503", ErrorClass::Unavailable},
           {"fatal: detected dubious ownership in repository at '/a'", ErrorClass::Forbidden},
           {"", ErrorClass::Unavailable}}) {
    CAPTURE(row.said);
    const auto error = error_of(*location, credentials, row.said);
    CHECK(error.cls == row.cls);
    CHECK(error.message.starts_with("the Git repository https://git.example.com/a: "));
    CHECK(error.message.find("hunter2") == std::string::npos);
    CHECK_FALSE(error.remedy.empty());
  }
}

TEST_CASE("who has no credentials is told where some were looked for") {
  const auto location = parse_location("https://git.example.com/a", "/");
  const std::string said = "fatal: could not read Username for 'https://x': terminal prompts disabled";
  const auto none = error_of(*location, {}, said);
  CHECK_THAT(none.message, Catch::Matchers::EndsWith(": it lets in nobody without credentials"));
  CHECK_THAT(none.remedy, Catch::Matchers::Contains("--git-credentials-file"));
  const auto other = error_of(*location, {.origin = "\"cred\"", .lacking = "\"cred\" has no line for it"}, said);
  CHECK_THAT(other.message, Catch::Matchers::EndsWith("without credentials, and \"cred\" has no line for it"));
  CHECK(other.remedy == "add them there");
}

TEST_CASE("an ssh that is not installed is not a repository that is not there") {
  const auto location = parse_location("git@git.example.com:a", "/");
  const std::string after = "\nfatal: Could not read from remote repository.";
  for (const std::string said :
       {"ssh -o BatchMode=yes: 1: ssh: not found", "sh: ssh: not found", "bash: line 1: ssh: command not found",
        "error: cannot run ssh: No such file or directory"}) {
    CAPTURE(said);
    const auto error = error_of(*location, {}, said + after);
    CHECK(error.cls == ErrorClass::Invalid);
    CHECK_THAT(error.message, Catch::Matchers::Contains("ssh is not installed"));
    CHECK_THAT(error.remedy, Catch::Matchers::Contains("PATH"));
  }
  CHECK(error_of(*location, {}, "ERROR: Repository not found." + after).cls == ErrorClass::NotFound);
}

TEST_CASE("a connection that is cut is not a certificate that is not trusted") {
  const auto location = parse_location("https://git.example.com/a", "/");
  const auto error =
      error_of(*location, {},
               "fatal: unable to access 'https://git.example.com/a/': gnutls_handshake() failed: The TLS "
               "connection was non-properly terminated.");
  CHECK(error.cls == ErrorClass::Unavailable);
  CHECK_THAT(error.message, Catch::Matchers::Contains("non-properly terminated"));
  CHECK_THAT(error.message + error.remedy, !Catch::Matchers::Contains("certificate"));
}

TEST_CASE("a host that can't be reached is told in the same words each time") {
  const auto location = parse_location("https://git.example.com/a", "/");
  const auto told = [&](const std::string& duration) {
    return error_of(*location, {},
                    "fatal: unable to access 'https://git.example.com/a/': Failed to connect to git.example.com port "
                    "443 after " +
                        duration + " ms: Couldn't connect to server");
  };
  CHECK(told("3") == told("21"));
  CHECK_THAT(told("3").message, Catch::Matchers::Contains("port 443: Couldn't connect"));
}

TEST_CASE("git is given the helper of its own host alone, and only the transport of the URL") {
  const auto location = parse_location("https://git.example.com/a", "/");
  const auto with_password = configuration_of(*location, {.user = "ci", .password = SecretText{"hunter2"}});
  CHECK(with_password.find("[credential \"https://git.example.com\"]") != std::string::npos);
  CHECK(with_password.find("hunter2") == std::string::npos);
  CHECK(with_password.find("[protocol]\n\tallow = never\n[protocol \"https\"]\n\tallow = always") != std::string::npos);
  const auto with_token = configuration_of(*location, {.bearer_token = SecretText{"a\"b"}});
  CHECK(with_token.find("[http \"https://git.example.com\"]\n\tfollowRedirects = false\n"
                        "\textraHeader = \"Authorization: Bearer a\\\"b\"") != std::string::npos);
  const auto over_ssh = configuration_of(*parse_location("git@host:a", "/"), {.password = SecretText{"hunter2"}});
  CHECK(over_ssh.find("credential") == std::string::npos);
}
