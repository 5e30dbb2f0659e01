// The client of an API server (controller/kube) at the command line, for client_test.py:
//   kube-client --kubeconfig FILE | --in-cluster FOLDER
// A command is a line of JSON on standard input, {"do": "get", …}; each is answered by one line, {"answer": …} or
// {"error": {…}}. What a reflector tells comes between them as lines {"told": …}.
#include <atomic>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "controller/kube/collection.h"
#include "controller/kube/connection.h"
#include "controller/kube/events.h"
#include "controller/kube/kubeconfig.h"
#include "controller/kube/leases.h"
#include "controller/kube/object_codec.h"
#include "controller/runtime/reflector.h"
#include "controller/runtime/system_clock.h"
#include "controller/runtime/waiting.h"
#include "reconcilers/json.h"

using namespace slipway;

namespace {

/// The machine's clock, put forward on request.
class TestClock final : public Clock {
 public:
  Timestamp now() const override { return runtime::SystemClock().now() + ahead_.load(); }
  void put_forward(std::chrono::seconds time) { ahead_ = ahead_.load() + time; }

 private:
  std::atomic<std::chrono::milliseconds> ahead_{};
};

/// Lines of JSON on standard output, from several threads.
class Output {
 public:
  void line(std::string key, Node value) {
    const std::string text = to_json_text(json::MapBuilder().add(std::move(key), std::move(value)).build());
    const std::scoped_lock lock(mutex_);
    std::cout << text << std::endl;
  }

 private:
  std::mutex mutex_;
};

Node to_node(const Error& error) {
  json::MapBuilder node;
  node.add("class", json::text(to_string(error.cls)))
      .add("message", json::text(error.message))
      .add("remedy", json::text(error.remedy));
  node.add_text("reason", error.reason);
  if (error.retry_after) node.add("retryAfter", json::integer(error.retry_after->count()));
  return node.build();
}

std::string full_name(const runtime::ObjectName& name) {
  return name.namespace_name.empty() ? name.name : name.namespace_name + "/" + name.name;
}

std::string_view to_string(runtime::ChangeKind kind) {
  switch (kind) {
    case runtime::ChangeKind::Added:
      return "Added";
    case runtime::ChangeKind::Edited:
      return "Edited";
    case runtime::ChangeKind::StatusOnly:
      return "StatusOnly";
    case runtime::ChangeKind::Deleted:
      return "Deleted";
  }
  return "";
}

Result<kube::ApiResource> resource_named(const std::string& plural) {
  static const std::map<std::string, kube::ApiResource> known{
      {"configmaps", kube::kConfigMaps},
      {"imagepublications", kube::resource_of(ResourceKind::ImagePublication)},
      {"selfsubjectreviews", {"authentication.k8s.io", "v1", "selfsubjectreviews", false}},
  };
  const auto found = known.find(plural);
  if (found != known.end()) return found->second;
  return fail(ErrorClass::Invalid, "kube-client does not know " + plural, "add it");
}

/// A kind that is kept by list and watch, and told of.
class Kept {
 public:
  virtual ~Kept() = default;
  /// "namespace/name" to resource version.
  virtual Node versions() const = 0;
};

template <class T>
class KeptKind final : public Kept {
 public:
  using Decode = typename runtime::ObjectCache<T>::Decode;
  KeptKind(kube::ApiClient& client, kube::CollectionScope scope, Decode decode, runtime::ReflectorOptions options,
           Output& output)
      : collection_(client, std::move(scope)),
        objects_(decode),
        reflector_({.collection = collection_,
                    .objects = objects_,
                    .changed = [&output](const runtime::Change& change) { tell(output, change); },
                    .watcher = watcher(output)},
                   {.wait = runtime::wait, .chance = runtime::chance, .elapsed = runtime::elapsed}, options),
        thread_([this](const std::stop_token& stop) { reflector_.run(stop); }) {}

  Node versions() const override {
    json::MapBuilder node;
    for (const auto& entry : objects_.all())
      node.add(full_name(runtime::name_of(entry->object)), json::text(entry->object.metadata.resource_version));
    return node.build();
  }

 private:
  static void tell(Output& output, const runtime::Change& change) {
    output.line("told", json::MapBuilder()
                            .add("change", json::text(to_string(change.kind)))
                            .add("object", json::text(full_name(change.object)))
                            .build());
  }

  static runtime::ReflectorWatcher watcher(Output& output) {
    return {
        .listed =
            [&output](std::size_t objects) {
              output.line("told",
                          json::MapBuilder().add("listed", json::integer(static_cast<std::int64_t>(objects))).build());
            },
        .failed =
            [&output](const Error& error, std::chrono::milliseconds delay) {
              output.line(
                  "told",
                  json::MapBuilder().add("failed", to_node(error)).add("delay", json::integer(delay.count())).build());
            },
        .unreadable =
            [&output](const Error& error) {
              output.line("told", json::MapBuilder().add("unreadable", to_node(error)).build());
            }};
  }

  kube::Collection collection_;
  runtime::ObjectCache<T> objects_;
  runtime::Reflector reflector_;
  std::jthread thread_;
};

Result<Node> nothing(const Result<void>& result) {
  if (!result) return std::unexpected(result.error());
  return Node{};
}

Result<Node> shown(const Result<kube::Lease>& lease) {
  if (!lease) return std::unexpected(lease.error());
  return kube::to_node(*lease);
}

/// What is asked of one API server.
class Program {
 public:
  Program(kube::Connection& connection, TestClock& clock, Output& output)
      : client_(connection), clock_(clock), output_(output) {}

  Result<Node> carry_out(const Node& command) {
    using Step = Result<Node> (Program::*)(const Node&);
    static const std::map<std::string, Step> steps{
        {"get", &Program::get},         {"create", &Program::create},   {"update", &Program::update},
        {"apply", &Program::apply},     {"remove", &Program::remove},   {"list", &Program::list},
        {"lease", &Program::lease},     {"leases", &Program::leases},   {"event", &Program::event},
        {"count", &Program::count},     {"reflect", &Program::reflect}, {"kept", &Program::kept},
        {"forward", &Program::forward},
    };
    const auto step = steps.find(json::text_at(command, "do"));
    if (step != steps.end()) return (this->*step->second)(command);
    return fail(ErrorClass::Invalid, "kube-client can't do that", "correct the command");
  }

 private:
  static Result<kube::Target> target_of(const Node& command) {
    const auto resource = resource_named(json::text_at(command, "resource"));
    if (!resource) return std::unexpected(resource.error());
    return kube::Target{*resource, json::text_at(command, "namespace"), json::text_at(command, "name"),
                        json::text_at(command, "subresource") == "status" ? "status" : ""};
  }

  /// Sends what `make` makes of the command's target.
  Result<Node> send(const Node& command, const std::function<kube::ApiRequest(kube::Target)>& make) {
    const auto target = target_of(command);
    if (!target) return std::unexpected(target.error());
    return client_.send(make(*target), stop_);
  }

  Result<Node> get(const Node& command) {
    const auto target = target_of(command);
    if (!target) return std::unexpected(target.error());
    const auto found = client_.find(kube::get(*target), stop_);
    if (!found) return std::unexpected(found.error());
    return found->value_or(Node{});
  }

  Result<Node> create(const Node& command) {
    return send(command, [&](const kube::Target& target) { return kube::create(target, json::at(command, "object")); });
  }

  Result<Node> update(const Node& command) {
    return send(command, [&](const kube::Target& target) { return kube::update(target, json::at(command, "object")); });
  }

  Result<Node> apply(const Node& command) {
    return send(command, [&](const kube::Target& target) { return kube::apply(target, json::at(command, "object")); });
  }

  Result<Node> remove(const Node& command) {
    return send(command, [](const kube::Target& target) { return kube::remove(target); });
  }

  Result<Node> list(const Node& command) {
    const auto target = target_of(command);
    if (!target) return std::unexpected(target.error());
    kube::ListQuery query;
    query.label_selector = json::text_at(command, "labelSelector");
    if (const auto limit = json::integer_at(command, "limit")) query.limit = static_cast<std::size_t>(*limit);
    Result<std::vector<Node>> all = client_.list_all(*target, query, stop_);
    if (!all) return std::unexpected(std::move(all.error()));
    return json::list_of(
        *all, [](const Node& object) { return json::text(json::text_at(json::at(object, "metadata"), "name")); });
  }

  static constexpr std::chrono::seconds kLongest{10};  ///< Of one request about a Lease.

  static kube::Lease lease_of(const Node& command) {
    const auto renewed = parse_timestamp(json::text_at(command, "renewed"));
    return {.namespace_name = json::text_at(command, "namespace"),
            .name = json::text_at(command, "name"),
            .resource_version = json::text_at(command, "resourceVersion"),
            .labels = {{"app", "slipway"}},
            .holder = json::text_at(command, "holder"),
            .renewed = renewed ? std::optional(*renewed) : std::nullopt};
  }

  /// "what": create, update, find or remove.
  Result<Node> lease(const Node& command) {
    const kube::Lease lease = lease_of(command);
    const std::string what = json::text_at(command, "what");
    if (what == "create") return shown(leases_.create(lease, kLongest, stop_));
    if (what == "update") return shown(leases_.update(lease, kLongest, stop_));
    if (what == "remove") return nothing(leases_.remove(lease, kLongest, stop_));
    const auto found = leases_.find(lease.namespace_name, lease.name, kLongest, stop_);
    if (!found) return std::unexpected(found.error());
    return *found ? kube::to_node(**found) : Node{};
  }

  Result<Node> leases(const Node& command) {
    const auto all =
        leases_.list(json::text_at(command, "namespace"), json::text_at(command, "labelSelector"), kLongest, stop_);
    if (!all) return std::unexpected(all.error());
    return json::list_of(*all, [](const kube::Lease& lease) { return kube::to_node(lease); });
  }

  /// Of an ImagePublication, or, without a namespace, a ContainerRegistry; of now, or of `at`, in seconds since 1970.
  Result<Node> event(const Node& command) {
    const std::string namespace_name = json::text_at(command, "namespace");
    const auto at = json::integer_at(command, "at");
    const kube::EventDraft draft{
        .object = {namespace_name.empty() ? ResourceKind::ContainerRegistry : ResourceKind::ImagePublication,
                   namespace_name, json::text_at(command, "name")},
        .uid = json::text_at(command, "uid"),
        .type = json::text_at(command, "type") == "Warning" ? EventType::Warning : EventType::Normal,
        .reason = json::text_at(command, "reason"),
        .action = "Publish",
        .note = json::text_at(command, "note"),
        .instance = "kube-client",
        .time = at ? Timestamp(std::chrono::seconds(*at)) : clock_.now()};
    const auto created = kube::create_event(client_, draft, stop_);
    if (!created) return std::unexpected(created.error());
    return json::MapBuilder()
        .add("namespace", json::text(created->namespace_name))
        .add("name", json::text(created->name))
        .build();
  }

  Result<Node> count(const Node& command) {
    return nothing(kube::count_event(client_, {json::text_at(command, "namespace"), json::text_at(command, "name")},
                                     json::integer_at(command, "count").value_or(2), clock_.now(), stop_));
  }

  Result<Node> reflect(const Node& command) {
    const auto target = target_of(command);
    if (!target) return std::unexpected(target.error());
    runtime::ReflectorOptions options;
    if (const auto seconds = json::integer_at(command, "watchSeconds"))
      options.shortest_watch = std::chrono::seconds(*seconds);
    kube::CollectionScope scope{target->resource, target->namespace_name, "", false};
    if (json::text_at(command, "resource") == "imagepublications") {
      kept_ = std::make_unique<KeptKind<ImagePublication>>(client_, scope, kube::decode_publication, options, output_);
      return Node{};
    }
    scope.metadata_only = true;
    kept_ = std::make_unique<KeptKind<kube::MetadataObject>>(client_, scope, kube::decode_metadata, options, output_);
    return Node{};
  }

  Result<Node> kept(const Node&) { return kept_ ? kept_->versions() : Node{}; }

  Result<Node> forward(const Node& command) {
    clock_.put_forward(std::chrono::seconds(json::integer_at(command, "seconds").value_or(0)));
    return Node{};
  }

  kube::ApiClient client_;
  kube::Leases leases_{client_};
  TestClock& clock_;
  Output& output_;
  const std::stop_token stop_;
  std::unique_ptr<Kept> kept_;
};

Result<kube::ClusterAccess> access_from(const std::string& how, const std::string& where) {
  const auto variable = [](const char* name) -> const char* { return std::getenv(name); };
  if (how == "--in-cluster") return kube::in_cluster_access(variable, where);
  return kube::load_kubeconfig(where, {.owner = kube::KubeconfigOwner::Operator, .context = {}}, variable);
}

Result<std::unique_ptr<kube::Connection>> connect(const std::string& how, const std::string& where,
                                                  const Clock& clock) {
  Result<kube::ClusterAccess> access = access_from(how, where);
  if (!access) return std::unexpected(std::move(access.error()));
  http::TransportSettings settings;
  settings.retry_hands = {.wait = runtime::wait, .chance = runtime::chance};
  settings.tracing = {.began = nullptr,
                      .observer = [](const http::RequestSeen&) {},
                      .reconcile_id = [] { return std::string(); },
                      .elapsed = runtime::elapsed};
  return kube::Connection::open(std::move(*access), clock, {settings});
}

int run(const std::string& how, const std::string& where) {
  TestClock clock;
  Output output;
  const auto connection = connect(how, where, clock);
  if (!connection) {
    output.line("error", to_node(connection.error()));
    return 1;
  }
  Program program(**connection, clock, output);
  for (std::string line; std::getline(std::cin, line);) {
    const Document command = parse_json(line, "command");
    Result<Node> answer = program.carry_out(command.root);
    if (answer)
      output.line("answer", std::move(*answer));
    else
      output.line("error", to_node(answer.error()));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3) return run(argv[1], argv[2]);
  std::cerr << "kube-client --kubeconfig FILE | --in-cluster FOLDER\n";
  return 2;
}
