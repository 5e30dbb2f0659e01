#include "crds/base/image_reference.h"

#include <algorithm>

#include "crds/base/host.h"
#include "crds/base/text.h"

namespace slipway {

namespace {

constexpr std::size_t kLongestRepository = 255;
constexpr std::size_t kLongestTag = 128;
constexpr std::string_view kRepositoryRemedy =
    "write lower-case letters and digits, parted by '/', '.', '-', '_' or '__', e.g. team/app";
constexpr std::string_view kHostRemedy =
    "write the host with an optional port, e.g. contoso.azurecr.io, localhost:5000";

std::unexpected<Error> invalid(std::string message, std::string_view remedy) {
  return fail(ErrorClass::Invalid, std::move(message), std::string(remedy));
}

bool is_name_character(char c) {
  return is_lower(c) || is_digit(c);
}

/// Length of the separator at the start of `text`: one of "." "_" "__" or any number of '-'; 0 if there is none.
std::size_t separator_length(std::string_view text) {
  if (text.empty()) return 0;
  if (text.front() == '-') return std::min(text.find_first_not_of('-'), text.size());
  if (text.starts_with("__")) return 2;
  return text.front() == '.' || text.front() == '_' ? 1 : 0;
}

/// path-component of the distribution specification: runs of letters and digits, parted by single separators.
bool is_path_component(std::string_view text) {
  while (!text.empty()) {
    const auto* end = std::find_if_not(text.begin(), text.end(), is_name_character);
    if (end == text.begin()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
    if (text.empty()) return true;
    const std::size_t separator = separator_length(text);
    if (separator == 0) return false;
    text.remove_prefix(separator);
  }
  return false;
}

bool is_host_label(std::string_view text) {
  if (text.empty() || text.size() > 63 || text.front() == '-' || text.back() == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_dns_name(std::string_view text) {
  if (text.size() > 253) return false;
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!is_host_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_ipv6_literal(std::string_view text) {
  if (text.size() < 4 || text.front() != '[' || text.back() != ']') return false;
  return is_ipv6_address(text.substr(1, text.size() - 2));
}

/// In one form alone, so that hosts can be compared as text.
bool is_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || text.front() == '0' || !std::all_of(text.begin(), text.end(), is_digit))
    return false;
  int value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  return value <= 65535;
}

struct HostAndPort {
  std::string_view host;
  std::optional<std::string_view> port;
};

HostAndPort split_port(std::string_view text) {
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) return {text, std::nullopt};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

/// Docker's rule, but for capital letters alone: "Team/app" would be read as a host, and written back in lower case as
/// a repository of Docker Hub.
bool names_registry(std::string_view component) {
  return component.find_first_of(".:[") != std::string_view::npos || lower_case(component) == "localhost";
}

struct Name {
  std::string registry;
  std::string repository;
};

Result<Name> parse_name(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || !names_registry(text.substr(0, slash))) {
    auto repository = check_repository_name(text);
    if (!repository) return std::unexpected(repository.error());
    const bool official = slash == std::string_view::npos;
    return Name{"docker.io", official ? "library/" + *repository : *repository};
  }
  auto registry = check_registry_host(text.substr(0, slash));
  if (!registry) return std::unexpected(registry.error());
  auto repository = check_repository_name(text.substr(slash + 1));
  if (!repository) return std::unexpected(repository.error());
  if (*registry != "docker.io" && *registry != "index.docker.io") return Name{*registry, *repository};
  const bool official = repository->find('/') == std::string::npos;
  return Name{"docker.io", official ? "library/" + *repository : *repository};
}

Result<ImageReference> parse_reference(std::string_view text) {
  if (text.empty()) return invalid("it is empty", "name an image, e.g. ghcr.io/team/app:1.2");
  if (text.find("://") != std::string_view::npos)
    return invalid("it is a URL", "leave out what stands before the host");
  ImageReference reference;
  if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
    auto digest = Digest::parse(text.substr(at + 1));
    if (!digest) return std::unexpected(digest.error());
    reference.digest = std::move(*digest);
    text = text.substr(0, at);
  }
  const std::size_t slash = text.rfind('/');
  const std::size_t colon = text.find(':', slash == std::string_view::npos ? 0 : slash);
  if (colon != std::string_view::npos) {
    auto tag = check_tag_name(text.substr(colon + 1));
    if (!tag) return std::unexpected(tag.error());
    reference.tag = std::move(*tag);
    text = text.substr(0, colon);
  }
  auto name = parse_name(text);
  if (!name) return std::unexpected(name.error());
  reference.registry = std::move(name->registry);
  reference.repository = std::move(name->repository);
  if (reference.tag.empty() && !reference.digest) reference.tag = "latest";
  return reference;
}

}  // namespace

Result<ImageReference> ImageReference::parse(std::string_view text) {
  auto reference = parse_reference(text);
  if (!reference) return while_doing(quoted(text, 200) + " is not an image reference", reference.error());
  return reference;
}

std::string to_string(const ImageReference& reference) {
  std::string out = reference.registry + '/' + reference.repository;
  if (!reference.tag.empty()) out += ':' + reference.tag;
  if (reference.digest) out += '@' + reference.digest->str();
  return out;
}

Result<std::string> check_repository_name(std::string_view text) {
  if (text.empty()) return invalid("the repository name is empty", kRepositoryRemedy);
  if (text.size() > kLongestRepository)
    return invalid("the repository name " + quoted(text, 40) + " has " + std::to_string(text.size()) + " characters",
                   "write at most 255");
  if (std::any_of(text.begin(), text.end(), is_upper))
    return invalid("the repository name " + quoted(text) + " has capital letters", "write " + quoted(lower_case(text)));
  for (std::string_view rest = text;;) {
    const std::size_t slash = rest.find('/');
    const std::string_view component = rest.substr(0, slash);
    if (!is_path_component(component))
      return invalid("the repository name " + quoted(text) + " has the part " + quoted(component), kRepositoryRemedy);
    if (slash == std::string_view::npos) return std::string(text);
    rest.remove_prefix(slash + 1);
  }
}

Result<std::string> check_tag_name(std::string_view text) {
  constexpr std::string_view kRemedy =
      "write 1 to 128 letters, digits, '.', '_' and '-', with a letter, a digit or '_' first";
  const auto allowed = [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; };
  if (text.empty()) return invalid("the tag is empty", kRemedy);
  if (text.size() > kLongestTag)
    return invalid("the tag " + quoted(text, 40) + " has " + std::to_string(text.size()) + " characters", kRemedy);
  const auto* wrong = std::find_if_not(text.begin(), text.end(), allowed);
  const bool bad_start = text.front() == '.' || text.front() == '-';
  if (wrong == text.end() && !bad_start) return std::string(text);
  const auto place = bad_start ? 0 : static_cast<std::size_t>(wrong - text.begin());
  const std::size_t length = std::max<std::size_t>(utf8_length(text.substr(place)), 1);
  const std::string_view where = bad_start ? " starts with " : " has ";
  return invalid("the tag " + quoted(text, 160) + std::string(where) + quoted(text.substr(place, length)), kRemedy);
}

Result<std::string> check_registry_host(std::string_view text) {
  if (text.empty()) return invalid("the registry host is empty", kHostRemedy);
  if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos)
    return invalid("the registry host " + quoted(text) + " is a URL",
                   "write " + quoted(text.substr(scheme + 3, text.find('/', scheme + 3) - scheme - 3)));
  if (text.find('/') != std::string_view::npos)
    return invalid("the registry host " + quoted(text) + " has a path",
                   "write " + quoted(text.substr(0, text.find('/'))));
  const HostAndPort parts = split_port(text);
  if (!is_dns_name(parts.host) && !is_ipv6_literal(parts.host))
    return invalid(quoted(text) + " is not a registry host", kHostRemedy);
  if (parts.port && !is_port(*parts.port))
    return invalid("the registry host " + quoted(text) + " has the port " + quoted(*parts.port),
                   "write a port between 1 and 65535, without zeros before it");
  return lower_case(text);
}

}  // namespace slipway
