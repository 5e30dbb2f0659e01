#pragma once

#include <string>

struct curl_sockaddr;

namespace slipway::http {

/// The address in words; empty for what is neither IPv4 nor IPv6.
std::string text_of(const curl_sockaddr& address);

/// A socket for a connection there, whose owner closes it.
struct OpenedSocket {
  int number = -1;        ///< Below zero: none.
  int lack_of_files = 0;  ///< As runtime::lack_of_files says.
};
OpenedSocket open_socket(const curl_sockaddr& address);

}  // namespace slipway::http
