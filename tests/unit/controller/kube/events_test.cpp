#include "controller/kube/events.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "tests/catch.h"

using namespace slipway;
using namespace slipway::kube;

TEST_CASE("An event's name is one for the API server wherever the object's long name is cut") {
  const std::string cut_at = GENERATE("a", "-", ".", "-.-");
  const std::string name = std::string(222 - cut_at.size(), 'a') + cut_at + std::string(10, 'b');
  const EventName event = name_of({.object = {ResourceKind::ImagePublication, "shop", name},
                                   .reason = "Published",
                                   .time = Timestamp(std::chrono::hours{500'000})});
  CAPTURE(event.name);
  CHECK(event.name.size() <= 253);
  CHECK(event.name.find("..") == std::string::npos);
  CHECK(event.name.find("-.") == std::string::npos);
  CHECK(event.name.starts_with("aaa"));
}

TEST_CASE("Of the events of an object the earlier ones have the lower names, since kubectl describe goes by these") {
  EventDraft draft{.object = {ResourceKind::ImagePublication, "shop", "app"},
                   .time = Timestamp(std::chrono::hours{500'000})};
  std::vector<std::string> names;
  for (const char* const note : {"waits", "published", "refused", "published"}) {
    draft.note = note;
    names.push_back(name_of(draft).name);
    draft.time += std::chrono::milliseconds{1};
  }
  CHECK(std::ranges::is_sorted(names));
}
