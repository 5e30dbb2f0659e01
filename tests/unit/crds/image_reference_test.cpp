#include "crds/base/image_reference.h"

#include "tests/catch.h"

namespace slipway {

namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

/// A reference as it is written back, "-" when the text is none.
std::string read(std::string_view text) {
  const auto reference = ImageReference::parse(text);
  return reference ? to_string(*reference) : "-";
}

}  // namespace

TEST_CASE("references are expanded as docker does") {
  CHECK(read("alpine") == "docker.io/library/alpine:latest");
  CHECK(read("team/app") == "docker.io/team/app:latest");
  CHECK(read("index.docker.io/alpine:3") == "docker.io/library/alpine:3");
  CHECK(read("localhost/app") == "localhost/app:latest");
  CHECK(read("localhost:5000/app") == "localhost:5000/app:latest");
  CHECK(read("GHCR.io/team/app:V1") == "ghcr.io/team/app:V1");
  CHECK(read("[::1]:5000/app:1") == "[::1]:5000/app:1");
  CHECK(check_registry_host("[2001:DB8::1]:5000") == "[2001:db8::1]:5000");
  CHECK_FALSE(check_registry_host("[::1::]").has_value());
  CHECK_FALSE(check_registry_host("[1.2.3.4]").has_value());
  CHECK_FALSE(check_registry_host("[fe80::1%eth0]").has_value());
  CHECK(read("ghcr.io/app@" + kDigest) == "ghcr.io/app@" + kDigest);
  CHECK(read("ghcr.io/app:1@" + kDigest) == "ghcr.io/app:1@" + kDigest);
}

TEST_CASE("what is no reference is refused") {
  for (const auto* text : {"",
                           ":1",
                           "a:",
                           "a@",
                           "a@sha256:1",
                           "https://ghcr.io/a",
                           "ghcr.io/",
                           "ghcr.io//a",
                           "a b",
                           "A/b",
                           "ghcr.io/Team/app",
                           "ghcr.io:0/a",
                           "ghcr.io:0443/a",
                           "ghcr.io:00443/a",
                           "ghcr.io:000443/a",
                           "ghcr.io:65536/a",
                           "a:1:2",
                           "/a",
                           "a/",
                           "a..b"}) {
    CAPTURE(text);
    CHECK(read(text) == "-");
  }
  CHECK(read("ghcr.io:65535/a") == "ghcr.io:65535/a:latest");
  CHECK(read("LOCALHOST/a") == "localhost/a:latest");
  CHECK(ImageReference::parse("Team/app").error().remedy == "write \"team/app\"");
  CHECK(ImageReference::parse("ghcr.io/Team").error().remedy == "write \"team\"");
}

TEST_CASE("repository names follow the distribution specification") {
  for (const auto* text : {"a", "a/b", "a.b", "a_b", "a__b", "a---b", "0", "a/b/c/d"}) {
    CAPTURE(text);
    CHECK(check_repository_name(text));
  }
  for (const auto* text : {"", "a/", "/a", "a//b", ".a", "a.", "a..b", "a___b", "a._b", "-a", "a-", "A", "a:b"}) {
    CAPTURE(text);
    CHECK_FALSE(check_repository_name(text));
  }
  CHECK(check_repository_name(std::string(255, 'a')));
  CHECK_FALSE(check_repository_name(std::string(256, 'a')));
}

TEST_CASE("tags follow the distribution specification") {
  for (const auto* text : {"a", "_", "0", "A.b-c_d", "v1.0"}) {
    CAPTURE(text);
    CHECK(check_tag_name(text));
  }
  for (const auto* text : {"", ".a", "-a", "a b", "a/b", "a:b", "é", "a\n"}) {
    CAPTURE(text);
    CHECK_FALSE(check_tag_name(text));
  }
  CHECK(check_tag_name(std::string(128, 'a')));
  CHECK_FALSE(check_tag_name(std::string(129, 'a')));
}

TEST_CASE("registry hosts are compared in lower case") {
  CHECK(check_registry_host("Contoso.AzureCR.io") == "contoso.azurecr.io");
  CHECK(check_registry_host("127.0.0.1:5000") == "127.0.0.1:5000");
  CHECK(check_registry_host(std::string(63, 'a')));
  for (const auto& text : {std::string(64, 'a'), std::string("a..b"), std::string("-a"), std::string("a-"),
                           std::string("a:"), std::string("a:x"), std::string("::1"), std::string("[1]"),
                           std::string("https://a"), std::string("a/b"), std::string("a b")}) {
    CAPTURE(text);
    CHECK_FALSE(check_registry_host(text));
  }
}

TEST_CASE("digests are those of sha256 and sha512") {
  CHECK(Digest::parse(kDigest)->short_hex() == std::string(12, 'a'));
  CHECK(Digest::parse("sha512:" + std::string(128, '0'))->algorithm() == "sha512");
  for (const auto& text : {std::string(), std::string("sha256:"), std::string(64, 'a'), kDigest + "a",
                           kDigest.substr(0, 70), "sha256:" + std::string(64, 'A'), "sha256:" + std::string(64, 'g'),
                           "sha512:" + std::string(64, 'a'), "md5:" + std::string(32, 'a'), " " + kDigest}) {
    CAPTURE(text);
    CHECK_FALSE(Digest::parse(text));
  }
  CHECK(Digest::of("").str() == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Hasher hasher;
  hasher.update("a");
  hasher.update("bc");
  CHECK(hasher.finish() == Digest::of("abc"));
}

}  // namespace slipway
