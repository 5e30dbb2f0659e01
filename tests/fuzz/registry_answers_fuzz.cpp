#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>

#include "controller/http/url.h"
#include "controller/registry/docker_config.h"
#include "controller/registry/listing.h"
#include "controller/registry/referrer_list.h"
#include "crds/base/image_reference.h"
#include "tests/support/scripted_transport.h"

namespace {

using namespace slipway;
using namespace slipway::registry;

constexpr const char* kHost = "r.io";

void check(bool holds) {
  if (!holds) std::abort();
}

template <class T>
bool is_told(const Result<T>& result) {
  if (!result) check(!result.error().message.empty());
  return result.has_value();
}

class FixedClock final : public Clock {
 public:
  Timestamp now() const override { return Timestamp(std::chrono::hours(500'000)); }
};

/// A registry that gives these answers.
struct World {
  tests::ScriptedTransport network;
  FixedClock clock;
  Connection connection{network, clock, TokenOptions{.host = kHost}};
};

bool is_ours(const http::Request& request) {
  return http::same_origin(http::Url::parse(request.url).value(), http::Url::parse("https://r.io/").value());
}

/// What is read of a list is kept in a list of ours, which is read as the same.
void read_referrers(std::string_view text) {
  const auto listed = parse_referrers(text);
  std::vector<content::Descriptor> all;
  check(append_referrers(text, all).has_value() == is_told(listed));
  if (!listed) return;
  check(listed->size() <= kMostReferrers && all.size() == listed->size());
  const auto again = parse_referrers(referrer_index(all).bytes);
  check(again && *again == all);
}

/// What follows the first line names the next page, which is asked of nobody else.
void read_tags(std::string_view text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  World world;
  world.network.then(200, {{"Link", std::string(text.substr(end))}}, std::string(text.substr(0, end)));
  world.network.then(200, {}, R"({"tags":[]})");
  const auto tags = list_tags(world.connection, "a/b", {});
  for (const http::Request& request : world.network.requests) check(is_ours(request));
  if (!is_told(tags)) return;
  for (const std::string& tag : *tags) check(check_tag_name(tag).has_value());
}

void read_repositories(std::string_view text) {
  World world;
  world.network.then(200, {}, std::string(text));
  const auto repositories = list_repositories(world.connection, {});
  if (!is_told(repositories)) return;
  for (const std::string& name : *repositories) check(check_repository_name(name).has_value());
}

/// What the token service says gets into no other header, and into none for long.
void read_token(std::string_view text) {
  World world;
  world.network.then(401, {{"WWW-Authenticate", R"(Bearer realm="https://r.io/token",service="r.io")"}});
  world.network.then(200, {}, std::string(text));
  world.network.then(200, {}, R"({"tags":[]})");
  if (!is_told(list_tags(world.connection, "a/b", {}))) return;
  const std::string* header = world.network.requests.at(2).headers.find("Authorization");
  check(header != nullptr && header->starts_with("Bearer ") && header->size() > 7 && header->size() <= 7 + (16u << 10));
  check(header->find_first_of("\r\n") == std::string::npos);
}

/// The words of a refusal are one line.
void read_refusal(std::string_view text) {
  World world;
  world.network.then(403, {}, std::string(text));
  const auto tags = list_tags(world.connection, "a/b", {});
  check(!is_told(tags) && tags.error().message.find('\n') == std::string::npos);
}

void read_docker_config(std::string_view text) {
  const auto found = credentials_from_docker_config(text, kHost, "a/b");
  if (is_told(found) && *found) check(!(*found)->anonymous() && !(*found)->who().empty());
  is_told(credential_helper_in_docker_config(text, kHost));
}

constexpr void (*kReaders[])(std::string_view) = {read_referrers, read_tags,    read_repositories,
                                                  read_token,     read_refusal, read_docker_config};

}  // namespace

/// The first byte says what the rest is taken for.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  kReaders[data[0] % std::size(kReaders)](text.substr(1));
  return 0;
}
