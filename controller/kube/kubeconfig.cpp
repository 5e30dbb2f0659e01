#include "controller/kube/kubeconfig.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "controller/http/url.h"
#include "crds/base/article.h"
#include "crds/base/base64.h"
#include "crds/base/document.h"
#include "crds/base/text.h"
#include "reconcilers/json.h"

namespace slipway::kube {
namespace {

namespace fs = std::filesystem;

constexpr DocumentLimits kLimits{.bytes = 4u << 20, .depth = 32, .nodes = 100'000};
constexpr std::string_view kExecGroup = "client.authentication.k8s.io/";

/// One named entry of a file ("clusters", "users", "contexts"), and where it came from.
struct Section {
  const Node* node = nullptr;
  const KubeconfigText* file = nullptr;
  std::string what;  ///< "user dev".
};

struct Parsed {
  const KubeconfigText* file = nullptr;
  Node root;
};

std::string at_place(const KubeconfigText& file, Place place) {
  return file.path + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) + ": ";
}

std::unexpected<Error> broken(const Section& section, const Node& at, const std::string& message,
                              const std::string& remedy) {
  return fail(ErrorClass::Invalid, at_place(*section.file, at.place) + section.what + ": " + message, remedy);
}

std::unexpected<Error> refused(const Section& section, const Node& at, const std::string& message,
                               const std::string& remedy) {
  return fail(ErrorClass::Refused, at_place(*section.file, at.place) + section.what + ": " + message, remedy);
}

/// The field's text, empty when it is not there. Values of users are never shown.
Result<std::string> text_of(const Section& section, std::string_view key) {
  const Node* value = section.node->find(key);
  if (value == nullptr || value->kind == Node::Kind::Null) return std::string();
  if (value->kind == Node::Kind::String) return value->text;
  return broken(section, *value, std::string(key) + " is " + with_article(value->kind), "quote it");
}

Result<bool> flag_of(const Section& section, std::string_view key) {
  const Node* value = section.node->find(key);
  if (value == nullptr || value->kind == Node::Kind::Null) return false;
  if (value->kind == Node::Kind::Boolean) return value->boolean;
  return broken(section, *value, std::string(key) + " is " + with_article(value->kind), "write true or false");
}

/// Relative to the folder of the file it stands in.
std::string absolute(const KubeconfigText& file, const std::string& path) {
  return (fs::absolute(file.path).parent_path() / path).lexically_normal().string();
}

class Reader {
 public:
  Reader(const std::vector<Parsed>& files, const KubeconfigOptions& options) : files_(files), options_(options) {}

  Result<ClusterAccess> read() {
    const std::string context_name = options_.context.empty() ? current_context() : options_.context;
    if (context_name.empty())
      return fail(ErrorClass::Invalid, names() + ": no current-context",
                  "choose one: kubectl config use-context NAME, or name it");
    const auto context = section("contexts", "context", context_name);
    if (!context) return std::unexpected(context.error());
    const auto cluster = named_by(*context, "cluster", "clusters");
    if (!cluster) return std::unexpected(cluster.error());
    ClusterAccess access;
    access.origin = "kubeconfig " + context->file->path + ", context " + visible(context_name, 100);
    if (Result<void> good = read_cluster(*cluster, access); !good) return std::unexpected(good.error());
    if (Result<void> good = read_user(*context, *cluster, access); !good) return std::unexpected(good.error());
    const auto name = text_of(*context, "namespace");
    if (!name) return std::unexpected(name.error());
    if (!name->empty()) access.namespace_name = *name;
    return access;
  }

 private:
  std::string names() const {
    std::string all;
    for (const Parsed& each : files_) all += (all.empty() ? "" : ", ") + each.file->path;
    return all;
  }

  std::string current_context() const {
    for (const Parsed& each : files_)
      if (std::string name = json::text_at(each.root, "current-context"); !name.empty()) return name;
    return {};
  }

  /// The first entry of that name over all files: a list of {name: …, <kind>: {…}}.
  Result<Section> section(std::string_view list, const std::string& kind, const std::string& name) const {
    for (const Parsed& each : files_)
      for (const Node& entry : json::items_at(each.root, list)) {
        if (json::text_at(entry, "name") != name) continue;
        Section found{entry.find(kind), each.file, kind + " " + visible(name, 100)};
        if (found.node != nullptr && found.node->kind == Node::Kind::Map) return found;
        return broken({&entry, each.file, found.what}, entry, "it holds no " + kind, "add it");
      }
    return fail(ErrorClass::Invalid, names() + ": there is no " + kind + " " + slipway::quoted(name),
                "correct the name, or add it under " + std::string(list));
  }

  Result<Section> named_by(const Section& context, const std::string& kind, std::string_view list) const {
    const auto name = text_of(context, kind);
    if (!name) return std::unexpected(name.error());
    if (name->empty()) return broken(context, *context.node, "it names no " + kind, "add " + kind + ": NAME");
    return section(list, kind, *name);
  }

  Result<void> read_cluster(const Section& cluster, ClusterAccess& access) const {
    for (const auto& [key, member] : {std::pair{"server", &ClusterAccess::server},
                                      {"tls-server-name", &ClusterAccess::tls_server_name},
                                      {"proxy-url", &ClusterAccess::proxy_url}}) {
      auto text = text_of(cluster, key);
      if (!text) return std::unexpected(text.error());
      access.*member = std::move(*text);
    }
    if (Result<void> good = check_server(cluster, access.server); !good) return good;
    while (access.server.ends_with('/')) access.server.pop_back();
    const auto skips = flag_of(cluster, "insecure-skip-tls-verify");
    if (!skips) return std::unexpected(skips.error());
    if (*skips)
      return refused(cluster, *cluster.node->find("insecure-skip-tls-verify"),
                     "insecure-skip-tls-verify would give our credentials to whoever answers",
                     "take it out and give certificate-authority-data; where only the name differs, tls-server-name");
    return read_material(cluster, "certificate-authority", access.authority);
  }

  static Result<void> check_server(const Section& cluster, const std::string& server) {
    if (server.empty()) return broken(cluster, *cluster.node, "it has no server", "add server: https://HOST:PORT");
    const auto url = http::Url::parse(server);
    if (!url) return broken(cluster, *cluster.node->find("server"), url.error().message, url.error().remedy);
    if (server.find('?') != std::string::npos)
      return broken(cluster, *cluster.node->find("server"), "the server has a query", "leave out what follows the '?'");
    if (url->scheme == "https" || http::is_loopback(*url)) return {};
    return refused(cluster, *cluster.node->find("server"), "plain http would show our credentials on the way",
                   "write https://");
  }

  Result<void> read_material(const Section& section, const std::string& key, Material& material) const {
    const auto data = text_of(section, key + "-data");
    if (!data) return std::unexpected(data.error());
    const auto file = text_of(section, key);
    if (!file) return std::unexpected(file.error());
    if (!data->empty()) {
      auto decoded = decode_base64(*data);
      if (!decoded)
        return broken(section, *section.node->find(key + "-data"), key + "-data is not base64", "encode the PEM text");
      material.data = std::move(*decoded);
      return {};
    }
    if (file->empty()) return {};
    if (options_.owner == KubeconfigOwner::Tenant) return names_a_file(section, key);
    material.file = absolute(*section.file, *file);
    return {};
  }

  static std::unexpected<Error> names_a_file(const Section& section, const std::string& key) {
    return refused(section, *section.node->find(key), key + " names a file of the machine that Slipway runs on",
                   "put its content in: kubectl config view --raw --flatten --minify");
  }

  Result<void> read_user(const Section& context, const Section& cluster, ClusterAccess& access) const {
    const auto name = text_of(context, "user");
    if (!name) return std::unexpected(name.error());
    if (name->empty()) return {};
    const auto user = section("users", "user", *name);
    if (!user) return std::unexpected(user.error());
    if (Result<void> good = refuse_what_is_old(*user); !good) return good;
    auto token = text_of(*user, "token");
    if (!token) return std::unexpected(token.error());
    access.user.token = SecretText(std::move(*token));
    const auto token_file = text_of(*user, "tokenFile");
    if (!token_file) return std::unexpected(token_file.error());
    if (!token_file->empty()) {
      if (options_.owner == KubeconfigOwner::Tenant) return names_a_file(*user, "tokenFile");
      access.user.token_file = absolute(*user->file, *token_file);
    }
    if (Result<void> good = read_material(*user, "client-certificate", access.user.client_certificate); !good)
      return good;
    if (Result<void> good = read_material(*user, "client-key", access.user.client_key); !good) return good;
    if (access.user.client_certificate.empty() != access.user.client_key.empty())
      return broken(*user, *user->node, "client-certificate and client-key stand alone", "give both");
    return read_exec(*user, cluster, access.user);
  }

  static Result<void> refuse_what_is_old(const Section& user) {
    struct Old {
      std::string_view key;
      std::string_view remedy;
    };
    constexpr std::array kOld{Old{"username", "API servers take no password since 1.19: give a token or a certificate"},
                              Old{"password", "API servers take no password since 1.19: give a token or a certificate"},
                              Old{"auth-provider", "its successor is exec: sign in again with your provider's tool"},
                              Old{"as", "Slipway never acts as somebody else: give it credentials of its own"},
                              Old{"as-uid", "Slipway never acts as somebody else: give it credentials of its own"},
                              Old{"as-groups", "Slipway never acts as somebody else: give it credentials of its own"}};
    for (const Old& old : kOld)
      if (const Node* node = user.node->find(old.key); node != nullptr && node->kind != Node::Kind::Null)
        return broken(user, *node, std::string(old.key) + " is not supported", std::string(old.remedy));
    return {};
  }

  Result<void> read_exec(const Section& user, const Section& cluster, UserAccess& access) const {
    const Node* node = user.node->find("exec");
    if (node == nullptr || node->kind == Node::Kind::Null) return {};
    if (options_.owner == KubeconfigOwner::Tenant)
      return refused(user, *node, "exec runs a program on the machine that Slipway runs on",
                     "give a token: kubectl create token NAME, or a client certificate");
    const Section exec{node, user.file, user.what + ": exec"};
    if (node->kind != Node::Kind::Map) return broken(exec, *node, "this is no map", "write command: PROGRAM");
    ExecCommand command;
    for (const auto& [key, member] : {std::pair{"apiVersion", &ExecCommand::api_version},
                                      {"command", &ExecCommand::command},
                                      {"installHint", &ExecCommand::install_hint}}) {
      auto text = text_of(exec, key);
      if (!text) return std::unexpected(text.error());
      command.*member = std::move(*text);
    }
    command.arguments = json::texts_at(*node, "args");
    for (const Node& variable : json::items_at(*node, "env"))
      command.environment.emplace_back(json::text_at(variable, "name"), json::text_at(variable, "value"));
    const auto provides = flag_of(exec, "provideClusterInfo");
    if (!provides) return std::unexpected(provides.error());
    command.provide_cluster_info = *provides;
    command.cluster_config = cluster_config(cluster);
    if (command.command.find('/') != std::string::npos) command.command = absolute(*exec.file, command.command);
    if (Result<void> good = check_exec(exec, command); !good) return good;
    access.exec = std::move(command);
    return {};
  }

  static Result<void> check_exec(const Section& exec, const ExecCommand& command) {
    if (command.command.empty()) return broken(exec, *exec.node, "there is no command", "add command: PROGRAM");
    const std::string version = command.api_version;
    if (version != std::string(kExecGroup) + "v1" && version != std::string(kExecGroup) + "v1beta1")
      return broken(exec, *exec.node, "apiVersion " + slipway::quoted(version) + " is not spoken",
                    "write apiVersion: client.authentication.k8s.io/v1");
    if (json::text_at(*exec.node, "interactiveMode") == "Always")
      return broken(exec, *exec.node->find("interactiveMode"), "it wants a person at a terminal",
                    "use a way to sign in that needs nobody, or interactiveMode: Never");
    return {};
  }

  /// What the cluster's entry holds for exec plugins (client.authentication.k8s.io/v1, Cluster.config).
  static std::string cluster_config(const Section& cluster) {
    for (const Node& extension : json::items_at(*cluster.node, "extensions"))
      if (json::text_at(extension, "name") == "client.authentication.k8s.io/exec")
        return to_json_text(json::at(extension, "extension"));
    return {};
  }

  const std::vector<Parsed>& files_;
  const KubeconfigOptions& options_;
};

Result<Parsed> parse(const KubeconfigText& file) {
  std::vector<Document> documents = parse_documents(file.text, file.path, kLimits);
  if (documents.empty())
    return fail(ErrorClass::Invalid, file.path + ": nothing is in it", "write a kubeconfig, or name another file");
  Document& document = documents.front();
  if (!document.problems.empty()) {
    const Problem& problem = document.problems.front();
    return fail(ErrorClass::Invalid, at_place(file, problem.place) + problem.message, problem.expected);
  }
  if (document.root.kind != Node::Kind::Map)
    return fail(ErrorClass::Invalid, file.path + ": this is no kubeconfig", "write a kubeconfig, or name another file");
  return Parsed{&file, std::move(document.root)};
}

std::optional<std::string> contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::vector<std::string> paths_in(std::string_view list) {
  std::vector<std::string> paths;
  while (!list.empty()) {
    const std::string_view one = list.substr(0, list.find(':'));
    list.remove_prefix(std::min(one.size() + 1, list.size()));
    if (!one.empty()) paths.emplace_back(one);
  }
  return paths;
}

std::string value_of(const std::function<const char*(const char*)>& variable, const char* name) {
  const char* const value = variable(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Result<ClusterAccess> read_kubeconfig(const std::vector<KubeconfigText>& files, const KubeconfigOptions& options) {
  std::vector<Parsed> parsed;
  for (const KubeconfigText& file : files) {
    Result<Parsed> one = parse(file);
    if (!one) return std::unexpected(std::move(one.error()));
    parsed.push_back(std::move(*one));
  }
  return Reader(parsed, options).read();
}

Result<ClusterAccess> load_kubeconfig(const std::string& path, const KubeconfigOptions& options,
                                      const std::function<const char*(const char* name)>& variable) {
  std::vector<std::string> paths{path};
  if (path.empty()) paths = paths_in(value_of(variable, "KUBECONFIG"));
  if (paths.empty()) paths.push_back(value_of(variable, "HOME") + "/.kube/config");
  std::vector<KubeconfigText> files;
  for (const std::string& each : paths)
    if (auto text = contents(each)) files.push_back({each, std::move(*text)});
  if (files.empty())
    return fail(
        ErrorClass::NotFound, paths.front() + ": no such kubeconfig, or it can't be read",
        path.empty() ? "name one, or set KUBECONFIG" : "correct its path, or let the user that runs slipway read it");
  return read_kubeconfig(files, options);
}

Result<ClusterAccess> in_cluster_access(const std::function<const char*(const char* name)>& variable,
                                        const std::string& folder) {
  const std::string host = value_of(variable, "KUBERNETES_SERVICE_HOST");
  const std::string port = value_of(variable, "KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty())
    return fail(ErrorClass::NotFound, "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is no pod",
                "name a kubeconfig");
  const std::string token_file = folder + "/token";
  if (!contents(token_file))
    return fail(ErrorClass::NotFound, token_file + ": no such file, or it can't be read",
                "let the pod mount its service account's token (automountServiceAccountToken: true)");
  ClusterAccess access;
  access.server = "https://" + (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port;
  access.authority.file = folder + "/ca.crt";
  access.user.token_file = token_file;
  access.origin = "service account of the pod";
  access.trust_remedy = access.authority.file + " is the cluster's own (ConfigMap kube-root-ca.crt of the pod's " +
                        "namespace): look whether that is the authority of the certificate that the API server shows";
  if (const auto name = contents(folder + "/namespace"); name && !name->empty()) access.namespace_name = *name;
  return access;
}

}  // namespace slipway::kube
