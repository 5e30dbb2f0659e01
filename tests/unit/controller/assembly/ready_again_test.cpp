#include "controller/assembly/ready_again.h"

#include <string>

#include "reconcilers/readiness.h"
#include "tests/catch.h"
#include "tests/support/builders.h"
#include "tests/support/in_memory_objects.h"

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
  std::vector<ObjectKey> brought_back;
  ScriptedReconciler inner{objects};
  ReadyAgain reconciler{inner,
                        {objects,
                         [&](const ContainerRegistry& registry) {
                           CHECK(registry.metadata.name == contoso.metadata.name);
                           return std::vector{waits};
                         },
                         [&](const ObjectKey& key) { brought_back.push_back(key); }}};
  const auto visit = [&](Kind leaves) {
    inner.leaves = leaves;
    reconciler.reconcile(key_of(contoso), {});
    return std::exchange(brought_back, {}).size();
  };
  CHECK(visit(Kind::Ready) == 0);  // It was never anything else.
  CHECK(visit(Kind::Reconciling) == 0);
  CHECK(visit(Kind::Stalled) == 0);
  CHECK(visit(Kind::Ready) == 1);
  CHECK(visit(Kind::Ready) == 0);
}

}  // namespace slipway::assembly
