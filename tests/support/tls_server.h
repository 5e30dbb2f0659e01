#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tests/support/raw_server.h"

namespace slipway::testing {

/// What a certificate says. Times are in seconds from now.
struct CertificateOf {
  std::string name = "IP:127.0.0.1";
  long valid_from = -3600;
  long valid_to = 3600;
};

/// A key and a certificate that signs itself.
class SelfSigned {
 public:
  explicit SelfSigned(const CertificateOf& says = {})
      : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free), certificate_(X509_new(), &X509_free) {
    X509* const made = certificate_.get();
    ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
    X509_set_version(made, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(made), says.valid_from);
    X509_gmtime_adj(X509_getm_notAfter(made), says.valid_to);
    X509_set_pubkey(made, key_.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("slipway-test"), -1, -1, 0);
    X509_set_issuer_name(made, X509_get_subject_name(made));
    X509_EXTENSION* const name = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, says.name.c_str());
    X509_add_ext(made, name, -1);
    X509_EXTENSION_free(name);
    X509_sign(made, key_.get(), EVP_sha256());
  }

  EVP_PKEY* key() const { return key_.get(); }
  X509* certificate() const { return certificate_.get(); }
  std::string pem() const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_X509(memory.get(), certificate_.get());
    char* text = nullptr;
    const long length = BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(length)};
  }

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> certificate_;
};

/// One side of a TLS connection, spoken to byte by byte.
class TlsConnection {
 public:
  TlsConnection(SSL_CTX* context, int socket) : tls_(SSL_new(context), &SSL_free) {
    SSL_set_fd(tls_.get(), socket);
    good_ = SSL_accept(tls_.get()) == 1;
  }
  bool good() const { return good_; }

  /// The next request's line and header fields; empty when the client closed.
  std::string read_head() {
    while (buffer_.find("\r\n\r\n") == std::string::npos)
      if (!fill()) return {};
    const std::size_t end = buffer_.find("\r\n\r\n") + 4;
    std::string head = buffer_.substr(0, end);
    buffer_.erase(0, end);
    return head;
  }
  /// Takes at least `count` bytes of body, fewer when the client closed.
  void read(std::size_t count) {
    while (buffer_.size() < count && fill()) {
    }
    buffer_.clear();
  }
  void write(std::string_view bytes) { SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size())); }
  /// As somebody on the way would.
  void write_in_clear(std::string_view bytes) {
    ::send(SSL_get_fd(tls_.get()), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  void say_goodbye() { SSL_shutdown(tls_.get()); }
  void wait_for_close() {
    while (fill()) buffer_.clear();
  }

 private:
  bool fill() {
    char space[16384];
    const int count = good_ ? SSL_read(tls_.get(), space, sizeof(space)) : 0;
    if (count <= 0) return false;
    buffer_.append(space, static_cast<std::size_t>(count));
    return true;
  }

  std::unique_ptr<SSL, decltype(&SSL_free)> tls_;
  bool good_ = false;
  std::string buffer_;
};

/// RawServer with TLS. A client that breaks off makes no signal: SIGPIPE is ignored from the first one on.
class TlsServer {
 public:
  explicit TlsServer(std::function<void(TlsConnection&)> serve, const CertificateOf& says = {})
      : identity_(says),
        context_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free),
        serve_(std::move(serve)),
        server_([this](RawConnection& connection) {
          TlsConnection tls(context_.get(), connection.socket());
          if (tls.good()) serve_(tls);
        }) {
    ::signal(SIGPIPE, SIG_IGN);
    SSL_CTX_use_certificate(context_.get(), identity_.certificate());
    SSL_CTX_use_PrivateKey(context_.get(), identity_.key());
  }
  std::string url(std::string_view path) const { return "https" + server_.url(path).substr(4); }
  std::string certificate() const { return identity_.pem(); }
  int connections() const { return server_.connections(); }

 private:
  SelfSigned identity_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::function<void(TlsConnection&)> serve_;
  RawServer server_;
};

}  // namespace slipway::testing
