#include "controller/registry/listing.h"

#include <functional>
#include <optional>

#include "controller/http/url.h"
#include "controller/registry/paging.h"
#include "controller/registry/requests.h"
#include "controller/registry/response_error.h"
#include "crds/base/document.h"
#include "crds/base/image_reference.h"

namespace slipway::registry {
namespace {

constexpr std::size_t kMostNames = 100'000;
constexpr const char* kPageSize = "?n=1000";
/// Of one page, whatever its shape: a value takes some hundred times the bytes that it is written with.
constexpr std::size_t kMostValues = 20'000;

/// One kind of list.
struct Kind {
  std::string path;
  std::string scope;
  std::string_view key;  ///< Of the names in an answer.
  std::function<bool(const std::string&)> is_name;
};

std::unexpected<Error> no_list(const std::string& url, const std::string& why) {
  return fail(ErrorClass::Integrity, http::redacted(url) + ": " + why,
              "look whether the registry or a proxy before it is broken");
}

Kind tags_of(const std::string& repository) {
  return {.path = "/v2/" + repository + "/tags/list",
          .scope = "repository:" + repository + ":pull",
          .key = "tags",
          .is_name = [](const std::string& name) { return check_tag_name(name).has_value(); }};
}

/// RFC 8259; "tags" is null for a repository that lost all of them.
Result<void> append_names(const Kind& kind, const std::string& url, const std::string& body,
                          std::vector<std::string>& all) {
  const Document document = parse_json(body, "list", {.nodes = kMostValues});
  const Node* names = document.problems.empty() ? document.root.find(kind.key) : nullptr;
  if (names == nullptr) return no_list(url, "no list of " + std::string(kind.key));
  if (names->kind == Node::Kind::Null) return {};
  if (names->kind != Node::Kind::List) return no_list(url, std::string(kind.key) + " is no list");
  if (all.size() + names->items.size() > kMostNames) return no_list(url, "more than 100,000 names");
  for (const Node& item : names->items) {
    if (item.kind != Node::Kind::String || !kind.is_name(item.text)) return no_list(url, "a name that is none");
    all.push_back(item.text);
  }
  return {};
}

/// Nothing when the registry says that there is no such list.
Result<std::optional<std::vector<std::string>>> read_all(Connection& connection, const Kind& kind,
                                                         const std::stop_token& stop) {
  std::vector<std::string> all;
  Paging paging(connection.url(kind.path + kPageSize));
  while (true) {
    const http::Request request = request_to(http::Method::Get, paging.url());
    const Result<http::Response> response = connection.send(request, {.scope = kind.scope}, stop);
    if (!response) return std::unexpected(response.error());
    if (response->status == 404) return std::nullopt;
    if (response->status != 200) return std::unexpected(error_of(request, *response, connection.asker(kind.scope)));
    if (Result<void> added = append_names(kind, paging.url(), response->body, all); !added)
      return std::unexpected(added.error());
    const Result<bool> more = paging.advance(*response);
    if (!more) return std::unexpected(more.error());
    if (!*more) return all;
  }
}

}  // namespace

Result<std::vector<std::string>> list_tags(Connection& connection, const std::string& repository,
                                           std::stop_token stop) {
  const auto found = read_all(connection, tags_of(repository), stop);
  if (!found) return std::unexpected(found.error());
  return found->value_or(std::vector<std::string>{});
}

Result<std::optional<std::set<std::string>>> list_few_tags(Connection& connection, const http::Request& request,
                                                           const Errand& errand, std::stop_token stop) {
  const Result<http::Response> response = connection.send(request, errand, stop);
  const bool is_over = !response && (response.error().cls == ErrorClass::Cancelled || connection.is_silent());
  if (is_over) return std::unexpected(response.error());
  if (!response) return std::nullopt;
  if (response->status == 404 && server_words(*response).code == "NAME_UNKNOWN") return std::set<std::string>{};
  std::vector<std::string> names;
  const bool is_whole = response->status == 200 && response->headers.find("Link") == nullptr;
  if (!is_whole || !append_names(tags_of(""), request.url, response->body, names)) return std::nullopt;
  return std::set<std::string>(names.begin(), names.end());
}

Result<std::vector<std::string>> list_repositories(Connection& connection, std::stop_token stop) {
  const Kind repositories{.path = "/v2/_catalog",
                          .scope = "registry:catalog:*",
                          .key = "repositories",
                          .is_name = [](const std::string& name) { return check_repository_name(name).has_value(); }};
  auto found = read_all(connection, repositories, stop);
  if (!found) return std::unexpected(found.error());
  if (!*found)
    return fail(ErrorClass::NotFound, connection.host() + " has no catalog", "name the repositories one by one");
  return std::move(**found);
}

}  // namespace slipway::registry
