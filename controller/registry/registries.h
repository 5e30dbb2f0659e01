#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controller/http/transport_factory.h"
#include "controller/registry/connection.h"
#include "controller/registry/host_silences.h"
#include "controller/registry/registry_client.h"
#include "controller/registry/registry_rules.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/shared_by_name.h"
#include "reconcilers/ports/object_store.h"
#include "reconcilers/ports/registries.h"

namespace slipway::registry {

struct RegistriesSettings {
  std::string controller_namespace = "slipway-system";
  /// Credentials of the environment for a host, outside a cluster (see ambient_credentials.h); null in one. For sources
  /// without pullSecretRef to which they are lent, and for a registry whose Secret is in no file.
  std::function<Result<Credentials>(const std::string& host)> ambient_credentials;
  /// A transport that trusts `ca_pem` (empty: the system's certificates alone).
  std::function<std::unique_ptr<http::HttpTransport>(const std::string& ca_pem)> make_transport;
  /// Learns what each registry says, and is asked where a token realm may be. Outlives the registries.
  RegistryRules& rules;
  /// Of what is changed at registries. Outlives them.
  AuditLog& audit;
  /// Told of hosts that give no answer, which is measured by `steady`. Both outlive the registries.
  SilenceWatcher& silences;
  const runtime::SteadyClock& steady;
  /// The id of the reconcile that the calling thread is in: what is opened there names it in all its requests, on
  /// whatever thread they are sent. May be null.
  std::function<std::string()> reconcile_id;
  std::function<Result<std::unique_ptr<ImageSource>>(const SourceSpec& source, const std::string& base_folder)>
      open_file;
  /// Whose connections are kept: ContainerRegistries, and hosts that sources name, by pull secret.
  std::size_t most_owners = 4'000;
  /// Of the tokens of all connections together.
  std::size_t most_token_bytes = std::size_t{16} << 20;
};

/// Opens repositories with credentials from Secrets, of 16 KiB at most. Connections and tokens are shared by all who
/// use one registry with the same credentials. A changed Secret makes a new connection, and the old one with its
/// secrets goes when its last user does; so does, within some minutes of the next opening, what was not opened for an
/// hour, or earlier where there are too many. The next visit sees the change: who opens a registry again within one,
/// and nobody else in between, has the connection that there is. Thread-safe.
class SharedRegistries final : public Registries {
 public:
  SharedRegistries(ObjectReader& objects, const Clock& clock, RegistriesSettings settings);

  Result<std::unique_ptr<ImageStore>> open(const ContainerRegistry& registry, const std::string& repository) override;
  Result<std::unique_ptr<ImageStore>> open_to_change(const ContainerRegistry& registry, const std::string& repository,
                                                     const AuditSubject& who) override;
  Result<std::unique_ptr<ImageSource>> open_source(const RegistrySource& source, const SourceSignIn& sign_in) override;
  Result<std::unique_ptr<ImageSource>> open_file(const SourceSpec& source, const std::string& base_folder) override;
  SignIn sign_in(const ContainerRegistry& registry, std::stop_token stop) override;

 private:
  struct Endpoint {
    std::string host;
    bool plain_http = false;
    std::string ca_pem;
    Credentials credentials;
    std::string owner;       ///< What names the credentials and is read anew in each visit.
    std::string visit = {};  ///< See visit_to().
  };
  /// Of a registry that can't be asked as it is declared.
  struct NotReached {
    SignIn::End end;
    Error error;
  };
  struct Owner {
    std::string key;  ///< Of its connection.
    Timestamp opened_at;
    std::string visit;  ///< By which it was opened last.
  };
  struct Links {
    std::map<std::string, std::shared_ptr<Connection>> by_key;  // Shared by their repositories.
    std::map<std::string, Owner> owners;
    Timestamp next_look;                                    ///< For what is unused.
    runtime::SharedByName<http::HttpTransport> transports;  // By certificates; the connections' own.
  };

  Result<std::unique_ptr<ImageStore>> open(const ContainerRegistry& registry, ClientOptions options);
  std::expected<std::shared_ptr<Connection>, NotReached> connection_to(const ContainerRegistry& registry);
  /// What is declared and the visit that asks for it; empty outside of one.
  std::string visit_to(const ContainerRegistry& registry) const;
  /// What the same visit opened last; null when somebody else did.
  std::shared_ptr<Connection> opened_by(const std::string& visit, const ContainerRegistry& registry);
  ClientOptions reading(const std::string& repository) const;
  Result<void> learn_rules(const ContainerRegistry& registry);
  Result<Credentials> credentials_of(const ContainerRegistry& registry);
  Result<Endpoint> endpoint_of(const ContainerRegistry& registry, Credentials credentials);
  Result<Credentials> own_credentials(const std::string& secret, const std::string& host);
  /// What a Secret is asked for.
  struct Wanted {
    std::string host;
    std::string repository;  ///< Of the source of a publication, which named the Secret; else a registry did, for all.
  };
  Result<Credentials> credentials_in(const std::string& namespace_name, const std::string& secret,
                                     const Wanted& wanted);
  Result<std::string> certificates_of(const ContainerRegistry& registry);
  Result<std::string> certificates_for_host(const std::string& host);
  Result<std::string> ca_bundle(const KeyRef& reference);
  Result<std::shared_ptr<Connection>> connect(const Endpoint& endpoint);
  void forget_unused(Links& links, Timestamp now) const;
  std::shared_ptr<Connection> make_connection(const Endpoint& endpoint, Links& links) const;

  ObjectReader& objects_;
  const Clock& clock_;
  const RegistriesSettings settings_;
  // Of all connections, which outlive this in the hands of their users.
  const std::shared_ptr<TokenShelf> tokens_;
  const std::shared_ptr<HostSilences> silences_;
  runtime::Guarded<Links> links_;
};

}  // namespace slipway::registry
