/// Copies one image from a registry to another with the product's own client and transfer engine, and nothing around
/// them: what of the time of `slipway publish` is the transfer. Says what it took, for the scripts beside it.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <sstream>
#include <variant>

#include "controller/http/curl_transport.h"
#include "controller/registry/registry_client.h"
#include "controller/runtime/system_clock.h"
#include "controller/runtime/waiting.h"
#include "controller/transfer/transfer_engine.h"
#include "crds/base/image_reference.h"
#include "reconcilers/content/manifest.h"

using namespace slipway;

namespace {

struct Options {
  std::string from;
  std::string to;
  std::string ca_file;
  bool plain_http = true;
  int concurrency = 4;
  transfer::TransferRules rules;
  http::CurlOptions curl;
};

transfer::TransferHands real_hands() {
  return {.wait = runtime::wait, .chance = runtime::chance, .elapsed = [] {
            return runtime::SystemSteadyClock().now().time_since_epoch();
          }};
}

/// One end: a repository of a registry.
struct End {
  http::CurlTransport network;
  runtime::SystemClock clock;
  registry::RegistryClient client;

  End(const Options& options, const ImageReference& image, bool read_only)
      : network(options.curl),
        client(std::make_shared<registry::Connection>(
                   network, clock,
                   registry::TokenOptions{
                       .host = image.registry,
                       .plain_http = options.plain_http,
                       .credentials = {},
                       .may_call = [](std::string_view, std::string_view) -> Result<void> { return {}; }}),
               {.repository = image.repository, .read_only = read_only, .request_id = {}}) {}
};

Result<std::vector<content::Descriptor>> blobs_of(const content::ManifestBytes& manifest) {
  const auto parsed = content::parse_manifest(manifest);
  if (!parsed) return std::unexpected(parsed.error());
  const auto* image = std::get_if<content::ImageManifest>(&*parsed);
  if (image == nullptr) return fail(ErrorClass::Invalid, "an index", "name an image of one platform");
  std::vector<content::Descriptor> blobs = image->layers;
  blobs.push_back(image->config);
  return blobs;
}

Result<BlobTransferReport> copy(const Options& options) {
  const auto from = ImageReference::parse(options.from);
  const auto to = ImageReference::parse(options.to);
  if (!from) return std::unexpected(from.error());
  if (!to) return std::unexpected(to.error());
  End source(options, *from, true);
  End store(options, *to, false);
  transfer::TransferEngine engine(real_hands(), options.rules);
  const auto found = source.client.resolve(from->tag, {});
  if (!found) return std::unexpected(found.error());
  if (!*found) return fail(ErrorClass::NotFound, options.from + " does not exist", "push it first");
  const auto manifest = source.client.manifest((*found)->digest, {});
  if (!manifest) return std::unexpected(manifest.error());
  BlobTransferRequest request;
  request.concurrency = options.concurrency;
  auto blobs = blobs_of(*manifest);
  if (!blobs) return std::unexpected(blobs.error());
  request.blobs = std::move(*blobs);
  auto sent = engine.transfer(source.client, store.client, request, {});
  if (!sent) return sent;
  if (auto put = store.client.put_tag(to->tag, *manifest, {}); !put) return std::unexpected(put.error());
  return sent;
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

void say_what_it_took(const BlobTransferReport& report, double wall) {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  std::cout << "wall " << wall << " user " << seconds(used.ru_utime) << " system " << seconds(used.ru_stime)
            << " peak_kib " << used.ru_maxrss << " switches " << used.ru_nvcsw + used.ru_nivcsw << " bytes "
            << report.bytes_sent << " resumed " << report.resumed << "\n";
}

std::string contents_of(const std::string& path) {
  std::ostringstream text;
  if (!path.empty()) text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

int main(int count, char** arguments) {
  Options options;
  std::size_t ring = options.rules.ring_bytes;
  std::size_t buffer = options.curl.stream_buffer_bytes;
  bool tls = false;
  CLI::App app("Copies one image, e.g. bench-copy 127.0.0.1:5000/a:1 127.0.0.1:5001/a:1");
  app.add_option("from", options.from)->required();
  app.add_option("to", options.to)->required();
  app.add_flag("--tls", tls, "https on both ends");
  app.add_option("--ca", options.ca_file, "PEM file of authorities trusted besides the system's");
  app.add_option("--concurrency", options.concurrency, "blobs at once");
  app.add_option("--ring", ring, "bytes between the two ends of a blob");
  app.add_option("--buffer", buffer, "bytes of libcurl's buffers");
  app.add_option("--whole", options.rules.whole_up_to, "blobs up to this size go up in one request");
  CLI11_PARSE(app, count, arguments);
  options.plain_http = !tls;
  options.rules.ring_bytes = ring;
  options.curl.stream_buffer_bytes = buffer;
  options.curl.ca_bundle = contents_of(options.ca_file);
  const runtime::SystemSteadyClock clock;
  const auto started = clock.now();
  const auto report = copy(options);
  if (!report) {
    std::cerr << report.error().message << "\n  " << report.error().remedy << "\n";
    return 1;
  }
  say_what_it_took(*report, std::chrono::duration<double>(clock.now() - started).count());
}
