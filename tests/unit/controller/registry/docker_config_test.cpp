#include "controller/registry/docker_config.h"

#include "tests/catch.h"

using namespace slipway::registry;

TEST_CASE("Which entry of a docker configuration is for a host") {
  const std::string json =
      R"({"auths":{"https://r.io/v2/":{"auth":"Y2k6cDp3"},"r.io:5000":{"username":"u","password":"p"},
    "https://index.docker.io/v1/":{"identitytoken":"t"},"empty.io":{},"bad.io":{"auth":"???"}}})";
  CHECK(credentials_from_docker_config(json, "r.io").value()->username == "ci");
  CHECK(credentials_from_docker_config(json, "r.io").value()->password.reveal() == "p:w");
  CHECK(credentials_from_docker_config(json, "r.io:5000").value()->username == "u");
  CHECK(credentials_from_docker_config(json, "docker.io").value()->identity_token.reveal() == "t");
  CHECK(!credentials_from_docker_config(json, "empty.io").value());
  CHECK(!credentials_from_docker_config(json, "io").value());
  CHECK(!credentials_from_docker_config(json, "bad.io"));
  CHECK(!credentials_from_docker_config("{", "r.io"));
  CHECK(!credentials_from_docker_config("{}", "r.io").value());
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
