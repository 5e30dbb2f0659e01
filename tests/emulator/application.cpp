#include "tests/emulator/application.h"

#include "crds/base/image_reference.h"

namespace slipway::emulator {
namespace {

bool has_repository(Resource resource) {
  switch (resource) {
    case Resource::Tags:
    case Resource::Manifest:
    case Resource::Blob:
    case Resource::UploadStart:
    case Resource::Upload:
    case Resource::Referrers:
      return true;
    default:
      return false;
  }
}

bool is_acr(Resource resource) {
  switch (resource) {
    case Resource::AcrCatalog:
    case Resource::AcrRepository:
    case Resource::AcrTags:
    case Resource::AcrTag:
    case Resource::AcrManifests:
    case Resource::AcrManifest:
      return true;
    default:
      return false;
  }
}

/// The headers that ACR adds to every answer (wire reference, section 1.6).
void add_acr_headers(Answer& answer) {
  for (const char* exposed : {"Docker-Content-Digest", "WWW-Authenticate", "Link", "X-Ms-Correlation-Request-Id"})
    answer.headers.emplace_back("Access-Control-Expose-Headers", exposed);
  answer.headers.emplace_back("X-Ms-Correlation-Request-Id", random_hex(16));
  answer.headers.emplace_back("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
  answer.headers.emplace_back("X-Content-Type-Options", "nosniff");
  answer.headers.emplace_back("Server", "openresty");
}

Answer fault_answer(const Fault& fault) {
  Answer answer = error_answer(fault.status, fault.code, fault.message);
  if (fault.action == FaultAction::Throttle) answer = error_answer(429, "TOOMANYREQUESTS", "too many requests");
  if (fault.action == FaultAction::Quota) answer = disallowed();
  if (fault.retry_after) answer.headers.emplace_back("Retry-After", std::to_string(*fault.retry_after));
  return answer;
}

}  // namespace

Application::Application(Configuration configuration, std::unique_ptr<Repositories> repositories,
                         const std::filesystem::path& uploads)
    : configuration_(std::move(configuration)), repositories_(std::move(repositories)), uploads_(uploads) {
  faults_.add(configuration_.faults);
}

Result<std::unique_ptr<Application>> Application::open(Configuration configuration, const std::filesystem::path& data) {
  Result<std::unique_ptr<Repositories>> repositories = Repositories::open(data);
  if (!repositories) return std::unexpected(std::move(repositories.error()));
  return std::unique_ptr<Application>(
      new Application(std::move(configuration), std::move(*repositories), data / "uploads"));
}

Answer Application::answer(Request& request, const std::stop_token& stop) {
  Answer answer = dispatch(request, stop);
  answer.headers.emplace_back("Docker-Distribution-Api-Version", "registry/2.0");
  if (configuration_.acr()) add_acr_headers(answer);
  return answer;
}

std::optional<Answer> Application::disturbed(const Request& request) const {
  const std::optional<Fault>& fault = request.disturbance.answer;
  if (!fault) return std::nullopt;
  if (fault->action == FaultAction::ExpiredToken) return sign_in_.challenge(request, "invalid_token");
  return fault_answer(*fault);
}

Answer Application::dispatch(Request& request, const std::stop_token& stop) {
  const Resource resource = request.route.resource;
  if (is_admin(resource)) return admin(request);
  if (std::optional<Answer> answer = disturbed(request)) return std::move(*answer);
  if (std::optional<Answer> refusal = sign_in_.refuse(request)) return std::move(*refusal);
  if (!configuration_.acr() && is_acr(resource)) return error_answer(404, "NOT_FOUND", "no such resource");
  if (has_repository(resource) && !check_repository_name(request.route.repository))
    return error_answer(400, "NAME_INVALID", "invalid repository name");
  return registry_answer(request, stop);
}

Answer Application::registry_answer(Request& request, const std::stop_token& stop) {
  switch (request.route.resource) {
    case Resource::Ping:
      return json_answer(200, "{}");
    case Resource::Catalog:
    case Resource::AcrCatalog:
      return answer_catalog(registry_, request);
    case Resource::Tags:
      return answer_tags(registry_, request);
    case Resource::Manifest:
      return answer_manifest(registry_, request);
    case Resource::Blob:
      return answer_blob(registry_, request);
    case Resource::BlobContent:
      return answer_blob_content(registry_, request);
    case Resource::UploadStart:
      return answer_upload_start(registry_, request);
    case Resource::Upload:
      return answer_upload(registry_, request, stop);
    case Resource::Referrers:
      return answer_referrers(registry_, request);
    case Resource::AcrRepository:
    case Resource::AcrTags:
    case Resource::AcrTag:
    case Resource::AcrManifests:
    case Resource::AcrManifest:
      return answer_acr(registry_, request);
    case Resource::Token:
      return sign_in_.token(request);
    case Resource::Exchange:
      return sign_in_.exchange(request);
    default:
      return error_answer(404, "NOT_FOUND", "no such resource");
  }
}

Answer Application::admin(Request& request) {
  if (request.route.resource == Resource::AdminFaults) return admin_faults(request);
  if (request.route.resource == Resource::AdminReset) return reset(request);
  if (request.method == "GET") return json_answer(200, log_.to_json(request.target.parameter("list") != "false"));
  if (request.method != "DELETE") return method_not_allowed();
  log_.clear();
  return {.status = 204, .headers = {}, .body = {}, .cut = false};
}

Answer Application::admin_faults(Request& request) {
  if (request.method == "DELETE") {
    faults_.clear();
    return {.status = 204, .headers = {}, .body = {}, .cut = false};
  }
  if (request.method != "POST") return method_not_allowed();
  const Result<std::string> text = read_text(*request.body, 1 << 20);
  if (!text) return failure_answer(text.error());
  const std::vector<Document> documents = parse_documents(*text, "faults");
  if (documents.empty()) return error_answer(400, "FAULT_INVALID", "no fault was sent");
  if (!documents.front().problems.empty())
    return error_answer(400, "FAULT_INVALID", to_string(documents.front().problems.front()));
  Result<std::vector<Fault>> faults = parse_faults(documents.front().root);
  if (!faults) return error_answer(400, "FAULT_INVALID", faults.error().message);
  faults_.add(std::move(*faults));
  return {.status = 204, .headers = {}, .body = {}, .cut = false};
}

Answer Application::reset(Request& request) {
  if (request.method != "POST") return method_not_allowed();
  faults_.clear();
  faults_.add(configuration_.faults);
  log_.clear();
  if (request.target.parameter("data") == "true") {
    uploads_.clear();
    repositories_->clear();
  }
  return {.status = 204, .headers = {}, .body = {}, .cut = false};
}

}  // namespace slipway::emulator
