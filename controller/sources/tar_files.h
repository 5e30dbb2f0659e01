#pragma once

#include <optional>

#include "controller/runtime/guarded.h"
#include "controller/sources/file_set.h"
#include "controller/sources/tar_index.h"

namespace slipway::sources {

/// The files of a tar that is not packed. Where each stands is learnt at the first need, by its headers alone; then any
/// number of threads read at once, from any offset.
class TarFiles final : public FileSet {
 public:
  explicit TarFiles(files::OpenFile file);

  Result<std::optional<std::int64_t>> size_of(const std::string& file, std::stop_token stop) override;
  Result<void> read(const FilePart& part, const BlobSink& sink, std::stop_token stop) override;

 private:
  Result<const TarMember*> find(const std::string& file, const std::stop_token& stop);

  const files::OpenFile file_;
  runtime::Guarded<std::optional<TarIndex>> index_;  ///< Once there it stays as it is.
};

}  // namespace slipway::sources
