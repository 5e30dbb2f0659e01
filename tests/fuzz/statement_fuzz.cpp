#include <cstdint>
#include <cstdlib>

#include "crds/base/document.h"
#include "reconcilers/content/statement.h"

namespace {

using namespace slipway;
using namespace slipway::content;

bool is_whole(StatementForm form, std::string_view text, std::size_t piece) {
  StatementCheck check(form);
  for (std::size_t at = 0; at < text.size(); at += piece) check.add(text.substr(at, piece));
  if (check.is_whole() && check.is_broken()) std::abort();
  return check.is_whole();
}

}  // namespace

/// The pieces change nothing, JSON is a text too, and what the other reader of JSON takes for an object is one here.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto form : {StatementForm::Json, StatementForm::Text})
    if (is_whole(form, text, 1) != is_whole(form, text, 700)) std::abort();
  const bool json = is_whole(StatementForm::Json, text, text.size() + 1);
  if (json && !is_whole(StatementForm::Text, text, text.size() + 1)) std::abort();
  JsonScan scan;
  scan.add(text);
  if (json && !scan.is_whole()) std::abort();
  if (text.starts_with("\xEF\xBB\xBF")) return 0;
  const auto document = parse_json(text, "");
  if (document.problems.empty() && document.root.kind == Node::Kind::Map && !scan.is_whole()) std::abort();
  return 0;
}
