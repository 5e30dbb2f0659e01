#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/secret_text.h"

namespace slipway::kube {

/// What a file holds, or the file: then it is read again when it changes.
struct Material {
  std::string data;  ///< As it is used: PEM, or a token. Goes before `file`.
  std::string file;  ///< Absolute path.
  bool empty() const { return data.empty() && file.empty(); }
  bool operator==(const Material&) const = default;
};

/// A program that prints an ExecCredential (client.authentication.k8s.io/v1).
struct ExecCommand {
  std::string api_version;  ///< What it is spoken to in: client.authentication.k8s.io/v1 or v1beta1.
  std::string command;      ///< Looked for on the PATH when it has no slash; absolute otherwise.
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;  ///< Beside our own.
  std::string install_hint;                                      ///< What a person is told who has not got it.
  bool provide_cluster_info = false;
  std::string cluster_config;  ///< JSON that the cluster's entry holds for it; may be empty.
  bool operator==(const ExecCommand&) const = default;
};

/// Who asks. At most one of token, token file and exec; a client certificate may stand beside a token.
struct UserAccess {
  SecretText token;
  std::string token_file;  ///< Absolute path; goes before `token`, as in client-go.
  Material client_certificate;
  Material client_key;
  std::optional<ExecCommand> exec;
  bool operator==(const UserAccess&) const = default;
};

/// Where an API server is and how it is reached: a kubeconfig's context, or the pod's own service account.
struct ClusterAccess {
  std::string server;           ///< "https://host:port", perhaps with a path; no slash at the end.
  std::string tls_server_name;  ///< The name that its certificate is checked against; empty: the host's.
  Material authority;           ///< Alone trusted; empty: the system's authorities.
  std::string proxy_url;        ///< For every request; empty: what the environment says.
  std::string namespace_name = "default";
  UserAccess user;
  std::string origin;  ///< For messages: "kubeconfig /home/a/.kube/config, context dev", "service account of the pod".
  /// What to do when the API server's certificate is not trusted.
  std::string trust_remedy =
      "give the certificate authority of the API server (certificate-authority-data of the kubeconfig), or "
      "tls-server-name where only the name differs";
  bool operator==(const ClusterAccess&) const = default;
};

}  // namespace slipway::kube
