#include "controller/kube/collection.h"

#include <utility>

#include "controller/kube/api_document.h"
#include "controller/kube/collection_items.h"
#include "controller/kube/version_scan.h"
#include "controller/kube/watch_stream.h"
#include "crds/base/text.h"
#include "reconcilers/json.h"

namespace slipway::kube {
namespace {

constexpr std::size_t kPage = 500;
constexpr DocumentLimits kEventLimits{.bytes = 16u << 20, .depth = 128, .nodes = 500'000, .shallow = kFieldsOfManagers};

std::optional<runtime::WatchEventType> type_of(const std::string& text) {
  using Type = runtime::WatchEventType;
  if (text == "ADDED") return Type::Added;
  if (text == "MODIFIED") return Type::Modified;
  if (text == "DELETED") return Type::Deleted;
  if (text == "BOOKMARK") return Type::Bookmark;
  return std::nullopt;
}

bool is_known(std::string_view line, const runtime::WatchRequest& watched) {
  if (!watched.is_known) return false;
  const auto changed = version_of_change(line);
  return changed && watched.is_known(*changed);
}

Result<void> take_event(std::string_view line, const ApiRequest& request, const runtime::WatchEventTaker& take) {
  const Document document = parse_api_json(line, "event", kEventLimits);
  if (!document.problems.empty())
    return fail(ErrorClass::Integrity, "an event can't be read: " + document.problems.front().message,
                "check what answers at the API server's address");
  const Node& object = json::at(document.root, "object");
  const std::string type = json::text_at(document.root, "type");
  if (type == "ERROR") return std::unexpected(error_of_status(request, object));
  if (const auto known = type_of(type)) return take(*known, object);
  return fail(ErrorClass::Integrity, "an event of unknown type " + quoted(type),
              "check what answers at the API server's address");
}

}  // namespace

Result<runtime::PageEnd> Collection::list(const runtime::PageRequest& request, const runtime::ObjectTaker& take,
                                          const std::stop_token& stop) {
  return page({.label_selector = scope_.label_selector,
               .field_selector = {},
               .continue_token = request.continue_token,
               .limit = request.whole ? 0 : kPage,
               .metadata_only = scope_.metadata_only},
              take, stop);
}

Result<std::string> Collection::version(const std::stop_token& stop) {
  const auto pass_over = [](const Node&) -> Result<void> { return {}; };
  const ListQuery smallest{.label_selector = scope_.label_selector,
                           .field_selector = {},
                           .continue_token = {},
                           .limit = 1,
                           .metadata_only = true};
  Result<runtime::PageEnd> end = page(smallest, pass_over, stop);
  if (!end) return std::unexpected(std::move(end.error()));
  return std::move(end->resource_version);
}

Result<runtime::PageEnd> Collection::page(const ListQuery& query, const runtime::ObjectTaker& take,
                                          const std::stop_token& stop) {
  CollectionItems items(take);
  const ApiRequest made = kube::list(target(), query);
  const auto feed = [&items](std::span<const std::byte> bytes) { return items.feed(bytes); };
  if (Result<void> streamed = client_.stream(made, {feed, nullptr}, stop); !streamed)
    return std::unexpected(std::move(streamed.error()));
  const Result<Node> envelope = items.finish();
  if (!envelope) return std::unexpected(envelope.error());
  const Node& metadata = json::at(*envelope, "metadata");
  return runtime::PageEnd{.resource_version = json::text_at(metadata, "resourceVersion"),
                          .continue_token = json::text_at(metadata, "continue")};
}

Result<void> Collection::watch(const runtime::WatchRequest& request, const runtime::WatchEventTaker& take,
                               const std::stop_token& stop) {
  const ApiRequest made = kube::watch(target(), {.label_selector = scope_.label_selector,
                                                 .field_selector = {},
                                                 .resource_version = request.resource_version,
                                                 .server_timeout = request.server_timeout,
                                                 .metadata_only = scope_.metadata_only});
  WatchStream stream(
      [&](std::string_view line) { return is_known(line, request) ? Result<void>{} : take_event(line, made, take); });
  const auto feed = [&stream](std::span<const std::byte> bytes) { return stream.feed(bytes); };
  if (Result<void> streamed = client_.stream(made, {feed, request.began}, stop); !streamed) return streamed;
  return stream.finish();
}

}  // namespace slipway::kube
