#include "controller/kube/exec_plugin.h"

#include <chrono>
#include <utility>

#include "controller/runtime/child_process.h"
#include "crds/base/base64.h"
#include "crds/base/document.h"
#include "reconcilers/json.h"

namespace slipway::kube {
namespace {

constexpr std::chrono::minutes kLongest{1};
constexpr std::size_t kMostOutput = 1u << 20;

Error of_plugin(const ExecCommand& command, ErrorClass cls, const std::string& message) {
  std::string remedy = "run it by hand and look what it says";
  if (!command.install_hint.empty()) remedy += "; " + command.install_hint;
  return {.cls = cls,
          .message = "exec plugin " + command.command + " " + message,
          .remedy = std::move(remedy),
          .reason = {},
          .retry_after = {}};
}

}  // namespace

std::string exec_info(const ClusterAccess& access, const std::string& authority) {
  json::MapBuilder spec;
  spec.add("interactive", json::boolean(false));
  if (access.user.exec->provide_cluster_info) {
    json::MapBuilder cluster;
    cluster.add_text("server", access.server);
    cluster.add_text("tls-server-name", access.tls_server_name);
    cluster.add_text("certificate-authority-data", encode_base64(authority));
    cluster.add_text("proxy-url", access.proxy_url);
    if (!access.user.exec->cluster_config.empty())
      cluster.add("config", parse_json(access.user.exec->cluster_config, "config").root);
    spec.add("cluster", cluster.build());
  }
  return to_json_text(json::MapBuilder()
                          .add("apiVersion", json::text(access.user.exec->api_version))
                          .add("kind", json::text("ExecCredential"))
                          .add("spec", spec.build())
                          .build());
}

Result<ExecCredential> read_exec_credential(const ExecCommand& command, const std::string& output) {
  const Document document = parse_json(output, "ExecCredential", {.bytes = kMostOutput, .depth = 8, .nodes = 1000});
  if (!document.problems.empty() || json::text_at(document.root, "kind") != "ExecCredential")
    return std::unexpected(of_plugin(command, ErrorClass::Invalid, "prints no ExecCredential"));
  if (json::text_at(document.root, "apiVersion") != command.api_version)
    return std::unexpected(
        of_plugin(command, ErrorClass::Invalid, "answers in another apiVersion than " + command.api_version));
  const Node& status = json::at(document.root, "status");
  ExecCredential credential{.token = SecretText(json::text_at(status, "token")),
                            .certificate = json::text_at(status, "clientCertificateData"),
                            .key = SecretText(json::text_at(status, "clientKeyData")),
                            .ends = {}};
  if (credential.certificate.empty() != credential.key.empty() ||
      (credential.token.empty() && credential.certificate.empty()))
    return std::unexpected(of_plugin(command, ErrorClass::Invalid, "gives neither a token nor a certificate with key"));
  const std::string ends = json::text_at(status, "expirationTimestamp");
  if (ends.empty()) return credential;
  const auto time = parse_timestamp(ends);
  if (!time)
    return std::unexpected(of_plugin(command, ErrorClass::Invalid, "gives an expirationTimestamp that is none"));
  credential.ends = *time;
  return credential;
}

Result<ExecCredential> run_exec_plugin(const ClusterAccess& access, const std::string& authority,
                                       const std::stop_token& stop) {
  const ExecCommand& command = *access.user.exec;
  runtime::ChildPlan child{.program = command.command,
                           .arguments = command.arguments,
                           .inherits = runtime::ChildPlan::Environment::OursToo,
                           .errors = runtime::ChildPlan::Errors::Ours,
                           .longest = kLongest};
  for (const auto& [name, value] : command.environment)
    child.environment.emplace_back(name).append(1, '=').append(value);
  child.environment.push_back("KUBERNETES_EXEC_INFO=" + exec_info(access, authority));
  const Result<runtime::ChildAnswer> answer = runtime::ask_child(child, kMostOutput, stop);
  if (!answer && answer.error().cls == ErrorClass::Cancelled) return std::unexpected(answer.error());
  if (!answer && answer.error().cls == ErrorClass::Invalid)
    return std::unexpected(of_plugin(command, ErrorClass::Unauthorized, "can't be started"));
  if (!answer)
    return std::unexpected(
        of_plugin(command, ErrorClass::Unauthorized, "gave no whole answer: " + answer.error().message));
  if (answer->code != 0)
    return std::unexpected(of_plugin(command, ErrorClass::Unauthorized, "ended with " + std::to_string(answer->code)));
  return read_exec_credential(command, answer->output);
}

}  // namespace slipway::kube
