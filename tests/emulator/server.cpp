#include "tests/emulator/server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <charconv>
#include <csignal>
#include <list>
#include <thread>

namespace slipway::emulator {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// One connection and its thread. Ends when the other side or stop() ends it.
class Serving {
 public:
  Serving(int socket, StreamMaker& streams, const Service& service)
      : thread_([this, socket, &streams, &service](const std::stop_token& stop) {
          std::unique_ptr<Stream> stream = streams.make(socket);
          if (stream != nullptr) {
            const std::stop_callback end(stop, [&] { stream->shut_down(); });
            serve(*stream, service, stop);
          }
          stream.reset();
          ended_ = true;
        }) {}
  bool ended() const { return ended_; }

 private:
  std::atomic<bool> ended_ = false;
  std::jthread thread_;
};

class AsioServer final : public Server {
 public:
  AsioServer(StreamMaker& streams, const Service& service) : streams_(streams), service_(service) {
    signals_.async_wait([this](const boost::system::error_code&, int) { context_.stop(); });
  }

  void listen(const tcp::endpoint& endpoint) {
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(asio::socket_base::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen(1024);
  }
  std::string address() const override {
    const tcp::endpoint endpoint = acceptor_.local_endpoint();
    const std::string host = endpoint.address().to_string();
    return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
  }
  void run() override {
    accept();
    context_.run();
    serving_.clear();
  }

 private:
  void accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
      serving_.remove_if([](const Serving& each) { return each.ended(); });
      if (!error) {
        service_.log.count_connection();
        serving_.emplace_back(take(std::move(socket)), streams_, service_);
      }
      accept();
    });
  }
  static int take(tcp::socket socket) {
    socket.non_blocking(false);
    return socket.release();
  }
  StreamMaker& streams_;
  const Service& service_;
  asio::io_context context_;
  asio::signal_set signals_{context_, SIGINT, SIGTERM};
  tcp::acceptor acceptor_{context_};
  std::list<Serving> serving_;
};

Result<tcp::endpoint> parse_endpoint(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  std::string host = listen.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  std::uint16_t port = 0;
  const char* end = listen.data() + listen.size();
  boost::system::error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  if (colon == std::string::npos || error || std::from_chars(listen.data() + colon + 1, end, port).ptr != end)
    return fail(ErrorClass::Invalid, "--listen " + listen + " is no address with a port", "give e.g. 127.0.0.1:5000");
  return tcp::endpoint(address, port);
}

}  // namespace

Result<std::unique_ptr<Server>> make_server(const std::string& listen, StreamMaker& streams, const Service& service) {
  const Result<tcp::endpoint> endpoint = parse_endpoint(listen);
  if (!endpoint) return std::unexpected(endpoint.error());
  auto server = std::make_unique<AsioServer>(streams, service);
  try {
    server->listen(*endpoint);
  } catch (const boost::system::system_error& failed) {
    return fail(ErrorClass::Unavailable, "listening on " + listen + ": " + failed.what(), "give another --listen");
  }
  return server;
}

}  // namespace slipway::emulator
