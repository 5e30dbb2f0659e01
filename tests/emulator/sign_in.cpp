#include "tests/emulator/sign_in.h"

#include "crds/base/base64.h"
#include "crds/base/glob.h"
#include "crds/base/text.h"
#include "reconcilers/json.h"
#include "tests/emulator/uploads.h"

namespace slipway::emulator {
namespace {

constexpr std::chrono::hours kRefreshLifetime{3};
constexpr const char* kAuthenticationRequired =
    "authentication required, visit https://aka.ms/acr/authorization for more information.";
/// The user name that says "the password is a refresh token".
constexpr std::string_view kNoUser = "00000000-0000-0000-0000-000000000000";

/// One item for each action that is needed; null when there is none.
Node detail_of(const std::vector<Access>& access) {
  std::vector<Node> detail;
  for (const Access& each : access)
    for (const std::string& action : each.actions)
      detail.push_back(json::MapBuilder()
                           .add("Type", json::text(each.type))
                           .add("Name", json::text(each.name))
                           .add("Action", json::text(action))
                           .build());
  return detail.empty() ? Node() : json::list(std::move(detail));
}

/// "Basic abc" with scheme "basic" is "abc"; empty when it is another scheme.
std::string credentials_of(const std::string& header, std::string_view scheme) {
  if (header.size() <= scheme.size() || header[scheme.size()] != ' ') return {};
  return lower_case(header.substr(0, scheme.size())) == scheme ? header.substr(scheme.size() + 1) : std::string();
}

bool in_any(const std::vector<std::string>& patterns, const std::string& name) {
  for (const std::string& pattern : patterns)
    if (glob_matches(pattern, name)) return true;
  return false;
}

/// The part of `asked` that `who` has; a null one is anybody, who may only pull.
std::vector<Access> granted(const Credential* who, const std::vector<Access>& asked) {
  std::vector<Access> granted;
  for (Access each : asked) {
    if (each.type == "registry" && (who == nullptr || !who->actions.contains("catalog"))) continue;
    if (each.type == "repository") {
      if (who != nullptr && each.name != "*" && !in_any(who->repositories, each.name)) continue;
      if (who != nullptr && each.name == "*" && !in_any(who->repositories, "*")) continue;
      const std::set<std::string> held = who ? who->actions : std::set<std::string>{"pull"};
      if (each.actions.contains("*")) each.actions = held;
      std::erase_if(each.actions, [&](const std::string& action) { return !held.contains(action); });
      each.actions.erase("catalog");
    }
    if (!each.actions.empty()) granted.push_back(std::move(each));
  }
  return granted;
}

/// As whatever gives out tokens refuses: without a detail, and with another id each time.
Answer unauthorized() {
  std::string id = random_hex(16);
  for (const std::size_t place : {20, 16, 12, 8}) id.insert(place, "-");
  const Node error = json::MapBuilder()
                         .add("code", json::text("UNAUTHORIZED"))
                         .add("message", json::text(kAuthenticationRequired + (" CorrelationId: " + id)))
                         .build();
  return json_answer(401, to_json_text(json::MapBuilder().add("errors", json::list({error})).build()));
}

std::vector<Access> scopes_of(const std::multimap<std::string, std::string>& query) {
  std::string all;
  const auto [first, last] = query.equal_range("scope");
  for (auto at = first; at != last; ++at) all += at->second + " ";
  return parse_scopes(all);
}

std::string value_of(const std::multimap<std::string, std::string>& query, const std::string& key) {
  const auto found = query.find(key);
  return found == query.end() ? std::string() : found->second;
}

}  // namespace

Answer SignIn::challenge(const Request& request, const std::string& error) const {
  const std::vector<Access> needed = required_access(request.method, request.route, request.target);
  Answer answer = error_answer(401, "UNAUTHORIZED", kAuthenticationRequired, detail_of(needed));
  std::string header = R"(Basic realm="emulator")";
  if (configuration_.authentication != Authentication::Basic) {
    header = "Bearer realm=\"" + request.scheme + "://" + request.host() + "/oauth2/token\",service=\"" +
             request.host() + "\"";
    if (!needed.empty()) header += ",scope=\"" + scope_of(needed) + "\"";
    if (!error.empty()) header += ",error=\"" + error + "\"";
  }
  answer.headers.emplace_back("Www-Authenticate", std::move(header));
  return answer;
}

std::optional<Answer> SignIn::refuse(const Request& request) const {
  if (configuration_.authentication == Authentication::None || is_open(request.route.resource)) return std::nullopt;
  const std::string header = request.header("authorization");
  if (const std::string encoded = credentials_of(header, "basic"); !encoded.empty())
    return refuse_basic(request, encoded);
  const std::string token = credentials_of(header, "bearer");
  if (token.empty() || configuration_.authentication == Authentication::Basic) return challenge(request, {});
  const std::optional<Claims> claims = tokens_.verify(token, "access_token");
  const std::vector<Access> needed = required_access(request.method, request.route, request.target);
  if (!claims || !covers(claims->access, needed)) return challenge(request, "invalid_token");
  return std::nullopt;
}

std::optional<Answer> SignIn::refuse_basic(const Request& request, const std::string& encoded) const {
  const Credential* who = by_basic(encoded);
  if (who == nullptr) return challenge(request, {});
  const std::vector<Access> needed = required_access(request.method, request.route, request.target);
  if (covers(granted(who, needed), needed)) return std::nullopt;
  return error_answer(403, "DENIED", "requested access to the resource is denied");
}

const Credential* SignIn::by_password(const std::string& username, const std::string& password) const {
  if (username == kNoUser) return by_refresh_token(password);
  for (const Credential& each : configuration_.credentials)
    if (each.username == username && each.password == password) return &each;
  return nullptr;
}

const Credential* SignIn::by_basic(const std::string& encoded) const {
  const std::string pair = decode_base64(encoded).value_or("");
  const std::size_t colon = pair.find(':');
  return colon == std::string::npos ? nullptr : by_password(pair.substr(0, colon), pair.substr(colon + 1));
}

const Credential* SignIn::by_refresh_token(const std::string& token) const {
  const std::optional<Claims> claims = tokens_.verify(token, "refresh_token");
  if (!claims) return nullptr;
  for (const Credential& each : configuration_.credentials)
    if (each.username == claims->subject) return &each;
  return nullptr;
}

Answer SignIn::issue(const Credential* who, const std::vector<Access>& asked, const std::string& service) const {
  if (who == nullptr && !configuration_.anonymous_pull) return unauthorized();
  const Claims claims{.subject = who ? who->username : "",
                      .grant_type = "access_token",
                      .access = granted(who, asked),
                      .audience = service};
  const std::string token = tokens_.issue(claims, configuration_.token_lifetime);
  return json_answer(200, to_json_text(json::MapBuilder().add("access_token", json::text(token)).build()));
}

Answer SignIn::token(Request& request) const {
  if (request.method == "GET") {
    const std::string encoded = credentials_of(request.header("authorization"), "basic");
    const Credential* who = by_basic(encoded);
    if (!encoded.empty() && who == nullptr) return unauthorized();
    return issue(who, scopes_of(request.target.query), request.target.parameter("service"));
  }
  const Result<std::string> text = read_text(*request.body, 1 << 20);
  if (!text) return failure_answer(text.error());
  const auto form = parse_query(*text);
  const std::string service = value_of(form, "service");
  if (service != request.host()) return error_answer(400, "UNSUPPORTED", "service is not this registry");
  const std::string refresh = value_of(form, "refresh_token");
  const bool password = value_of(form, "grant_type") == "password";
  if (password && value_of(form, "username").empty() && refresh.empty())
    return issue(nullptr, scopes_of(form), service);
  const Credential* who =
      password ? by_password(value_of(form, "username"), value_of(form, "password")) : by_refresh_token(refresh);
  return who == nullptr ? unauthorized() : issue(who, scopes_of(form), service);
}

Answer SignIn::exchange(Request& request) const {
  const Result<std::string> text = read_text(*request.body, 1 << 20);
  if (!text) return failure_answer(text.error());
  const auto form = parse_query(*text);
  const std::string token = value_of(form, "access_token");
  for (const Credential& each : configuration_.credentials) {
    if (each.entra_token.empty() || each.entra_token != token) continue;
    const Claims claims{
        .subject = each.username, .grant_type = "refresh_token", .access = {}, .audience = value_of(form, "service")};
    const std::string refresh = tokens_.issue(claims, kRefreshLifetime);
    return json_answer(200, to_json_text(json::MapBuilder().add("refresh_token", json::text(refresh)).build()));
  }
  return unauthorized();
}

}  // namespace slipway::emulator
