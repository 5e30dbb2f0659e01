#include "controller/kube/kubeconfig.h"

#include <map>

#include "tests/catch.h"
#include "tests/support/temporary_folder.h"

using namespace slipway;
using namespace slipway::kube;

namespace {

constexpr KubeconfigOptions kOperator{.owner = KubeconfigOwner::Operator, .context = {}};
constexpr KubeconfigOptions kTenant{.owner = KubeconfigOwner::Tenant, .context = {}};

/// A kubeconfig with these fields of its cluster and its user.
std::string config(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: dev\n"
         "contexts: [{name: dev, context: {cluster: c, user: u, namespace: shop}}]\n"
         "clusters: [{name: c, cluster: {" +
         cluster + "}}]\nusers: [{name: u, user: {" + user + "}}]\n";
}

Result<ClusterAccess> read(const std::string& text, const KubeconfigOptions& options = kOperator) {
  return read_kubeconfig({{"/home/a/.kube/config", text}}, options);
}

const std::string kServer = "server: \"https://k8s.example:6443\"";

}  // namespace

TEST_CASE("A context gives server, authority, namespace and credentials; file names start from the file's folder") {
  const auto slashed = read(config("server: \"https://k8s.example:6443/\"", "token: \"t\""));
  REQUIRE(slashed);
  CHECK(slashed->server == "https://k8s.example:6443");
  CHECK(slashed->user.token == SecretText("t"));
  const auto files = read(config(kServer + ", certificate-authority: pki/ca.pem, tls-server-name: kubernetes",
                                 "client-certificate: /etc/me.pem, client-key-data: \"a2V5\", tokenFile: token"));
  REQUIRE(files);
  CHECK(files->authority == Material{.data = {}, .file = "/home/a/.kube/pki/ca.pem"});
  CHECK(files->tls_server_name == "kubernetes");
  CHECK(files->namespace_name == "shop");
  CHECK(files->user.client_certificate.file == "/etc/me.pem");
  CHECK(files->user.client_key.data == "key");
  CHECK(files->user.token_file == "/home/a/.kube/token");
  CHECK(files->origin == "kubeconfig /home/a/.kube/config, context dev");
}

TEST_CASE("What a kubeconfig may not say is refused with its place and a way out, and no value of a user is shown") {
  struct Row {
    std::string cluster, user;
    ErrorClass cls;
    std::string message, remedy;
  };
  const Row row = GENERATE(values<Row>({
      {"server: \"https://k:1\", insecure-skip-tls-verify: true", "token: a", ErrorClass::Refused,
       "insecure-skip-tls-verify", "certificate-authority-data"},
      {"server: \"http://k:1\"", "token: a", ErrorClass::Refused, "plain http", "https"},
      {"server: \"ftp://k:1\"", "token: a", ErrorClass::Invalid, "neither http nor https", "URL"},
      {"certificate-authority: x", "token: a", ErrorClass::Invalid, "no server", "add server"},
      {"server: \"https://k:1/?token=hunter2\"", "token: a", ErrorClass::Invalid, "the server has a query",
       "leave out"},
      {kServer + ", certificate-authority-data: \"*\"", "token: a", ErrorClass::Invalid, "not base64", "PEM"},
      {kServer, "username: me, password: hunter2", ErrorClass::Invalid, "username is not supported", "1.19"},
      {kServer, "auth-provider: {name: gcp}", ErrorClass::Invalid, "auth-provider", "exec"},
      {kServer, "token: a, as: root", ErrorClass::Invalid, "as is not supported", "of its own"},
      {kServer, "token: 12345", ErrorClass::Invalid, "token is an integer", "quote it"},
      {kServer, "client-certificate: a.pem", ErrorClass::Invalid, "stand alone", "give both"},
      {kServer, "exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}", ErrorClass::Invalid,
       "is not spoken", "client.authentication.k8s.io/v1"},
      {kServer, "exec: {command: x, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always}",
       ErrorClass::Invalid, "a person at a terminal", "needs nobody"},
  }));
  const auto access = read(config(row.cluster, row.user));
  REQUIRE_FALSE(access);
  INFO(access.error().message << "; " << access.error().remedy);
  CHECK(access.error().cls == row.cls);
  CHECK_THAT(access.error().message, Catch::Contains(row.message) && Catch::Contains("/home/a/.kube/config:"));
  CHECK_THAT(access.error().remedy, Catch::Contains(row.remedy));
  CHECK_THAT(access.error().message + access.error().remedy, !Catch::Contains("hunter2") && !Catch::Contains("12345"));
}

TEST_CASE("A server on this machine may be reached without TLS (kubectl proxy)") {
  CHECK(read(config("server: \"http://127.0.0.1:8001\"", "token: a")));
}

TEST_CASE("A tenant's kubeconfig neither runs programs nor names files of ours") {
  const std::string bad = GENERATE(as<std::string>{}, "exec: {command: x, apiVersion: client.authentication.k8s.io/v1}",
                                   "tokenFile: /etc/passwd", "client-certificate: /a.pem, client-key: /a.key",
                                   "client-certificate-data: \"YQ==\", client-key: /a.key");
  CHECK(read(config(kServer, bad), kOperator).has_value());
  const auto refused = read(config(kServer, bad), kTenant);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().cls == ErrorClass::Refused);
  CHECK_FALSE(read(config(kServer + ", certificate-authority: /ca.pem", "token: a"), kTenant));
  CHECK(read(config(kServer + ", certificate-authority-data: \"YQ==\"", "token: a"), kTenant));
}

TEST_CASE("An exec plugin keeps its arguments, its environment and what the cluster holds for it") {
  const auto access = read(config(
      kServer + ", extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: a}}]",
      "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login, args: [get, token], env: [{name: A, "
      "value: \"1\"}], installHint: install it, provideClusterInfo: true, interactiveMode: IfAvailable}"));
  REQUIRE(access);
  const ExecCommand expected{.api_version = "client.authentication.k8s.io/v1",
                             .command = "/home/a/.kube/login",
                             .arguments = {"get", "token"},
                             .environment = {{"A", "1"}},
                             .install_hint = "install it",
                             .provide_cluster_info = true,
                             .cluster_config = R"({"audience":"a"})"};
  CHECK(access->user.exec == expected);
}

TEST_CASE("Of several files the first that defines a name counts, and a context can be chosen") {
  const std::string first = "current-context: dev\nusers: [{name: u, user: {token: first}}]\n";
  const std::string second = config(kServer, "token: second") + "---\n";
  const std::string other =
      "contexts: [{name: prod, context: {cluster: c, user: u}}]\n"
      "clusters: [{name: c, cluster: {server: \"https://other:1\"}}]\n";
  const std::vector<KubeconfigText> files{{"/a/1", first}, {"/a/2", second}, {"/a/3", other}};
  const auto dev = read_kubeconfig(files, kOperator);
  REQUIRE(dev);
  CHECK(dev->user.token == SecretText("first"));
  CHECK(dev->server == "https://k8s.example:6443");
  const auto prod = read_kubeconfig(files, {.owner = KubeconfigOwner::Operator, .context = "prod"});
  REQUIRE(prod);
  CHECK(prod->namespace_name == "default");
  const auto none = read_kubeconfig(files, {.owner = KubeconfigOwner::Operator, .context = "nope"});
  REQUIRE_FALSE(none);
  CHECK_THAT(none.error().message, Catch::Contains("no context \"nope\""));
}

TEST_CASE("KUBECONFIG lists files, those that are missing are passed over; without it the home folder's counts") {
  const tests::TemporaryFolder folder;
  folder.write("one", config(kServer, "token: one"));
  folder.write(".kube/config", config(kServer, "token: home"));
  std::map<std::string, std::string> environment{{"HOME", folder.path().string()}};
  const auto variable = [&environment](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  };
  CHECK(load_kubeconfig("", kOperator, variable)->user.token == SecretText("home"));
  environment["KUBECONFIG"] = (folder / "missing").string() + ":" + (folder / "one").string();
  CHECK(load_kubeconfig("", kOperator, variable)->user.token == SecretText("one"));
  const auto missing = load_kubeconfig((folder / "missing").string(), kOperator, variable);
  CHECK(missing.error().cls == ErrorClass::NotFound);
  CHECK(missing.error().remedy.find("KUBECONFIG") == std::string::npos);
}

TEST_CASE("In a pod the service account is taken; elsewhere it says what is missing") {
  const tests::TemporaryFolder folder;
  std::map<std::string, std::string> environment{{"KUBERNETES_SERVICE_HOST", "fd00::1"},
                                                 {"KUBERNETES_SERVICE_PORT", "443"}};
  const auto variable = [&environment](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  };
  const auto without = in_cluster_access(variable, folder.path().string());
  REQUIRE_FALSE(without);
  CHECK_THAT(without.error().remedy, Catch::Contains("automountServiceAccountToken"));
  folder.write("token", "t\n");
  folder.write("namespace", "slipway-system");
  const auto access = in_cluster_access(variable, folder.path().string());
  REQUIRE(access);
  CHECK(access->server == "https://[fd00::1]:443");
  CHECK(access->namespace_name == "slipway-system");
  CHECK(access->user.token_file == (folder / "token").string());
  CHECK_FALSE(access->trust_remedy.contains("kubeconfig"));
  CHECK_THAT(access->trust_remedy, Catch::Contains((folder / "ca.crt").string()));
  environment.clear();
  CHECK(in_cluster_access(variable, folder.path().string()).error().cls == ErrorClass::NotFound);
}
