#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

#include "tests/emulator/application.h"
#include "tests/emulator/server.h"

namespace {

using namespace slipway;
using namespace slipway::emulator;

struct Options {
  std::string listen = "127.0.0.1:5000";
  std::filesystem::path data;
  std::filesystem::path config;
  TlsFiles tls;
};

Result<Configuration> read_configuration(const std::filesystem::path& file) {
  if (file.empty()) return Configuration{};
  const Result<std::string> text = read_file(file);
  if (!text) return std::unexpected(text.error());
  return parse_configuration(*text, file.string());
}

Result<void> run(const Options& options) {
  Result<Configuration> configuration = read_configuration(options.config);
  if (!configuration) return std::unexpected(std::move(configuration.error()));
  const Result<std::unique_ptr<Application>> application = Application::open(std::move(*configuration), options.data);
  if (!application) return std::unexpected(application.error());
  const Result<std::unique_ptr<StreamMaker>> streams = make_stream_maker(options.tls);
  if (!streams) return std::unexpected(streams.error());
  const Service service{
      .disturb = [&](const Request& request) { return (*application)->disturb(request); },
      .answer = [&](Request& request, const std::stop_token& stop) { return (*application)->answer(request, stop); },
      .log = (*application)->log(),
      .scheme = options.tls.certificate.empty() ? "http" : "https"};
  const Result<std::unique_ptr<Server>> server = make_server(options.listen, **streams, service);
  if (!server) return std::unexpected(server.error());
  std::cout << "listening on " << (*server)->address() << std::endl;
  (*server)->run();
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  // OpenSSL writes to a client that refused the certificate and went.
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("A container registry for tests that behaves as Azure Container Registry does on the wire.");
  Options options;
  app.add_option("--listen", options.listen, "ADDRESS:PORT; port 0 takes a free one and prints it")
      ->capture_default_str();
  app.add_option("--data", options.data, "Folder of what was pushed; made when it is missing")->required();
  app.add_option("--config", options.config, "Profile, credentials, faults: see tests/emulator/README.md");
  CLI::Option* certificate = app.add_option("--tls-cert", options.tls.certificate, "PEM certificate chain");
  CLI::Option* key = app.add_option("--tls-key", options.tls.key, "PEM key of the certificate");
  certificate->needs(key);
  key->needs(certificate);
  CLI11_PARSE(app, argc, argv);
  if (const Result<void> done = run(options); !done) {
    std::cerr << "acr-emulator: " << done.error().message << "; " << done.error().remedy << "\n";
    return 1;
  }
  return 0;
}
