#include "crds/base/host.h"

#include <string>

#include "tests/catch.h"

using namespace slipway;

TEST_CASE("what an address is, in every spelling") {
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

TEST_CASE("what is sent to a loopback host stays on this machine") {
  for (const std::string host :
       {"127.0.0.1", "127.0.0.1:5000", "127.255.255.255", "127.0.0.1.", "[::1]", "[::1]:5000", "::1",
        "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::FFFF:7f00:1]:80", "localhost", "LOCALHOST", "localhost.",
        "localhost:5000", "registry.localhost", "Registry.LocalHost.:5000"}) {
    INFO(host);
    CHECK(is_loopback_host(host));
  }
}

TEST_CASE("what may leave this machine is no loopback host, whatever it looks like") {
  for (const std::string host : {"",
                                 ".",
                                 "127.evil.example",
                                 "127.0.0.1.nip.io",
                                 "127.",
                                 "127",
                                 "127.1",
                                 "127.0.0.256",
                                 "127.0.0.0.1",
                                 "0x7f.1",
                                 "0x7f000001",
                                 "2130706433",
                                 "0177.0.0.1",
                                 "127.0.0.01",
                                 "126.255.255.255",
                                 "128.0.0.1",
                                 "0.0.0.0",
                                 "[::]",
                                 "[::2]",
                                 "[::127.0.0.1]",
                                 "[64:ff9b::7f00:1]",
                                 "[2002:7f00:1::]",
                                 "[::ffff:126.0.0.1]",
                                 "[::ffff:8.8.8.8]",
                                 "[::1%eth0]",
                                 "localhost.evil.example",
                                 "evillocalhost",
                                 "ip6-localhost",
                                 "localhost.localdomain",
                                 "ghcr.io",
                                 "[::1].evil.example",
                                 "[::1",
                                 "[127.0.0.1].evil.example"}) {
    INFO(host);
    CHECK_FALSE(is_loopback_host(host));
  }
}

TEST_CASE("spellings of one host are one, and other hosts are others") {
  struct Row {
    std::string one, other;
    bool are_same;
  };
  for (const auto& row : std::vector<Row>{{"[::1]", "[0:0:0:0:0:0:0:1]:443", true},
                                          {"[2001:DB8::a]", "2001:db8:0:0::000A", true},
                                          {"[::ffff:10.0.0.1]", "10.0.0.1:5000", true},
                                          {"10.1", "10.0.0.1", true},
                                          {"Contoso.azurecr.io.", "contoso.azurecr.io:443", true},
                                          {"[::1]", "[::2]", false},
                                          {"[fe80::1%eth0]", "[fe80::1%eth1]", false},
                                          {"[::10.0.0.1]", "10.0.0.1", false},
                                          {"contoso.azurecr.io", "contoso.azurecr.cn", false}}) {
    INFO(row.one << " and " << row.other);
    CHECK((canonical_host(row.one) == canonical_host(row.other)) == row.are_same);
  }
}
