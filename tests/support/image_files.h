#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reconcilers/ports/image_source.h"
#include "tests/support/temporary_folder.h"

namespace slipway::tests {

/// Writes tars byte by byte, right and wrong ones.
class TarWriter {
 public:
  TarWriter& file(const std::string& name, const std::string& content) {
    return entry(name, '0', {}, static_cast<long long>(content.size())).raw(content).pad();
  }
  TarWriter& symlink(const std::string& name, const std::string& target) { return entry(name, '2', target, 0); }
  TarWriter& hard_link(const std::string& name, const std::string& target) { return entry(name, '1', target, 0); }
  /// `type` as in the header, e.g. '3' for a device; `size` may be a lie.
  TarWriter& entry(const std::string& name, char type, const std::string& target, long long size) {
    std::string header(512, '\0');
    put(header, 0, name.substr(0, 100));
    put(header, 100, "0000644");
    put(header, 108, "0000000");
    put(header, 116, "0000000");
    char octal[13] = {};
    std::snprintf(octal, sizeof octal, "%011llo", size);
    put(header, 124, octal);
    put(header, 136, "00000000000");
    header.replace(148, 8, "        ");
    header[156] = type;
    put(header, 157, target.substr(0, 100));
    put(header, 257,
        std::string("ustar\0"
                    "00",
                    8));
    unsigned sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    std::snprintf(octal, sizeof octal, "%06o", sum);
    put(header, 148, std::string(octal, 6) + std::string(1, '\0') + " ");
    return raw(header);
  }
  /// Of the entry that follows.
  TarWriter& pax(const std::string& records) {
    return entry("pax", 'x', {}, static_cast<long long>(records.size())).raw(records).pad();
  }
  TarWriter& raw(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }
  TarWriter& pad() {
    bytes_.resize((bytes_.size() + 511) / 512 * 512);
    return *this;
  }
  std::string end() const { return bytes_ + std::string(1024, '\0'); }

 private:
  static void put(std::string& header, std::size_t at, const std::string& text) {
    header.replace(at, text.size(), text);
  }
  std::string bytes_;
};

inline std::string tar_of(const std::map<std::string, std::string>& files) {
  TarWriter writer;
  for (const auto& [name, content] : files) writer.file(name, content);
  return writer.end();
}

/// `bytes` packed by "gzip" or "zstd"; as they are for "".
inline std::string packed(const std::string& bytes, const std::string& by) {
  if (by.empty()) return bytes;
  std::string out(bytes.size() + (1u << 16), '\0');
  std::size_t used = 0;
  archive* writer = archive_write_new();
  archive_write_add_filter_by_name(writer, by.c_str());
  archive_write_set_format_raw(writer);
  archive_write_set_bytes_in_last_block(writer, 1);
  archive_write_open_memory(writer, out.data(), out.size(), &used);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  const bool good = archive_write_header(writer, entry) == ARCHIVE_OK &&
                    archive_write_data(writer, bytes.data(), bytes.size()) == static_cast<la_ssize_t>(bytes.size()) &&
                    archive_write_close(writer) == ARCHIVE_OK;
  archive_entry_free(entry);
  archive_write_free(writer);
  if (!good) throw std::runtime_error{"not packed"};
  out.resize(used);
  return out;
}

/// Bytes that look alike nowhere and pack badly; the same for the same arguments.
inline std::string noise(std::size_t size, unsigned seed) {
  std::string out(size, '\0');
  for (char& c : out) {
    seed = seed * 1664525u + 1013904223u;
    c = static_cast<char>(seed >> 24);
  }
  return out;
}

inline std::string json_of(const content::Descriptor& descriptor, const std::string& more = {}) {
  return R"({"mediaType":")" + descriptor.media_type + R"(","digest":")" + descriptor.digest.str() + R"(","size":)" +
         std::to_string(descriptor.size) + more + "}";
}

/// Puts an OCI layout together, right or wrong: files by name.
class LayoutWriter {
 public:
  LayoutWriter() { files["oci-layout"] = R"({"imageLayoutVersion":"1.0.0"})"; }

  content::Descriptor blob(const std::string& bytes, std::string_view media_type) {
    content::Descriptor out;
    out.media_type = media_type;
    out.digest = Digest::of(bytes);
    out.size = static_cast<std::int64_t>(bytes.size());
    files["blobs/sha256/" + std::string(out.digest.hex())] = bytes;
    return out;
  }
  /// An image of one layer; `more` members start with a comma.
  content::Descriptor image(const std::string& layer, const std::string& more = {}) {
    const auto config = blob(R"({"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[")" +
                                 Digest::of(layer).str() + R"("]}})",
                             content::kOciConfig);
    const auto stored = blob(layer, "application/vnd.oci.image.layer.v1.tar");
    return blob(R"({"schemaVersion":2,"mediaType":")" + std::string(content::kOciManifest) + R"(","config":)" +
                    json_of(config) + R"(,"layers":[)" + json_of(stored) + "]" + more + "}",
                content::kOciManifest);
  }
  content::Descriptor index(const std::vector<content::Descriptor>& children, const std::string& more = {}) {
    std::string list;
    for (const auto& child : children) list += (list.empty() ? "" : ",") + json_of(child);
    return blob(R"({"schemaVersion":2,"mediaType":")" + std::string(content::kOciIndex) + R"(","manifests":[)" + list +
                    "]" + more + "}",
                content::kOciIndex);
  }
  /// Lists it in index.json, with these annotations.
  void list(const content::Descriptor& entry, const std::map<std::string, std::string>& annotations = {}) {
    std::string text;
    for (const auto& [key, value] : annotations) text += (text.empty() ? "\"" : ",\"") + key + "\":\"" + value + "\"";
    entries_ += (entries_.empty() ? "" : ",") + json_of(entry, text.empty() ? "" : ",\"annotations\":{" + text + "}");
    files["index.json"] = R"({"schemaVersion":2,"manifests":[)" + entries_ + "]}";
  }
  void list_as(const content::Descriptor& entry, const std::string& ref_name) {
    list(entry, {{"org.opencontainers.image.ref.name", ref_name}});
  }
  void write_to(const TemporaryFolder& folder, const std::string& name) const {
    for (const auto& [file, content] : files) folder.write(name + "/" + file, content);
  }

  std::map<std::string, std::string> files;

 private:
  std::string entries_;
};

/// The bytes of a blob from `offset` on.
inline Result<std::string> read_from(ImageSource& source, const content::Descriptor& blob, std::int64_t offset) {
  std::string out;
  const BlobSink sink = [&out](std::span<const std::byte> bytes) -> Result<void> {
    out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  };
  if (Result<void> read = source.read_blob(blob, offset, sink, {}); !read) return std::unexpected(read.error());
  return out;
}

/// What failed, as "Class: message"; empty when nothing did.
template <class T>
std::string failure_of(const Result<T>& result) {
  return result ? std::string() : std::string(to_string(result.error().cls)) + ": " + result.error().message;
}

}  // namespace slipway::tests
