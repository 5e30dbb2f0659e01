#include "reconcilers/publish/publication_identity.h"

#include <functional>

#include "tests/catch.h"

using namespace slipway;
using namespace slipway::publish;

namespace {

ImagePublicationSpec spec() {
  ImagePublicationSpec out;
  out.registry_ref.name = "contoso";
  out.repository = "shop/storefront";
  out.environment = "staging";
  out.source.image = RegistrySource{};
  out.source.image->reference = "ghcr.io/contoso/storefront:1.8.2";
  out.source.platforms = {"linux/amd64"};
  out.build.commit = "4f2a";
  out.build.labels = {{"pr", "7"}};
  out.tags = {{.name = "v", .template_text = "{{commit}}"}};
  out.gates.scan = ScanGate{};
  return out;
}

const std::string kServer = "contoso.azurecr.io";
const Digest kSource = Digest::of("source");
using Change = std::function<void(ImagePublicationSpec&)>;

}  // namespace

TEST_CASE("which edits make another publication", "[identity]") {
  struct Row {
    std::string name;
    Change change;
    bool request, publication;
  };
  const Row rows[] = {
      {"nothing", [](auto&) {}, false, false},
      {"another ContainerRegistry", [](auto& s) { s.registry_ref.name = "fabrikam"; }, true, true},
      {"another repository", [](auto& s) { s.repository = "shop/other"; }, true, true},
      {"another tag of the source", [](auto& s) { s.source.image->reference = "ghcr.io/contoso/storefront:2"; }, true,
       false},
      {"the source pinned", [](auto& s) { s.source.digest = kSource.str(); }, true, false},
      {"the source named by digest",
       [](auto& s) { s.source.image->reference = "ghcr.io/contoso/storefront@" + kSource.str(); }, true, false},
      {"another repository of the source", [](auto& s) { s.source.image->reference = "ghcr.io/contoso/x:1.8.2"; }, true,
       true},
      {"another registry of the source",
       [](auto& s) { s.source.image->reference = "quay.io/contoso/storefront:1.8.2"; }, true, true},
      {"another kind of source",
       [](auto& s) {
         s.source.image.reset();
         s.source.oci_layout = LayoutSource{.path = "./image", .image = {}};
       },
       true, true},
      {"pull secret", [](auto& s) { s.source.image->pull_secret_ref = NameRef{"x"}; }, false, false},
      {"sign in as another registry", [](auto& s) { s.source.image->registry_ref = NameRef{"x"}; }, false, false},
      {"plain HTTP", [](auto& s) { s.source.image->plain_http = true; }, false, false},
      {"follow", [](auto& s) { s.source.follow = true; }, false, false},
      {"platforms", [](auto& s) { s.source.platforms.clear(); }, true, true},
      {"referrers", [](auto& s) { s.source.referrers = ReferrersMode::None; }, true, true},
      {"commit", [](auto& s) { s.build.commit = "x"; }, true, true},
      {"version", [](auto& s) { s.build.version = "x"; }, true, true},
      {"number", [](auto& s) { s.build.number = 0; }, true, true},
      {"branch", [](auto& s) { s.build.branch = "x"; }, true, true},
      {"run", [](auto& s) { s.build.run_url = "x"; }, true, true},
      {"actor", [](auto& s) { s.build.actor = "x"; }, true, true},
      {"built at", [](auto& s) { s.build.built_at = Timestamp{}; }, true, true},
      {"a label", [](auto& s) { s.build.labels["pr"] = "8"; }, true, true},
      {"environment", [](auto& s) { s.environment = "production"; }, true, true},
      {"a tag's name", [](auto& s) { s.tags[0].name = "x"; }, true, true},
      {"a tag's template", [](auto& s) { s.tags[0].template_text = "x"; }, true, true},
      {"a tag's mutability", [](auto& s) { s.tags[0].mutability = Mutability::Moving; }, true, true},
      {"a tag's optional", [](auto& s) { s.tags[0].optional = true; }, true, true},
      {"scan reports attached", [](auto& s) { s.attach.scan_reports = true; }, true, true},
      {"an SBOM attached", [](auto& s) { s.attach.sbom = true; }, true, true},
      {"provenance attached", [](auto& s) { s.attach.provenance = true; }, true, true},
      {"rollback", [](auto& s) { s.rollback = Rollback{}; }, true, true},
      {"suspend", [](auto& s) { s.suspend = true; }, false, false},
      {"interval", [](auto& s) { s.interval = std::chrono::seconds(5); }, false, false},
      {"notify", [](auto& s) { s.notify.emplace_back(); }, false, false},
      {"gates", [](auto& s) { s.gates.scan.reset(); }, false, false},
      {"retry", [](auto& s) { s.retry.max_duration = std::chrono::seconds(5); }, false, false},
      {"verify", [](auto& s) { s.verify = Verify::Deep; }, false, false},
      {"deployment targets", [](auto& s) { s.deployment_targets.emplace_back(); }, false, false},
      {"deletion policy", [](auto& s) { s.deletion_policy = DeletionPolicy::Untag; }, false, false},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    ImagePublicationSpec other = spec();
    row.change(other);
    CHECK((request_hash(other) != request_hash(spec())) == row.request);
    CHECK((publication_hash(other, kServer, kSource) != publication_hash(spec(), kServer, kSource)) == row.publication);
  }
  CHECK(publication_hash(spec(), kServer, Digest::of("newer")) != publication_hash(spec(), kServer, kSource));
  CHECK(publication_hash(spec(), "fabrikam.azurecr.io", kSource) != publication_hash(spec(), kServer, kSource));
}

TEST_CASE("another rollback is another publication", "[identity]") {
  const auto hash = [](const Rollback& rollback) {
    ImagePublicationSpec out = spec();
    out.rollback = rollback;
    return publication_hash(out, kServer, kSource);
  };
  const Rollback base{.digest = kSource.str(), .reason = "broken", .until = "2026-11-24"};
  for (const auto part : {&Rollback::digest, &Rollback::reason, &Rollback::until}) {
    Rollback other = base;
    other.*part += "x";
    CHECK(hash(other) != hash(base));
  }
}

TEST_CASE("files are told apart", "[identity]") {
  const auto hashes = [](auto change) {
    ImagePublicationSpec out = spec();
    out.source.image.reset();
    change(out.source);
    return std::pair(request_hash(out), publication_hash(out, kServer, kSource));
  };
  const auto layout = hashes([](auto& s) { s.oci_layout = LayoutSource{.path = "a", .image = {}}; });
  const auto archive = hashes([](auto& s) { s.oci_archive = LayoutSource{.path = "a", .image = {}}; });
  const auto saved = hashes([](auto& s) { s.docker_archive = DockerArchiveSource{.path = "a", .image = {}}; });
  const auto named = hashes([](auto& s) { s.docker_archive = DockerArchiveSource{.path = "a", .image = "app:1"}; });
  CHECK(layout.second != archive.second);
  CHECK(archive.second != saved.second);
  CHECK(saved.first != named.first);
  CHECK(saved.second == named.second);
  const auto of_layout = hashes([](auto& s) { s.oci_layout = LayoutSource{.path = "a", .image = "app:1"}; });
  CHECK(layout.first != of_layout.first);
  CHECK(layout.second == of_layout.second);
  const auto of_archive = hashes([](auto& s) { s.oci_archive = LayoutSource{.path = "a", .image = "app:1"}; });
  CHECK(archive.first != of_archive.first);
  CHECK(archive.second == of_archive.second);
}

TEST_CASE("which edits make other gates", "[identity]") {
  using GatesChange = std::function<void(Gates&)>;
  const GatesChange changes[] = {
      [](auto& g) { g.scan.reset(); },
      [](auto& g) { g.scan->allow_up_to = Severity::High; },
      [](auto& g) { g.scan->unfixed = Unfixed::Ignore; },
      [](auto& g) { g.scan->max_age = std::chrono::seconds(1); },
      [](auto& g) { g.scan->wait_for = std::chrono::seconds(1); },
      [](auto& g) { g.scan->exceptions.emplace_back(); },
      [](auto& g) { g.scan->exceptions.push_back({.id = "x"}); },
      [](auto& g) { g.scan->exceptions.push_back({.package = "x"}); },
      [](auto& g) { g.scan->exceptions.push_back({.reason = "x"}); },
      [](auto& g) { g.scan->exceptions.push_back({.until = "x"}); },
      [](auto& g) { g.scan->reports[0].name = "y"; },
      [](auto& g) { g.scan->reports[0].path = "y"; },
      [](auto& g) { g.scan->reports[0].inline_text = "{}"; },
      [](auto& g) { g.scan->reports[0].config_map_ref = KeyRef{"a", "b"}; },
      [](auto& g) { g.scan->reports[0].url = "u"; },
      [](auto& g) { g.scan->reports[0].referrer = "u"; },
      [](auto& g) { g.scan->reports[0].vulnerability_report = NameRef{"u"}; },
      [](auto& g) { g.scan->reports[0].format = ReportFormat::Grype; },
      [](auto& g) { g.scan->reports[0].config_map_ref = KeyRef{"a", "c"}; },
      [](auto& g) { g.scan->reports[0].config_map_ref = KeyRef{"b", "b"}; },
      [](auto& g) { g.signatures.emplace_back(); },
      [](auto& g) { g.signatures.push_back({.name = "x"}); },
      [](auto& g) { g.signatures.push_back({.found_at = FoundAt::Destination}); },
      [](auto& g) { g.signatures.push_back({.cosign_key_ref = KeyRef{"a", "b"}}); },
      [](auto& g) { g.signatures.push_back({.notation_trust_policy_ref = KeyRef{"a", "b"}}); },
      [](auto& g) { g.sbom = SbomGate{}; },
      [](auto& g) { g.sbom = SbomGate{.required = false}; },
      [](auto& g) { g.provenance = ProvenanceGate{}; },
      [](auto& g) { g.provenance = ProvenanceGate{.builder = "x"}; },
      [](auto& g) { g.provenance = ProvenanceGate{.source_repository = "x"}; },
  };
  Gates own;
  own.scan = ScanGate{};
  own.scan->reports.push_back({.name = "r", .path = "x"});
  std::vector<std::string> seen{gates_hash(own, {})};
  for (const auto& change : changes) {
    Gates other = own;
    change(other);
    seen.push_back(gates_hash(other, {}));
    seen.push_back(gates_hash(own, {{.entry = "shop", .gates = other}}));
  }
  seen.push_back(gates_hash(own, {{.entry = "bank", .gates = own}}));
  std::sort(seen.begin(), seen.end());
  CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
  CHECK(gates_hash(own, {}) == gates_hash(own, {}));
}
