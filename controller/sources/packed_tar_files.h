#pragma once

#include <condition_variable>
#include <memory>
#include <optional>
#include <vector>

#include "controller/runtime/guarded.h"
#include "controller/sources/file_set.h"
#include "controller/sources/tar_index.h"

namespace slipway::sources {

/// The files of a tar packed by gzip or zstd. Nothing is unpacked onto the disk and memory stays bounded, so what
/// stands further back costs the time to unpack all that is before it:
///   - the first need of anything unpacks the tar once from front to back; what is small (manifests, configs; 8 MiB in
///     all) is kept in memory
///   - a reading goes on where an earlier one ended if that is before its place, else it starts at the front
///   - two readings at most unpack at once; the others wait
class PackedTarFiles final : public FileSet {
 public:
  PackedTarFiles(files::OpenFile file, Packing packing);

  Result<std::optional<std::int64_t>> size_of(const std::string& file, std::stop_token stop) override;
  Result<void> read(const FilePart& part, const BlobSink& sink, std::stop_token stop) override;

 private:
  class Loan;
  struct Readers {
    std::vector<TarReader> idle;
    int lent = 0;
  };

  Result<const TarMember*> find(const std::string& file, const std::stop_token& stop);
  Result<TarIndex> scan(const std::stop_token& stop);
  Result<void> read_packed(const TarMember& member, const FilePart& part, const BlobSink& sink,
                           const std::stop_token& stop);

  const files::OpenFile file_;
  const Packing packing_;
  runtime::Guarded<std::optional<TarIndex>> index_;  ///< Once there it stays as it is.
  runtime::Guarded<Readers> readers_;
  std::condition_variable_any given_back_;
};

}  // namespace slipway::sources
