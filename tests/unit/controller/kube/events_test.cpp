#include "controller/kube/events.h"

#include "tests/catch.h"

using namespace slipway;
using namespace slipway::kube;

TEST_CASE("An event's name is one for the API server wherever the object's long name is cut") {
  const std::string cut_at = GENERATE("a", "-", ".", "-.-");
  const std::string name = std::string(236 - cut_at.size(), 'a') + cut_at + std::string(10, 'b');
  const EventName event = name_of({.object = {ResourceKind::ImagePublication, "shop", name}, .reason = "Published"});
  CAPTURE(event.name);
  CHECK(event.name.size() <= 253);
  CHECK(event.name.find("..") == std::string::npos);
  CHECK(event.name.find("-.") == std::string::npos);
  CHECK(event.name.starts_with("aaa"));
}
