#include "crds/v1alpha1/core_objects.h"

#include "tests/catch.h"

namespace slipway {

namespace {

const std::string kHead = "apiVersion: v1\nkind: ";

/// Every problem of the text, one a line.
std::string problems_of(const std::string& text) {
  std::string out;
  for (const auto& problem : parse_resources(text, "f.yaml").problems) out += to_string(problem) + '\n';
  return out;
}

template <class T>
T only(const std::string& text) {
  const auto parsed = parse_resources(text, "f.yaml");
  INFO(problems_of(text));
  REQUIRE(parsed.problems.empty());
  REQUIRE(parsed.resources.size() == 1);
  return std::get<T>(parsed.resources[0].resource);
}

std::string said(const std::optional<Error>& objection) {
  if (!objection) return "";
  CHECK(objection->cls == ErrorClass::Unauthorized);
  return objection->message + "; " + objection->remedy;
}

}  // namespace

TEST_CASE("a namespace gives its name and its labels") {
  const auto object = only<NamespaceObject>(kHead + "Namespace\nmetadata: {name: shop, labels: {team: shop}}\n" +
                                            "spec: {finalizers: [kubernetes]}\nstatus: {phase: Active}\n");
  CHECK(object == NamespaceObject{"shop", {{"team", "shop"}}});
}

TEST_CASE("a secret gives its data decoded, stringData before data") {
  const auto object = only<SecretObject>(kHead +
                                         "Secret\nmetadata: {name: s, namespace: shop, annotations: {a: b}}\n"
                                         "type: kubernetes.io/basic-auth\nimmutable: true\n"
                                         "data: {username: Y2k=, password: b2xk, empty: , folded: \"YWJj\\nZGVm\\n\"}\n"
                                         "stringData: {password: new}\n");
  CHECK(object == SecretObject{"shop",
                               "s",
                               "kubernetes.io/basic-auth",
                               {{"username", "ci"}, {"password", "new"}, {"empty", ""}, {"folded", "abcdef"}}});
  CHECK(only<SecretObject>(kHead + "Secret\nmetadata: {name: s}") == SecretObject{"default", "s", "Opaque", {}});
}

TEST_CASE("what a secret lacks for signing in is told by the names of its keys, never by a value") {
  struct Row {
    std::map<std::string, std::string> data;
    std::string lacking;
  };
  const Row rows[] = {
      {{{"username", "ci"}, {"password", "pw"}}, ""},
      {{{"username", ""}, {"password", ""}, {"more", "x"}}, ""},
      {{{".dockerconfigjson", "{}"}}, ""},
      {{{"username", "ci"}, {"pasword", "s3cret"}}, "lacks password (it has pasword, username)"},
      {{{"user", "ci"}, {"password", "s3cret"}}, "lacks username (it has password, user)"},
      {{{"token", "s3cret"}}, "lacks username and password (it has token)"},
      {{}, "lacks username and password (it is empty)"},
      {{{"a", ""}, {"b", ""}, {"c", ""}, {"d", ""}, {"e", ""}, {"f", ""}},
       "lacks username and password (it has a, b, c, d, e, …)"},
  };
  for (const auto& row : rows)
    CHECK(said(objection_to_sign_in({"shop", "s", "Opaque", row.data})) ==
          (row.lacking.empty() ? "" : "Secret shop/s " + row.lacking + "; give it the keys username and password"));
}

TEST_CASE("username and password of a Secret that a publication names go to the registry that the Secret names") {
  struct Row {
    std::map<std::string, std::string> data;
    std::string host, objection;
  };
  const std::string nowhere =
      "Secret shop/s has username and password, and no key registry that says where they may go; if they are for ";
  const std::string no_host =
      "the key registry of Secret shop/s holds no host; write the host that they are for alone (ghcr.io), without "
      "https:// and path";
  const Row rows[] = {
      {{{"registry", "r.io"}}, "r.io", ""},
      {{{"registry", "R.io."}}, "r.io", ""},
      {{{"registry", "r.io:443"}}, "r.io", ""},
      {{{"registry", "localhost:5000"}}, "localhost:5000", ""},
      {{},
       "evil.io",
       nowhere + "evil.io, give it that key: kubectl patch secret s -n shop -p "
                 R"('{"stringData":{"registry":"evil.io"}}')"},
      {{{"registry", "r.io"}},
       "evil.io",
       "Secret shop/s is for another registry than evil.io; name the Secret of that registry, or correct the key "
       "registry of this one"},
      {{{"registry", "r.io"}},
       "r.io:5000",
       "Secret shop/s is for another registry than r.io:5000; name the Secret of that registry, or correct the key "
       "registry of this one"},
      {{{"registry", "\tr.io \r\n"}}, "r.io", ""},
      {{{"registry", ""}}, "r.io", no_host},
      {{{"registry", "\n"}}, "r.io", no_host},
      {{{"registry", "https://r.io"}}, "r.io", no_host},
      {{{"registry", "r.io/team"}}, "r.io", no_host},
      {{{"registry", "ci@r.io"}}, "r.io", no_host},
      {{{"registry", "r.io\nevil.io"}}, "r.io", no_host},
      // Which names its hosts itself.
      {{{".dockerconfigjson", "{}"}}, "evil.io", ""},
  };
  for (auto row : rows) {
    row.data.insert({{"username", "ci"}, {"password", "pw"}});
    CHECK(said(objection_to_pull({"shop", "s", "kubernetes.io/basic-auth", row.data}, row.host)) == row.objection);
  }
  CHECK(said(objection_to_pull({"shop", "s", "Opaque", {{"registry", "r.io"}}}, "r.io")) ==
        "Secret shop/s lacks username and password (it has registry); give it the keys username and password");
}

TEST_CASE("a config map gives data and binaryData in one") {
  const auto object = only<ConfigMapObject>(kHead +
                                            "ConfigMap\nmetadata: {name: c}\ndata: {report.json: \"{}\"}\n"
                                            "binaryData: {report.gz: H4sIAA==}\n");
  CHECK(object ==
        ConfigMapObject{"default", "c", {{"report.json", "{}"}, {"report.gz", std::string("\x1f\x8b\x08\x00", 4)}}});
}

TEST_CASE("what an API server does not take for base64 is refused") {
  for (const std::string text : {"password", "c2VjcmV0cw==", "-__-", "YWI", "YWI==", "a", "====", "YW=I", "cGFzcw"}) {
    INFO(text);
    const bool is_good = text == "password" || text == "c2VjcmV0cw==";
    CHECK(problems_of(kHead + "Secret\nmetadata: {name: s}\ndata:\n  a: \"" + text + "\"\n") ==
          (is_good
               ? ""
               : "f.yaml:5:6: data.a: the value is not base64; encode it, or write it as it is under stringData, of a "
                 "ConfigMap under data\n"));
    CHECK(problems_of(kHead + "ConfigMap\nmetadata: {name: c}\nbinaryData:\n  a: \"" + text + "\"\n").empty() ==
          is_good);
  }
  CHECK_FALSE(problems_of(kHead + "Secret\nmetadata: {name: s}\ndata: {username: ci, password: secret}\n").empty());
}

TEST_CASE("what is wrong with core objects is said") {
  const auto problem = [](const std::string& text) { return problems_of(kHead + text); };
  CHECK(problem("Secret\nmetadata: {name: s}\nstringdata: {a: b}") ==
        "f.yaml:4:1: stringdata: the field \"stringdata\" is not known; did you mean \"stringData\"?\n");
  CHECK(problem("Secret\nmetadata: {name: S}").find("metadata.name: \"S\" is not of the right form") !=
        std::string::npos);
  CHECK(problem("Secret\ndata: {}") == "f.yaml:1:1: metadata: the section is missing; add it with the object's name\n");
  CHECK(problem("Secret\nmetadata: {name: s}\ndata: {\"a b\": eA==}").find("\"a b\" can't be a key") !=
        std::string::npos);
  CHECK(problem("ConfigMap\nmetadata: {name: c}\ndata: {a: x}\nbinaryData: {a: eA==}")
            .find("the key \"a\" stands in data and in binaryData; keep one of the two") != std::string::npos);
  CHECK(problem("ConfigMap\nmetadata: {name: c}\ndata: {a: x}\n---\n" + kHead + "ConfigMap\nmetadata: {name: c}") ==
        "f.yaml:6:1: ConfigMap default/c stands here a second time; keep one of the two\n");
}

TEST_CASE("a kind that is not known is refused with those that are") {
  CHECK(problems_of("apiVersion: slipway.dev/v1\nkind: ImagePublication\nmetadata: {name: d}") ==
        "f.yaml:1:13: apiVersion: kind \"ImagePublication\" of apiVersion \"slipway.dev/v1\" is not known; write "
        "slipway.dev/v1alpha1\n");
  CHECK(problems_of("kind: ImagePublication\nmetadata: {name: d}") ==
        "f.yaml:1:1: apiVersion: kind \"ImagePublication\" without an apiVersion is not known; write "
        "slipway.dev/v1alpha1\n");
  CHECK(problems_of("\napiVersion: slipway.dev/v1alpha1\nkind: ImagePublicaton\nmetadata: {name: d}") ==
        "f.yaml:3:7: kind: kind \"ImagePublicaton\" of apiVersion \"slipway.dev/v1alpha1\" is not known; did you mean "
        "ImagePublication?\n");
  CHECK(problems_of("apiVersion: slipway.dev/v1alpha1\nkind: Bogus\nmetadata: {name: d}") ==
        "f.yaml:2:7: kind: kind \"Bogus\" of apiVersion \"slipway.dev/v1alpha1\" is not known; known are "
        "ContainerRegistry, ImagePublication and RetentionPolicy of slipway.dev/v1alpha1; Namespace, Secret and "
        "ConfigMap of v1\n");
  CHECK(problems_of(kHead + "Secert\nmetadata: {name: p}") ==
        "f.yaml:2:7: kind: kind \"Secert\" of apiVersion \"v1\" is not known; did you mean Secret?\n");
  CHECK(problems_of("apiVersion: [x]\nkind: [ImagePublication]\nmetadata: {name: d}") ==
        "f.yaml:1:13: apiVersion: a list is given; write a text\n"
        "f.yaml:2:7: kind: a list is given; write a text\n");
  for (const std::string text : {"metadata: {name: p}", "apiVersion: v2\nname: chart"})
    CHECK_THAT(
        problems_of(text),
        Catch::StartsWith("f.yaml:1:1: kind: this is no resource: it has no kind; keep what is none in a folder"));
}

TEST_CASE("objects of other groups are passed over with a warning, and what may be meant as ours is not") {
  const auto parsed = [](const std::string& version, const std::string& kind) {
    return parse_resources("apiVersion: " + version + "\nkind: " + kind + "\nmetadata: {name: x}", "f.yaml");
  };
  for (const auto& [version, kind] :
       std::vector<std::pair<std::string, std::string>>{{"kustomize.config.k8s.io/v1beta1", "Kustomization"},
                                                        {"kustomize.toolkit.fluxcd.io/v1", "Kustomization"},
                                                        {"rbac.authorization.k8s.io/v1", "RoleBinding"},
                                                        {"image.toolkit.fluxcd.io/v1beta2", "ImagePolicy"},
                                                        {"bitnami.com/v1alpha1", "SealedSecret"},
                                                        {"v1", "ServiceAccount"},
                                                        {"v1", "ResourceQuota"},
                                                        {"v1", "Service"},
                                                        {"v1", "PersistentVolumeClaim"},
                                                        {"v1", "PodList"},
                                                        {"apps/v1", "Deployment"}}) {
    CAPTURE(version, kind);
    const auto passed = parsed(version, kind);
    CHECK(passed.resources.empty());
    REQUIRE(passed.problems.size() == 1);
    CHECK(passed.problems.front().warning);
    CHECK(passed.problems.front().message == "kind \"" + kind + "\" of apiVersion \"" + version + "\" is passed over");
  }
  for (const auto& [version, kind] :
       std::vector<std::pair<std::string, std::string>>{{"slipway.dev/v1beta1", "ImagePublication"},
                                                        {"slipwy.dev/v1alpha1", "ImagePublicaton"},
                                                        {"slipway.io/v1alpha1", "Publication"},
                                                        {"apps.slipway.dev/v1", "Publication"},
                                                        {"contoso.com/v1", "imagepublication"},
                                                        {"core/v1", "Secret"},
                                                        {"v1", "Secrets"},
                                                        {"v1", "SecretList"},
                                                        {"v1", "configmap"},
                                                        {"v1", "Namespce"},
                                                        {"v1", "ImagePublication"},
                                                        {"v1", "\"\""},
                                                        {"vi", "Widget"},
                                                        {"/v1", "Widget"},
                                                        {"apps/v1", "\"\""}}) {
    CAPTURE(version, kind);
    const auto refused = parsed(version, kind);
    REQUIRE(refused.problems.size() == 1);
    CHECK_FALSE(refused.problems.front().warning);
  }
}

TEST_CASE("what SOPS encrypted is passed over with a warning, whatever its values look like") {
  const std::string sops =
      "sops: {age: [{recipient: age1, enc: x}], lastmodified: x, mac: \"ENC[AES256_GCM,data:x]\"}\n";
  for (const std::string text : {"Secret\nmetadata: {name: s}\nstringData: {password: \"ENC[AES256_GCM,data:x]\"}\n",
                                 "Secret\nmetadata: {name: s}\ndata: {password: \"ENC[AES256_GCM,data:x]\"}\n",
                                 "ConfigMap\nmetadata: {name: s}\ndata: {a: \"ENC[AES256_GCM,data:x]\"}\n"}) {
    const auto parsed = parse_resources(kHead + text + sops, "f.yaml");
    CHECK(parsed.resources.empty());
    REQUIRE(parsed.problems.size() == 1);
    CHECK(parsed.problems.front().warning);
    CHECK_THAT(parsed.problems.front().message, Catch::Contains("is encrypted by SOPS: it is passed over"));
  }
  CHECK_FALSE(parse_resources(kHead + "Secret\nmetadata: {name: s}\nsops: x\n", "f.yaml").problems.front().warning);
}

TEST_CASE("a kustomization needs neither kind nor apiVersion to be passed over, any other file does") {
  const std::string text = "resources: [storefront.yaml]";
  const auto passed = parse_resources(text, "shop/kustomization.yaml");
  REQUIRE(passed.problems.size() == 1);
  CHECK(passed.problems.front().warning);
  CHECK_FALSE(parse_resources(text, "shop/other.yaml").problems.front().warning);
}

TEST_CASE("config maps and secrets hold at most what an API server takes") {
  const std::string head = kHead + "ConfigMap\nmetadata: {name: c}\ndata: {k: ";
  CHECK(problems_of(head + std::string(kLargestData - 1, 'x') + "}").empty());
  CHECK(problems_of(head + std::string(kLargestData, 'x') + "}").find("its data has 1048577 bytes") !=
        std::string::npos);
}

TEST_CASE("a secret's value never stands in a message") {
  const std::string head = kHead + "Secret\nmetadata: {name: s";
  const std::vector<std::string> broken{
      head + "}\ndata: {a: \"hunter2!\"}",
      head + "}\nstringData: {a: [hunter2]}",
      head + "}\nstringData: hunter2",
      head + "}\ndata: {a: 8481516}",
      head + "}\nstringData: 8481516",
      head + "}\nstringdata: {a: hunter2}",
      head + "}\nstringData: {a: hunter2, a: hunter2}",
      head + "}\nstringData: {a: \"hunter2}",
      head + "}\nstringData: {a: hunter2: b}",
      head + ", annotations: {last: 8481516, x: [hunter2]}, name: s}\nstringData: {a: hunter2}",
      R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"a":"hunter2)",
      "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\"},\"stringData\":{\"a\":\"hunter2\n\"},,"
      "}",
      R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"a":hunter2},,})",
      R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"a":8481516}})",
  };
  for (const auto& text : broken) {
    const std::string said = problems_of(text);
    INFO(text);
    CHECK_FALSE(said.empty());
    CHECK(said.find("hunter") == std::string::npos);
    CHECK(said.find("8481516") == std::string::npos);
  }
}

}  // namespace slipway
