#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "controller/audit/account.h"
#include "controller/audit/chain.h"

namespace {

using namespace slipway;
using namespace slipway::audit;

Verdict verdict_on(std::string_view text, const VerifyOptions& options, Account* account) {
  ChainVerifier verifier(options);
  LinePlace place{.file = "log", .line = 0};
  for (;;) {
    const auto end = text.find('\n');
    ++place.line;
    if (end == std::string_view::npos) break;
    const auto record = verifier.take(text.substr(0, end), place);
    if (record && account) static_cast<void>(account->take(*record));
    text.remove_prefix(end + 1);
  }
  verifier.take_half(text, place);
  return verifier.finish(place);
}

std::string chain(Head& head) {
  const Digest digest = Digest::of("image");
  const AuditSubject who{.object = {.kind = ResourceKind::ImagePublication, .namespace_name = "shop", .name = "app"}};
  std::string text;
  for (int i = 0; i < 4; ++i) {
    Record record{.at = Timestamp(std::chrono::hours(500'000 + i)), .content = Started{.version = "0.1.0"}};
    if (i > 0)
      record.content = Intent{.who = who,
                              .what = {.action = AuditAction::SetTag,
                                       .registry = "contoso.azurecr.io",
                                       .repository = "shop/app",
                                       .tag = std::to_string(i),
                                       .looked = true,
                                       .before = digest,
                                       .after = digest,
                                       .why = {}}};
    text += seal(record, head) + '\n';
  }
  return text;
}

/// Each three bytes of the input are an edit: where, and what byte to put, take out or insert there.
std::string edited(std::string text, const std::uint8_t* data, std::size_t size) {
  for (std::size_t i = 0; i + 2 < size && !text.empty(); i += 3) {
    const std::size_t at = (data[i] * 256u + data[i + 1]) % text.size();
    const char byte = static_cast<char>(data[i + 2]);
    if (byte == '-')
      text.erase(at, 1);
    else if (byte == '+')
      text.insert(at, 1, byte);
    else
      text[at] = byte;
  }
  return text;
}

}  // namespace

/// What is not as it was written is never taken for it, and whatever a stranger wrote is told as one finding.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Account account({});
  const auto verdict = verdict_on(text, {}, &account);
  if (verdict.finding && verdict.finding->message.empty()) std::abort();
  if (!verdict.finding && verdict.first != 0) {
    VerifyOptions noted;
    noted.head = verdict.head;
    if (verdict_on(text, noted, nullptr).finding) std::abort();
  }
  static_cast<void>(to_csv(account.changes()));
  static_cast<void>(parse_anchor(text));

  Head head = new_chain(std::string(32, 'c'));
  const std::string whole = chain(head);
  const std::string changed = edited(whole, data, size);
  VerifyOptions noted;
  noted.head = head.last;
  const auto of_changed = verdict_on(changed, noted, nullptr);
  const bool is_right = !of_changed.finding && of_changed.half_bytes == 0;
  if (is_right != (changed == whole)) std::abort();
  return 0;
}
