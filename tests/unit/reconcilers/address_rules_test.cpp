#include "reconcilers/address_rules.h"

#include "tests/catch.h"

using namespace slipway;

TEST_CASE("who may be called at a tenant's word", "[address]") {
  ContainerRegistry registry;
  registry.spec.login_server = "127.0.0.1:5000";
  AccessEntry entry;
  entry.sources = {"169.254.7.7/**", "localhost:6000/app", "**", "*/x", "ghcr.io/**"};
  registry.spec.access = {entry, AccessEntry{}};
  CHECK(named_hosts(registry) ==
        std::vector<std::string>{"127.0.0.1:5000", "169.254.7.7", "localhost:6000", "ghcr.io"});

  struct Row {
    std::string host;
    bool in_cluster, outside;
  };
  const Row rows[] = {
      {"ghcr.io", true, true},         {"evil.example", true, true},      {"127.0.0.1:5000", true, true},
      {"127.0.0.1:5001", false, true}, {"127.0.0.1", false, true},        {"LocalHost:6000", true, true},
      {"[::1]:5000", false, true},     {"169.254.7.7", true, true},       {"169.254.7.8", false, false},
      {"fe80::1", false, false},       {"169.254.169.254", false, false}, {"[::ffff:169.254.169.254]:80", false, false},
      {"localhost.:6000", true, true}, {"127.1:5000", true, true},        {"[::ffff:127.0.0.1]:5000", true, true},
      {"127.0.0.1:05000", true, true}, {"127.0.0.2:5000", false, true},   {"[0:0:0:0:0:0:0:1]:5000", false, true},
  };
  for (const auto& row : rows) {
    INFO(row.host);
    for (const bool in_cluster : {true, false}) {
      const auto checked = check_address(row.host, {.in_cluster = in_cluster, .named = named_hosts(registry)});
      CHECK(checked.has_value() == (in_cluster ? row.in_cluster : row.outside));
      if (!checked) CHECK(checked.error().cls == ErrorClass::Refused);
      if (!checked) CHECK_FALSE(checked.error().remedy.empty());
    }
  }
}

TEST_CASE("a host that is named is named in each of its spellings, with its port alone", "[address]") {
  const std::vector<std::string> named{"[::1]:5000", "fe80::1"};
  for (const std::string host : {"[::1]:5000", "[0:0:0:0:0:0:0:1]:5000", "[0::0001]:05000", "[fe80::1]", "fe80:0::1"})
    CHECK(names(named, host));
  for (const std::string host : {"[::1]", "::1", "[::1]:5001", "[::2]:5000", "[fe80::1]:5000", "fe80::2", ""})
    CHECK_FALSE(names(named, host));
}

TEST_CASE("instance metadata is never called, even when it is named", "[address]") {
  CHECK_FALSE(check_address("169.254.169.254", {.in_cluster = false, .named = {"169.254.169.254"}}).has_value());
}
