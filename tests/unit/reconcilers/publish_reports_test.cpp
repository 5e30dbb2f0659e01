#include <zlib.h>

#include "reconcilers/publish/report_reader.h"
#include "tests/catch.h"
#include "tests/support/publish_world.h"

namespace slipway::tests {
namespace {

constexpr std::size_t kMiB = 1u << 20;

std::string gzip_of(const std::string& text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// A report of one image in a ConfigMap each, as gzip.
struct ReportWorld : PublishWorld {
  ReportWorld() { publication.spec.gates.scan = ScanGate{.reports = {}, .allow_up_to = Severity::Low}; }

  void name(const std::string& config_map) {
    auto& reports = publication.spec.gates.scan->reports;
    reports.push_back(
        {.name = "r" + std::to_string(reports.size()), .config_map_ref = KeyRef{config_map, "report.json"}});
  }
  void keep(const std::string& config_map, const std::string& text) {
    objects.config_maps[{"shop", config_map}] = {"shop", config_map, {{"report.json", gzip_of(text)}}};
    name(config_map);
  }
  /// `count` findings of severity Low whose ids begin with `prefix`.
  std::string report(std::size_t count, const std::string& prefix) const {
    std::string text = make_report(image, {});
    std::string findings;
    for (std::size_t i = 0; i < count; ++i)
      findings += std::string(i == 0 ? "" : ",") + R"({"VulnerabilityID":")" + prefix + std::to_string(i) +
                  R"(","PkgName":"openssl","Severity":"LOW"})";
    return text.insert(text.find("]}]}"), findings);
  }

  MadeImage image = push({"base"});
  ImagePublication publication = make_publication();
};

/// Who stops the program while a ConfigMap is read.
struct StoppingObjects : InMemoryObjects {
  Result<std::optional<ConfigMapObject>> config_map(const std::string& namespace_name,
                                                    const std::string& name) override {
    stop.request_stop();
    return InMemoryObjects::config_map(namespace_name, name);
  }
  std::stop_source stop;
};

}  // namespace

TEST_CASE("reading reports ends when it is stopped, also at the last one") {
  ReportWorld world;
  world.keep("scan", make_report(world.image));
  StoppingObjects objects;
  objects.config_maps = world.objects.config_maps;
  std::mutex one_at_a_time;
  const auto reports = publish::read_reports({.object = world.publication, .base_folder = {}}, {}, objects,
                                             one_at_a_time, objects.stop.get_token());
  REQUIRE_FALSE(reports.has_value());
  CHECK(reports.error().cls == ErrorClass::Cancelled);
}

TEST_CASE("what a report in a ConfigMap unpacks to is bounded, and all of them together") {
  ReportWorld world;
  std::string expected;
  SECTION("one report") {
    world.keep("scan", make_report(world.image) + std::string(16 * kMiB, ' '));
    expected = "more than 16777216 bytes";
  }
  SECTION("all together") {
    for (const std::string name : {"a", "b", "c", "d", "e"})
      world.keep(name, make_report(world.image) + std::string(15 * kMiB, ' '));
    expected = "report \"r4\": with those before it, the reports have more than 64 MiB";
  }
  world.publish(world.publication);
  CHECK(world.condition(world.publication, "GatesPassed") == "False ReportInvalid");
  CHECK_THAT(world.message(world.publication, "GatesPassed"), Catch::Contains(expected));
}

TEST_CASE("a report that is named many times is read once") {
  ReportWorld world;
  world.keep("scan", make_report(world.image) + std::string(2 * kMiB, ' '));
  while (world.publication.spec.gates.scan->reports.size() < 64) world.name("scan");
  world.publish(world.publication);
  CHECK(world.condition(world.publication, "GatesPassed") == "True GatesPassed");
}

TEST_CASE("findings that several reports have are kept once") {
  ReportWorld world;
  for (int i = 0; i < 12; ++i) world.keep("scan" + std::to_string(i), world.report(5'000, "CVE-2026-"));
  world.publish(world.publication);
  CHECK(world.condition(world.publication, "GatesPassed") == "True GatesPassed");
  CHECK(world.status(world.publication).published->verdicts.at(0).low == 5'000);
}

TEST_CASE("findings of a report that is about another image do not count") {
  ReportWorld world;
  world.keep("own", world.report(1, "CVE-2026-"));
  world.keep("other", make_report(world.push({"other"}, "other"), {"CRITICAL"}));
  world.publish(world.publication);
  CHECK(world.condition(world.publication, "GatesPassed") == "True GatesPassed");
  CHECK(world.status(world.publication).published->verdicts.at(0).low == 1);
}

TEST_CASE("what is kept of the reports of one publication is bounded") {
  ReportWorld world;
  for (int i = 0; i < 12; ++i)
    world.keep("scan" + std::to_string(i), world.report(5'000, "CVE-" + std::to_string(i) + "-"));
  world.publish(world.publication);
  CHECK(world.condition(world.publication, "GatesPassed") == "False ReportInvalid");
  CHECK_THAT(world.message(world.publication, "GatesPassed"),
             Catch::Contains("what is to be kept of the reports is more than 8 MiB"));
}

TEST_CASE("what a report says of its platform is bounded, however often it is named") {
  ReportWorld world;
  std::string text = make_report(world.image);
  text.insert(text.find(R"("ImageID")"),
              R"("ImageConfig":{"os":")" + std::string(kMiB, 'l') + R"(","architecture":"amd64"},)");
  world.keep("scan", text);
  while (world.publication.spec.gates.scan->reports.size() < 64) world.name("scan");
  world.publish(world.publication);
  CHECK(world.condition(world.publication, "GatesPassed") == "False ReportInvalid");
  CHECK_THAT(world.message(world.publication, "GatesPassed"),
             Catch::Contains("its platform has a word of 1048576 bytes, more than 255"));
}

TEST_CASE("a report with more findings than anybody reads is refused") {
  ReportWorld world;
  world.keep("scan", world.report(50'001, "CVE-"));
  world.publish(world.publication);
  CHECK(world.condition(world.publication, "GatesPassed") == "False ReportInvalid");
  CHECK_THAT(world.message(world.publication, "GatesPassed"), Catch::Contains("it has more than 50,000 findings"));
}

}  // namespace slipway::tests
