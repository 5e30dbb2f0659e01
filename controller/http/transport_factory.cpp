#include "controller/http/transport_factory.h"

#include <fstream>
#include <initializer_list>
#include <optional>
#include <sstream>
#include <utility>

#include "controller/http/curl_proxy.h"
#include "controller/http/curl_transport.h"

namespace slipway::http {
namespace {

/// Owns the stages in order; the request enters at the last.
class StackedTransport final : public HttpTransport {
 public:
  StackedTransport(std::unique_ptr<HttpTransport> network, const TransportSettings& settings)
      : network_(std::move(network)),
        tracing_(*network_, settings.tracing),
        limiting_(tracing_, *settings.rates),
        retrying_(limiting_, settings.retry, settings.retry_hands),
        redirecting_(retrying_, settings.may_call),
        user_agent_(settings.user_agent),
        small_total_(settings.small_total) {}

  Result<Response> send(const Request& request, std::stop_token stop) override {
    Request bounded = request;
    const bool streamed = request.body_reader || request.body_writer;
    if (!streamed && !bounded.total_timeout) bounded.total_timeout = small_total_;
    if (bounded.headers.find("User-Agent") == nullptr) bounded.headers.set("User-Agent", user_agent_);
    return redirecting_.send(bounded, std::move(stop));
  }

 private:
  const std::unique_ptr<HttpTransport> network_;
  TracingTransport tracing_;
  RateLimitingTransport limiting_;
  RetryingTransport retrying_;
  RedirectingTransport redirecting_;
  const std::string user_agent_;
  const std::chrono::milliseconds small_total_;
};

std::optional<std::string> content_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return in && text ? std::optional(std::move(text).str()) : std::nullopt;
}

/// libcurl takes a file or a text, not both: what is trusted beside `pem` is put behind it. Where the file that the
/// environment names can't be read there is no text, and libcurl says so of the file.
std::string with_others(const std::string& pem, const NetworkEnvironment& environment) {
  if (pem.empty()) return {};
  if (!environment.ca_file.empty()) {
    const auto named = content_of(environment.ca_file);
    return named ? pem + "\n" + *named : std::string{};
  }
  // A machine may have none, and trust the folder alone.
  return pem + "\n" + content_of(environment.system_ca_file).value_or("");
}

}  // namespace

Result<NetworkEnvironment> network_environment(const std::function<const char*(const char* name)>& variable) {
  struct Found {
    std::string name;
    std::string value;
  };
  const auto first_of = [&variable](std::initializer_list<const char*> names) -> Found {
    for (const char* const name : names)
      if (const char* const value = variable(name); value != nullptr && *value != '\0') return {name, value};
    return {};
  };
  const Found https = first_of({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
  const Found http = first_of({"http_proxy", "all_proxy", "ALL_PROXY"});
  for (const Found& found : {https, http})
    if (!found.value.empty())
      if (auto checked = check_proxy(found.name, found.value); !checked) return std::unexpected(checked.error());
  return NetworkEnvironment{.proxy = {.https_proxy = https.value,
                                      .http_proxy = http.value,
                                      .no_proxy = first_of({"no_proxy", "NO_PROXY"}).value},
                            .ca_file = first_of({"SSL_CERT_FILE"}).value,
                            .system_ca_file = system_ca_file()};
}

std::unique_ptr<HttpTransport> make_transport(const std::string& ca_pem, const TransportSettings& settings) {
  const NetworkEnvironment& environment = settings.environment;
  auto network = std::make_unique<CurlTransport>(
      CurlOptions{.ca_bundle = settings.tls.only_ca_bundle ? ca_pem : with_others(ca_pem, environment),
                  .ca_file = environment.ca_file,
                  .proxy = environment.proxy,
                  .tls = settings.tls,
                  .may_connect = settings.may_connect,
                  .user_agent = {},
                  .stream_buffer_bytes = settings.stream_buffer_bytes});
  return std::make_unique<StackedTransport>(std::move(network), settings);
}

}  // namespace slipway::http
