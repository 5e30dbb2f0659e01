#include "controller/registry/paging.h"

#include <utility>

#include "controller/http/url.h"
#include "controller/registry/requests.h"

namespace slipway::registry {
namespace {

std::unexpected<Error> not_followed(const std::string& page, const std::string& why) {
  return fail(ErrorClass::Integrity, http::redacted(page) + ": " + why,
              "look whether the registry or a proxy before it is broken");
}

}  // namespace

Paging::Paging(std::string first_url, std::size_t most_pages)
    : url_(std::move(first_url)), most_pages_(most_pages), seen_{url_} {}

Result<bool> Paging::advance(const http::Response& response) {
  const auto next = next_page(response.headers);
  if (!next) return false;
  const Result<http::Url> here = http::Url::parse(url_);
  Result<http::Url> there = here ? here->resolve(*next) : here;
  if (!there) return not_followed(url_, "the link to the next page is none");
  // Behind a proxy that ends TLS a registry takes itself for a plain one.
  if (here->scheme == "https" && there->authority == here->authority) there->scheme = here->scheme;
  if (!http::same_origin(*here, *there)) return not_followed(url_, "the next page is on another host");
  if (seen_.size() >= most_pages_) return not_followed(url_, "more than " + std::to_string(most_pages_) + " pages");
  if (!seen_.insert(there->str()).second) return not_followed(url_, "pages lead in a circle");
  url_ = there->str();
  return true;
}

}  // namespace slipway::registry
