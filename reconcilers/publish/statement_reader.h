#pragma once

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <utility>

#include "crds/base/digest.h"
#include "reconcilers/content/statement.h"
#include "reconcilers/ports/image_source.h"

namespace slipway::publish {

/// A statement that is larger is not believed to be one.
inline constexpr std::int64_t kMaxStatementBytes = 128 << 20;
/// How much of the statements of one publication is kept in memory, to be sent without being read again.
inline constexpr std::int64_t kMaxKeptBytes = 2 << 20;

/// Tells signatures, SBOMs and attestations by their bytes at the source from layers that only have their media types.
/// Reads each once and keeps small ones in `kept`; of a large one no more is held than a piece. One thread at a time.
class StatementReader {
 public:
  StatementReader(ImageSource& source, std::map<Digest, std::string>& kept, std::stop_token stop)
      : source_(source), kept_(kept), stop_(std::move(stop)) {}

  /// True when each layer is a statement of the form that its media type claims. Errors are the source's, and Integrity
  /// for content that is not what its digest says.
  Result<bool> holds_statements(const content::ImageManifest& manifest);

 private:
  Result<bool> is_statement(const content::Descriptor& layer, content::StatementForm form);
  Result<bool> look(const content::Descriptor& layer, content::StatementForm form);
  Result<bool> look_and_keep(const content::Descriptor& layer, content::StatementForm form);
  Result<bool> look_at_pieces(const content::Descriptor& layer, content::StatementForm form);

  ImageSource& source_;
  std::map<Digest, std::string>& kept_;
  std::stop_token stop_;
  std::int64_t left_ = kMaxKeptBytes;
  std::map<std::pair<Digest, content::StatementForm>, bool> seen_;
};

}  // namespace slipway::publish
