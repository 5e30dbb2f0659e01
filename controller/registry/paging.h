#pragma once

#include <cstddef>
#include <set>
#include <string>

#include "controller/http/message.h"
#include "crds/base/result.h"

namespace slipway::registry {

/// The pages of a list that a registry gives with `Link: <…>; rel="next"` (distribution specification, "Content
/// Discovery"), relative or absolute. Never leaves the host, never comes to a page twice, ends after a bound.
class Paging {
 public:
  explicit Paging(std::string first_url, std::size_t most_pages = 1000);

  /// The page to ask for.
  const std::string& url() const { return url_; }

  /// Moves on to the page that follows `response`; false at the end. Integrity for a link that is not followed.
  Result<bool> advance(const http::Response& response);

 private:
  std::string url_;
  const std::size_t most_pages_;
  std::set<std::string> seen_;
};

}  // namespace slipway::registry
