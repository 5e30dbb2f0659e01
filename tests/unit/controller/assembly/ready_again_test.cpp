#include "controller/assembly/ready_again.h"

#include <string>

#include "reconcilers/readiness.h"
#include "tests/catch.h"
#include "tests/support/builders.h"
#include "tests/support/in_memory_objects.h"
#include "tests/unit/controller/runtime/manual_steady_clock.h"

namespace slipway::assembly {

namespace {

/// A visit that leaves the registry as the test says.
class ScriptedReconciler final : public Reconciler {
 public:
  explicit ScriptedReconciler(tests::InMemoryObjects& objects) : objects_(objects) {}
  Outcome reconcile(const ObjectKey& key, std::stop_token) override {
    auto registry = objects_.registry(key.name).value().value();
    apply_readiness(registry.status.conditions, {leaves, "Because", "of that"}, {1, {}});
    CHECK(objects_.write_status(registry));
    return {};
  }
  Readiness::Kind leaves = Readiness::Kind::Ready;

 private:
  tests::InMemoryObjects& objects_;
};

}  // namespace

TEST_CASE("Who waits for a registry is brought back when a visit finds that it is Ready again, and only then") {
  using Kind = Readiness::Kind;
  tests::InMemoryObjects objects;
  const ContainerRegistry contoso = tests::make_registry();
  objects.apply(contoso);
  const ObjectKey waits{ResourceKind::ImagePublication, "shop", "waits"};
  const ObjectKey look{ResourceKind::ImagePublication, "shop", "look"};
  const tests::ManualSteadyClock clock;
  runtime::WorkWatcher nobody;
  runtime::WorkQueue queue{clock, nobody, {}};
  ScriptedReconciler inner{objects};
  ReadyAgain reconciler{inner, {objects, [&](const ContainerRegistry& registry) {
                                  CHECK(registry.metadata.name == contoso.metadata.name);
                                  return std::vector{waits};
                                }}};
  reconciler.bring_back_through(queue);
  const auto visit = [&](Kind leaves) {
    inner.leaves = leaves;
    reconciler.reconcile(key_of(contoso), {});
    std::vector<ObjectKey> brought_back;
    while (const auto key = queue.try_take()) {
      brought_back.push_back(*key);
      queue.done(*key);
    }
    return brought_back;
  };
  using Keys = std::vector<ObjectKey>;
  CHECK(visit(Kind::Ready).empty());  // It was never anything else.
  CHECK(visit(Kind::Reconciling).empty());
  CHECK(visit(Kind::Stalled).empty());
  queue.add(look, runtime::Priority::Resync);
  queue.add(waits, runtime::Priority::Resync);
  CHECK(visit(Kind::Ready) == Keys{waits, look});
  CHECK(visit(Kind::Ready).empty());
}

}  // namespace slipway::assembly
