#include "controller/git/location.h"

#include "tests/catch.h"

using namespace slipway;
using namespace slipway::git;

namespace {

Location parsed(std::string_view text) {
  auto location = parse_location(text, "/here");
  if (!location) FAIL(std::string{text} + ": " + location.error().message);
  return std::move(*location);
}

}  // namespace

TEST_CASE("a repository is named by a URL, as ssh names it, or by a path") {
  struct Row {
    std::string text, url, shown, host, user, password;
    Location::Transport transport;
  };
  using enum Location::Transport;
  const std::vector<Row> rows{
      {"https://git.example.com/shop.git", "https://git.example.com/shop.git", "https://git.example.com/shop.git",
       "git.example.com", "", "", Https},
      {"HTTPS://Git.Example.com:8443/A/b", "https://git.example.com:8443/A/b", "https://git.example.com:8443/A/b",
       "git.example.com:8443", "", "", Https},
      {"https://ci:p%40ss@git.example.com/a", "https://git.example.com/a", "https://git.example.com/a",
       "git.example.com", "ci", "p@ss", Https},
      {"https://ci:p@ss@git.example.com/a", "https://git.example.com/a", "https://git.example.com/a", "git.example.com",
       "ci", "p@ss", Https},
      {"https://token@git.example.com/a", "https://git.example.com/a", "https://git.example.com/a", "git.example.com",
       "token", "", Https},
      {"http://127.0.0.1:3000/a", "http://127.0.0.1:3000/a", "http://127.0.0.1:3000/a", "127.0.0.1:3000", "", "", Http},
      {"ssh://git@git.example.com:2222/a", "ssh://git@git.example.com:2222/a", "ssh://git@git.example.com:2222/a",
       "git.example.com:2222", "git", "", Ssh},
      {"git@git.example.com:shop/a.git", "git@git.example.com:shop/a.git", "git@git.example.com:shop/a.git",
       "git.example.com", "git", "", Ssh},
      {"file:///srv/git/a.git/", "file:///srv/git/a.git", "file:///srv/git/a.git", "", "", "", File},
      {"a.git", "file:///here/a.git", "file:///here/a.git", "", "", "", File},
      {"../a/./b", "file:///a/b", "file:///a/b", "", "", "", File}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto location = parsed(row.text);
    CHECK(location.transport == row.transport);
    CHECK(location.url == row.url);
    CHECK(location.shown == row.shown);
    CHECK(location.host == row.host);
    CHECK(location.user == row.user);
    CHECK(location.password.reveal() == row.password);
  }
}

TEST_CASE("what git would take for more than an address is refused, and no password is shown") {
  for (const auto* text : {"",
                           "-x",
                           "--upload-pack=touch /tmp/x",
                           "ext::sh -c x",
                           "fd::3",
                           "git://git.example.com/a",
                           "ftp://a/b",
                           "https://",
                           "https:///a",
                           "https://git.example.com",
                           "https://git.example.com/",
                           "https://-oProxyCommand=x/a",
                           "ssh://-oProxyCommand=x/a",
                           "ssh://git@-x/a",
                           "-x@host:a",
                           "git@-x:a",
                           "git@host:-x",
                           "git@host:",
                           "ssh://git:hunter2@host/a",
                           "http://ci:hunter2@git.example.com/a",
                           "https://ci:hunter2@git.example.com/a?b",
                           "https://ci:hunter2@git.example.com/a#b",
                           "https://ci:hunter2@ho st/a",
                           "file://host/a",
                           "https://a/b\nc",
                           "ci:hunter2@host:a",
                           "https:/ci:hunter2@git.example.com/a",
                           "https:ci:hunter2@git.example.com/a",
                           "ci:hunter2@git.example.com/a",
                           "https//ci:hunter2@git.example.com/a"}) {
    CAPTURE(text);
    const auto location = parse_location(text, "/here");
    if (location) {
      CHECK(location->shown.find("hunter2") == std::string::npos);
      continue;
    }
    CHECK(location.error().cls == ErrorClass::Invalid);
    CHECK(location.error().message.find("hunter2") == std::string::npos);
    CHECK_FALSE(location.error().remedy.empty());
  }
  CHECK_FALSE(parse_location("ext::sh -c x", "/here"));
  CHECK_FALSE(parse_location("git://git.example.com/a", "/here"));
  CHECK_FALSE(parse_location("ssh://git:hunter2@host/a", "/here"));
  CHECK_FALSE(parse_location("http://git.example.com/a", "/here"));
}

TEST_CASE("a URL is told from a path by its form") {
  for (const auto* text : {"https://a/b", "ssh://a/b", "git@a:b", "ext://a", "file:///a"}) {
    CAPTURE(text);
    CHECK(is_repository_url(text));
  }
  for (const auto* text : {"manifests", "./a", "/a/b.git", "-", "a:b", "dir/x@y:z", "c.yaml", "./a:b@c", "/a:b/c@d"}) {
    CAPTURE(text);
    CHECK_FALSE(is_repository_url(text));
  }
}

TEST_CASE("an address that was mistyped is no path, so that nobody prints its password") {
  for (const auto* text : {"https:/ci:hunter2@git.example.com/a", "https:ci:hunter2@git.example.com/a",
                           "ci:hunter2@git.example.com/a", "https//ci:hunter2@git.example.com/a"}) {
    CAPTURE(text);
    CHECK(is_repository_url(text));
  }
}

TEST_CASE("a branch is one that git takes and that is no option") {
  for (const auto* name : {"", "main", "feature/x-1", "v1.0", "a@b"}) CHECK(check_branch(name));
  for (const auto* name : {"-x", "a..b",  "a b", "/a",  "a/", "a//b", ".a", "a/.b", "a.lock", "a.",
                           "@",  "a@{1}", "a:b", "a~1", "a^", "a?",   "a*", "a[",   "a\\b",   "a\tb"}) {
    CAPTURE(name);
    CHECK_FALSE(check_branch(name));
  }
  CHECK(check_branch(std::string(200, 'a')));
  CHECK_FALSE(check_branch(std::string(201, 'a')));
}

TEST_CASE("a folder lies in the repository") {
  CHECK(*folder_in_repository("") == "");
  CHECK(*folder_in_repository(".") == "");
  CHECK(*folder_in_repository("./prod//eu/") == "prod/eu");
  for (const auto* path : {"/prod", "..", "a/../b", "a/.git", ".GIT/hooks"}) CHECK_FALSE(folder_in_repository(path));
}

TEST_CASE("a name in a tree of strangers is a file below it") {
  for (const auto* name : {"a", "a/b.yaml", ".gitignore", "git", "a/.github/x", "..a"}) CHECK(is_safe_name(name));
  for (const auto* name :
       {"", "/a", "a/", "a//b", "..", "a/../b", ".", "a/./b", ".git", ".git/config", "a/.GIT/b", "git~1", ".git. "})
    CHECK_FALSE(is_safe_name(name));
  CHECK_FALSE(is_safe_name(std::string{"a\0b", 3}));
  CHECK(is_safe_name(std::string(255, 'a')));
  CHECK_FALSE(is_safe_name(std::string(256, 'a')));
}

TEST_CASE("a revision is written as Flux writes it") {
  CHECK(revision_of("main", std::string(40, 'a')) == "main@sha1:" + std::string(40, 'a'));
  CHECK(revision_of("main", std::string(64, 'a')) == "main@sha256:" + std::string(64, 'a'));
  CHECK(is_commit(std::string(40, 'a')));
  CHECK_FALSE(is_commit(std::string(39, 'a')));
  CHECK_FALSE(is_commit(std::string(40, 'g')));
}
