#include "controller/registry/azure_registry.h"

#include "tests/catch.h"

using namespace slipway::registry;

TEST_CASE("Azure's registry is known by its host or by where its tokens come from") {
  struct Row {
    std::string host;
    std::string challenge;
    bool is_azure;
  };
  const Row row = GENERATE(values<Row>({
      {"contoso.azurecr.io", "", true},
      {"contoso.azurecr.io:443", "", true},
      {"contoso.azurecr.cn", "", true},
      {"contoso.azurecr.us", "", true},
      {"azurecr.io.example", "", false},
      {"azurecr.io", "", false},
      {"notazurecr.io", "", false},
      {"localhost:5000", "", false},
      {"images.contoso.com", R"(Bearer realm="https://contoso.azurecr.io/oauth2/token",service="contoso.azurecr.io")",
       true},
      {"127.0.0.1:5000", R"(Bearer realm="http://127.0.0.1:5000/oauth2/token",service="127.0.0.1:5000")", true},
      {"r.io", R"(Bearer realm="https://r.io/oauth2/token",service="r.io")", true},
      {"r.io", R"(Bearer realm="https://r.io/oauth2/token",service="other")", false},
      {"r.io", R"(Bearer realm="https://other.io/oauth2/token",service="r.io")", false},
      {"r.io", R"(Bearer realm="https://other-r.io/oauth2/token",service="r.io")", false},
      {"r.io", R"(Bearer realm="https://r.io/oauth2/token/more",service="r.io")", false},
      {"r.io", R"(Basic realm="https://contoso.azurecr.io/oauth2/token",service="contoso.azurecr.io")", false},
      {"contoso.azurecr.io", R"(Basic realm="other")", true},
      {"r.io", R"(Bearer realm="https://r.io/token",service="r.io")", false},
      {"r.io", R"(Basic realm="https://r.io/oauth2/token",service="r.io")", false},
      {"r.io", "", false},
  }));
  CAPTURE(row.host, row.challenge);
  const auto challenges = parse_challenges(row.challenge);
  CHECK(is_azure_registry(row.host, challenges.empty() ? std::nullopt : std::optional(challenges.front())) ==
        row.is_azure);
}
