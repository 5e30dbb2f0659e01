#include "crds/v1alpha1/condition.h"
#include "reconcilers/prune/reconciler.h"
#include "reconcilers/registry/reconciler.h"
#include "reconcilers/registry/status.h"
#include "tests/catch.h"

using namespace slipway;
using namespace std::chrono_literals;

namespace {

const Timestamp kNow = *parse_timestamp("2026-11-24T12:00:00Z");
const Error kNoSuch{
    .cls = ErrorClass::Internal, .message = "not of this world", .remedy = {}, .reason = {}, .retry_after = {}};

/// One registry and one policy, the registry's answer to a sign-in, and a memory of what was written and told.
class World final : public ObjectReader, public ObjectWriter, public Registries, public Recorder, public Clock {
 public:
  std::optional<ContainerRegistry> stored_registry;
  std::optional<RetentionPolicy> stored_policy;
  Result<void> readable;
  Result<void> registry_readable;
  Result<void> writable;
  Result<std::string> identity = "anonymous";
  SignIn::End end = SignIn::End::Answered;
  int sign_ins = 0;
  int writes = 0;
  Timestamp time = kNow;
  std::vector<std::string> events;

  Outcome reconcile_registry() {
    return registry::RegistryReconciler({*this, *this, *this, *this, *this})
        .reconcile({.kind = ResourceKind::ContainerRegistry, .namespace_name = "", .name = "contoso"}, {});
  }
  Outcome reconcile_policy() {
    return prune::PruneReconciler({*this, *this, *this, *this})
        .reconcile({.kind = ResourceKind::RetentionPolicy, .namespace_name = "shop", .name = "shop"}, {});
  }

  Timestamp now() const override { return time; }
  void event(const ObjectKey& key, EventType type, const std::string& reason, const std::string&) override {
    events.push_back(to_string(key) + (type == EventType::Normal ? " Normal " : " Warning ") + reason);
  }
  Result<std::optional<ContainerRegistry>> registry(const std::string&) override {
    if (!readable) return std::unexpected(readable.error());
    if (!registry_readable) return std::unexpected(registry_readable.error());
    return stored_registry;
  }
  Result<std::optional<RetentionPolicy>> retention_policy(const ObjectKey&) override {
    if (!readable) return std::unexpected(readable.error());
    return stored_policy;
  }
  Result<void> write_status(const ContainerRegistry& object) override {
    if (!writable) return writable;
    ++writes;
    stored_registry->status = object.status;
    return {};
  }
  Result<void> write_status(const RetentionPolicy& object) override {
    if (!writable) return writable;
    ++writes;
    stored_policy->status = object.status;
    return {};
  }
  SignIn sign_in(const ContainerRegistry&, std::stop_token) override {
    ++sign_ins;
    return {.identity = identity, .end = end};
  }

  Result<std::vector<ContainerRegistry>> registries() override { return std::unexpected(kNoSuch); }
  Result<void> write_status(const ImagePublication&) override { return std::unexpected(kNoSuch); }
  Result<void> set_finalizer(const ObjectKey&, bool) override { return std::unexpected(kNoSuch); }
  Result<void> remove(const ImagePublication&) override { return std::unexpected(kNoSuch); }
  Result<std::optional<Loaded<ImagePublication>>> publication(const ObjectKey&) override {
    return std::unexpected(kNoSuch);
  }
  Result<std::map<std::string, std::string>> namespace_labels(const std::string& name) override {
    return std::map<std::string, std::string>{{"kubernetes.io/metadata.name", name}};
  }
  Result<std::optional<SecretObject>> secret(const std::string&, const std::string&) override {
    return std::unexpected(kNoSuch);
  }
  Result<std::optional<ConfigMapObject>> config_map(const std::string&, const std::string&) override {
    return std::unexpected(kNoSuch);
  }
  Result<std::string> file(const std::string&, const std::string&, std::size_t) override {
    return std::unexpected(kNoSuch);
  }
  Result<SharedPublications> publications_to(const std::string&) override { return std::unexpected(kNoSuch); }
  Result<std::unique_ptr<ImageStore>> open(const ContainerRegistry&, const std::string&) override {
    return std::unexpected(kNoSuch);
  }
  Result<std::unique_ptr<ImageStore>> open_to_change(const ContainerRegistry&, const std::string&,
                                                     const AuditSubject&) override {
    return std::unexpected(kNoSuch);
  }
  Result<std::unique_ptr<ImageSource>> open_source(const RegistrySource&, const SourceSignIn&) override {
    return std::unexpected(kNoSuch);
  }
  Result<std::unique_ptr<ImageSource>> open_file(const SourceSpec&, const std::string&) override {
    return std::unexpected(kNoSuch);
  }
};

World world() {
  World out;
  ContainerRegistry one;
  one.metadata.name = "contoso";
  one.metadata.generation = 3;
  one.metadata.annotations = {{std::string(kReconcileRequestedAt), "now please"}};
  one.spec.login_server = "127.0.0.1:5000";
  one.spec.plain_http = true;
  one.spec.authentication.anonymous = AnonymousAuthentication{};
  one.spec.access = {{.name = "shop", .repositories = {"shop/**"}, .actions = {AccessAction::Read}}};
  out.stored_registry = one;
  RetentionPolicy policy;
  policy.metadata.name = "shop";
  policy.metadata.namespace_name = "shop";
  policy.metadata.generation = 2;
  policy.spec.registry_ref.name = "contoso";
  policy.spec.repositories = {"shop/app", "shop/**"};
  policy.spec.mode = RetentionMode::Enforce;
  out.stored_policy = policy;
  return out;
}

std::unexpected<Error> failing(ErrorClass cls, std::string reason = "") {
  return std::unexpected(
      Error{.cls = cls, .message = "it failed", .remedy = "mend it", .reason = std::move(reason), .retry_after = {}});
}

std::string state_of(const Conditions& conditions, std::string_view type) {
  const Condition* found = find_condition(conditions, type);
  return found == nullptr ? "absent" : found->status + " " + found->reason;
}

}  // namespace

TEST_CASE("what a sign-in makes of a registry", "[registry]") {
  using End = SignIn::End;
  struct Row {
    std::string name;
    Result<std::string> identity;
    End end;
    std::string reachable, authenticated, ready, reconciling, stalled;
    Outcome::Kind outcome;
  };
  const Row rows[] = {
      {"an identity", "basic user ci", End::Answered, "True Answered", "True SignedIn", "True Succeeded", "absent",
       "absent", Outcome::Kind::Again},
      {"wrong credentials", failing(ErrorClass::Unauthorized), End::Answered, "True Answered", "False Unauthorized",
       "False Unauthorized", "absent", "True Unauthorized", Outcome::Kind::Stalled},
      {"no permission", failing(ErrorClass::Forbidden), End::Answered, "True Answered", "False Forbidden",
       "False Forbidden", "absent", "True Forbidden", Outcome::Kind::Stalled},
      {"busy", failing(ErrorClass::Throttled), End::Answered, "True Answered", "absent", "False Throttled",
       "True Throttled", "absent", Outcome::Kind::Retry},
      {"no registry", failing(ErrorClass::NotFound), End::Answered, "True Answered", "absent", "False NotFound",
       "absent", "True NotFound", Outcome::Kind::Stalled},
      {"down", failing(ErrorClass::Unavailable), End::NoAnswer, "False Unavailable", "absent", "False Unavailable",
       "True Unavailable", "absent", Outcome::Kind::Retry},
      {"a port without HTTP", failing(ErrorClass::Invalid), End::NoAnswer, "False Invalid", "absent", "False Invalid",
       "absent", "True Invalid", Outcome::Kind::Stalled},
      {"a port without TLS", failing(ErrorClass::Refused, "AnsweredInClear"), End::NoAnswer, "False AnsweredInClear",
       "absent", "False AnsweredInClear", "absent", "True AnsweredInClear", Outcome::Kind::Stalled},
      {"a certificate that is not trusted", failing(ErrorClass::Refused, "CertificateNotTrusted"), End::NoAnswer,
       "False CertificateNotTrusted", "absent", "False CertificateNotTrusted", "absent", "True CertificateNotTrusted",
       Outcome::Kind::Stalled},
      {"no Secret", failing(ErrorClass::Unauthorized), End::NoCredentials, "absent", "False Unauthorized",
       "False Unauthorized", "absent", "True Unauthorized", Outcome::Kind::Stalled},
      {"a Secret that makes no sense", failing(ErrorClass::Invalid), End::NoCredentials, "absent", "False Invalid",
       "False Invalid", "absent", "True Invalid", Outcome::Kind::Stalled},
      {"a Secret that can't be read now", failing(ErrorClass::Unavailable), End::NoCredentials, "absent", "absent",
       "False Unavailable", "True Unavailable", "absent", Outcome::Kind::Retry},
      {"no certificates", failing(ErrorClass::NotFound), End::NotAsked, "absent", "absent", "False NotFound", "absent",
       "True NotFound", Outcome::Kind::Stalled},
      {"a sign-in of a later version", failing(ErrorClass::Invalid, "NotSupported"), End::NotAsked, "absent", "absent",
       "False NotSupported", "absent", "True NotSupported", Outcome::Kind::Stalled},
      {"our bug", failing(ErrorClass::Internal), End::NotAsked, "absent", "absent", "False Internal", "True Internal",
       "absent", Outcome::Kind::Retry},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    World w = world();
    w.identity = row.identity;
    w.end = row.end;
    const Outcome outcome = w.reconcile_registry();
    const auto& status = w.stored_registry->status;
    CHECK(outcome.kind == row.outcome);
    CHECK(state_of(status.conditions, "Reachable") == row.reachable);
    CHECK(state_of(status.conditions, "Authenticated") == row.authenticated);
    CHECK(state_of(status.conditions, "Ready") == row.ready);
    CHECK(state_of(status.conditions, "Reconciling") == row.reconciling);
    CHECK(state_of(status.conditions, "Stalled") == row.stalled);
    CHECK(status.observed_generation == 3);
    CHECK(status.last_handled_reconcile_at == "now please");
    CHECK(status.identity == row.identity.value_or(""));
    CHECK((status.last_checked_at == kNow));
    for (const auto& condition : status.conditions) CHECK(condition.observed_generation == 3);
  }
}

TEST_CASE("a registry whose certificate is not trusted is asked again within minutes", "[registry]") {
  World w = world();
  w.identity = failing(ErrorClass::Refused, "CertificateNotTrusted");
  w.end = SignIn::End::NoAnswer;
  CHECK(w.reconcile_registry() == Outcome{.kind = Outcome::Kind::Stalled, .delay = 60s});
  w.time += 200s;
  CHECK(w.reconcile_registry() == Outcome{.kind = Outcome::Kind::Stalled, .delay = 200s});
}

TEST_CASE("a registry is looked at again at its interval", "[registry]") {
  World w = world();
  CHECK((w.reconcile_registry().delay == registry::kDefaultInterval));
  w.stored_registry->spec.interval = 42s;
  CHECK((w.reconcile_registry().delay == 42s));
  w.stored_registry->spec.interval = 0s;
  CHECK((w.reconcile_registry().delay == 1s));
}

TEST_CASE("that nothing changed is said at most once an hour", "[registry]") {
  World w = world();
  w.reconcile_registry();
  const auto first = w.stored_registry->status;
  w.time += 1h - 1ms;
  w.reconcile_registry();
  CHECK(w.stored_registry->status == first);
  w.time += 1ms;
  w.reconcile_registry();
  CHECK((w.stored_registry->status.last_checked_at == w.time));
  w.time -= 1h;
  w.reconcile_registry();
  CHECK((w.stored_registry->status.last_checked_at == w.time));
  w.time += 1s;
  w.identity = failing(ErrorClass::Unavailable);
  w.reconcile_registry();
  CHECK((w.stored_registry->status.last_checked_at == w.time));
}

TEST_CASE("an identity of any length can be stored", "[registry]") {
  World w = world();
  w.identity = "basic user " + std::string(3000, 'x');
  w.reconcile_registry();
  CHECK(w.stored_registry->status.identity.starts_with("basic user xxx"));
  CHECK(w.stored_registry->status.identity.size() == 1023 + std::string("…").size());
}

TEST_CASE("what could not be written is not told", "[registry]") {
  World w = world();
  w.writable = failing(ErrorClass::Unavailable);
  CHECK(w.reconcile_registry().kind == Outcome::Kind::Retry);
  CHECK(w.events.empty());
  w.stored_registry->spec.suspend = true;
  w.reconcile_registry();
  CHECK(w.events.empty());
}

TEST_CASE("what changed is told once", "[registry]") {
  World w = world();
  w.reconcile_registry();
  w.reconcile_registry();
  CHECK(w.events == std::vector<std::string>{"ContainerRegistry contoso Normal Succeeded"});
  w.identity = failing(ErrorClass::Unavailable);
  w.reconcile_registry();
  w.identity = failing(ErrorClass::Unauthorized);
  w.reconcile_registry();
  w.reconcile_registry();
  CHECK(w.events == std::vector<std::string>{"ContainerRegistry contoso Normal Succeeded",
                                             "ContainerRegistry contoso Warning Unavailable",
                                             "ContainerRegistry contoso Warning Unauthorized"});
  CHECK(state_of(w.stored_registry->status.conditions, "Reconciling") == "absent");
}

TEST_CASE("what guards and cannot be carried out stops before any request", "[registry]") {
  World w = world();
  w.stored_registry->spec.replicas = RequiredReplicas{.required = {"westeurope"}, .timeout = {}};
  CHECK(w.reconcile_registry().kind == Outcome::Kind::Stalled);
  CHECK(w.sign_ins == 0);
  CHECK(state_of(w.stored_registry->status.conditions, "Ready") == "False NotSupported");
  CHECK(state_of(w.stored_registry->status.conditions, "Authenticated") == "absent");
}

TEST_CASE("what only observes leaves Ready alone", "[registry]") {
  World w = world();
  auto& spec = w.stored_registry->spec;
  SECTION("a budget") {
    spec.budget = Budget{};
  }
  SECTION("the registry's id") {
    spec.resource_id = "/subscriptions/0/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/c";
  }
  SECTION("an action that nothing does") {
    AccessEntry entry;
    entry.actions = {AccessAction::Prune};
    spec.access.push_back(entry);
  }
  w.reconcile_registry();
  CHECK(state_of(w.stored_registry->status.conditions, "Ready") == "True Succeeded");
  CHECK(state_of(w.stored_registry->status.conditions, "Unsupported") == "True NotSupported");
  spec.budget.reset();
  spec.resource_id.clear();
  spec.access.clear();
  w.reconcile_registry();
  CHECK(state_of(w.stored_registry->status.conditions, "Unsupported") == "absent");
}

TEST_CASE("a suspended registry keeps a Ready that is True", "[registry]") {
  World w = world();
  w.reconcile_registry();
  w.stored_registry->spec.suspend = true;
  w.stored_registry->metadata.generation = 4;
  CHECK(w.reconcile_registry() == Outcome{});
  CHECK(w.sign_ins == 1);
  CHECK(state_of(w.stored_registry->status.conditions, "Ready") == "True Succeeded");
  CHECK(find_condition(w.stored_registry->status.conditions, "Ready")->observed_generation == 3);
  CHECK(w.stored_registry->status.observed_generation == 4);
  CHECK(w.events.back() == "ContainerRegistry contoso Normal Suspended");
  const auto told = w.events.size();
  CHECK(w.reconcile_registry() == Outcome{});
  CHECK(w.events.size() == told);
}

TEST_CASE("a registry that is gone, deleted or can't be read or written", "[registry]") {
  World gone = world();
  gone.stored_registry.reset();
  CHECK(gone.reconcile_registry() == Outcome{});

  World deleted = world();
  deleted.stored_registry->metadata.deletion_timestamp = kNow;
  CHECK(deleted.reconcile_registry() == Outcome{});
  CHECK(deleted.writes + deleted.sign_ins == 0);

  World unreadable = world();
  unreadable.readable = failing(ErrorClass::Unavailable);
  CHECK(unreadable.reconcile_registry().kind == Outcome::Kind::Retry);

  World newer = world();
  newer.writable = failing(ErrorClass::Conflict);
  CHECK(newer.reconcile_registry().kind == Outcome::Kind::Retry);

  World stopping = world();
  stopping.identity = failing(ErrorClass::Cancelled);
  CHECK(stopping.reconcile_registry() == Outcome{});
  CHECK(stopping.writes == 0);
}

TEST_CASE("what was found as it was is not written, and no sign that it could be", "[registry]") {
  World w = world();
  const auto registry = w.reconcile_registry();
  const auto policy = w.reconcile_policy();
  REQUIRE(w.writes == 2);
  w.writable = failing(ErrorClass::Unavailable);
  CHECK(w.reconcile_registry() == registry);
  CHECK(w.reconcile_policy() == policy);
  CHECK(w.writes == 2);
}

TEST_CASE("a retention policy that enforces says that nothing is deleted", "[prune]") {
  World w = world();
  CHECK(w.reconcile_policy().kind == Outcome::Kind::Stalled);
  const auto& status = w.stored_policy->status;
  CHECK(state_of(status.conditions, "Ready") == "False NotSupported");
  CHECK(state_of(status.conditions, "Stalled") == "True NotSupported");
  CHECK_THAT(find_condition(status.conditions, "Ready")->message,
             Catch::Contains("this version does not prune; nothing is deleted"));
  CHECK(status.observed_generation == 2);
  w.reconcile_policy();
  CHECK(w.events == std::vector<std::string>{"RetentionPolicy shop/shop Warning NotSupported"});
}

TEST_CASE("a retention policy whose status can't be written tells nothing before it is", "[prune]") {
  const bool suspended = GENERATE(false, true);
  World w = world();
  w.stored_policy->spec.suspend = suspended;
  w.writable = failing(ErrorClass::Unavailable);
  for (int tries = 0; tries < 3; ++tries) CHECK(w.reconcile_policy().kind == Outcome::Kind::Retry);
  CHECK(w.events.empty());
  w.writable = {};
  w.reconcile_policy();
  CHECK(w.events.size() == 1);
}

TEST_CASE("a retention policy in preview is ready, and says that nothing is shown", "[prune]") {
  World w = world();
  w.stored_policy->spec.mode = RetentionMode::Preview;
  CHECK(w.reconcile_policy() == Outcome{});
  const Conditions& conditions = w.stored_policy->status.conditions;
  CHECK(state_of(conditions, "Ready") == "True Succeeded");
  CHECK(state_of(conditions, "Unsupported") == "True NotSupported");
  CHECK(state_of(conditions, "Stalled") == "absent");
  CHECK(w.stored_policy->status.observed_generation == 2);
  CHECK(w.events.empty());

  w.stored_policy->spec.mode = RetentionMode::Enforce;
  CHECK(w.reconcile_policy().kind == Outcome::Kind::Stalled);
  CHECK(state_of(w.stored_policy->status.conditions, "Ready") == "False NotSupported");
  CHECK(state_of(w.stored_policy->status.conditions, "Unsupported") == "absent");
  w.stored_policy->spec.mode = RetentionMode::Preview;
  w.reconcile_policy();
  CHECK(state_of(w.stored_policy->status.conditions, "Ready") == "True Succeeded");
}

TEST_CASE("a retention policy in preview is refused without its registry and Read on all that it names", "[prune]") {
  World w = world();
  w.stored_policy->spec.mode = RetentionMode::Preview;
  auto& access = w.stored_registry->spec.access;
  const auto registry = w.stored_registry;
  std::string pattern = "shop/app";
  SECTION("no such registry") {
    w.stored_registry.reset();
  }
  SECTION("no entry") {
    access.clear();
  }
  SECTION("an entry for another namespace") {
    access[0].namespace_selector.match_labels = {{"kubernetes.io/metadata.name", "pay"}};
  }
  SECTION("an entry that gives something else") {
    access[0].actions = {AccessAction::Publish, AccessAction::Prune};
  }
  SECTION("an entry for some of it") {
    pattern = "shop/**";
    access[0].repositories = {GENERATE("shop/*", "*/*", "shop/app", "shop/*/**")};
    access.push_back({.name = "app", .repositories = {"shop/app"}, .actions = {AccessAction::Read}});
  }
  CHECK(w.reconcile_policy().kind == Outcome::Kind::Stalled);
  const Conditions& conditions = w.stored_policy->status.conditions;
  CHECK(state_of(conditions, "Ready") == "False Forbidden");
  CHECK(state_of(conditions, "Stalled") == "True Forbidden");
  CHECK(state_of(conditions, "Unsupported") == "True NotSupported");
  const std::string message = find_condition(conditions, "Ready")->message;
  CHECK_THAT(message,
             Catch::Contains("namespace shop has no Read on \"" + pattern + "\" of ContainerRegistry contoso"));
  CHECK_THAT(message, Catch::Contains("repositories: [\"" + pattern + "\"], actions: [Read]"));
  w.reconcile_policy();
  CHECK(w.events == std::vector<std::string>{"RetentionPolicy shop/shop Warning Forbidden"});

  w.stored_registry = registry;
  CHECK(w.reconcile_policy() == Outcome{});
  CHECK(state_of(conditions, "Ready") == "True Succeeded");
}

TEST_CASE("a retention policy whose registry can't be read now is tried again", "[prune]") {
  World w = world();
  w.stored_policy->spec.mode = RetentionMode::Preview;
  w.registry_readable = failing(ErrorClass::Unavailable);
  CHECK(w.reconcile_policy().kind == Outcome::Kind::Retry);
  CHECK(state_of(w.stored_policy->status.conditions, "Ready") == "False Unavailable");
  CHECK(state_of(w.stored_policy->status.conditions, "Reconciling") == "True Unavailable");
  CHECK(w.events.empty());
}

TEST_CASE("a retention policy that is suspended, gone, deleted or unreadable", "[prune]") {
  World suspended = world();
  suspended.reconcile_policy();
  suspended.stored_policy->spec.suspend = true;
  CHECK(suspended.reconcile_policy() == Outcome{});
  CHECK(suspended.stored_policy->status.conditions.empty());
  CHECK(suspended.events.back() == "RetentionPolicy shop/shop Normal Suspended");
  const auto told = suspended.events.size();
  suspended.reconcile_policy();
  CHECK(suspended.events.size() == told);

  World gone = world();
  gone.stored_policy.reset();
  CHECK(gone.reconcile_policy() == Outcome{});

  World deleted = world();
  deleted.stored_policy->metadata.deletion_timestamp = kNow;
  CHECK(deleted.reconcile_policy() == Outcome{});
  CHECK(deleted.writes == 0);

  World unreadable = world();
  unreadable.readable = failing(ErrorClass::Unavailable);
  CHECK(unreadable.reconcile_policy().kind == Outcome::Kind::Retry);
}
