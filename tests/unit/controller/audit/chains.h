#pragma once

#include <string>
#include <vector>

#include "controller/audit/chain.h"

namespace slipway::audit::tests {

inline const Timestamp kNine = *parse_timestamp("2026-11-24T09:00:00Z");
inline const std::string kChain(32, 'c');

inline Intent set_tag(const std::string& tag) {
  return {.who = {.object = {.kind = ResourceKind::ImagePublication, .namespace_name = "shop", .name = "storefront"},
                  .uid = "u-1",
                  .generation = 3,
                  .edited_by = "kubectl",
                  .revision = ""},
          .what = {.action = AuditAction::SetTag,
                   .registry = "contoso.azurecr.io",
                   .repository = "shop/storefront",
                   .tag = tag,
                   .looked = true,
                   .before = {},
                   .after = Digest::of("image"),
                   .why = ""},
          .publisher = "cluster-1",
          .reconcile_id = "0123"};
}

/// A chain of one start and then intents and outcomes by turns.
inline std::vector<std::string> chain_of(int records, const std::string& id = kChain) {
  Head head = new_chain(id);
  std::vector<std::string> lines;
  for (int i = 1; i <= records; ++i) {
    Record record{.at = kNine + std::chrono::seconds(i),
                  .content = Started{.version = "0.1.0", .replica = "slipway-0"}};
    if (i % 2 == 0) record.content = set_tag("1." + std::to_string(i));
    if (i % 2 == 1 && i > 1) record.content = Outcome{.of = i - 1, .ending = Ending::Done, .error = ""};
    lines.push_back(seal(record, head));
  }
  return lines;
}

inline Verdict verdict_on(const std::vector<std::string>& lines, const VerifyOptions& options = {},
                          const std::string& half = "") {
  ChainVerifier verifier(options);
  LinePlace place{.file = "log", .line = 0};
  for (const auto& line : lines) {
    ++place.line;
    verifier.take(line, place);
  }
  verifier.take_half(half, {.file = "log", .line = place.line + 1});
  return verifier.finish(place);
}

}  // namespace slipway::audit::tests
