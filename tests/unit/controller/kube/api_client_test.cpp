#include "controller/kube/api_client.h"

#include "reconcilers/json.h"
#include "tests/catch.h"
#include "tests/support/scripted_transport.h"
#include "tests/unit/controller/kube/streaming_transport.h"

using namespace slipway;
using namespace slipway::kube;

namespace {

Target publication(const std::string& namespace_name, const std::string& name = "") {
  return {resource_of(ResourceKind::ImagePublication), namespace_name, name, ""};
}

std::string status(int code, const std::string& more = "") {
  return R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":"said the server","code":)" +
         std::to_string(code) + more + "}";
}

}  // namespace

TEST_CASE("Requests have the addresses that the API server knows") {
  struct Row {
    ApiRequest request;
    std::string method, path;
  };
  const Node object = json::MapBuilder().add("a", json::integer(1)).build();
  Target publication_status = publication("shop", "app");
  publication_status.subresource = "status";
  const std::vector<Row> rows{
      {get(publication("shop", "app")), "GET", "/apis/slipway.dev/v1alpha1/namespaces/shop/imagepublications/app"},
      {get({resource_of(ResourceKind::ContainerRegistry), "", "contoso", ""}), "GET",
       "/apis/slipway.dev/v1alpha1/containerregistries/contoso"},
      {get({kSecrets, "shop", "a/b", ""}), "GET", "/api/v1/namespaces/shop/secrets/a%2Fb"},
      {list(publication(""), {.label_selector = "a=b,c", .field_selector = {}, .continue_token = "x=="}), "GET",
       "/apis/slipway.dev/v1alpha1/imagepublications?labelSelector=a%3Db%2Cc&limit=500&continue=x%3D%3D"},
      {list(publication(""), {.label_selector = {}, .field_selector = {}, .continue_token = {}, .limit = 0}), "GET",
       "/apis/slipway.dev/v1alpha1/imagepublications"},
      {watch(publication("shop"), {.label_selector = {},
                                   .field_selector = {},
                                   .resource_version = "7",
                                   .server_timeout = std::chrono::seconds(301)}),
       "GET",
       "/apis/slipway.dev/v1alpha1/namespaces/shop/"
       "imagepublications?watch=true&allowWatchBookmarks=true&resourceVersion=7&timeoutSeconds=301"},
      {apply(publication_status, object), "PATCH",
       "/apis/slipway.dev/v1alpha1/namespaces/shop/imagepublications/app/"
       "status?fieldManager=slipway&force=true&fieldValidation=Ignore"},
      {create({kEvents, "shop", "", ""}, object), "POST",
       "/apis/events.k8s.io/v1/namespaces/shop/events?fieldManager=slipway"},
      {update({kLeases, "s", "l", ""}, object), "PUT",
       "/apis/coordination.k8s.io/v1/namespaces/s/leases/l?fieldManager=slipway"},
      {remove(publication("shop", "app")), "DELETE",
       "/apis/slipway.dev/v1alpha1/namespaces/shop/imagepublications/app"},
  };
  for (const Row& row : rows) {
    const http::Request request = to_http(row.request);
    CHECK(std::string(to_string(request.method)) == row.method);
    CHECK(request.url == row.path);
  }
}

TEST_CASE("A watch that falls silent has ended, and none is a slow answer") {
  const http::Request request = to_http(watch(publication(""), {.label_selector = {},
                                                                .field_selector = {},
                                                                .resource_version = "7",
                                                                .server_timeout = std::chrono::seconds(300)}));
  CHECK(request.idle_timeout == std::chrono::seconds(100));
  CHECK(request.may_fall_silent);
  CHECK(request.total_timeout == std::chrono::seconds(330));
  CHECK(request.least_rate.bytes == 0);
}

namespace {

/// What an API server says of a status that is too large for its client of etcd.
const std::string kTooLarge =
    R"({"kind":"Status","message":"rpc error: trying to send message larger than max, 2579770 vs. 2097152"})";

}  // namespace

TEST_CASE("What the API server refuses has a class and a way out") {
  struct Row {
    int code;
    std::string body;
    ErrorClass cls;
    std::string message, remedy;
  };
  const Row row = GENERATE(values<Row>({
      {401, status(401), ErrorClass::Unauthorized, "401 \"said the server\"", "renew token or certificate"},
      {403, status(403), ErrorClass::Forbidden, "patch imagepublications.slipway.dev/status \"app\" in namespace shop",
       R"(add to a ClusterRole, or a Role in namespace shop, that is bound to who asks: - {apiGroups: ["slipway.dev"], resources: ["imagepublications/status"], verbs: ["patch"]})"},
      {403,
       R"({"kind":"Status","message":"admission webhook \"validation.gatekeeper.sh\" denied the request: [owner] no owner"})",
       ErrorClass::Refused, "no owner", "change the policy that is named"},
      {403,
       R"({"kind":"Status","message":"ValidatingAdmissionPolicy 'owners' with binding 'all' denied request: no owner"})",
       ErrorClass::Refused, "no owner", "change the policy that is named"},
      // As a policy answers that gives no reason of its own, and a webhook with a code of its own.
      {422,
       R"({"kind":"Status","reason":"Invalid","message":"imagepublications.slipway.dev \"app\" is forbidden: )"
       R"(ValidatingAdmissionPolicy 'owners' with binding 'all' denied request: no owner"})",
       ErrorClass::Refused, "no owner", "change the policy that is named"},
      {400, R"({"kind":"Status","message":"admission webhook \"owners.example\" denied the request: no owner"})",
       ErrorClass::Refused, "no owner", "change the policy that is named"},
      {403,
       status(403, R"(,"details":{"causes":[{"reason":"NamespaceTerminating","message":"namespace shop is being)"
                   R"( terminated","field":"metadata.namespace"}]})"),
       ErrorClass::Refused, "is being terminated", "nothing to do"},
      {404, status(404), ErrorClass::NotFound, "404", "create it"},
      {404, "404 page not found\n", ErrorClass::NotFound, "404 page not found", "install its definition"},
      {409, status(409), ErrorClass::Conflict, "409", "somebody else was first"},
      {410, status(410), ErrorClass::Unavailable, "410", "list again"},
      {422, status(422, R"(,"details":{"causes":[{"field":"spec.tags","message":"too many"}]})"), ErrorClass::Invalid,
       "; spec.tags: too many", "the fields"},
      {429, status(429), ErrorClass::Throttled, "429", "wait"},
      {500, kTooLarge, ErrorClass::Invalid, "larger than max", "make the object smaller"},
      {500,
       R"({"kind":"Status","message":"failed to create typed patch object (shop/app; slipway.dev/v1alpha1, )"
       R"(Kind=ImagePublication): .status.attempt.sent: field not declared in schema"})",
       ErrorClass::Unavailable, ".status.attempt.sent", "the CRDs are older than the controller: upgrade them"},
      {500,
       R"({"kind":"Status","message":"Internal error occurred: failed calling webhook \"owners.example\": failed to )"
       R"(call webhook: Post \"https://owners.policy.svc:443/?timeout=10s\": context deadline exceeded"})",
       ErrorClass::Unavailable, "owners.example", "the service of the webhook that is named"},
      {500, "not JSON", ErrorClass::Unavailable, "500 \"not JSON\"", "health"},
      {504, status(504), ErrorClass::Unavailable, "504", "health"},
  }));
  tests::ScriptedTransport transport;
  transport.then(row.code, {{"Retry-After", "7"}}, row.body);
  ApiClient client(transport);
  Target target = publication("shop", "app");
  target.subresource = "status";
  const auto answer = client.send(apply(target, json::MapBuilder().build()), {});
  REQUIRE_FALSE(answer);
  INFO(answer.error().message << "; " << answer.error().remedy);
  CHECK(answer.error().cls == row.cls);
  CHECK_THAT(answer.error().message, Catch::Contains(row.message));
  CHECK_THAT(answer.error().remedy, Catch::Contains(row.remedy));
  CHECK(answer.error().retry_after == std::chrono::seconds(7));
  CHECK(is_expired(answer.error()) == (row.code == 410));
  CHECK(is_of_ending_namespace(answer.error()) == row.body.contains("NamespaceTerminating"));
}

TEST_CASE("An API server's word on when to come back is an hour at most, in its status too") {
  const std::string details = R"(,"details":{"retryAfterSeconds":999999999})";
  const auto error =
      error_of(get(publication("shop", "app")), {.status = 503, .headers = {}, .body = status(503, details)});
  CHECK(error.retry_after == std::chrono::seconds(3600));
}

TEST_CASE("What an API server says of a webhook that is cut reads the same each time") {
  const auto told = [](const std::string& port) {
    return error_of(get(publication("shop", "app")),
                    {.status = 500, .headers = {}, .body = "read tcp 10.0.0.4:" + port + "->10.0.0.9:443: reset"});
  };
  CHECK(told("41234") == told("41236"));
}

TEST_CASE("The rule for a kind without namespaces belongs into a ClusterRole") {
  const Error error = error_of(get({resource_of(ResourceKind::ContainerRegistry), "", "contoso", ""}),
                               {.status = 403, .headers = {}, .body = status(403)});
  CHECK_THAT(error.remedy, Catch::Contains("a ClusterRole") && Catch::Contains(R"(verbs: ["get"])"));
}

TEST_CASE("The rule for a kind that is watched has every verb that watching it takes") {
  for (const ApiRequest& request : {list(publication(""), {}), watch(publication(""), {})})
    CHECK_THAT(error_of(request, {.status = 403, .headers = {}, .body = status(403)}).remedy,
               Catch::Contains(R"(verbs: ["get", "list", "watch"])"));
}

TEST_CASE("An object that is not there is no error, a kind that is not there is one") {
  tests::ScriptedTransport transport;
  ApiClient client(transport);
  transport.then(404, {}, status(404));
  const auto absent = client.find(get(publication("shop", "app")), {});
  REQUIRE(absent);
  CHECK_FALSE(absent->has_value());
  transport.then(404, {}, "404 page not found\n");
  CHECK_FALSE(client.find(get(publication("shop", "app")), {}));
  transport.then(200, {}, R"({"kind":"ImagePublication"})");
  CHECK(client.find(get(publication("shop", "app")), {})->has_value());
  transport.then(200, {}, "<html>");
  CHECK(client.find(get(publication("shop", "app")), {}).error().cls == ErrorClass::Integrity);
}

TEST_CASE("Of an answer the version alone is read where that is enough, and the whole where it is not") {
  tests::ScriptedTransport transport;
  ApiClient client(transport);
  const auto version = [&] { return client.find_version(get(publication("shop", "app")), {}); };
  // What is around the version is not looked at.
  transport.then(200, {}, R"({"metadata":{"name":"app","uid":"u","resourceVersion":"7"},"spec":{"a":nothing}})");
  CHECK(version()->value() == "7");
  transport.then(200, {}, R"({"metadata":{"name":"\u0061pp","uid":"u","resourceVersion":"8"}})");
  CHECK(version()->value() == "8");
  transport.then(200, {}, R"({"metadata":{"resourceVersion":"8"}})");
  CHECK(version().error().cls == ErrorClass::Integrity);
  transport.then(200, {}, "<html>");
  CHECK(version().error().cls == ErrorClass::Integrity);
  transport.then(404, {}, status(404));
  CHECK_FALSE(version()->has_value());
  transport.then(404, {}, "404 page not found\n");
  CHECK(version().error().cls == ErrorClass::NotFound);
  transport.then(409, {}, status(409));
  CHECK(version().error().cls == ErrorClass::Conflict);
  transport.then(fail(ErrorClass::Unavailable, "cut", "try again"));
  CHECK(version().error().cls == ErrorClass::Unavailable);
}

TEST_CASE("A small collection is read page by page") {
  tests::ScriptedTransport transport;
  transport.then(200, {}, R"({"items":[{"a":1},{"a":2}],"metadata":{"continue":"next"}})");
  transport.then(200, {}, R"({"items":[{"a":3}],"metadata":{}})");
  ApiClient client(transport);
  const auto all = client.list_all(publication("shop"), {}, {});
  REQUIRE(all);
  CHECK(all->size() == 3);
  CHECK_THAT(transport.requests.at(1).url, Catch::Contains("continue=next"));
}

TEST_CASE("An answer that is streamed tells when it begins, and a refusal of it is read whole") {
  tests::StreamingTransport transport(3);
  ApiClient client(transport);
  std::string seen;
  bool began = false;
  const StreamTaker taker{[&seen](std::span<const std::byte> bytes) -> Result<void> {
                            seen.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                            return {};
                          },
                          [&began] { began = true; }};
  transport.then(429, status(429), {{"Retry-After", "3"}});
  const auto refused = client.stream(list(publication(""), {}), taker, {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().retry_after == std::chrono::seconds(3));
  CHECK_FALSE(began);
  transport.then(200, "abcdefgh");
  CHECK(client.stream(list(publication(""), {}), taker, {}));
  CHECK(began);
  CHECK(seen == "abcdefgh");
}
