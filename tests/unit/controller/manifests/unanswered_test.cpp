#include "controller/manifests/unanswered.h"

#include <fstream>

#include "tests/catch.h"
#include "tests/support/temporary_folder.h"

using namespace slipway;
using namespace slipway::manifests;

namespace {

const std::string kPublication = R"(apiVersion: slipway.dev/v1alpha1
kind: ImagePublication
metadata: {name: app, namespace: shop}
spec:
  registryRef: {name: contoso}
  repository: shop/app
  source:
    image: {reference: "ghcr.io/contoso/app:1", pullSecretRef: {name: ghcr}}
  tags: [{name: env, template: staging, mutability: Moving}]
  gates:
    scan:
      reports:
        - {name: amd64, format: Trivy, configMapRef: {name: scan, key: report.json}}
        - {name: arm64, format: Trivy, path: reports/arm64.json}
)";

const std::string kRegistry = R"(apiVersion: slipway.dev/v1alpha1
kind: ContainerRegistry
metadata: {name: contoso}
spec:
  loginServer: contoso.example
  authentication: {basic: {secretRef: {name: push}}}
  caBundleRef: {name: ca, key: ca.pem}
)";

const std::string kPolicy = R"(apiVersion: slipway.dev/v1alpha1
kind: RetentionPolicy
metadata: {name: shop, namespace: shop}
spec:
  registryRef: {name: contoso}
  repositories: ["shop/**"]
  rules: [{name: all, match: {tags: ["*"]}, expireAfter: 30d}]
)";

std::string core(const std::string& kind, const std::string& namespace_name, const std::string& name) {
  return "apiVersion: v1\nkind: " + kind + "\nmetadata: {name: " + name + ", namespace: " + namespace_name + "}\n";
}

const std::string kKeys = "stringData: {username: ci, password: s3cret}\n";

struct World {
  tests::TemporaryFolder folder;

  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder.path() / name).parent_path());
    std::ofstream(folder.path() / name) << text;
  }
  /// The warnings, each after its file.
  std::vector<std::string> warnings() {
    ManifestFolderOptions options{.path = folder.path().string()};
    options.parse.keep_roots = true;
    auto opened = ManifestFolder::open(options);
    REQUIRE(opened);
    const auto reading = opened->read();
    REQUIRE(reading);
    std::vector<std::string> texts;
    for (auto problem : unanswered_references(*reading, {"slipway-system", opened->root()})) {
      CHECK(problem.warning);
      problem.file = std::filesystem::path(problem.file).filename();
      texts.push_back(to_string(problem));
    }
    return texts;
  }
};

}  // namespace

TEST_CASE("what a folder names and does not hold is told with file, place, field and what to do") {
  World world;
  world.write("app.yaml", kPublication);
  world.write("policy.yaml", kPolicy);
  auto registry = kRegistry;
  registry.replace(registry.find("name: contoso"), 13, "name: fabrikam");
  world.write("other.yaml", registry + "---\n" + core("Secret", "default", "ghcr"));
  const std::string elsewhere = "; nothing is to be done where the cluster or the environment has it";
  CHECK(world.warnings() ==
        std::vector<std::string>{
            "app.yaml:5:23: spec.registryRef.name: there is no ContainerRegistry contoso in the folder; add it, or "
            "correct the name (there is ContainerRegistry fabrikam)",
            "app.yaml:8:71: spec.source.image.pullSecretRef.name: there is no Secret shop/ghcr in the folder; add it, "
            "or correct the name (there is Secret default/ghcr); nothing is to be done where the cluster has it",
            "app.yaml:13:61: spec.gates.scan.reports[0].configMapRef.name: there is no ConfigMap shop/scan in the "
            "folder; add it, or correct the name; nothing is to be done where the cluster has it",
            "app.yaml:14:46: spec.gates.scan.reports[1].path: there is no file \"reports/arm64.json\"; correct the "
            "path, which starts at the folder of this file, or see that the file is there before the publication",
            "other.yaml:6:46: spec.authentication.basic.secretRef.name: there is no Secret slipway-system/push in the "
            "folder; add it, or correct the name" +
                elsewhere,
            "other.yaml:7:23: spec.caBundleRef.name: there is no Secret slipway-system/ca or ConfigMap "
            "slipway-system/ca in the folder; add it, or correct the name" +
                elsewhere,
            "policy.yaml:5:23: spec.registryRef.name: there is no ContainerRegistry contoso in the folder; add it, or "
            "correct the name (there is ContainerRegistry fabrikam)"});
}

TEST_CASE("what an item of a List names is told with the item") {
  World world;
  std::string item = kPolicy;
  for (auto end = item.find('\n'); end + 1 < item.size(); end = item.find('\n', end + 1)) item.insert(end + 1, "  ");
  world.write("list.yaml", "apiVersion: v1\nkind: List\nitems:\n- " + item);
  CHECK(world.warnings() == std::vector<std::string>{
                                "list.yaml:8:25: items[0].spec.registryRef.name: there is no ContainerRegistry contoso "
                                "in the folder; add it, or correct the name"});
}

TEST_CASE("a folder that holds what it names is told nothing") {
  World world;
  world.write("app.yaml", kPublication);
  world.write("registry.yaml", kRegistry);
  world.write("rest.yaml", core("Secret", "shop", "ghcr") + "stringData: {.dockerconfigjson: '{}'}\n---\n" +
                               core("ConfigMap", "shop", "scan") + "---\n" + core("Secret", "slipway-system", "push") +
                               kKeys + "---\n" + core("ConfigMap", "slipway-system", "ca"));
  world.write("reports/arm64.json", "{}");
  CHECK(world.warnings().empty());
}

TEST_CASE("a key that a Secret lacks for signing in is told where the Secret is named, without its values") {
  World world;
  auto publication = kPublication.substr(0, kPublication.find("  gates:"));
  world.write("app.yaml", publication);
  world.write("registry.yaml", kRegistry.substr(0, kRegistry.find("  caBundleRef")));
  world.write("secrets.yaml", core("Secret", "shop", "ghcr") + "stringData: {token: s3cret}\n---\n" +
                                  core("Secret", "slipway-system", "push") +
                                  "stringData: {username: ci, pasword: s3cret}\n");
  const std::string remedy = "; give it the keys username and password";
  CHECK(world.warnings() ==
        std::vector<std::string>{"app.yaml:8:71: spec.source.image.pullSecretRef.name: Secret shop/ghcr lacks username "
                                 "and password (it has token)" +
                                     remedy,
                                 "registry.yaml:6:46: spec.authentication.basic.secretRef.name: Secret "
                                 "slipway-system/push lacks password (it has pasword, username)" +
                                     remedy});
}

TEST_CASE("white space around a password is told where its Secret is named") {
  World world;
  world.write("app.yaml", kPublication.substr(0, kPublication.find("  gates:")));
  world.write("registry.yaml", kRegistry.substr(0, kRegistry.find("  caBundleRef")));
  world.write("secrets.yaml", core("Secret", "shop", "ghcr") +
                                  "stringData: {username: ci, password: \"s3cret\\n\", registry: ghcr.io}\n---\n" +
                                  core("Secret", "slipway-system", "push") +
                                  "stringData: {username: \" ci\", password: s3cret}\n");
  const std::string remedy = ", which counts as part of it; write it without, unless the registry has it so";
  CHECK(world.warnings() ==
        std::vector<std::string>{"app.yaml:8:71: spec.source.image.pullSecretRef.name: Secret shop/ghcr: the password "
                                 "ends with a line break" +
                                     remedy,
                                 "registry.yaml:6:46: spec.authentication.basic.secretRef.name: Secret "
                                 "slipway-system/push: the user name begins with white space" +
                                     remedy});
}

TEST_CASE("a pull secret that names no registry is told where it is named, what a ContainerRegistry names needs none") {
  World world;
  world.write("app.yaml", kPublication.substr(0, kPublication.find("  gates:")));
  world.write("registry.yaml", kRegistry.substr(0, kRegistry.find("  caBundleRef")));
  world.write("secrets.yaml",
              core("Secret", "shop", "ghcr") + kKeys + "---\n" + core("Secret", "slipway-system", "push") + kKeys);
  const auto warnings = world.warnings();
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Catch::StartsWith("app.yaml:8:71: spec.source.image.pullSecretRef.name: Secret shop/ghcr has "
                                            "username and password, and no key registry"));
  CHECK_THAT(warnings[0], Catch::Contains("if they are for ghcr.io, give it that key"));
}

TEST_CASE("a Secret that SOPS encrypted counts as not there") {
  World world;
  world.write("registry.yaml", kRegistry.substr(0, kRegistry.find("  caBundleRef")));
  world.write("push.yaml", core("Secret", "slipway-system", "push") +
                               "stringData: {username: \"ENC[x]\", password: \"ENC[x]\"}\nsops: {mac: \"ENC[x]\"}\n");
  const auto warnings = world.warnings();
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Catch::Contains("there is no Secret slipway-system/push in the folder"));
}

TEST_CASE("what may stand in a file that is broken is not said to be missing") {
  World world;
  world.write("app.yaml", kPublication);
  world.write("registry.yaml", kRegistry + "nope: 1\n");
  CHECK(world.warnings().empty());
}

TEST_CASE("a source file that is not there or can't be read is told like a report") {
  World world;
  const std::string image = "image: {reference: \"ghcr.io/contoso/app:1\", pullSecretRef: {name: ghcr}}";
  auto publication = kPublication.substr(0, kPublication.find("  gates:"));
  const auto path = GENERATE(as<std::string>{}, "imag.tar", "../image.tar", "image.tar");
  publication.replace(publication.find(image), image.size(), "ociArchive: {path: " + path + "}");
  world.write("app.yaml", publication);
  world.write("image.tar", "x");
  world.write("registry.yaml",
              kRegistry.substr(0, kRegistry.find("  authentication")) + "  authentication: {anonymous: {}}\n");
  const auto warnings = world.warnings();
  if (path == "image.tar") {
    CHECK(warnings.empty());
  } else {
    REQUIRE(warnings.size() == 1);
    CHECK_THAT(warnings[0],
               Catch::Contains(path == "imag.tar" ? "spec.source.ociArchive.path: there is no file \"imag.tar\""
                                                  : "\"../image.tar\" leads outside "));
  }
}
