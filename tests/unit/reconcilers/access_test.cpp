#include "reconcilers/access.h"
#include "reconcilers/registry_name.h"

#include "tests/catch.h"

using namespace slipway;

namespace {

using Strings = std::vector<std::string>;

AccessEntry entry(std::string name, std::map<std::string, std::string> labels, Strings repositories,
                  std::vector<AccessAction> actions) {
  AccessEntry out;
  out.name = std::move(name);
  out.namespace_selector.match_labels = std::move(labels);
  out.repositories = std::move(repositories);
  out.actions = std::move(actions);
  return out;
}

AccessEntry with_sources(AccessEntry out, Strings sources) {
  out.sources = std::move(sources);
  return out;
}

AccessEntry with_floor(AccessEntry out, Severity severity) {
  out.gates.scan = ScanGate{};
  out.gates.scan->allow_up_to = severity;
  return out;
}

ContainerRegistry registry(std::vector<AccessEntry> access) {
  ContainerRegistry out;
  out.metadata.name = "contoso";
  out.spec.login_server = "contoso.azurecr.io";
  out.spec.aliases = {"images.contoso.com"};
  out.spec.access = std::move(access);
  return out;
}

AccessRequest request(AccessAction action, std::string repository, std::string source_host = "",
                      std::string source_repository = "") {
  return {.registry = "contoso",
          .tenant = {.namespace_name = "shop", .labels = {{"kubernetes.io/metadata.name", "shop"}, {"team", "shop"}}},
          .action = action,
          .repository = std::move(repository),
          .source_host = std::move(source_host),
          .source_repository = std::move(source_repository)};
}

constexpr auto kRead = AccessAction::Read;
constexpr auto kPublish = AccessAction::Publish;
constexpr auto kPrune = AccessAction::Prune;
const std::map<std::string, std::string> kShop{{"team", "shop"}};
const std::map<std::string, std::string> kBank{{"team", "bank"}};

}  // namespace

TEST_CASE("which entries give an action", "[access]") {
  struct Row {
    std::string name;
    std::vector<AccessEntry> access;
    AccessRequest asked;
    Strings entries;  // Empty: Forbidden.
  };
  const AccessEntry all = entry("all", {}, {"**"}, {kRead, kPublish, kPrune});
  const AccessEntry shop = entry("shop", kShop, {"shop/**"}, {kRead, kPublish});
  const AccessEntry bank = entry("bank", kBank, {"**"}, {kRead, kPublish, kPrune});
  const AccessEntry hub = with_sources(entry("hub", kShop, {"shop/**"}, {kPublish}), {"ghcr.io/contoso/**"});
  const AccessEntry base = entry("base", kShop, {"base/*"}, {kRead});
  const Row rows[] = {
      {"no entry, no access", {}, request(kRead, "shop/a"), {}},
      {"an empty selector is everybody", {all}, request(kPrune, "any/thing"), {"all"}},
      {"labels, repository and action fit", {shop}, request(kPublish, "shop/a", "ghcr.io", "x/y"), {"shop"}},
      {"another namespace's entry", {bank}, request(kRead, "shop/a"), {}},
      {"a repository beside the pattern", {shop}, request(kRead, "shop"), {}},
      {"a repository below one star", {base}, request(kRead, "base/a/b"), {}},
      {"an action that is not listed", {shop}, request(kPrune, "shop/a"), {}},
      {"Publish does not give Read", {hub}, request(kRead, "shop/a"), {}},
      {"several entries give it", {shop, all, bank}, request(kRead, "shop/a"), {"shop", "all"}},
      {"sources that fit", {hub}, request(kPublish, "shop/a", "ghcr.io", "contoso/a/b"), {"hub"}},
      {"sources that do not fit", {hub}, request(kPublish, "shop/a", "ghcr.io", "evil/a"), {}},
      {"sources of another host", {hub}, request(kPublish, "shop/a", "ghcr.io.evil", "contoso/a"), {}},
      {"sources that fit, spelled otherwise",
       {with_sources(shop, {"GHCR.io./contoso/**"})},
       request(kPublish, "shop/a", "ghcr.io", "contoso/a"),
       {"shop"}},
      {"an address as a source, spelled otherwise",
       {with_sources(shop, {"[::1]:5000/**"})},
       request(kPublish, "shop/a", "[0:0:0:0:0:0:0:1]:5000", "a"),
       {"shop"}},
      {"the same address with another port",
       {with_sources(shop, {"[::1]:5000/**"})},
       request(kPublish, "shop/a", "[::1]:5001", "a"),
       {}},
      {"a host alone as a source",
       {with_sources(shop, {"ghcr.io"})},
       request(kPublish, "shop/a", "ghcr.io", "ghcr.io"),
       {}},
      {"a host that is part of a pattern for many",
       {with_sources(shop, {"*.ghcr.io/contoso/**"})},
       request(kPublish, "shop/a", "a.ghcr.io", "contoso/a"),
       {"shop"}},
      {"a file, where sources are named", {hub}, request(kPublish, "shop/a"), {}},
      {"a file, where any source is good", {shop}, request(kPublish, "shop/a"), {"shop"}},
      {"no source at all is good", {with_sources(shop, {})}, request(kPublish, "shop/a", "ghcr.io", "x"), {}},
      {"sources do not count for Read", {with_sources(shop, {})}, request(kRead, "shop/a"), {"shop"}},
      {"sources count with the Publish of their own entry only",
       {hub, entry("other", kBank, {"**"}, {kPublish})},
       request(kPublish, "shop/a", "quay.io", "x"),
       {}},
      {"an own repository with Read is a source",
       {hub, base},
       request(kPublish, "shop/a", "contoso.azurecr.io", "base/a"),
       {"hub"}},
      {"an own repository by its alias",
       {hub, base},
       request(kPublish, "shop/a", "images.contoso.com", "base/a"),
       {"hub"}},
      {"an own repository without Read", {hub}, request(kPublish, "shop/a", "contoso.azurecr.io", "base/a"), {}},
      {"an own repository that only another reads",
       {hub, bank},
       request(kPublish, "shop/a", "contoso.azurecr.io", "base/a"),
       {}},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const auto grant = check_access(registry(row.access), row.asked);
    CHECK(grant.has_value() == !row.entries.empty());
    if (grant) CHECK(grant->entries == row.entries);
    if (!grant) CHECK(grant.error().cls == ErrorClass::Forbidden);
  }
}

TEST_CASE("the floors of all entries that give Publish apply", "[access]") {
  const auto hub =
      with_sources(with_floor(entry("hub", kShop, {"shop/**"}, {kPublish}), Severity::Low), {"ghcr.io/**"});
  const auto quay =
      with_sources(with_floor(entry("quay", kShop, {"shop/**"}, {kPublish}), Severity::None), {"quay.io/**"});
  const auto all = with_floor(entry("all", {}, {"**"}, {kRead, kPublish}), Severity::High);
  const auto bare = entry("bare", {}, {"**"}, {kPublish});
  const auto reader = with_floor(entry("reader", {}, {"**"}, {kRead}), Severity::None);
  const auto grant =
      check_access(registry({hub, quay, all, bare, reader}), request(kPublish, "shop/a", "ghcr.io", "x"));
  REQUIRE(grant.has_value());
  CHECK(grant->entries == Strings{"hub", "all", "bare"});
  CHECK(grant->floors == std::vector<GateFloor>{{"hub", hub.gates}, {"all", all.gates}});
  CHECK(check_access(registry({all}), request(kRead, "shop/a"))->floors.empty());
}

TEST_CASE("a refusal says what to add and nothing of what is there", "[access]") {
  const auto asked = request(kPublish, "bank/vault", "ghcr.io", "evil/x");
  const auto secret = entry("secret-entry", kBank, {"bank/**"}, {kPublish});
  const auto refused = check_access(registry({secret}), asked);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message ==
        "namespace shop has no Publish on \"bank/vault\" of ContainerRegistry contoso for an image from "
        "\"ghcr.io/evil/x\"");
  CHECK_THAT(refused.error().remedy,
             Catch::EndsWith(
                 "- {name: shop-publish-7a3957, namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}, "
                 "repositories: [\"bank/vault\"], actions: [Publish], sources: [\"ghcr.io/evil/x\"]}"));
  CHECK(refused.error() == check_access(registry({}), asked).error());
  auto of_long_name = asked;
  of_long_name.tenant.namespace_name = std::string(63, 'n');
  CHECK_THAT(check_access(std::nullopt, of_long_name).error().remedy,
             Catch::Contains("- {name: " + std::string(48, 'n') + "-publish-7a3957, "));
  CHECK(refused.error() == check_access(std::nullopt, asked).error());
  CHECK_THAT(check_access(std::nullopt, request(kPublish, "a")).error().message, Catch::EndsWith("from a file"));
  CHECK_THAT(check_access(std::nullopt, request(kRead, "a")).error().remedy, Catch::EndsWith("actions: [Read]}"));
  CHECK_THAT(check_access(std::nullopt, request(kPrune, "a")).error().message, Catch::Contains("no Prune"));
}

TEST_CASE("which hosts are the registry itself", "[access]") {
  CHECK(is_own_host(registry({}), "contoso.azurecr.io"));
  CHECK(is_own_host(registry({}), "images.contoso.com"));
  CHECK(is_own_host(registry({}), "contoso.azurecr.io:443"));
  CHECK(is_own_host(registry({}), "Images.Contoso.com"));
  CHECK(is_own_host(registry({}), "contoso.azurecr.io:0443"));
  auto with_port = registry({});
  with_port.spec.login_server = "contoso.azurecr.io:05000";
  with_port.spec.aliases = {"[::1]:0443", "[::2]"};
  CHECK(is_own_host(with_port, "contoso.azurecr.io:5000"));
  CHECK(is_own_host(with_port, "[::1]"));
  CHECK(is_own_host(with_port, "[::2]:443"));
  CHECK_FALSE(is_own_host(with_port, "[::1]:80"));
  CHECK(is_own_host(with_port, "[0:0:0:0:0:0:0:1]"));
  CHECK(is_own_host(with_port, "[0:0::0002]:443"));
  CHECK_FALSE(is_own_host(with_port, "[::3]"));
  CHECK_FALSE(is_own_host(registry({}), "contoso.azurecr.io:80"));
  CHECK_FALSE(is_own_host(registry({}), "contoso.azurecr.io:4443"));
  CHECK_FALSE(is_own_host(registry({}), ":443"));
  CHECK_FALSE(is_own_host(registry({}), ""));
}

TEST_CASE("which publications have a source that the registry keeps", "[access]") {
  const auto keeps = [](const std::string& reference) {
    ImagePublication object;
    object.spec.source.image = RegistrySource{.reference = reference};
    return keeps_source_of(registry({}), object);
  };
  CHECK(keeps("contoso.azurecr.io/base/a:1"));
  CHECK(keeps("images.contoso.com/base/a@" + Digest::of("a").str()));
  CHECK_FALSE(keeps("ghcr.io/base/a:1"));
  CHECK_FALSE(keeps("contoso.azurecr.io/"));
  ImagePublication of_a_file;
  of_a_file.spec.source.oci_layout = LayoutSource{.path = "./image", .image = {}};
  CHECK_FALSE(keeps_source_of(registry({}), of_a_file));
}

TEST_CASE("a registry has one name however its address is written", "[access]") {
  CHECK(registry_name("contoso.azurecr.io", false) == "contoso.azurecr.io:443");
  for (const char* same : {"Contoso.AzureCR.io", "contoso.azurecr.io.", "contoso.azurecr.io:0443"})
    CHECK(registry_name(same, false) == "contoso.azurecr.io:443");
  CHECK(registry_name("localhost", true) == "localhost:80");
  CHECK(registry_name(registry_name("localhost", true), false) == "localhost:80");
  CHECK(registry_name("[0:0::1]", false) == registry_name("[::1]:443", false));
  for (const char* address : {"[fd00::5]:5000", "[2001:DB8::c0de]", "[fe80::1%eth0]:5000", "[::ffff:10.0.0.1]:5000"}) {
    const std::string name = registry_name(address, false);
    CHECK(registry_name(name, false) == name);
  }
  CHECK(registry_name("[fd00::5]:5000", false) == "[fd00:0:0:0:0:0:0:5]:5000");
  CHECK(registry_name("docker.io", false) == registry_name("registry-1.docker.io", false));
  CHECK(registry_name("contoso.azurecr.io:5000", false) != registry_name("contoso.azurecr.io", false));
}
