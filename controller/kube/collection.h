#pragma once

#include <string>

#include "controller/kube/api_client.h"
#include "controller/runtime/collection_reader.h"

namespace slipway::kube {

/// What of a kind is wanted.
struct CollectionScope {
  ApiResource resource;
  std::string namespace_name;  ///< Empty: all.
  std::string label_selector;
  bool metadata_only = false;  ///< Each object as PartialObjectMetadata: what a Secret holds never travels.
};

/// A kind of an API server: lists of 500 a page, watches with bookmarks. Answers are taken apart as they arrive, one
/// object in memory at a time, of at most 8 MiB (Integrity above). A watch that is silent for longer than bookmarks are
/// apart (100 s) is taken for cut. Thread-safe.
class Collection final : public runtime::CollectionReader {
 public:
  /// `client` outlives it.
  Collection(ApiClient& client, CollectionScope scope) : client_(client), scope_(std::move(scope)) {}

  Result<runtime::PageEnd> list(const runtime::PageRequest& request, const runtime::ObjectTaker& take,
                                const std::stop_token& stop) override;
  Result<std::string> version(const std::stop_token& stop) override;
  Result<void> watch(const runtime::WatchRequest& request, const runtime::WatchEventTaker& take,
                     const std::stop_token& stop) override;

 private:
  Result<runtime::PageEnd> page(const ListQuery& query, const runtime::ObjectTaker& take, const std::stop_token& stop);
  Target target() const { return {scope_.resource, scope_.namespace_name, "", ""}; }

  ApiClient& client_;
  const CollectionScope scope_;
};

}  // namespace slipway::kube
