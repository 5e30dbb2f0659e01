#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "crds/base/document.h"
#include "crds/base/result.h"

namespace slipway::runtime {

/// Which page of a collection.
struct PageRequest {
  std::string continue_token;  ///< Empty: from the start.
  bool whole = false;          ///< All in one answer, which can't expire half way.
};
struct PageEnd {
  std::string resource_version;
  std::string continue_token;  ///< Empty: that was the last page.
};

/// Which object, in which version.
struct ObjectVersion {
  std::string_view namespace_name;  ///< Empty: cluster-scoped.
  std::string_view name;
  std::string_view uid;
  std::string_view resource_version;
};

struct WatchRequest {
  std::string resource_version;
  std::chrono::seconds server_timeout{300};
  std::function<void()> began;  ///< Called when the server has taken it; may be null.
  /// Asked of an object that was modified, where that can be told before the event is read whole. True: it is no news
  /// in that version, and is not given. May be null.
  std::function<bool(const ObjectVersion&)> is_known{};
};
enum class WatchEventType { Added, Modified, Deleted, Bookmark };

/// Takes one object; an error ends the answer with it.
using ObjectTaker = std::function<Result<void>(const Node& object)>;
using WatchEventTaker = std::function<Result<void>(WatchEventType type, const Node& object)>;

/// Lists and watches the objects of one kind, in one namespace or all. Every object is given as it arrives and not
/// kept. Thread-safe. Errors are those of kube::ApiClient, with the reason kExpired for a version or page that is too
/// old.
class CollectionReader {
 public:
  virtual ~CollectionReader() = default;
  virtual Result<PageEnd> list(const PageRequest& request, const ObjectTaker& take, const std::stop_token& stop) = 0;
  /// At which version the server is now: never lower than one that a list or a watch gave before, but after its store
  /// was put back to a backup.
  virtual Result<std::string> version(const std::stop_token& stop) = 0;
  /// Success when the server ended it in its time. Unavailable for a cut, and for a silence that is none any more.
  virtual Result<void> watch(const WatchRequest& request, const WatchEventTaker& take, const std::stop_token& stop) = 0;
};

/// Error::reason of what is too old: list again.
inline constexpr char kExpired[] = "Expired";

}  // namespace slipway::runtime
