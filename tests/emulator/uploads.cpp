#include "tests/emulator/uploads.h"

#include <openssl/rand.h>

#include <chrono>
#include <utility>
#include <vector>

namespace slipway::emulator {

std::string random_hex(std::size_t bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::vector<unsigned char> random(bytes);
  RAND_bytes(random.data(), static_cast<int>(random.size()));
  std::string text;
  for (const unsigned char byte : random) {
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

Upload::Upload(std::filesystem::path path, std::string id, std::string repository, FileDescriptor file)
    : path_(std::move(path)), id_(std::move(id)), repository_(std::move(repository)), file_(std::move(file)) {}

Upload::~Upload() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

Result<std::unique_ptr<Upload>> Upload::begin(const std::filesystem::path& folder, const std::string& repository) {
  const std::string id = random_hex(16);
  Result<FileDescriptor> file = create_file(folder / id);
  if (!file) return std::unexpected(std::move(file.error()));
  return std::unique_ptr<Upload>(new Upload(folder / id, id, repository, std::move(*file)));
}

Result<void> Upload::append(std::span<const char> bytes) {
  if (Result<void> written = write_all(file_, bytes); !written) return written;
  hasher_.update(std::string_view(bytes.data(), bytes.size()));
  size_ += bytes.size();
  return {};
}

Result<Digest> Upload::digest(const Digest& wanted) {
  if (wanted.algorithm() == "sha256") return hasher_.finish();
  Hasher other(wanted.algorithm());
  std::string space(256 << 10, '\0');
  for (std::uint64_t at = 0; at < size_;) {
    const Result<std::size_t> count = read_at(file_, space, at);
    if (!count) return std::unexpected(count.error());
    if (*count == 0) return fail(ErrorClass::Unavailable, "an upload became shorter", "try again");
    other.update(std::string_view(space).substr(0, *count));
    at += *count;
  }
  return other.finish();
}

Uploads::Uploads(std::filesystem::path folder) : folder_(std::move(folder)) {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
  std::filesystem::create_directories(folder_, ignored);
}

void Uploads::give_back(std::unique_ptr<Upload> upload) {
  const std::string id = upload->id();
  (*open_.lock())[id] = std::move(upload);
  given_back_.notify_all();
}

std::unique_ptr<Upload> Uploads::take(const std::string& id, const std::string& repository,
                                      const std::stop_token& stop) {
  auto open = open_.lock();
  open.wait_for(given_back_, stop, std::chrono::seconds(10), [&] {
    const auto at = open->find(id);
    return at == open->end() || at->second != nullptr;
  });
  const auto at = open->find(id);
  if (at == open->end() || at->second == nullptr || at->second->repository() != repository) return nullptr;
  return std::exchange(at->second, nullptr);
}

void Uploads::forget(const std::string& id) {
  open_.lock()->erase(id);
  given_back_.notify_all();
}

void Uploads::clear() {
  std::erase_if(*open_.lock(), [](const auto& each) { return each.second != nullptr; });
}

}  // namespace slipway::emulator
