#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "controller/runtime/guarded.h"
#include "crds/base/digest.h"
#include "crds/base/result.h"
#include "tests/emulator/files.h"

namespace slipway::emulator {

/// A blob on its way in: its bytes go to a file and are hashed as they come.
class Upload {
 public:
  static Result<std::unique_ptr<Upload>> begin(const std::filesystem::path& folder, const std::string& repository);
  ~Upload();
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;

  const std::string& id() const { return id_; }
  const std::string& repository() const { return repository_; }
  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }
  Result<void> append(std::span<const char> bytes);
  /// The digest of everything that came, in the algorithm of `wanted`; ends the hashing.
  Result<Digest> digest(const Digest& wanted);

 private:
  Upload(std::filesystem::path path, std::string id, std::string repository, FileDescriptor file);
  std::filesystem::path path_;
  std::string id_;
  std::string repository_;
  FileDescriptor file_;
  std::uint64_t size_ = 0;
  Hasher hasher_;
};

/// The uploads that are open. Who takes one has it alone until it is given back. Safe from every thread.
class Uploads {
 public:
  /// What an earlier process left in `folder` is removed: uploads end with the process.
  explicit Uploads(std::filesystem::path folder);

  Result<std::unique_ptr<Upload>> begin(const std::string& repository) { return Upload::begin(folder_, repository); }
  void give_back(std::unique_ptr<Upload> upload);
  /// Null when there is none. One that another request holds is waited for, because a client whose connection was cut
  /// may be back before the cut is noticed here.
  std::unique_ptr<Upload> take(const std::string& id, const std::string& repository, const std::stop_token& stop);
  /// Ends one that was taken and not given back.
  void forget(const std::string& id);
  void clear();

 private:
  using Open = std::map<std::string, std::unique_ptr<Upload>>;  ///< Null: held by a request.
  std::filesystem::path folder_;                                ///< Constant.
  runtime::Guarded<Open> open_;
  std::condition_variable_any given_back_;
};

/// `bytes` random bytes as hex.
std::string random_hex(std::size_t bytes);

}  // namespace slipway::emulator
