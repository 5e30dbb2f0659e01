#include "reconcilers/registry_names.h"

#include "tests/catch.h"

using namespace slipway;

namespace {

ContainerRegistry registry(const std::string& login_server, std::vector<std::string> aliases = {}) {
  ContainerRegistry made;
  made.spec.login_server = login_server;
  made.spec.aliases = std::move(aliases);
  return made;
}

}  // namespace

TEST_CASE("a name that no registry has is its own") {
  const RegistryNames names({registry("a.example")});
  CHECK(names.one_name_of("x.example:443") == "x.example:443");
  CHECK(names.all_names_of("x.example:443") == std::set<std::string>{"x.example:443"});
  CHECK(RegistryNames{}.one_name_of(registry("A.example")) == "a.example:443");
}

TEST_CASE("an alias that is no other registry's changes nothing") {
  const RegistryNames names({registry("m.example", {"a.example"})});
  CHECK(names.one_name_of("m.example:443") == "m.example:443");
  CHECK(names.one_name_of("a.example:443") == "m.example:443");
  CHECK(names.all_names_of("m.example:443") == std::set<std::string>{"a.example:443", "m.example:443"});
}

TEST_CASE("a registry and another one's alias are one, whichever is read first and however it is written") {
  const auto old = registry("old.example");
  const auto now = registry("new.example", {GENERATE("old.example", "Old.example:443", "old.example.")});
  for (const RegistryNames& names : {RegistryNames({old, now}), RegistryNames({now, old})}) {
    CHECK(names.one_name_of(old) == "new.example:443");
    CHECK(names.one_name_of(now) == "new.example:443");
  }
}

TEST_CASE("registries that have a name in common through others are one") {
  const auto a = registry("a.example", {"shared.example"});
  const auto b = registry("b.example", {"shared.example", "c.example"});
  const auto c = registry("c.example");
  const auto d = registry("d.example", {"c.example"});
  const auto other = registry("e.example", {"f.example"});
  for (const RegistryNames& names : {RegistryNames({a, b, c, d, other}), RegistryNames({d, other, c, a, b})}) {
    for (const auto& each : {a, b, c, d}) CHECK(names.one_name_of(each) == "a.example:443");
    CHECK(names.all_names_of("d.example:443").size() == 5);
    CHECK(names.one_name_of(other) == "e.example:443");
  }
}

TEST_CASE("a name without port has that of its registry's scheme") {
  auto plain = registry("localhost:5000", {"localhost"});
  plain.spec.plain_http = true;
  const RegistryNames names({plain});
  CHECK(names.one_name_of("localhost:80") == "localhost:5000");
  CHECK(names.one_name_of("localhost:443") == "localhost:443");
}

TEST_CASE("a registry whose loginServer can't be used makes no two others one") {
  const RegistryNames names({registry("", {"a.example", "b.example"}), registry("a.example"), registry("b.example")});
  CHECK(names.one_name_of("a.example:443") != names.one_name_of("b.example:443"));
}
