#include "controller/http/curl_socket.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "controller/runtime/open_files.h"

namespace slipway::http {

std::string text_of(const curl_sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = nullptr;
  if (address.family == AF_INET) bytes = &reinterpret_cast<const sockaddr_in&>(address.addr).sin_addr;
  if (address.family == AF_INET6) bytes = &reinterpret_cast<const sockaddr_in6&>(address.addr).sin6_addr;
  if (bytes == nullptr || ::inet_ntop(address.family, bytes, text.data(), text.size()) == nullptr) return {};
  return text.data();
}

OpenedSocket open_socket(const curl_sockaddr& address) {
  const int number = ::socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
  const int lack = runtime::lack_of_files(number);
  if (lack == 0) return {.number = number};
  if (number >= 0) ::close(number);
  return {.lack_of_files = lack};
}

}  // namespace slipway::http
