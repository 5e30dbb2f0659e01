#include "reconcilers/address_rules.h"

#include "tests/catch.h"

using namespace slipway;

TEST_CASE("what an address is, in every spelling", "[address]") {
  struct Row {
    std::string host;
    AddressKind kind;
  };
  constexpr auto kOther = AddressKind::Other;
  constexpr auto kLoopback = AddressKind::Loopback;
  constexpr auto kLinkLocal = AddressKind::LinkLocal;
  constexpr auto kMetadata = AddressKind::Metadata;
  const Row rows[] = {
      {"ghcr.io", kOther},
      {"ghcr.io:443", kOther},
      {"10.0.0.1", kOther},
      {"126.255.255.255", kOther},
      {"128.0.0.1", kOther},
      {"1.2.3.4:5000", kOther},
      {"127.0.0.1.example.com", kOther},
      {"localhost.example.com", kOther},
      {"", kOther},
      {"127.0.0.1", kLoopback},
      {"127.0.0.1:5000", kLoopback},
      {"127.255.255.255", kLoopback},
      {"127.1", kLoopback},
      {"127.0.1", kLoopback},
      {"2130706433", kLoopback},
      {"0x7f000001", kLoopback},
      {"0X7F.1", kLoopback},
      {"0177.0.0.1", kLoopback},
      {"017700000001", kLoopback},
      {"127.0.0.1.", kLoopback},
      {"0.0.0.0", kLoopback},
      {"0", kLoopback},
      {"0x", kLoopback},
      {"localhost", kLoopback},
      {"LOCALHOST:80", kLoopback},
      {"localhost.", kLoopback},
      {"a.localhost", kLoopback},
      {"ip6-localhost", kLoopback},
      {"::1", kLoopback},
      {"[::1]:5000", kLoopback},
      {"[::]", kLoopback},
      {"0:0:0:0:0:0:0:1", kLoopback},
      {"::ffff:127.0.0.1", kLoopback},
      {"[::FFFF:7f00:1]", kLoopback},
      {"::ffff:0:127.0.0.1", kLoopback},
      {"::127.0.0.1", kLoopback},
      {"64:ff9b::7f00:1", kLoopback},
      {"2002:7f00:1::", kLoopback},
      {"::2", kLoopback},
      {"2001:db8::1", kOther},
      {"::ffff:8.8.8.8", kOther},
      {"64:ff9b::808:808", kOther},
      {"1:2:3:4:5:6:7:8", kOther},
      {"1:2:3:4:5:6:7:8:9", kOther},
      {"1:2:3:4:5:6:7::8", kOther},
      {"::1::", kOther},
      {":::", kOther},
      {"::12345", kOther},
      {"169.254.0.1", kLinkLocal},
      {"169.253.255.255", kOther},
      {"169.255.0.0", kOther},
      {"169.254.255.255", kLinkLocal},
      {"fe80::1", kLinkLocal},
      {"fe80::1%eth0", kLinkLocal},
      {"[fe80::1%25eth0]:80", kLinkLocal},
      {"febf::1", kLinkLocal},
      {"fec0::1", kOther},
      {"fe7f::1", kOther},
      {"169.254.169.254", kMetadata},
      {"2852039166", kMetadata},
      {"0xa9fea9fe", kMetadata},
      {"0251.0376.0251.0376", kMetadata},
      {"169.254.43518", kMetadata},
      {"::ffff:169.254.169.254", kMetadata},
      {"[::ffff:a9fe:a9fe]:80", kMetadata},
      {"168.63.129.16", kMetadata},
      {"fd00:ec2::254", kMetadata},
      {"metadata.google.internal", kMetadata},
      {"256.1.1.1", kOther},
      {"127.0.0.256", kOther},
      {"127.0.0.0.1", kOther},
      {"4294967296", kOther},
      {"089.1.1.1", kOther},
      {"127..1", kOther},
      {"0xg", kOther},
  };
  for (const auto& row : rows) {
    INFO(row.host);
    CHECK(classify_address(row.host) == row.kind);
  }
}

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

TEST_CASE("instance metadata is never called, even when it is named", "[address]") {
  CHECK_FALSE(check_address("169.254.169.254", {.in_cluster = false, .named = {"169.254.169.254"}}).has_value());
}
