#include "controller/kube/credentials.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <utility>

namespace slipway::kube {
namespace {

using namespace std::chrono_literals;

constexpr auto kReadAgainAfter = 1min;
constexpr auto kBeforeTheEnd = 10s;
constexpr std::size_t kMostBytes = 1u << 20;

bool is_pem_of(const std::string& text, std::string_view what) {
  return text.find("-----BEGIN " + std::string(what)) != std::string::npos;
}

Result<std::string> pem_of(const Material& material, std::string_view what, std::string_view shown) {
  Result<std::string> text = contents_of(material);
  if (!text || text->empty()) return text;
  const std::string where = material.file.empty() || !material.data.empty() ? std::string(shown) : material.file;
  const bool is_key = what.find("KEY") != std::string_view::npos;
  if (is_key && text->find("ENCRYPTED") != std::string::npos)
    return fail(ErrorClass::Invalid, where + ": the key is encrypted", "give it without a passphrase");
  const bool fits = is_key ? text->find("PRIVATE KEY-----") != std::string::npos : is_pem_of(*text, what);
  if (fits) return text;
  return fail(ErrorClass::Invalid, where + ": this is no PEM of a " + std::string(is_key ? "key" : "certificate"),
              "give it as PEM text (-----BEGIN …)");
}

/// RFC 6750: what may stand in the header.
Result<SecretText> bearer(std::string text, const std::string& where) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  if (text.empty()) return fail(ErrorClass::Unauthorized, where + ": the token is empty", "put a token there");
  if (std::ranges::any_of(text, [](unsigned char c) { return c <= 0x20 || c >= 0x7f; }))
    return fail(ErrorClass::Invalid, where + ": the token has characters that no token has",
                "put the token alone there");
  return SecretText(std::move(text));
}

}  // namespace

Result<std::string> contents_of(const Material& material) {
  if (!material.data.empty() || material.file.empty()) return material.data;
  std::ifstream in(material.file, std::ios::binary);
  if (!in)
    return fail(ErrorClass::Unauthorized, material.file + ": no such file, or it can't be read",
                "put it there, or correct the path");
  std::string text(kMostBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMostBytes)
    return fail(ErrorClass::Invalid, material.file + ": larger than 1 MiB", "name the right file");
  return text;
}

Credentials::Credentials(const ClusterAccess& access, const Clock& clock, RunPlugin run_plugin)
    : access_(access), clock_(clock), run_plugin_(std::move(run_plugin)) {}

/// As long as it lives its caller reads, and nobody else.
class Credentials::Reading {
 public:
  explicit Reading(Credentials& of) : of_(of) {}
  ~Reading() {
    of_.state_.lock()->is_reading = false;
    of_.changed_.notify_all();
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

 private:
  Credentials& of_;
};

Result<Identity> Credentials::current(const std::stop_token& stop) {
  State known;
  {
    auto state = state_.lock();
    if (!state.wait(changed_, stop, [&] { return !state->is_reading; }))
      return fail(ErrorClass::Cancelled, "stopped while the credentials for the API server are read");
    if (may_use(*state) && clock_.now() < state->read_again) return *state->kept;
    state->is_reading = true;
    known = *state;
  }
  const Reading reading{*this};
  const Timestamp now = clock_.now();
  Result<Identity> identity = fresh(known, stop);
  if (!identity && may_use(known)) identity = *known.kept;
  const auto state = state_.lock();
  state->from_plugin = known.from_plugin;
  if (!identity) return identity;
  state->kept = *identity;
  state->read_again = now + kReadAgainAfter;
  // What was refused meanwhile is for the next caller.
  if (known.is_refused) state->is_refused = false;
  return identity;
}

/// Whether what is kept can be sent, however old it is.
bool Credentials::may_use(const State& state) const {
  return state.kept && !state.is_refused && !(state.from_plugin && is_about_to_end(*state.from_plugin));
}

void Credentials::refused(const Identity& used) {
  const auto state = state_.lock();
  if (state->kept == used) state->is_refused = true;
}

Result<Identity> Credentials::fresh(State& state, const std::stop_token& stop) const {
  Identity identity;
  Result<std::string> authority = pem_of(access_.authority, "CERTIFICATE", "certificate-authority-data");
  if (!authority) return while_doing(access_.origin, authority.error());
  identity.authority = std::move(*authority);
  if (Result<void> good = add_user(state, identity, stop); !good) return while_doing(access_.origin, good.error());
  return identity;
}

Result<void> Credentials::add_user(State& state, Identity& identity, const std::stop_token& stop) const {
  const UserAccess& user = access_.user;
  Result<std::string> certificate = pem_of(user.client_certificate, "CERTIFICATE", "client-certificate-data");
  if (!certificate) return std::unexpected(certificate.error());
  Result<std::string> key = pem_of(user.client_key, "PRIVATE KEY", "client-key-data");
  if (!key) return std::unexpected(key.error());
  identity.certificate = std::move(*certificate);
  identity.key = SecretText(std::move(*key));
  if (user.token_file.empty() && user.token.empty()) return add_plugin(state, identity, stop);
  const bool is_file = !user.token_file.empty();
  Result<std::string> text = is_file ? contents_of({.data = {}, .file = user.token_file}) : user.token.reveal();
  if (!text) return std::unexpected(text.error());
  Result<SecretText> token = bearer(std::move(*text), is_file ? user.token_file : "token");
  if (!token) return std::unexpected(token.error());
  identity.token = std::move(*token);
  return {};
}

Result<void> Credentials::add_plugin(State& state, Identity& identity, const std::stop_token& stop) const {
  if (!access_.user.exec) return {};
  if (!state.from_plugin || state.is_refused || is_about_to_end(*state.from_plugin)) {
    Result<ExecCredential> given = run_plugin_(access_, identity.authority, stop);
    if (!given) return std::unexpected(given.error());
    state.from_plugin = std::move(*given);
  }
  const ExecCredential& credential = *state.from_plugin;
  if (credential.ends && *credential.ends <= clock_.now())
    return fail(
        ErrorClass::Unauthorized,
        "exec plugin " + access_.user.exec->command + " gives credentials that ended at " + to_string(*credential.ends),
        "sign in again with it, and compare the clocks");
  if (!credential.token.empty()) {
    Result<SecretText> token = bearer(credential.token.reveal(), "exec plugin " + access_.user.exec->command);
    if (!token) return std::unexpected(token.error());
    identity.token = std::move(*token);
  }
  if (credential.certificate.empty()) return {};
  identity.certificate = credential.certificate;
  identity.key = credential.key;
  return {};
}

bool Credentials::is_about_to_end(const ExecCredential& credential) const {
  return credential.ends && clock_.now() + kBeforeTheEnd >= *credential.ends;
}

}  // namespace slipway::kube
