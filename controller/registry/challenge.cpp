#include "controller/registry/challenge.h"

#include <optional>

#include "crds/base/text.h"

namespace slipway::registry {
namespace {

constexpr std::size_t kMostChallenges = 8;
constexpr std::size_t kMostParameters = 16;
constexpr std::size_t kLongestValue = 4096;

bool is_token_character(char c) {
  return is_alphanumeric(c) || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

bool is_token68_character(char c) {
  return is_alphanumeric(c) || (c != '\0' && std::string_view("-._~+/=").find(c) != std::string_view::npos);
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  std::size_t position() const { return rest_.size(); }
  void rewind_to(Scanner earlier) { rest_ = earlier.rest_; }

  void skip_spaces() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }
  void skip_commas() {
    skip_spaces();
    while (take(',')) skip_spaces();
  }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view token() { return run(is_token_character); }
  std::string_view token68() { return run(is_token68_character); }

  /// Nothing when the closing quote is missing or the value too long.
  std::optional<std::string> quoted_string() {
    std::string value;
    while (!rest_.empty() && value.size() <= kLongestValue) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return value;
      if (c == '\\' && !rest_.empty()) {
        c = rest_.front();
        rest_.remove_prefix(1);
      }
      if (static_cast<unsigned char>(c) < 0x20 && c != '\t') return std::nullopt;
      value += c;
    }
    return std::nullopt;
  }

 private:
  std::string_view run(bool (*belongs)(char)) {
    std::size_t length = 0;
    while (length < rest_.size() && belongs(rest_[length])) ++length;
    const std::string_view taken = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return taken;
  }

  std::string_view rest_;
};

enum class Read { Parameter, NotOne, Broken };

Read read_parameter(Scanner& scanner, Challenge& challenge) {
  const Scanner before = scanner;
  const std::string name = lower_case(scanner.token());
  scanner.skip_spaces();
  if (name.empty() || !scanner.take('=')) {
    scanner.rewind_to(before);
    return Read::NotOne;
  }
  scanner.skip_spaces();
  std::optional<std::string> value;
  if (scanner.take('"'))
    value = scanner.quoted_string();
  else if (const std::string_view token = scanner.token(); !token.empty())
    value = std::string(token);
  if (!value || value->size() > kLongestValue || challenge.parameters.size() >= kMostParameters) return Read::Broken;
  challenge.parameters.emplace(name, std::move(*value));
  return Read::Parameter;
}

/// False when the rest of the header can't be trusted.
bool read_parameters(Scanner& scanner, Challenge& challenge) {
  while (!scanner.done()) {
    const Read read = read_parameter(scanner, challenge);
    if (read != Read::Parameter) return read == Read::NotOne;
    scanner.skip_spaces();
    if (!scanner.done() && !scanner.take(',')) return false;
    scanner.skip_commas();
  }
  return true;
}

void skip_token68(Scanner& scanner) {
  const Scanner before = scanner;
  if (scanner.token68().empty()) return;
  scanner.skip_spaces();
  if (!scanner.done() && !scanner.take(',')) scanner.rewind_to(before);
}

}  // namespace

std::string_view Challenge::get(std::string_view name) const {
  const auto found = parameters.find(std::string(name));
  return found == parameters.end() ? std::string_view() : std::string_view(found->second);
}

std::vector<Challenge> parse_challenges(std::string_view header) {
  std::vector<Challenge> challenges;
  Scanner scanner(header);
  scanner.skip_commas();
  while (!scanner.done() && challenges.size() < kMostChallenges) {
    Challenge challenge{.scheme = lower_case(scanner.token()), .parameters = {}};
    if (challenge.scheme.empty()) break;
    scanner.skip_spaces();
    const std::size_t before = scanner.position();
    const bool sound = read_parameters(scanner, challenge);
    if (sound && scanner.position() == before) skip_token68(scanner);
    challenges.push_back(std::move(challenge));
    if (!sound) break;
    scanner.skip_commas();
  }
  return challenges;
}

}  // namespace slipway::registry
