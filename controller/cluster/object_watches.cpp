#include "controller/cluster/object_watches.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "controller/cluster/dependents.h"
#include "controller/kube/collection.h"
#include "controller/kube/reference_watches.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/nudge.h"
#include "reconcilers/readiness.h"

namespace slipway::cluster {
namespace {

constexpr std::chrono::minutes kLongestWait{60};
/// Where the machine refused a thread.
constexpr std::chrono::minutes kRefusedWait{1};
constexpr std::chrono::hours kSaidAgainAfter{1};

/// A kind's reflector and its thread, which begins with start().
class KindWatch {
 public:
  struct Hands {
    kube::ApiClient& client;
    telemetry::Log& log;
    runtime::ReflectorHands reflector;
    std::function<void()> listed;
  };

  KindWatch(const kube::ApiResource& resource, runtime::ReflectedObjects& objects, const Hands& hands)
      : name_(resource.plural),
        log_(hands.log),
        collection_(
            hands.client,
            {.resource = resource, .namespace_name = {}, .label_selector = {}, .metadata_only = is_core(resource)}),
        elapsed_(hands.reflector.elapsed),
        reflector_({.collection = collection_,
                    .objects = objects,
                    .changed = [](const runtime::Change&) {},
                    .watcher = {.listed = [this, told = hands.listed](std::size_t number) { listed(number, told); },
                                .recovered = [this] { recovered(); },
                                .failed = [this](const Error& error, auto delay) { failed(error, delay); },
                                .unreadable = [this](const Error& error) { log_.error(error, {{"kind", name_}}); }}},
                   hands.reflector) {}

  void start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { reflector_.run(stop); });
  }
  void request_stop() { thread_.request_stop(); }
  void join() {
    if (thread_.joinable()) thread_.join();
  }

  bool has_synced() const { return reflector_.has_synced(); }
  void begin_anew() { reflector_.begin_anew(); }
  bool is_behind() const { return reflector_.is_behind(); }
  std::optional<Error> failure() const { return reflector_.is_failing() ? *last_failure_.lock() : std::nullopt; }

 private:
  /// Of what is not ours the metadata is enough.
  static bool is_core(const kube::ApiResource& resource) { return resource.group.empty(); }

  void recovered() {
    last_failure_.lock()->reset();
    said_at_.reset();
  }

  void listed(std::size_t number, const std::function<void()>& told) const {
    log_.debug("listed " + name_, {{"objects", static_cast<std::int64_t>(number)}});
    told();
  }

  /// The same is said once an hour.
  void failed(const Error& error, std::chrono::milliseconds delay) {
    const auto before = std::exchange(*last_failure_.lock(), error);
    const bool is_same = before && before->message == error.message;
    if (is_same && said_at_ && elapsed_() - *said_at_ < kSaidAgainAfter) return;
    said_at_ = elapsed_();
    log_.warn(error.message + "; it is tried again",
              {{"kind", name_}, {"remedy", error.remedy}, {"afterMilliseconds", delay.count()}});
  }

  const std::string name_;
  telemetry::Log& log_;
  kube::Collection collection_;
  const std::function<std::chrono::nanoseconds()> elapsed_;
  runtime::Guarded<std::optional<Error>> last_failure_;
  std::optional<std::chrono::nanoseconds> said_at_;  ///< On the reflector's thread alone.
  runtime::Reflector reflector_;
  std::jthread thread_;
};

Reference reference_to(kube::ReferenceKind kind, const runtime::ObjectName& object) {
  const auto referred = kind == kube::ReferenceKind::Secret ? Reference::Kind::Secret : Reference::Kind::ConfigMap;
  return {referred, object.namespace_name, object.name};
}

template <class T>
bool is_edited(const runtime::Reflected<T>& before, const runtime::Reflected<T>& now) {
  return runtime::change_between(before, now) == runtime::ChangeKind::Edited;
}

using Registry = runtime::Reflected<ContainerRegistry>;
using Namespace = runtime::Reflected<kube::MetadataObject>;

/// Whether it may be another registry for who uses it.
bool is_another(const Registry* before, const Registry* now) {
  if (before == nullptr || now == nullptr) return before != now;
  return before->object.spec != now->object.spec || before->problems.empty() != now->problems.empty();
}

bool is_ready(const Registry* each) {
  const Condition* ready = each == nullptr ? nullptr : find_condition(each->object.status.conditions, kReady);
  return ready != nullptr && ready->status == "True";
}

std::map<std::string, std::string> labels_of(const Namespace* each) {
  return each == nullptr ? std::map<std::string, std::string>{} : each->object.metadata.labels;
}

bool is_ending(const Namespace* each) {
  return each != nullptr && each->object.metadata.deletion_timestamp;
}

const ContainerRegistry* object_in(const Registry* each) {
  return each == nullptr ? nullptr : &each->object;
}

}  // namespace

struct ObjectWatches::Running {
  explicit Running(Parts given)
      : parts(std::move(given)),
        hands({parts.client, parts.log, parts.hands, [this] { scopes_changed.nudge(); }}),
        registries(kube::resource_of(ResourceKind::ContainerRegistry), parts.caches.registries, hands),
        publications(kube::resource_of(ResourceKind::ImagePublication), parts.caches.publications, hands),
        policies(kube::resource_of(ResourceKind::RetentionPolicy), parts.caches.retention_policies, hands),
        namespaces(kube::kNamespaces, parts.caches.namespaces, hands),
        references({.client = parts.client,
                    .changed =
                        [this](kube::ReferenceKind kind, const runtime::Change& change, bool is_of_start) {
                          wake_referrers(parts.caches.references.who_refers_to(reference_to(kind, change.object)),
                                         is_of_start ? runtime::Priority::Resync : runtime::Priority::Edit);
                        },
                    .refused = [this](const auto& scope, const Error& error) { refused(scope, error); },
                    .granted = [this](const kube::ReferenceScope& scope) { granted(scope); },
                    .hands = parts.hands}) {
    follow(parts.caches.publications, publications);
    follow(parts.caches.registries, registries);
    follow(parts.caches.retention_policies, policies);
    parts.caches.registries.add_follower([this](const Registry* before, const Registry* now) {
      if (!has_synced()) return;
      if (is_another(before, now)) {
        wake_all(renamed_with(object_in(before), object_in(now), parts.caches), runtime::Priority::Resync);
        return wake_users(object_in(before), object_in(now));
      }
      if (is_ready(before) || !is_ready(now)) return;  // By another replica: a cache tells nothing of our own writes.
      wake_all(unready_users_of(now->object, parts.caches), runtime::Priority::Resync);
    });
    parts.caches.namespaces.add_follower([this](const Namespace* before, const Namespace* now) {
      if (has_synced() && labels_of(before) != labels_of(now))
        wake_all(objects_in((now != nullptr ? now : before)->object.metadata.name, parts.caches));
      if (is_ending(before) != is_ending(now)) scopes_changed.nudge();
    });
  }

  void start() {
    for (KindWatch* each : kinds()) each->start();
    scopes = std::jthread([this](const std::stop_token& stop) { keep_scopes(stop); });
  }

  /// Each thread asks after all kinds: every one has ended before any of them goes.
  ~Running() {
    scopes.request_stop();
    for (KindWatch* each : kinds()) each->request_stop();
    if (scopes.joinable()) scopes.join();
    for (KindWatch* each : kinds()) each->join();
  }

  std::array<KindWatch*, 4> kinds() { return {&registries, &publications, &policies, &namespaces}; }

  bool has_synced() const {
    return registries.has_synced() && publications.has_synced() && policies.has_synced() && namespaces.has_synced();
  }

  /// Tells of the objects of a kind themselves.
  template <class T>
  void follow(runtime::ObjectCache<T>& cache, const KindWatch& watch) {
    using Kept = runtime::Reflected<T>;
    cache.add_follower([this, &watch](const Kept* before, const Kept* now) {
      const ObjectKey key = key_of((now != nullptr ? now : before)->object);
      if (now == nullptr)
        parts.forget(key);
      else if (before == nullptr)
        parts.wake(key, watch.has_synced() ? runtime::Priority::Edit : runtime::Priority::Resync);
      else if (is_edited(*before, *now))
        parts.wake(key, runtime::Priority::Edit);
      if (before == nullptr || now == nullptr || before->object.spec != now->object.spec) scopes_changed.nudge();
    });
  }

  /// Those, and who uses the registries among them: their credentials are theirs.
  void wake_referrers(const std::vector<ObjectKey>& keys, runtime::Priority priority) const {
    wake_all(keys, priority);
    for (const ObjectKey& key : keys) {
      if (key.kind != ResourceKind::ContainerRegistry) continue;
      if (const auto entry = parts.caches.registries.find(name_of(key))) wake_users(nullptr, &entry->object);
    }
  }

  /// No edits, not even those that are not ready: all users of a registry would stand before what somebody has edited.
  void wake_users(const ContainerRegistry* before, const ContainerRegistry* now) const {
    wake_all(users_of(before, now, parts.caches), runtime::Priority::Resync);
  }

  void wake_all(const std::vector<ObjectKey>& keys, runtime::Priority priority = runtime::Priority::Edit) const {
    for (const ObjectKey& key : keys) parts.wake(key, priority);
  }

  void refused(const kube::ReferenceScope& scope, const Error& error) const {
    const bool is_secret = scope.kind == kube::ReferenceKind::Secret;
    const std::string where = scope.namespace_name.empty() ? "all namespaces" : "namespace " + scope.namespace_name;
    parts.log.warn(
        std::string(is_secret ? "Secrets" : "ConfigMaps") + " of " + where + " are not watched: " + error.message,
        {{"remedy", error.remedy}});
  }

  void granted(const kube::ReferenceScope& scope) const {
    const auto kind = reference_to(scope.kind, {}).kind;
    const ReferenceIndex& index = parts.caches.references;
    const std::set<std::string> names =
        scope.namespace_name.empty() ? index.namespaces_with(kind) : std::set{scope.namespace_name};
    for (const std::string& name : names) wake_referrers(index.who_refers_into(kind, name), runtime::Priority::Edit);
  }

  /// Watches Secrets and ConfigMaps where objects refer to some, once all objects are known.
  void keep_scopes(const std::stop_token& stop) {
    for (auto longest = kLongestWait; !stop.stop_requested();) {
      scopes_changed.wait(longest, stop);
      if (stop.stop_requested() || !has_synced()) continue;
      longest = references.watch_only(wanted_scopes()) ? kLongestWait : kRefusedWait;
    }
  }

  /// Where all may be read, one watch of a kind does, however many namespaces there are. One that is being deleted
  /// loses its roles before what they are for.
  std::set<kube::ReferenceScope> wanted_scopes() const {
    std::set<kube::ReferenceScope> wanted;
    for (const auto kind : {kube::ReferenceKind::Secret, kube::ReferenceKind::ConfigMap})
      for (const std::string& name : parts.caches.references.namespaces_with(reference_to(kind, {}).kind))
        if (parts.references.contains(name) && !is_ending(parts.caches.namespaces.find({{}, name}).get()))
          wanted.insert({kind, parts.references.granted ? name : ""});
    return wanted;
  }

  const Parts parts;
  const KindWatch::Hands hands;
  runtime::Nudge scopes_changed;
  KindWatch registries;
  KindWatch publications;
  KindWatch policies;
  KindWatch namespaces;
  kube::ReferenceWatches references;
  std::jthread scopes;
};

ObjectWatches::ObjectWatches(Parts parts) : running_(std::make_unique<Running>(std::move(parts))) {
  running_->start();
}

ObjectWatches::~ObjectWatches() = default;

bool ObjectWatches::has_synced() const {
  return running_->has_synced();
}

void ObjectWatches::begin_anew() {
  for (KindWatch* each : running_->kinds()) each->begin_anew();
  running_->references.begin_anew();
}

bool ObjectWatches::is_behind() const {
  return std::ranges::any_of(running_->kinds(), [](const KindWatch* each) { return each->is_behind(); });
}

std::optional<Error> ObjectWatches::failure() const {
  for (const KindWatch* each : running_->kinds())
    if (auto error = each->failure()) return error;
  return std::nullopt;
}

}  // namespace slipway::cluster
