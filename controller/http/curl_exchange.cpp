#include "controller/http/curl_exchange.h"

#include <curl/curl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <utility>

#include "controller/http/curl_failure.h"
#include "controller/http/curl_socket.h"
#include "controller/http/pace_watch.h"
#include "controller/http/url.h"
#include "controller/runtime/open_files.h"
#include "crds/base/text.h"

namespace slipway::http {
namespace {

constexpr std::size_t kMostHeaderBytes = 256u << 10;
constexpr std::size_t kMostLastWords = 16u << 10;

using SteadyClock = std::chrono::steady_clock;

void start_libcurl_once() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)started;
}

int status_of(std::string_view status_line) {
  const std::size_t space = status_line.find(' ');
  if (space == std::string_view::npos) return 0;
  int status = 0;
  for (const char c : status_line.substr(space + 1, 3)) {
    if (c < '0' || c > '9') return 0;
    status = status * 10 + (c - '0');
  }
  return status;
}

/// What is left of "HTTP/1.1 400 Bad Request" once OpenSSL took the head of a record. Who says 503 there may be a
/// balancer that has nobody behind it, for now.
bool is_bad_request(std::string_view words) {
  return words.starts_with("1.1 4") || words.starts_with("1.0 4");
}

/// A name that is not looked up and certificates that are not read may be so for want of a file to open.
bool opens_files_itself(int code) {
  return code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_SSL_CACERT_BADFILE;
}

bool is_success(int status) {
  return status >= 200 && status < 300;
}

std::unexpected<Error> too_many_fields(const std::string& url) {
  return fail(ErrorClass::Integrity, redacted(url) + ": more than 256 KiB of header fields, or one over 100 KiB",
              "check what answers at that address");
}

}  // namespace

struct CurlHandle::State {
  CURLM* multi = curl_multi_init();
  CURL* easy = curl_easy_init();
  std::string last_words;  ///< What the connection that was closed last had received and libcurl had not read.

  static int close(void* self, curl_socket_t socket) noexcept {
    std::string& words = static_cast<State*>(self)->last_words;
    words.resize(kMostLastWords);
    const ssize_t count = ::recv(socket, words.data(), words.size(), MSG_DONTWAIT);
    words.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return ::close(socket);
  }
};

CurlHandle::CurlHandle() {
  start_libcurl_once();
  state_ = std::make_unique<State>();
  if (ready()) curl_multi_setopt(state_->multi, CURLMOPT_MAXCONNECTS, 1L);
}

CurlHandle::~CurlHandle() {
  curl_easy_cleanup(state_->easy);
  curl_multi_cleanup(state_->multi);
}

bool CurlHandle::ready() const {
  return state_->multi != nullptr && state_->easy != nullptr;
}

struct CurlExchange::Fields {
  curl_slist* list = nullptr;
  curl_slist* connect_to = nullptr;
  CURL* easy = nullptr;
  std::array<char, CURL_ERROR_SIZE> message{};
  void add(const std::string& line) {
    if (curl_slist* longer = curl_slist_append(list, line.c_str()); longer != nullptr) list = longer;
  }
  static curl_socket_t open(void* self, curlsocktype purpose, curl_sockaddr* address) noexcept {
    auto& exchange = *static_cast<CurlExchange*>(self);
    try {
      if (purpose != CURLSOCKTYPE_IPCXN || !exchange.may_connect(*address)) return CURL_SOCKET_BAD;
    } catch (const std::exception&) {
      return CURL_SOCKET_BAD;
    }
    const OpenedSocket opened = open_socket(*address);
    exchange.lack_of_files_ = opened.lack_of_files;
    return opened.number;
  }
};

CurlExchange::CurlExchange(CurlHandle& handle, const CurlOptions& options, const Request& request)
    : handle_(handle), options_(options), request_(request), fields_(std::make_unique<Fields>()) {
  fields_->easy = handle.state_->easy;
  handle_.state_->last_words.clear();
  set_up_connection();
  set_up_request();
  set_up_body();
  set_up_headers();
}

CurlExchange::~CurlExchange() {
  curl_easy_reset(fields_->easy);
  curl_slist_free_all(fields_->list);
  curl_slist_free_all(fields_->connect_to);
}

void CurlExchange::set_up_connection() {
  CURL* const easy = fields_->easy;
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &CurlHandle::State::close);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, handle_.state_.get());
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.connect_timeout.count()));
  if (request_.total_timeout)
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request_.total_timeout->count()));
  const Result<Url> url = Url::parse(request_.url);
  const std::string proxy = url ? proxy_for(*url, options_.proxy).value_or("") : "";
  uses_proxy_ = !proxy.empty();
  curl_easy_setopt(easy, CURLOPT_PROXY, proxy.c_str());
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &Fields::open);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  set_up_trust();
}

void CurlExchange::set_up_trust() {
  const auto set_blob = [easy = fields_->easy](CURLoption option, const std::string& pem) {
    curl_blob blob{.data = const_cast<char*>(pem.data()), .len = pem.size(), .flags = CURL_BLOB_NOCOPY};
    if (!pem.empty()) curl_easy_setopt(easy, option, &blob);
  };
  if (!options_.ca_file.empty()) curl_easy_setopt(fields_->easy, CURLOPT_CAINFO, options_.ca_file.c_str());
  if (options_.tls.only_ca_bundle) curl_easy_setopt(fields_->easy, CURLOPT_CAPATH, nullptr);
  set_blob(CURLOPT_CAINFO_BLOB, options_.ca_bundle);
  set_blob(CURLOPT_SSLCERT_BLOB, options_.tls.client_certificate);
  set_blob(CURLOPT_SSLKEY_BLOB, options_.tls.client_key.reveal());
}

/// libcurl takes the name for TLS from the URL: so that name is the URL's host, and the connection goes elsewhere.
void CurlExchange::set_up_name() {
  const Result<Url> url = Url::parse(request_.url);
  if (!url || options_.tls.server_name.empty() || url->scheme != "https") return;
  const std::string written = url->host();
  const std::string host = written.find(':') == std::string::npos ? written : "[" + written + "]";
  Url named = *url;
  named.authority = options_.tls.server_name + ":" + url->port();
  const std::string there = named.authority + ":" + host + ":" + url->port();
  fields_->connect_to = curl_slist_append(nullptr, there.c_str());
  curl_easy_setopt(fields_->easy, CURLOPT_CONNECT_TO, fields_->connect_to);
  curl_easy_setopt(fields_->easy, CURLOPT_URL, named.str().c_str());
  fields_->add("Host: " + url->authority);
}

void CurlExchange::set_up_request() {
  CURL* const easy = fields_->easy;
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, fields_->message.data());
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &CurlExchange::on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &CurlExchange::on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  if (request_.body_writer) curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, static_cast<long>(options_.stream_buffer_bytes));
  if (request_.method == Method::Head) curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  set_up_name();
}

void CurlExchange::set_up_body() {
  CURL* const easy = fields_->easy;
  if (request_.body_reader) {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, &CurlExchange::on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, this);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request_.body_length.value_or(-1)));
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, static_cast<long>(options_.stream_buffer_bytes));
  } else if (request_.method == Method::Post || request_.method == Method::Put || request_.method == Method::Patch ||
             !request_.body.empty()) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.c_str());
  }
  if (request_.method != Method::Head && request_.method != Method::Get)
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, std::string(to_string(request_.method)).c_str());
}

void CurlExchange::set_up_headers() {
  fields_->add("Expect:");
  for (const auto& [name, value] : request_.headers.fields()) {
    if (name == "Content-Length") continue;
    std::string line = name;
    line += value.empty() ? ";" : ": ";
    line += value;
    fields_->add(line);
  }
  if (request_.headers.find("Content-Type") == nullptr) fields_->add("Content-Type:");
  if (request_.headers.find("User-Agent") == nullptr && !options_.user_agent.empty())
    curl_easy_setopt(fields_->easy, CURLOPT_USERAGENT, options_.user_agent.c_str());
  curl_easy_setopt(fields_->easy, CURLOPT_HTTPHEADER, fields_->list);
}

Result<Response> CurlExchange::run(std::stop_token stop) {
  CURLM* const multi = handle_.state_->multi;
  const std::stop_callback wake(stop, [multi] { curl_multi_wakeup(multi); });
  if (curl_multi_add_handle(multi, fields_->easy) != CURLM_OK)
    return fail(ErrorClass::Internal, "libcurl takes no request", "report this as a bug");
  const Result<void> driven = drive(stop);
  int code = CURLE_OK;
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left))
    if (message->msg == CURLMSG_DONE) code = message->data.result;
  // Else libcurl waits here for a name server that does not answer.
  if (stop.stop_requested()) curl_easy_setopt(fields_->easy, CURLOPT_QUICK_EXIT, 1L);
  curl_multi_remove_handle(multi, fields_->easy);
  Result<Response> result = driven ? conclude(code) : std::unexpected(driven.error());
  if (!result && awaits_answer_ && result.error().cls == ErrorClass::Unavailable)
    result.error().remedy = request_.answer_wait->remedy;
  return result;
}

Result<void> CurlExchange::drive(const std::stop_token& stop) {
  CURLM* const multi = handle_.state_->multi;
  const std::string where = std::string(to_string(request_.method)) + " " + redacted(request_.url);
  PaceWatch pace(request_.idle_timeout, request_.least_rate, SteadyClock::now());
  for (int running = 1;;) {
    if (curl_multi_perform(multi, &running) != CURLM_OK)
      return fail(ErrorClass::Internal, where + ": libcurl stopped", "report this as a bug");
    if (running == 0) return {};
    if (std::exchange(paused_, false)) {
      curl_multi_perform(multi, &running);
      if (running != 0) curl_easy_pause(fields_->easy, CURLPAUSE_CONT);
      continue;
    }
    if (stop.stop_requested()) return fail(ErrorClass::Cancelled, where + ": stopped");
    long head = 0;
    curl_off_t up = 0;
    curl_off_t down = 0;
    curl_easy_getinfo(fields_->easy, CURLINFO_REQUEST_SIZE, &head);
    curl_easy_getinfo(fields_->easy, CURLINFO_SIZE_UPLOAD_T, &up);
    curl_easy_getinfo(fields_->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
    const SteadyClock::time_point now = SteadyClock::now();
    awaits_answer_ = pace.awaits_answer(request_, {.head = head, .body = up}, now);
    if (const auto wrong = pace.judge(now, up + down, activity_)) {
      if (request_.may_fall_silent && headers_done_ && is_success(response_.status)) return {};
      return fail(ErrorClass::Unavailable, where + ": " + *wrong, std::string(kNetworkRemedy));
    }
    curl_multi_poll(multi, nullptr, 0, static_cast<int>(pace.until_next_look(now).count()), nullptr);
    pace.waited(SteadyClock::now() - now);
  }
}

Result<Response> CurlExchange::conclude(int code) {
  if (error_) return std::unexpected(std::move(*error_));
  if (code == CURLE_OK && headers_done_) return std::move(response_);
  if (opens_files_itself(code)) lack_of_files_ = runtime::lack_of_files();
  if (lack_of_files_ != 0 && !headers_done_) return std::unexpected(no_file_left(lack_of_files_, request_));
  const bool answered = headers_done_ && !is_success(response_.status);
  const bool cut = code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR;
  if (cut && (answered || (!headers_done_ && hear_last_words()))) return std::move(response_);
  if (code == CURLE_SSL_CONNECT_ERROR && !uses_proxy_ && is_bad_request(handle_.state_->last_words))
    return std::unexpected(speaks_no_tls(request_, options_.tls));
  // What libcurl says of one header line over its own bound.
  if (code == CURLE_OUT_OF_MEMORY && !headers_done_) return too_many_fields(request_.url);
  long verify_result = 0;
  curl_easy_getinfo(fields_->easy, CURLINFO_SSL_VERIFYRESULT, &verify_result);
  return std::unexpected(curl_failure(
      {.code = code, .verify_result = verify_result, .detail = trimmed(fields_->message.data())}, request_, options_));
}

/// A send that fails makes libcurl close without reading the refusal that came just before. Over TLS it stays unread:
/// what stands in the socket in clear anybody on the way can have put there.
bool CurlExchange::hear_last_words() {
  const std::string words = std::exchange(handle_.state_->last_words, {});
  if (const Result<Url> url = Url::parse(request_.url); !url || url->scheme != "http") return false;
  if (!words.starts_with("HTTP/1.")) return false;
  std::string_view rest = words;
  while (!headers_done_ && rest.find('\n') != std::string_view::npos) {
    const std::size_t line = rest.find('\n') + 1;
    if (take_header_line(rest.substr(0, line)) != line) return false;
    rest.remove_prefix(line);
  }
  response_.body = std::string(rest.substr(0, request_.max_response_bytes));
  return headers_done_ && !is_success(response_.status);
}

bool CurlExchange::may_connect(const curl_sockaddr& address) {
  if (uses_proxy_ || !options_.may_connect) return true;
  const Result<Url> url = Url::parse(request_.url);
  return url && keep(options_.may_connect(url->authority, text_of(address)));
}

bool CurlExchange::keep(Result<void> result) {
  if (result) return true;
  if (!error_) error_ = std::move(result.error());
  return false;
}

/// RFC 9112, section 4 and 5: interim answers (1xx) are headers too and are followed by the real ones.
std::size_t CurlExchange::take_header_line(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > kMostHeaderBytes) {
    keep(too_many_fields(request_.url));
    return 0;
  }
  if (headers_done_) return line.size();
  if (line.starts_with("HTTP/")) {
    response_.headers = {};
    response_.status = status_of(line);
    return line.size();
  }
  const std::string_view text = trimmed(line);
  if (!text.empty()) {
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos)
      response_.headers.add(trimmed(text.substr(0, colon)), std::string(trimmed(text.substr(colon + 1))));
    return line.size();
  }
  if (response_.status < 200) return line.size();
  headers_done_ = true;
  if (request_.on_headers && !keep(request_.on_headers(response_.status, response_.headers))) return 0;
  return line.size();
}

std::size_t CurlExchange::take_body(std::span<const std::byte> bytes) {
  if (request_.body_writer && is_success(response_.status)) return keep(request_.body_writer(bytes)) ? bytes.size() : 0;
  if (response_.body.size() + bytes.size() > request_.max_response_bytes) {
    keep(fail(ErrorClass::Integrity,
              redacted(request_.url) + ": the answer is larger than " + std::to_string(request_.max_response_bytes) +
                  " bytes",
              "check what answers at that address"));
    return 0;
  }
  response_.body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return bytes.size();
}

/// The server has something to say, as far as one can see without reading it.
bool CurlExchange::answer_waits() const {
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(fields_->easy, CURLINFO_ACTIVESOCKET, &socket);
  pollfd watched{.fd = socket, .events = POLLIN, .revents = 0};
  return socket != CURL_SOCKET_BAD && ::poll(&watched, 1, 0) == 1;
}

Result<std::size_t> CurlExchange::next_bytes(std::span<std::byte> space) {
  if (held_back_.empty()) return request_.body_reader(space);
  const std::size_t count = std::min(space.size(), held_back_.size());
  std::copy_n(held_back_.begin(), count, space.begin());
  held_back_.erase(held_back_.begin(), held_back_.begin() + static_cast<std::ptrdiff_t>(count));
  return count;
}

/// A server that refuses early closes after its answer, and one more byte sent to it makes the kernel throw the answer
/// away: while something waits to be read nothing is sent.
std::size_t CurlExchange::give_body(std::span<std::byte> space) {
  if (request_.body_length) {
    const std::int64_t left = *request_.body_length - body_given_;
    if (left <= 0) return 0;
    space = space.first(std::min(space.size(), static_cast<std::size_t>(left)));
  }
  const bool held_before = !held_back_.empty();
  Result<std::size_t> given = next_bytes(space);
  if (!given) {
    keep(std::unexpected(std::move(given.error())));
    return CURL_READFUNC_ABORT;
  }
  if (*given == 0 && request_.body_length) {
    keep(fail(ErrorClass::Internal, redacted(request_.url) + ": the body ended before its length",
              "report this as a bug"));
    return CURL_READFUNC_ABORT;
  }
  if (!held_before && *given > 0 && answer_waits()) {
    held_back_.assign(space.begin(), space.begin() + static_cast<std::ptrdiff_t>(*given));
    paused_ = true;
    return CURL_READFUNC_PAUSE;
  }
  body_given_ += static_cast<std::int64_t>(*given);
  return *given;
}

std::size_t CurlExchange::on_header(char* bytes, std::size_t size, std::size_t count, void* self) noexcept {
  auto& exchange = *static_cast<CurlExchange*>(self);
  ++exchange.activity_;
  try {
    return exchange.take_header_line({bytes, size * count});
  } catch (const std::exception& thrown) {
    exchange.error_ = Error{.cls = ErrorClass::Internal, .message = thrown.what(), .remedy = "report this as a bug"};
    return 0;
  }
}

std::size_t CurlExchange::on_body(char* bytes, std::size_t size, std::size_t count, void* self) noexcept {
  auto& exchange = *static_cast<CurlExchange*>(self);
  ++exchange.activity_;
  try {
    return exchange.take_body(std::as_bytes(std::span(bytes, size * count)));
  } catch (const std::exception& thrown) {
    exchange.error_ = Error{.cls = ErrorClass::Internal, .message = thrown.what(), .remedy = "report this as a bug"};
    return 0;
  }
}

std::size_t CurlExchange::on_read(char* space, std::size_t size, std::size_t count, void* self) noexcept {
  auto& exchange = *static_cast<CurlExchange*>(self);
  ++exchange.activity_;
  try {
    return exchange.give_body(std::as_writable_bytes(std::span(space, size * count)));
  } catch (const std::exception& thrown) {
    exchange.error_ = Error{.cls = ErrorClass::Internal, .message = thrown.what(), .remedy = "report this as a bug"};
    return CURL_READFUNC_ABORT;
  }
}

}  // namespace slipway::http
