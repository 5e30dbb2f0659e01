#include "reconcilers/publish/statement_reader.h"

#include <span>
#include <string_view>

namespace slipway::publish {
namespace {

bool is_whole(std::string_view bytes, content::StatementForm form) {
  content::StatementCheck check(form);
  check.add(bytes);
  return check.is_whole();
}

}  // namespace

Result<bool> StatementReader::holds_statements(const content::ImageManifest& manifest) {
  for (const auto& layer : manifest.layers) {
    const auto form = content::statement_form(layer.media_type);
    if (!form) return false;
    auto is = is_statement(layer, *form);
    if (!is) return while_doing("source " + source_.name(), std::move(is.error()));
    if (!*is) return false;
  }
  return !manifest.layers.empty();
}

Result<bool> StatementReader::is_statement(const content::Descriptor& layer, content::StatementForm form) {
  if (layer.size > kMaxStatementBytes) return false;
  const auto seen = seen_.find({layer.digest, form});
  if (seen != seen_.end()) return seen->second;
  auto is = look(layer, form);
  if (is) seen_.emplace(std::pair(layer.digest, form), *is);
  return is;
}

Result<bool> StatementReader::look(const content::Descriptor& layer, content::StatementForm form) {
  const auto known = kept_.find(layer.digest);
  if (known != kept_.end()) return is_whole(known->second, form);
  return layer.size <= left_ ? look_and_keep(layer, form) : look_at_pieces(layer, form);
}

Result<bool> StatementReader::look_and_keep(const content::Descriptor& layer, content::StatementForm form) {
  auto bytes = source_.small_blob(layer, kMaxKeptBytes, stop_);
  if (!bytes) return std::unexpected(std::move(bytes.error()));
  left_ -= layer.size;
  return is_whole(kept_.emplace(layer.digest, std::move(*bytes)).first->second, form);
}

/// What is none ends the reading; what is one was read to its end, and is what was named.
Result<bool> StatementReader::look_at_pieces(const content::Descriptor& layer, content::StatementForm form) {
  content::StatementCheck check(form);
  Hasher hasher(layer.digest.algorithm());
  const auto look = [&](std::span<const std::byte> piece) -> Result<void> {
    hasher.update(piece);
    check.add({reinterpret_cast<const char*>(piece.data()), piece.size()});
    return check.is_broken() ? fail(ErrorClass::Cancelled, "it is no statement") : Result<void>{};
  };
  auto read = source_.read_blob(layer, 0, look, stop_);
  if (check.is_broken()) return false;
  if (!read) return std::unexpected(std::move(read.error()));
  if (hasher.finish() == layer.digest) return check.is_whole();
  return fail(ErrorClass::Integrity, "blob " + layer.digest.str() + " is not what its digest says",
              "push the image again");
}

}  // namespace slipway::publish
