#include "crds/base/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "crds/base/text.h"

namespace slipway {

namespace {

constexpr std::string_view kExpected = "a digest is sha256: and 64 hex digits, or sha512: and 128, in lower case";

std::size_t hex_length(std::string_view algorithm) {
  if (algorithm == "sha256") return 64;
  return algorithm == "sha512" ? 128 : 0;
}

bool is_lower_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

std::unexpected<Error> not_a_digest(std::string_view text, std::string_view why) {
  return fail(ErrorClass::Invalid, quoted(text, 160) + " is not a digest: " + std::string(why), std::string(kExpected));
}

[[noreturn]] void broken(const char* what) {
  std::fprintf(stderr, "slipway: bug: %s\n", what);
  std::abort();
}

/// Looking an algorithm up in OpenSSL 3 costs more than hashing a small manifest, so it is done once for the process.
const EVP_MD* algorithm_named(std::string_view name) {
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  static const EVP_MD* const sha512 = EVP_MD_fetch(nullptr, "SHA512", nullptr);
  if (name == "sha256") return sha256;
  return name == "sha512" ? sha512 : nullptr;
}

}  // namespace

Result<Digest> Digest::parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return not_a_digest(text, "there is no ':' after the algorithm");
  const std::size_t wanted = hex_length(text.substr(0, colon));
  if (wanted == 0) return not_a_digest(text, "the algorithm is neither sha256 nor sha512");
  const std::string_view hex = text.substr(colon + 1);
  if (hex.size() != wanted)
    return not_a_digest(text, "it has " + std::to_string(hex.size()) + " characters after the ':'");
  const auto* wrong = std::find_if_not(hex.begin(), hex.end(), is_lower_hex);
  if (wrong != hex.end()) return not_a_digest(text, quoted({wrong, 1}) + " is not a hex digit in lower case");
  return Digest(std::string(text));
}

Digest Digest::of(std::string_view bytes) {
  Hasher hasher;
  hasher.update(bytes);
  return hasher.finish();
}

struct Hasher::State {
  struct Free {
    void operator()(EVP_MD_CTX* owned) const { EVP_MD_CTX_free(owned); }
  };
  std::string algorithm;
  std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
};

Hasher::Hasher(std::string_view algorithm) : state_(std::make_unique<State>()) {
  state_->algorithm = algorithm;
  const EVP_MD* const type = algorithm_named(algorithm);
  if (type == nullptr) broken("no such hash algorithm");
  if (EVP_DigestInit_ex2(state_->context.get(), type, nullptr) != 1) broken("a hash could not be started");
}

Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(std::span<const std::byte> bytes) {
  if (!state_) broken("a hasher was used after its end");
  if (EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) != 1) broken("bytes could not be hashed");
}

void Hasher::update(std::string_view bytes) {
  update(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

Digest Hasher::finish() {
  if (!state_) broken("a hasher was used after its end");
  const auto state = std::move(state_);
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  unsigned length = 0;
  if (EVP_DigestFinal_ex(state->context.get(), raw.data(), &length) != 1) broken("a hash could not be finished");
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text = state->algorithm + ':';
  for (unsigned i = 0; i < length; ++i) {
    text += kHex[raw[i] >> 4];
    text += kHex[raw[i] & 15];
  }
  return Digest(std::move(text));
}

}  // namespace slipway
