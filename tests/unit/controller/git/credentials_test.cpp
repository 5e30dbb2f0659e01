#include "controller/git/credentials.h"

#include <map>

#include "tests/catch.h"
#include "tests/support/temporary_folder.h"

using namespace slipway;
using namespace slipway::git;

namespace {

using Variables = std::map<std::string, std::string>;

Result<Credentials> read(const std::string& url, const CredentialFiles& files, const Variables& variables = {}) {
  return read_credentials(*parse_location(url, "/"), files, [&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

}  // namespace

TEST_CASE("of lines the one for the host counts, whether or not it has a path") {
  const tests::TemporaryFolder folder;
  folder.write(
      "lines",
      "# ours\n\nhttps://x:1@elsewhere\nhttps://ci:p%3Aw@git.example.com\r\nhttps://later:2@git.example.com/a\n");
  const CredentialFiles files{.credentials = (folder / "lines").string()};
  const auto found = read("https://git.example.com/a", files);
  REQUIRE(found);
  CHECK(found->user == "ci");
  CHECK(found->password.reveal() == "p:w");
  CHECK(read("https://other.example.com/a", files)->password.empty());
  CHECK(read("https://git.example.com:8443/a", files)->password.empty());
  CHECK(found->lacking.empty());
  CHECK(read("https://other.example.com/a", files)->lacking ==
        "\"" + files.credentials + "\" has no line https://USER:PASSWORD@other.example.com");
  CHECK(read("https://u:p@other.example.com/a", files)->lacking.empty());
  folder.write("lines", "the-password-alone\n");
  const auto wrong = read("https://git.example.com/a", files);
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message.find("the-password") == std::string::npos);
}

TEST_CASE("a folder has the keys of a Secret as files") {
  const tests::TemporaryFolder folder;
  folder.write("s/username", "ci\n");
  folder.write("s/password", "secret\n");
  folder.write("s/ca.crt", "certificate");
  folder.write("s/identity", "key");
  folder.write("s/known_hosts", "hosts");
  const CredentialFiles files{.credentials = (folder / "s").string()};
  const auto found = read("https://git.example.com/a", files);
  REQUIRE(found);
  CHECK(found->user == "ci");
  CHECK(found->password.reveal() == "secret");
  CHECK(found->ca_file == (folder / "s/ca.crt").string());
  CHECK(found->ssh_key_file == (folder / "s/identity").string());
  CHECK(found->known_hosts_file == (folder / "s/known_hosts").string());
  CHECK(found->lacking.empty());
  folder.write("t/username", "ci\n");
  CHECK(read("https://git.example.com/a", {.credentials = (folder / "t").string()})->lacking ==
        "the folder \"" + (folder / "t").string() + "\" has neither the file password nor bearerToken");
  folder.write("s/password", "two\nlines\n");
  CHECK(read("https://git.example.com/a", files).error().cls == ErrorClass::Invalid);
}

TEST_CASE("the file comes before the URL, the URL before the environment, and a token needs no user") {
  const tests::TemporaryFolder folder;
  folder.write("lines", "https://file:1@h\n");
  const Variables variables{{"SLIPWAY_GIT_PASSWORD", "3"}};
  CHECK(read("https://url:2@h/a", {.credentials = (folder / "lines").string()}, variables)->user == "file");
  CHECK(read("https://url:2@h/a", {}, variables)->user == "url");
  const auto token = read("https://h/a", {}, variables);
  CHECK(token->user == "git");
  CHECK(token->password.reveal() == "3");
  CHECK(read("https://h/a", {}, {{"SLIPWAY_GIT_PASSWORD", "3"}, {"SLIPWAY_GIT_HOST", "other"}})->password.empty());
  CHECK(read("https://h/a", {}, {{"SLIPWAY_GIT_PASSWORD", "3"}, {"SLIPWAY_GIT_HOST", "H"}})->password.reveal() == "3");
}

TEST_CASE("a file that is named has to be there") {
  CHECK(read("https://h/a", {.credentials = "/nowhere"}).error().message.starts_with("--git-credentials-file"));
  CHECK(read("https://h/a", {.ssh_key = "/nowhere"}).error().message.starts_with("--git-ssh-key-file"));
  CHECK(read("https://h/a", {.known_hosts = "/nowhere"}).error().message.starts_with("--git-known-hosts-file"));
  CHECK(read("https://h/a", {.ca = "/nowhere"}).error().message.starts_with("--git-ca-file"));
}
