#include "tests/emulator/pages.h"

#include <algorithm>
#include <charconv>

namespace slipway::emulator {
namespace {

using Names = std::vector<std::string>;

Page cut(Names::const_iterator first, const Names& names, const PageRequest& request) {
  const auto left = static_cast<std::size_t>(names.end() - first);
  const std::size_t count = std::min(left, request.most.value_or(left));
  return {.names = {first, first + static_cast<std::ptrdiff_t>(count)}, .more = count > 0 && count < left};
}

}  // namespace

Result<PageRequest> parse_page(const Target& target, std::optional<std::size_t> usual) {
  PageRequest request{.most = usual, .last = target.parameter("last")};
  const std::string text = target.parameter("n");
  if (text.empty()) return request;
  std::size_t most = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), most);
  if (error != std::errc() || end != text.data() + text.size())
    return fail(ErrorClass::Invalid, "invalid number of results requested", "give a number as n");
  request.most = most;
  return request;
}

Page page_of(const std::vector<std::string>& sorted, const PageRequest& request) {
  const auto first = request.last.empty() ? sorted.begin() : std::ranges::upper_bound(sorted, request.last);
  return cut(first, sorted, request);
}

Page page_of_ordered(const std::vector<std::string>& ordered, const PageRequest& request) {
  auto first = request.last.empty() ? ordered.begin() : std::ranges::find(ordered, request.last);
  if (!request.last.empty() && first != ordered.end()) ++first;
  return cut(first, ordered, request);
}

std::string next_link(const Target& target, const Page& page, const PageRequest& request) {
  std::string path;
  for (std::size_t at = 0; at <= target.path.size();) {
    const std::size_t slash = std::min(target.path.find('/', at), target.path.size());
    path +=
        percent_encode(std::string_view(target.path).substr(at, slash - at)) + (slash < target.path.size() ? "/" : "");
    at = slash + 1;
  }
  return "<" + path + "?last=" + percent_encode(page.names.back()) +
         "&n=" + std::to_string(request.most.value_or(page.names.size())) +
         "&orderby=" + percent_encode(target.parameter("orderby")) + ">; rel=\"next\"";
}

}  // namespace slipway::emulator
