#include <map>

#include "tests/catch.h"
#include "tests/support/publish_world.h"

namespace slipway::tests {
namespace {

using namespace std::chrono_literals;

const std::string kTags = "registry.example/shop/storefront:";

/// Watches from now on in whose turn of the destination each tag is asked for and changed.
class WatchedTurns {
 public:
  explicit WatchedTurns(PublishWorld& world) : world_(world) {
    world_.registry.before = [this](const std::string& request) -> Result<void> {
      const auto at = request.find(kTags);
      if (at == std::string::npos) return {};
      const auto tag = request.substr(at + kTags.size());
      if (request.starts_with("HEAD")) looked_in_[tag] = present_turn();
      if (request.starts_with("PUT") || request.starts_with("DELETE")) note_change(tag);
      return {};
    };
  }
  ~WatchedTurns() { world_.registry.before = nullptr; }

  /// The tags that were changed, and whether that was in the turn in which they were looked at last.
  std::map<std::string, bool> changed;

 private:
  /// Its number, or 0 when nobody has it.
  int present_turn() const {
    return world_.turns.is_held("registry.example", "shop/storefront") ? world_.turns.taken : 0;
  }

  void note_change(const std::string& tag) {
    const auto looked = looked_in_.find(tag);
    const int turn = present_turn();
    changed[tag] = turn != 0 && looked != looked_in_.end() && looked->second == turn;
  }

  PublishWorld& world_;
  std::map<std::string, int> looked_in_;
};

using Changed = std::map<std::string, bool>;

}  // namespace

TEST_CASE("a tag is looked at and set within one turn of its repository") {
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  WatchedTurns watched(world);
  SECTION("when it is published") {
    world.publish(publication);
    CHECK(watched.changed == Changed{{"1.8.2", true}, {"staging", true}});
  }
  SECTION("when it is repaired") {
    world.publish(publication);
    watched.changed.clear();
    world.destination().tags.clear();
    world.clock.advance(1h);
    world.look(publication);
    CHECK(watched.changed == Changed{{"1.8.2", true}, {"staging", true}});
  }
  CHECK(world.condition(publication, "Ready") == "True Succeeded");
}

TEST_CASE("the tag of a signature is looked at and set within one turn of its repository") {
  PublishWorld world;
  const auto image = world.push({"base"});
  const std::string tag = "sha256-" + std::string(image.descriptor.digest.hex()) + ".sig";
  const auto signature = make_artifact(world.source(), "", "signed", std::nullopt);
  world.source().tags.insert_or_assign(tag, signature.digest);
  WatchedTurns watched(world);
  world.publish(make_publication());
  CHECK(world.tag(tag) == signature.digest.str());
  CHECK(watched.changed == Changed{{"1.8.2", true}, {"staging", true}, {tag, true}});
}

TEST_CASE("a tag is looked at and removed within one turn of its repository") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  publication.spec.deletion_policy = DeletionPolicy::Untag;
  world.publish(publication);
  WatchedTurns watched(world);
  world.objects.remove(key_of(publication), world.clock.now());
  world.look(publication);
  CHECK(world.destination().tags.empty());
  CHECK(watched.changed == Changed{{"1.8.2", true}, {"staging", true}});
}

}  // namespace slipway::tests
