#include "reconcilers/gzip.h"

#include "tests/catch.h"
#include "tests/support/publish_world.h"

namespace slipway::tests {
namespace {

using namespace std::string_literals;

/// `printf 'hello' | gzip -n`
const std::string kHello =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00"s;

std::uint32_t crc_of(std::string_view text) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xEDB88320 : 0);
  }
  return ~crc;
}

std::string little_endian(std::uint32_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
  return out;
}

/// A gzip file of stored blocks (RFC 1951, clause 3.2.4).
std::string stored(const std::string& text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  return "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"s + '\x01' + little_endian(size, 2) + little_endian(~size, 2) +
         text + little_endian(crc_of(text), 4) + little_endian(size, 4);
}

}  // namespace

TEST_CASE("gzip is told from text and unpacked") {
  CHECK(is_gzip(kHello));
  CHECK_FALSE(is_gzip("{}"));
  CHECK_FALSE(is_gzip("\x1f"));
  CHECK(gunzip(kHello, 5) == "hello");
  CHECK(gunzip(stored(""), 0) == "");
  CHECK(gunzip(kHello + stored(" again"), 100) == "hello again");
}

TEST_CASE("gzip that is too large, cut or damaged is refused") {
  struct Row {
    std::string name;
    std::string bytes;
    std::size_t limit;
    ErrorClass cls;
    std::string message;
  };
  auto damaged = kHello;
  damaged[20] = 'x';
  const Row rows[] = {
      {"one byte above the limit", kHello, 4, ErrorClass::Invalid, "more than 4 bytes"},
      {"the second member goes above it", kHello + kHello, 9, ErrorClass::Invalid, "more than 9 bytes"},
      {"cut", kHello.substr(0, kHello.size() - 1), 100, ErrorClass::Refused, "cut"},
      {"its head alone", kHello.substr(0, 2), 100, ErrorClass::Refused, "cut"},
      {"another check sum", damaged, 100, ErrorClass::Refused, "damaged"},
      {"something behind it", kHello + "{}", 100, ErrorClass::Refused, "damaged"},
      {"no gzip", "{}", 100, ErrorClass::Refused, "damaged"},
  };
  for (const auto& row : rows) {
    const auto text = gunzip(row.bytes, row.limit);
    INFO(row.name);
    REQUIRE_FALSE(text);
    CHECK(text.error().cls == row.cls);
    CHECK_THAT(text.error().message, Catch::Contains(row.message));
  }
}

TEST_CASE("a report may be gzip in a ConfigMap") {
  PublishWorld world;
  const auto image = world.push({"base"});
  auto publication = make_publication();
  publication.spec.gates.scan =
      ScanGate{.reports = {{.name = "amd64", .config_map_ref = KeyRef{"scan", "report.json"}}}};
  auto bytes = stored(make_report(image));
  SECTION("whole") {
    world.objects.config_maps[{"shop", "scan"}] = {"shop", "scan", {{"report.json", bytes}}};
    world.publish(publication);
    CHECK(world.condition(publication, "Ready") == "True Succeeded");
  }
  SECTION("half a file is no report") {
    world.objects.config_maps[{"shop", "scan"}] = {"shop", "scan", {{"report.json", bytes.substr(0, 100)}}};
    world.publish(publication);
    CHECK(world.condition(publication, "GatesPassed") == "False ReportInvalid");
    CHECK_THAT(world.message(publication), Catch::Contains("shop/scan key \"report.json\""));
  }
  SECTION("another key or another ConfigMap is waited for") {
    publication.spec.gates.scan->wait_for = std::chrono::seconds(0);
    SECTION("key") {
      world.objects.config_maps[{"shop", "scan"}] = {"shop", "scan", {{"other.json", bytes}}};
    }
    SECTION("ConfigMap") {
      world.objects.config_maps[{"blog", "scan"}] = {"blog", "scan", {{"report.json", bytes}}};
    }
    world.publish(publication);
    CHECK(world.condition(publication, "GatesPassed") == "False AwaitingReport");
    CHECK(world.condition(publication, "Stalled") == "True AwaitingReport");
  }
}

}  // namespace slipway::tests
