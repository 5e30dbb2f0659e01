/// The transfer engine with the real client over real sockets, between registries that fail as registries do.
#include <atomic>

#include "controller/http/curl_transport.h"
#include "controller/registry/registry_client.h"
#include "controller/transfer/transfer_engine.h"
#include "tests/catch.h"
#include "tests/support/raw_server.h"

using namespace slipway;
using namespace slipway::testing;

namespace {

std::string bytes_of(std::size_t size) {
  std::string bytes(size, '\0');
  unsigned seed = 1;
  for (char& c : bytes) c = static_cast<char>((seed = seed * 1103515245U + 12345U) >> 16);
  return bytes;
}

content::Descriptor descriptor_of(const std::string& bytes) {
  return {.media_type = "application/vnd.oci.image.layer.v1.tar",
          .digest = Digest::of(bytes),
          .size = static_cast<std::int64_t>(bytes.size()),
          .artifact_type = {},
          .platform = {},
          .annotations = {}};
}

std::string field(const std::string& head, const std::string& name) {
  const std::size_t at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t start = at + name.size() + 4;
  return head.substr(start, head.find("\r\n", start) - start);
}

std::string answer(const std::string& status, const std::string& fields = "") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n" + fields + "\r\n";
}

/// A registry that holds one blob and cuts the connection after so many bytes of each of its first answers.
struct CuttingSource {
  const std::string blob;
  runtime::Guarded<std::vector<std::size_t>> cuts;
  runtime::Guarded<std::vector<std::string>> ranges;  ///< Asked for, in order.
  RawServer server{[this](RawConnection& connection) { serve(connection); }};

  CuttingSource(std::string bytes, std::vector<std::size_t> after)
      : blob(std::move(bytes)), cuts(std::move(after)), ranges(std::vector<std::string>{}) {}

  void serve(RawConnection& connection) {
    for (std::string head = connection.read_head(); !head.empty(); head = connection.read_head()) {
      const std::string range = field(head, "Range");
      ranges.lock()->push_back(range);
      const std::size_t start = range.empty() ? 0 : std::stoul(range.substr(range.find('=') + 1));
      const std::string rest = blob.substr(start);
      connection.write("HTTP/1.1 " + std::string(range.empty() ? "200 OK" : "206 Partial Content") +
                       "\r\nContent-Length: " + std::to_string(rest.size()) + "\r\nContent-Range: bytes " +
                       std::to_string(start) + "-" + std::to_string(blob.size() - 1) + "/" +
                       std::to_string(blob.size()) + "\r\n\r\n");
      if (const auto cut = next_cut()) return connection.write(rest.substr(0, *cut));
      connection.write(rest);
    }
  }
  std::optional<std::size_t> next_cut() {
    auto left = cuts.lock();
    if (left->empty()) return std::nullopt;
    const std::size_t cut = left->front();
    left->erase(left->begin());
    return cut;
  }
};

/// What goes wrong with one PATCH: after `after` bytes of it.
struct UploadFault {
  enum class Kind { Cut, Reset, TooManyRequests, Stall };
  Kind kind = Kind::Cut;
  std::size_t after = 0;
};

/// A registry with one repository that is empty; of an upload that is cut it holds what came, or forgets it.
struct FaultyStore {
  struct State {
    std::string upload;
    bool open = false;
    std::vector<UploadFault> faults;
    std::vector<std::string> done;    ///< Requests, in order.
    std::vector<std::string> pieces;  ///< What each PATCH said of its place.
    std::string blob;
  };
  const bool forgets;
  runtime::Guarded<State> state;
  std::function<void()> on_stall;
  RawServer server{[this](RawConnection& connection) { serve(connection); }};

  FaultyStore(std::vector<UploadFault> faults, bool forgets_uploads) : forgets(forgets_uploads) {
    state.lock()->faults = std::move(faults);
  }

  void serve(RawConnection& connection) {
    for (std::string head = connection.read_head(); !head.empty(); head = connection.read_head()) {
      const std::string method = head.substr(0, head.find(' '));
      state.lock()->done.push_back(method);
      if (method == "PATCH") {
        state.lock()->pieces.push_back(field(head, "Content-Range"));
        if (!take_upload(connection, std::stoul(field(head, "Content-Length")))) return;
        continue;
      }
      connection.write(plain_answer(method));
    }
  }

  std::string plain_answer(const std::string& method) {
    auto now = state.lock();
    if (method == "HEAD") return answer(now->blob.empty() ? "404 Not Found" : "200 OK");
    if (method == "POST") {
      now->open = true;
      now->upload.clear();
      return answer("202 Accepted", "Location: /v2/app/blobs/uploads/1\r\n");
    }
    if (!now->open) return answer("404 Not Found");
    const std::string last = std::to_string(now->upload.empty() ? 0 : now->upload.size() - 1);
    if (method == "GET")
      return "HTTP/1.1 204 No Content\r\nLocation: /v2/app/blobs/uploads/1\r\nRange: 0-" + last + "\r\n\r\n";
    now->open = false;
    if (method == "PUT") now->blob = now->upload;
    return answer(method == "PUT" ? "201 Created" : "204 No Content");
  }

  /// False when the connection is over.
  bool take_upload(RawConnection& connection, std::size_t length) {
    std::optional<UploadFault> fault = next_fault();
    const std::string bytes = connection.read(fault ? std::min(fault->after, length) : length);
    {
      auto now = state.lock();
      now->upload += bytes;
      if (fault && forgets) now->open = false;
    }
    if (!fault) {
      connection.write(answer("202 Accepted", "Location: /v2/app/blobs/uploads/1\r\n"));
      return true;
    }
    if (fault->kind == UploadFault::Kind::Reset) connection.reset();
    if (fault->kind == UploadFault::Kind::TooManyRequests)
      connection.write(answer("429 Too Many Requests", "Retry-After: 7\r\nConnection: close\r\n"));
    if (fault->kind == UploadFault::Kind::TooManyRequests) connection.wait_for_close();
    if (fault->kind == UploadFault::Kind::Stall) {
      on_stall();
      connection.stall();
    }
    return false;
  }
  std::optional<UploadFault> next_fault() {
    auto now = state.lock();
    if (now->faults.empty()) return std::nullopt;
    const UploadFault fault = now->faults.front();
    now->faults.erase(now->faults.begin());
    return fault;
  }
  std::vector<std::string> requests() { return state.lock()->done; }
  std::size_t count(const std::string& method) {
    const auto done = requests();
    return static_cast<std::size_t>(std::count(done.begin(), done.end(), method));
  }
};

class FixedClock final : public Clock {
 public:
  Timestamp now() const override { return Timestamp(std::chrono::milliseconds(1'800'000'000'000)); }
};

std::string host_of(const RawServer& server) {
  return server.url("").substr(std::string("http://").size());
}

/// A client for each end and an engine whose waits pass at once.
struct Crossing {
  http::CurlTransport network;
  FixedClock clock;
  registry::RegistryClient from;
  registry::RegistryClient to;
  runtime::Guarded<std::vector<std::chrono::milliseconds>> waits;
  transfer::TransferEngine engine{{.wait =
                                       [this](std::chrono::milliseconds time, const std::stop_token& stop) {
                                         waits.lock()->push_back(time);
                                         return !stop.stop_requested();
                                       },
                                   .chance = [] { return 0.5; },
                                   .elapsed = [] { return std::chrono::nanoseconds{0}; }}};

  Crossing(const RawServer& source, const RawServer& store)
      : from(connection_to(source), {.repository = "app", .read_only = true, .request_id = {}}),
        to(connection_to(store), {.repository = "app", .read_only = false, .request_id = {}}) {}

  std::shared_ptr<registry::Connection> connection_to(const RawServer& server) {
    return std::make_shared<registry::Connection>(
        network, clock,
        registry::TokenOptions{.host = host_of(server),
                               .plain_http = true,
                               .credentials = {},
                               .may_call = [](std::string_view, std::string_view) -> Result<void> { return {}; }});
  }
  Result<BlobTransferReport> send(const std::string& blob, const std::stop_token& stop = {}) {
    BlobTransferRequest request;
    request.blobs = {descriptor_of(blob)};
    return engine.transfer(from, to, request, stop);
  }
};

constexpr std::size_t kLarge = 9'000'000;  ///< Goes up by POST, PATCH and PUT.

}  // namespace

TEST_CASE("a source that is cut is read on by Range, into the upload that is open") {
  const std::string blob = bytes_of(kLarge);
  CuttingSource source(blob, {3'000'000, 1'000'000, 0});
  FaultyStore store({}, false);
  Crossing crossing(source.server, store.server);
  const auto report = crossing.send(blob);
  REQUIRE(report);
  CHECK(report->resumed == 2);
  CHECK(report->bytes_sent == static_cast<std::int64_t>(blob.size()));
  CHECK(*source.ranges.lock() == std::vector<std::string>{"", "bytes=3000000-", "bytes=4000000-", "bytes=4000000-"});
  CHECK(store.requests() == std::vector<std::string>{"HEAD", "POST", "PATCH", "PUT"});
  CHECK(store.state.lock()->blob == blob);
}

TEST_CASE("a destination that is cut and holds the upload gets what is missing") {
  const auto kind = GENERATE(UploadFault::Kind::Cut, UploadFault::Kind::Reset);
  const std::string blob = bytes_of(kLarge);
  CuttingSource source(blob, {});
  FaultyStore store({{.kind = kind, .after = 2'500'000}, {.kind = kind, .after = 1}}, false);
  Crossing crossing(source.server, store.server);
  const auto report = crossing.send(blob);
  REQUIRE(report);
  CHECK(report->resumed == 2);
  CHECK(*source.ranges.lock() == std::vector<std::string>{"", "bytes=2500000-", "bytes=2500001-"});
  CHECK(store.count("POST") == 1);
  CHECK(store.state.lock()->pieces == std::vector<std::string>{"", "2500000-8999999", "2500001-8999999"});
  CHECK(store.state.lock()->blob == blob);
}

TEST_CASE("a destination that is cut and forgot the upload gets that blob again") {
  const std::string blob = bytes_of(kLarge);
  CuttingSource source(blob, {});
  FaultyStore store({{.kind = UploadFault::Kind::Cut, .after = 2'500'000}}, true);
  Crossing crossing(source.server, store.server);
  const auto report = crossing.send(blob);
  REQUIRE(report);
  CHECK(report->resumed == 0);
  CHECK(*source.ranges.lock() == std::vector<std::string>{"", ""});
  CHECK(store.count("POST") == 2);
  CHECK(store.state.lock()->blob == blob);
}

TEST_CASE("a registry that throttles in the middle of a body is waited for as long as it says") {
  const std::string blob = bytes_of(kLarge);
  CuttingSource source(blob, {});
  FaultyStore store({{.kind = UploadFault::Kind::TooManyRequests, .after = 1'000'000}}, false);
  Crossing crossing(source.server, store.server);
  REQUIRE(crossing.send(blob));
  CHECK(crossing.waits.lock()->size() == 1);
  CHECK(crossing.waits.lock()->front() >= std::chrono::seconds(7));
  CHECK(store.state.lock()->blob == blob);
}

TEST_CASE("a receiver that takes nothing more holds the source back and gives way to a stop") {
  const std::string blob = bytes_of(64'000'000);
  std::stop_source stop;
  CuttingSource source(blob, {});
  FaultyStore store({{.kind = UploadFault::Kind::Stall, .after = 100'000}}, false);
  store.on_stall = [&] { stop.request_stop(); };
  Crossing crossing(source.server, store.server);
  const auto report = crossing.send(blob, stop.get_token());
  REQUIRE_FALSE(report);
  CHECK(report.error().cls == ErrorClass::Cancelled);
  CHECK(store.count("DELETE") == 1);
  CHECK(store.state.lock()->blob.empty());
}
