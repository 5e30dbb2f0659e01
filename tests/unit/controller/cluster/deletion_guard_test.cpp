#include "controller/cluster/deletion_guard.h"

#include <functional>
#include <stdexcept>

#include "controller/runtime/waiting.h"
#include "tests/catch.h"
#include "tests/support/no_threads.h"

namespace slipway::cluster {

namespace {

using namespace std::chrono_literals;

const ObjectKey kApp{ResourceKind::ImagePublication, "team", "app"};

class ScriptedReconciler final : public Reconciler {
 public:
  Outcome reconcile(const ObjectKey&, std::stop_token stop) override {
    work(stop);
    return {};
  }
  std::function<void(const std::stop_token&)> work;
};

struct World {
  void visit(std::function<void(const std::stop_token&)> work, const std::stop_token& stop = {}) {
    inner.work = std::move(work);
    guard.reconcile(kApp, stop);
  }

  std::optional<DeletionGuard::Deletion> deletion;
  ScriptedReconciler inner;
  runtime::TimeLimits limits;
  DeletionGuard guard{inner, limits, [this](const ObjectKey&) { return deletion; }};
};

}  // namespace

TEST_CASE("a visit is stopped when its object is deleted, the one after that is not") {
  World world;
  world.visit([&](const std::stop_token& stop) {
    CHECK_FALSE(stop.stop_requested());
    world.guard.deleted({ResourceKind::ImagePublication, "team", "another"});
    CHECK_FALSE(stop.stop_requested());
    world.deletion.emplace();
    world.guard.deleted(kApp);
    CHECK(stop.stop_requested());
  });
  world.visit([&](const std::stop_token& stop) {
    // Somebody edits what is deleted.
    world.guard.deleted(kApp);
    CHECK_FALSE(stop.stop_requested());
  });
}

TEST_CASE("a deletion that comes while a visit begins is not missed") {
  World world;
  DeletionGuard guard{world.inner, world.limits, [&](const ObjectKey& key) -> std::optional<DeletionGuard::Deletion> {
                        const auto before = world.deletion;
                        world.deletion.emplace();
                        guard.deleted(key);
                        return before;
                      }};
  bool was_stopped = false;
  world.inner.work = [&](const std::stop_token& stop) { was_stopped = stop.stop_requested(); };
  guard.reconcile(kApp, {});
  CHECK(was_stopped);
}

TEST_CASE("whoever asks to stop is heard") {
  World world;
  std::stop_source ours;
  world.visit(
      [&](const std::stop_token& stop) {
        ours.request_stop();
        CHECK(stop.stop_requested());
      },
      ours.get_token());
}

TEST_CASE("a visit to what is deleted ends when its time is over") {
  World world;
  world.deletion.emplace(DeletionGuard::Deletion{.left = 1ms});
  world.visit([](const std::stop_token& stop) { CHECK_FALSE(runtime::wait(1min, stop)); });
  world.deletion->left = 1h;
  world.visit([](const std::stop_token& stop) { CHECK_FALSE(stop.stop_requested()); });
}

TEST_CASE("the time of a deletion is over in time also where the machine refuses threads") {
  World world;
  world.deletion.emplace(DeletionGuard::Deletion{.left = 1ms});
  const tests::NoThreads none;
  world.visit([](const std::stop_token& stop) { CHECK_FALSE(runtime::wait(10s, stop)); });
}

TEST_CASE("a visit that is over is stopped no more") {
  World world;
  std::stop_token last;
  SECTION("that came back") {
    world.visit([&](const std::stop_token& stop) { last = stop; });
  }
  SECTION("that threw") {
    CHECK_THROWS(world.visit([&](const std::stop_token& stop) {
      last = stop;
      throw std::runtime_error("a library");
    }));
  }
  world.guard.deleted(kApp);
  CHECK_FALSE(last.stop_requested());
  world.visit([](const std::stop_token& stop) { CHECK_FALSE(stop.stop_requested()); });
}

}  // namespace slipway::cluster
