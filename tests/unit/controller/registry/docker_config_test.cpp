#include "controller/registry/docker_config.h"

#include "tests/catch.h"

using namespace slipway::registry;

TEST_CASE("Which entry of a docker configuration is for a host") {
  const std::string json =
      R"({"auths":{"https://r.io/v2/":{"auth":"Y2k6cDp3"},"r.io:5000":{"username":"u","password":"p"},
    "https://index.docker.io/v1/":{"identitytoken":"t"},"empty.io":{},"bad.io":{"auth":"???"}}})";
  CHECK(credentials_from_docker_config(json, "r.io", "").value()->username == "ci");
  CHECK(credentials_from_docker_config(json, "r.io", "").value()->password.reveal() == "p:w");
  CHECK(credentials_from_docker_config(json, "r.io:5000", "").value()->username == "u");
  CHECK(credentials_from_docker_config(json, "docker.io", "").value()->identity_token.reveal() == "t");
  CHECK(!credentials_from_docker_config(json, "empty.io", "").value());
  CHECK(!credentials_from_docker_config(json, "io", "").value());
  CHECK(!credentials_from_docker_config(json, "bad.io", ""));
  CHECK(!credentials_from_docker_config("{", "r.io", ""));
  CHECK(!credentials_from_docker_config("{}", "r.io", "").value());
}

TEST_CASE("Which entry of a docker configuration is for a repository") {
  const std::string json = R"({"auths":{
    "r.io/a":{"username":"a","password":"p"},
    "https://r.io/a/b/":{"username":"ab","password":"p"},
    "r.io/v2/a/b/c":{"username":"abc","password":"p"},
    "api.io/x":{"username":"x","password":"p"},
    "https://api.io/v1/":{"username":"all","password":"p"},
    "paths.io/x":{"username":"x","password":"p"},
    "paths.io/x/y":{"username":"xy","password":"p"},
    "index.docker.io/team":{"username":"team","password":"p"}}})";
  const auto user = [&](const std::string& host, std::string_view repository) {
    const auto found = credentials_from_docker_config(json, host, repository);
    REQUIRE(found);
    return *found ? (*found)->username + " for /" + (*found)->path : "nobody";
  };
  CHECK(user("r.io", "a") == "a for /a");
  CHECK(user("r.io", "a/x") == "a for /a");
  CHECK(user("r.io", "ab") == "nobody");
  CHECK(user("r.io", "a/b/x") == "ab for /a/b");
  CHECK(user("r.io", "a/bb") == "a for /a");
  CHECK(user("r.io", "a/b/c") == "abc for /a/b/c");
  CHECK(user("api.io", "x/1") == "x for /x");
  CHECK(user("api.io", "y") == "all for /");
  CHECK(user("api.io", "") == "all for /");
  CHECK(user("paths.io", "") == "x for /x");
  CHECK(user("docker.io", "team/app") == "team for /team");
}

TEST_CASE("An entry is for its host however that is spelled, and for its port alone") {
  const std::string json = R"({"auths":{"R.IO":{"username":"upper","password":"p"},
    "https://port.io:443/v2/":{"username":"port","password":"p"},"Other.io.:5000/Team":{"username":"other","password":"p"},
    "https://Index.docker.io/v1/":{"username":"hub","password":"p"}},
    "credHelpers":{"GCR.io:443":"gcloud"}})";
  const auto user = [&](const std::string& host, std::string_view repository) {
    const auto found = credentials_from_docker_config(json, host, repository);
    REQUIRE(found);
    return *found ? (*found)->username : "-";
  };
  CHECK(user("r.io", "") == "upper");
  CHECK(user("r.io:443", "") == "upper");
  CHECK(user("r.io:5000", "") == "-");
  CHECK(user("port.io", "") == "port");
  CHECK(user("port.io:5000", "") == "-");
  CHECK(user("other.io:5000", "Team/app") == "other");
  CHECK(user("other.io:5000", "team/app") == "-");
  CHECK(user("other.io", "") == "-");
  CHECK(user("docker.io", "") == "hub");
  CHECK(credential_helper_in_docker_config(json, "gcr.io") == "gcloud");
  CHECK(credential_helper_in_docker_config(json, "gcr.io:5000") == "");
}

TEST_CASE("Which helper a docker configuration wants asked for a host") {
  const std::string json =
      R"({"credsStore":"desktop","credHelpers":{"r.io":"ecr-login","https://index.docker.io/v1/":"pass","bad.io":7}})";
  CHECK(credential_helper_in_docker_config(json, "r.io") == "ecr-login");
  CHECK(credential_helper_in_docker_config(json, "docker.io") == "pass");
  CHECK(credential_helper_in_docker_config(json, "r.io:5000") == "desktop");
  CHECK(credential_helper_in_docker_config(json, "bad.io") == "desktop");
  CHECK(credential_helper_in_docker_config("{}", "r.io") == "");
  CHECK(!credential_helper_in_docker_config("[", "r.io"));
}
