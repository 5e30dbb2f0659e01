#include "controller/registry/registries.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <string_view>
#include <utility>

#include "controller/registry/docker_config.h"
#include "controller/registry/registry_client.h"
#include "controller/registry/requests.h"
#include "controller/registry/response_error.h"
#include "crds/base/error_class.h"
#include "crds/base/host.h"
#include "crds/v1alpha1/core_objects.h"
#include "reconcilers/access.h"
#include "reconcilers/docker_hub.h"
#include "reconcilers/registry_name.h"
#include "reconcilers/untrusted_host.h"

namespace slipway::registry {
namespace {

constexpr std::chrono::milliseconds kUnusedFor{std::chrono::hours{1}};
constexpr std::chrono::minutes kLookForUnused{10};

Result<void> check_plain_http(const std::string& host) {
  if (is_loopback_host(host)) return {};
  return fail(ErrorClass::Invalid, host + ": plainHTTP is for a registry on localhost only", "remove plainHTTP");
}

// Never written anywhere: it tells connections apart in memory. Whoever refuses says the advice of its connection.
std::string key_of(const std::string& host, bool plain_http, const std::string& ca_pem, const Credentials& who) {
  std::string key;
  for (const std::string& part : {host, std::string(plain_http ? "http" : "https"), ca_pem, who.username,
                                  who.password.reveal(), who.identity_token.reveal(), who.origin, who.advice})
    key += std::to_string(part.size()) + ":" + part;
  return Digest::of(key).str();
}

std::string owner_of(const ContainerRegistry& registry) {
  return "ContainerRegistry " + registry.metadata.name;
}

bool is_pem_of_certificates(std::string_view text) {
  const std::size_t begin = text.find("-----BEGIN ");
  return begin != std::string_view::npos && text.find("CERTIFICATE-----", begin) != std::string_view::npos;
}

/// They are kept as long as their connection, of which there are many.
Result<Credentials> from(Credentials credentials, std::string origin) {
  constexpr std::size_t kLongest = 16u << 10;
  const std::size_t bytes =
      credentials.username.size() + credentials.password.reveal().size() + credentials.identity_token.reveal().size();
  if (bytes > kLongest)
    return fail(ErrorClass::Unauthorized,
                origin + ": user name and password have " + std::to_string(bytes) + " bytes, and at most " +
                    std::to_string(kLongest) + " are taken",
                "give it those of the registry");
  credentials.origin = std::move(origin) + (credentials.path.empty() ? "" : ", entry for " + credentials.path);
  return credentials;
}

/// Of a source that is read anonymously, where credentials of its own go.
constexpr std::string_view kPullSecret = " in spec.source.image.pullSecretRef, a Secret of the publication's namespace";
constexpr std::string_view kHowToBorrow =
    ", or name the image in `sources` of the access entry: that lends it the environment's";

std::string how_to_sign_in(const std::string& host) {
  return "set SLIPWAY_REGISTRY_HOST to " + host + ", and _USERNAME and _PASSWORD, or use docker login " + host;
}

/// Such a Secret names its host, without which it would be refused next.
std::string how_to_create_pull_secret(const std::string& namespace_name, const std::string& secret,
                                      const std::string& host) {
  return "create it: kubectl -n " + namespace_name + " create secret docker-registry " + secret +
         " --docker-server=" + host + " --docker-username=USERNAME --docker-password=PASSWORD";
}

/// What the environment has for a source to which it is lent.
Credentials lent(Credentials ambient, const std::string& host) {
  if (!ambient.anonymous()) return ambient;
  ambient.advice = std::string(kPullSecret) + ", or " + how_to_sign_in(host);
  if (!ambient.lacking.empty()) ambient.advice += " (now " + ambient.lacking + ")";
  return ambient;
}

}  // namespace

SharedRegistries::SharedRegistries(ObjectReader& objects, const Clock& clock, RegistriesSettings settings)
    : objects_(objects),
      clock_(clock),
      settings_(std::move(settings)),
      tokens_(std::make_shared<TokenShelf>(settings_.most_token_bytes)),
      silences_(std::make_shared<HostSilences>(HostSilence::Hands{settings_.steady, settings_.silences})) {}

Result<std::unique_ptr<ImageStore>> SharedRegistries::open(const ContainerRegistry& registry,
                                                           const std::string& repository) {
  return open(registry, reading(repository));
}

Result<std::unique_ptr<ImageStore>> SharedRegistries::open_to_change(const ContainerRegistry& registry,
                                                                     const std::string& repository,
                                                                     const AuditSubject& who) {
  ClientOptions options = reading(repository);
  options.read_only = false;
  options.audited = {.log = &settings_.audit, .who = who};
  return open(registry, std::move(options));
}

Result<std::unique_ptr<ImageStore>> SharedRegistries::open(const ContainerRegistry& registry, ClientOptions options) {
  if (auto known = opened_by(visit_to(registry), registry))
    return std::make_unique<RegistryClient>(std::move(known), std::move(options));
  auto connection = connection_to(registry);
  if (!connection) return while_doing("registry " + registry.metadata.name, std::move(connection.error().error));
  return std::make_unique<RegistryClient>(std::move(*connection), std::move(options));
}

std::string SharedRegistries::visit_to(const ContainerRegistry& registry) const {
  const std::string visit = settings_.reconcile_id ? settings_.reconcile_id() : "";
  const ObjectMeta& is = registry.metadata;
  return visit.empty() ? "" : visit + ' ' + is.uid + ' ' + std::to_string(is.generation);
}

std::shared_ptr<Connection> SharedRegistries::opened_by(const std::string& visit, const ContainerRegistry& registry) {
  const auto links = links_.lock();
  const auto owner = links->owners.find(owner_of(registry));
  if (visit.empty() || owner == links->owners.end() || owner->second.visit != visit) return nullptr;
  owner->second.opened_at = clock_.now();
  return links->by_key.at(owner->second.key);
}

Result<std::unique_ptr<ImageSource>> SharedRegistries::open_source(const RegistrySource& source,
                                                                   const SourceSignIn& sign_in) {
  const Result<ImageReference> reference = ImageReference::parse(source.reference);
  if (!reference) return std::unexpected(reference.error());
  Endpoint endpoint{.host = reference->registry,
                    .plain_http = source.plain_http,
                    .ca_pem = {},
                    .credentials = {},
                    .owner = (source.plain_http ? "http://" : "https://") + reference->registry};
  if (source.pull_secret_ref) {
    Result<Credentials> found =
        credentials_in(sign_in.namespace_name, source.pull_secret_ref->name, {endpoint.host, reference->repository});
    if (!found) return std::unexpected(found.error());
    endpoint.credentials = std::move(*found);
    endpoint.owner += " by Secret " + sign_in.namespace_name + "/" + source.pull_secret_ref->name;
    if (!endpoint.credentials.path.empty()) endpoint.owner += " for " + endpoint.credentials.path;
  } else if (sign_in.environment && settings_.ambient_credentials) {
    Result<Credentials> ambient = settings_.ambient_credentials(endpoint.host);
    if (!ambient) return std::unexpected(ambient.error());
    endpoint.credentials = lent(std::move(*ambient), endpoint.host);
    endpoint.owner += " by the environment";
  } else {
    endpoint.credentials.advice = kPullSecret;
    if (settings_.ambient_credentials) endpoint.credentials.advice += kHowToBorrow;
  }
  if (!source.plain_http) {
    Result<std::string> certificates = certificates_for_host(endpoint.host);
    if (!certificates) return std::unexpected(certificates.error());
    endpoint.ca_pem = std::move(*certificates);
  }
  Result<std::shared_ptr<Connection>> connection = connect(endpoint);
  if (!connection) return std::unexpected(connection.error());
  return std::make_unique<RegistryClient>(std::move(*connection), reading(reference->repository));
}

Result<std::unique_ptr<ImageSource>> SharedRegistries::open_file(const SourceSpec& source,
                                                                 const std::string& base_folder) {
  return settings_.open_file(source, base_folder);
}

SignIn SharedRegistries::sign_in(const ContainerRegistry& registry, std::stop_token stop) {
  using End = SignIn::End;
  const auto ended = [](End end, Error error) {
    return SignIn{.identity = std::unexpected(std::move(error)), .end = end};
  };
  auto connection = connection_to(registry);
  if (!connection) return ended(connection.error().end, std::move(connection.error().error));
  const http::Request request = request_to(http::Method::Get, (*connection)->url("/v2/"));
  const Result<http::Response> response = (*connection)->send(request, {.scope = ""}, stop);
  if (response && response->status == 200) return {.identity = (*connection)->identity(), .end = End::Answered};
  Error error = response ? error_of(request, *response, (*connection)->asker("")) : response.error();
  const bool is_away = error.cls == ErrorClass::Unavailable || (!response && is_of_untrusted_host(error));
  return ended(is_away ? End::NoAnswer : End::Answered, std::move(error));
}

std::expected<std::shared_ptr<Connection>, SharedRegistries::NotReached> SharedRegistries::connection_to(
    const ContainerRegistry& registry) {
  using End = SignIn::End;
  const auto ended = [](End end, Error& error) { return std::unexpected(NotReached{end, std::move(error)}); };
  if (auto learned = learn_rules(registry); !learned) return ended(End::NotAsked, learned.error());
  Result<Credentials> credentials = credentials_of(registry);
  if (!credentials) return ended(End::NoCredentials, credentials.error());
  Result<Endpoint> endpoint = endpoint_of(registry, std::move(*credentials));
  if (!endpoint) return ended(End::NotAsked, endpoint.error());
  Result<std::shared_ptr<Connection>> connection = connect(*endpoint);
  if (!connection) return ended(End::NotAsked, connection.error());
  return std::move(*connection);
}

ClientOptions SharedRegistries::reading(const std::string& repository) const {
  return {.repository = repository,
          .read_only = true,
          .request_id = settings_.reconcile_id ? settings_.reconcile_id() : std::string()};
}

/// `registry` as it is given counts, be it gone or edited meanwhile.
Result<void> SharedRegistries::learn_rules(const ContainerRegistry& registry) {
  auto all = objects_.registries();
  if (!all) return std::unexpected(all.error());
  std::erase_if(*all, [&](const auto& other) { return other.metadata.name == registry.metadata.name; });
  all->push_back(registry);
  settings_.rules.learn(*all);
  return {};
}

Result<Credentials> SharedRegistries::credentials_of(const ContainerRegistry& registry) {
  const Authentication& way = registry.spec.authentication;
  if (way.basic) return own_credentials(way.basic->secret_ref.name, registry.spec.login_server);
  if (way.anonymous) {
    Credentials nobody;
    nobody.advice = " in spec.authentication.basic of ContainerRegistry " + registry.metadata.name;
    return nobody;
  }
  return fail_because("NotSupported", {.cls = ErrorClass::Invalid,
                                       .message = "this way to sign in is not carried out yet",
                                       .remedy = "use basic or anonymous",
                                       .reason = {},
                                       .retry_after = {}});
}

Result<SharedRegistries::Endpoint> SharedRegistries::endpoint_of(const ContainerRegistry& registry,
                                                                 Credentials credentials) {
  Result<std::string> certificates = certificates_of(registry);
  if (!certificates) return std::unexpected(certificates.error());
  return Endpoint{.host = registry.spec.login_server,
                  .plain_http = registry.spec.plain_http,
                  .ca_pem = std::move(*certificates),
                  .credentials = std::move(credentials),
                  .owner = owner_of(registry),
                  .visit = visit_to(registry)};
}

/// Who publishes from a pipeline has credentials in its environment rather than in a file beside the others.
Result<Credentials> SharedRegistries::own_credentials(const std::string& secret, const std::string& host) {
  Result<Credentials> found = credentials_in(settings_.controller_namespace, secret, {host, ""});
  if (found || !settings_.ambient_credentials || found.error().cls != ErrorClass::Unauthorized) return found;
  Result<Credentials> ambient = settings_.ambient_credentials(host);
  if (!ambient || !ambient->anonymous()) return ambient;
  if (!ambient->lacking.empty()) found.error().message += ", and the environment has no sign-in: " + ambient->lacking;
  found.error().remedy += "; or " + how_to_sign_in(host);
  return found;
}

Result<Credentials> SharedRegistries::credentials_in(const std::string& namespace_name, const std::string& secret,
                                                     const Wanted& wanted) {
  const std::string name = "Secret " + namespace_name + "/" + secret;
  const Result<std::optional<SecretObject>> found = objects_.secret(namespace_name, secret);
  if (!found) return std::unexpected(found.error());
  if (!*found)
    return fail(ErrorClass::Unauthorized, name + " does not exist",
                wanted.repository.empty() ? "create it with username and password"
                                          : how_to_create_pull_secret(namespace_name, secret, wanted.host));
  const auto& data = (*found)->data;
  if (const auto config = data.find(std::string(kDockerConfigKey)); config != data.end()) {
    Result<std::optional<Credentials>> entry =
        credentials_from_docker_config(config->second, wanted.host, wanted.repository);
    if (!entry) return while_doing(name, entry.error());
    if (*entry) return from(std::move(**entry), name + ", key " + config->first);
    const std::string place = wanted.host + (wanted.repository.empty() ? "" : "/" + wanted.repository);
    return fail(ErrorClass::Unauthorized, name + " has no entry for " + place,
                "add one under auths, for " + wanted.host + " or for a path of it that holds the repository");
  }
  auto objection = wanted.repository.empty() ? objection_to_sign_in(**found) : objection_to_pull(**found, wanted.host);
  if (objection) return std::unexpected(std::move(*objection));
  return from({.username = data.at("username"), .password = SecretText(data.at("password")), .identity_token = {}},
              name + ", keys username and password");
}

Result<std::string> SharedRegistries::certificates_of(const ContainerRegistry& registry) {
  return registry.spec.ca_bundle_ref ? ca_bundle(*registry.spec.ca_bundle_ref) : "";
}

/// Whom to trust at a host is not whose credentials are used there: who declared the host says it for all. Certificates
/// that can't be read are told at their own ContainerRegistry alone: whoever reads a source may not know of it.
Result<std::string> SharedRegistries::certificates_for_host(const std::string& host) {
  const auto all = objects_.registries();
  if (!all) return std::unexpected(all.error());
  std::set<std::string> bundles;
  for (const ContainerRegistry& one : *all) {
    if (!is_own_host(one, host)) continue;
    Result<std::string> pem = certificates_of(one);
    if (!pem && is_passing(pem.error().cls))
      return fail(ErrorClass::Unavailable, "the certificates to trust at " + host + " can't be read now",
                  "nothing: it is tried again");
    if (pem) bundles.insert(std::move(*pem));
  }
  bundles.erase("");
  std::string together;
  for (const std::string& pem : bundles) together += (together.empty() ? "" : "\n") + pem;
  return together;
}

Result<std::string> SharedRegistries::ca_bundle(const KeyRef& reference) {
  const std::string& name_space = settings_.controller_namespace;
  const auto certificates_in = [&](const std::string& kind, const std::string& pem) -> Result<std::string> {
    if (is_pem_of_certificates(pem)) return pem;
    return fail(ErrorClass::Invalid,
                kind + " " + name_space + "/" + reference.name + ", key " + reference.key + " holds no certificate",
                "put the certificate authority there as PEM (-----BEGIN CERTIFICATE-----)");
  };
  const auto config = objects_.config_map(name_space, reference.name);
  if (!config) return std::unexpected(config.error());
  if (*config && (*config)->data.contains(reference.key))
    return certificates_in("ConfigMap", (*config)->data.at(reference.key));
  const auto secret = objects_.secret(name_space, reference.name);
  if (!secret) return std::unexpected(secret.error());
  if (*secret && (*secret)->data.contains(reference.key))
    return certificates_in("Secret", (*secret)->data.at(reference.key));
  return fail(ErrorClass::NotFound, "no ConfigMap or Secret " + reference.name + " with the key " + reference.key,
              "create it in the namespace " + name_space);
}

Result<std::shared_ptr<Connection>> SharedRegistries::connect(const Endpoint& endpoint) {
  if (endpoint.plain_http)
    if (Result<void> local = check_plain_http(endpoint.host); !local) return std::unexpected(local.error());
  const std::string key = key_of(endpoint.host, endpoint.plain_http, endpoint.ca_pem, endpoint.credentials);
  const Timestamp now = clock_.now();
  auto links = links_.lock();
  std::shared_ptr<Connection>& known = links->by_key[key];
  if (!known) known = make_connection(endpoint, *links);
  std::shared_ptr<Connection> connection = known;
  const Owner former =
      std::exchange(links->owners[endpoint.owner], Owner{.key = key, .opened_at = now, .visit = endpoint.visit});
  const auto is_of_former = [&](const auto& owner) { return owner.second.key == former.key; };
  if (former.key != key && std::ranges::none_of(links->owners, is_of_former)) links->by_key.erase(former.key);
  if (now >= links->next_look || links->owners.size() > settings_.most_owners) forget_unused(*links, now);
  return connection;
}

/// A connection that somebody still holds stays: who opens it meanwhile shares its turns.
void SharedRegistries::forget_unused(Links& links, Timestamp now) const {
  const auto forget = [&](Timestamp before) {
    std::erase_if(links.owners, [&](const auto& owner) { return owner.second.opened_at < before; });
  };
  links.next_look = now + kLookForUnused;
  forget(now - kUnusedFor);
  for (auto age = kUnusedFor / 2; links.owners.size() > settings_.most_owners && age.count() > 0; age /= 2)
    forget(now - age);
  std::set<std::string_view> keys;
  for (const auto& [name, owner] : links.owners) keys.insert(owner.key);
  std::erase_if(links.by_key,
                [&](const auto& link) { return !keys.contains(link.first) && link.second.use_count() == 1; });
}

std::shared_ptr<Connection> SharedRegistries::make_connection(const Endpoint& endpoint, Links& links) const {
  struct Link {
    Link(std::shared_ptr<http::HttpTransport> given, const Clock& clock, TokenOptions options)
        : network(std::move(given)), connection(*network, clock, std::move(options)) {}
    const std::shared_ptr<http::HttpTransport> network;
    Connection connection;
  };
  TokenOptions options{.host = wire_host(endpoint.host),
                       .plain_http = endpoint.plain_http,
                       .credentials = endpoint.credentials,
                       .may_call = [&rules = settings_.rules](std::string_view from,
                                                              std::string_view to) { return rules.may_call(from, to); },
                       .shelf = tokens_,
                       .silences = silences_};
  auto transport =
      links.transports.find_or_make(endpoint.ca_pem, [&] { return settings_.make_transport(endpoint.ca_pem); });
  const auto link = std::make_shared<Link>(std::move(transport), clock_, std::move(options));
  return {link, &link->connection};
}

}  // namespace slipway::registry
