#include "controller/cluster/waiting_events.h"

#include <vector>

#include "tests/catch.h"

using namespace slipway;
using namespace slipway::cluster;

namespace {

kube::EventDraft event(const std::string& namespace_name, const std::string& note) {
  kube::EventDraft draft{};
  draft.object = {ResourceKind::ImagePublication, namespace_name, "app"};
  draft.note = note;
  return draft;
}

std::vector<std::string> take_all(WaitingEvents& waiting) {
  std::vector<std::string> taken;
  while (const auto draft = waiting.take()) taken.push_back(draft->object.namespace_name + draft->note);
  return taken;
}

}  // namespace

TEST_CASE("Namespaces take turns, and each keeps its order") {
  WaitingEvents waiting(10);
  CHECK_FALSE(waiting.take());
  for (const char* note : {"1", "2", "3"}) CHECK(waiting.put(event("loud", note)));
  CHECK(waiting.put(event("quiet", "1")));
  CHECK(waiting.put(event("", "1")));
  CHECK(waiting.size() == 5);
  CHECK(take_all(waiting) == std::vector<std::string>{"loud1", "quiet1", "1", "loud2", "loud3"});
  CHECK(waiting.size() == 0);
}

TEST_CASE("A namespace with many loses its own newest, not what others wait with") {
  WaitingEvents waiting(3);
  for (const char* note : {"1", "2", "3"}) CHECK(waiting.put(event("loud", note)));
  CHECK_FALSE(waiting.put(event("loud", "4")));
  CHECK_FALSE(waiting.put(event("quiet", "1")));
  CHECK(waiting.size() == 3);
  CHECK(take_all(waiting) == std::vector<std::string>{"loud1", "quiet1", "loud2"});
}

TEST_CASE("The last of a namespace may be the one that is left out") {
  WaitingEvents waiting(0);
  CHECK_FALSE(waiting.put(event("a", "1")));
  CHECK(waiting.size() == 0);
  CHECK_FALSE(waiting.take());
}
