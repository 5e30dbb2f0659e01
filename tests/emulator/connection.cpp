#include "tests/emulator/connection.h"

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <vector>

#include "tests/emulator/request_reader.h"

namespace slipway::emulator {
namespace {

std::string head_of(const Answer& answer, bool keep_alive) {
  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(answer.status));
  std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " " + std::string(reason) + "\r\n";
  for (const auto& [name, value] : answer.headers) head += name + ": " + value + "\r\n";
  if (answer.status != 204) head += "Content-Length: " + std::to_string(answer.size()) + "\r\n";
  if (!keep_alive) head += "Connection: close\r\n";
  return head + "\r\n";
}

/// Sends one answer as the disturbance wants it.
class AnswerSender {
 public:
  AnswerSender(Stream& stream, const Disturbance& disturbance, RequestRecord* record, std::stop_token stop)
      : stream_(stream), disturbance_(disturbance), record_(record), stop_(std::move(stop)) {}

  /// False when the connection is over: broken, or cut on purpose.
  bool send(const Answer& answer, bool with_body, bool keep_alive) {
    if (disturbance_.lose_response) return false;
    if (record_ != nullptr) record_->status = answer.status;
    const std::string head = head_of(answer, keep_alive);
    const std::uint64_t size = with_body ? answer.size() : 0;
    const std::uint64_t most = std::min(size, disturbance_.cut_response.value_or(size));
    const bool sent = std::visit([&](const auto& body) { return send(head, body, most); }, answer.body);
    return sent && most == size && !(disturbance_.cut_response && with_body && *disturbance_.cut_response <= size);
  }

 private:
  bool send(const std::string& head, const std::string& body, std::uint64_t count) {
    if (disturbance_.corrupt || disturbance_.bytes_per_second != 0)
      return stream_.send(head) && send_pieces(count, [&](std::span<char> space, std::uint64_t offset) {
               return body.copy(space.data(), space.size(), offset);
             });
    this->count(count);
    return stream_.send(head + body.substr(0, count));
  }
  bool send(const std::string& head, const FilePart& part, std::uint64_t count) {
    if (!stream_.send(head)) return false;
    if (disturbance_.corrupt || disturbance_.bytes_per_second != 0)
      return send_pieces(count, [&](std::span<char> space, std::uint64_t offset) {
        return read_at(part.file, space, part.offset + offset).value_or(0);
      });
    return send_file(part, count);
  }
  bool send_file(const FilePart& part, std::uint64_t count) {
    constexpr std::uint64_t kPiece = 4 << 20;
    for (std::uint64_t at = 0; at < count;) {
      const std::uint64_t wanted = std::min(kPiece, count - at);
      this->count(wanted);
      const std::uint64_t sent = stream_.send_file(part.file.number(), part.offset + at, wanted);
      at += sent;
      if (sent == wanted) continue;
      if (record_ != nullptr) record_->bytes_out -= wanted - sent;
      return false;
    }
    return true;
  }
  template <class Read>
  bool send_pieces(std::uint64_t count, Read read) {
    Pacer pacer(disturbance_.bytes_per_second);
    std::vector<char> space(256 << 10);
    for (std::uint64_t at = 0; at < count;) {
      const std::size_t wanted = pacer.piece(std::min<std::uint64_t>(space.size(), count - at));
      const std::span<char> piece = std::span(space).first(read(std::span(space).first(wanted), at));
      if (piece.empty()) return false;
      if (disturbance_.corrupt && *disturbance_.corrupt >= at && *disturbance_.corrupt - at < piece.size())
        piece[*disturbance_.corrupt - at] ^= 1;
      this->count(piece.size());
      if (!stream_.send(piece) || stop_.stop_requested()) return false;
      at += piece.size();
      pacer.moved(piece.size(), stop_);
    }
    return true;
  }
  void count(std::uint64_t bytes) {
    if (record_ != nullptr) record_->bytes_out += bytes;
  }
  Stream& stream_;
  const Disturbance& disturbance_;
  RequestRecord* record_;
  std::stop_token stop_;
};

/// Lets an answer arrive that was given while the body was still coming: closing at once would reset the connection.
void linger(Stream& stream) {
  stream.finish_sending();
  std::vector<char> space(64 << 10);
  constexpr std::size_t kMost = 64 << 20;
  for (std::size_t taken = 0; taken < kMost;) {
    const std::size_t count = stream.receive(space);
    if (count == 0) return;
    taken += count;
  }
}

/// One request and its answer; false when the connection is over.
bool serve_one(Stream& stream, const Service& service, boost::beast::flat_buffer& buffer, const std::stop_token& stop) {
  RequestReader reader(stream, buffer, stop);
  std::optional<Request> request = reader.read_head();
  if (!request) return false;
  request->scheme = service.scheme;
  request->route = parse_route(request->target.path);
  std::shared_ptr<RequestRecord> record;
  if (!is_admin(request->route.resource)) {
    record = service.log.begin(request->method, reader.target());
    request->disturbance = service.disturb(*request);
  }
  reader.start_body(record.get(), request->disturbance);
  if (request->disturbance.cut_request == 0 && reader.done()) return false;
  const Answer answer = service.answer(*request, stop);
  if (request->method != "GET") request->disturbance.corrupt.reset();
  const bool drained = reader.drain();
  if (answer.cut || reader.was_cut()) return false;
  const bool keep_alive = drained && reader.keep_alive();
  AnswerSender sender(stream, request->disturbance, record.get(), stop);
  if (!sender.send(answer, request->method != "HEAD", keep_alive)) return false;
  if (!drained) linger(stream);
  return keep_alive;
}

}  // namespace

void serve(Stream& stream, const Service& service, const std::stop_token& stop) {
  boost::beast::flat_buffer buffer;
  while (!stop.stop_requested() && serve_one(stream, service, buffer, stop)) {
  }
}

}  // namespace slipway::emulator
