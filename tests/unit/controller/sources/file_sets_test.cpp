#include <iomanip>
#include <latch>
#include <numeric>
#include <sstream>
#include <thread>

#include "controller/sources/folder_files.h"
#include "controller/sources/packed_tar_files.h"
#include "controller/sources/tar_files.h"
#include "tests/catch.h"
#include "tests/support/image_files.h"
#include "tests/support/zstd_frame.h"

namespace slipway::sources {
namespace {

using tests::failure_of;
using tests::TarWriter;
using tests::TemporaryFolder;

files::OpenFile opened(const TemporaryFolder& folder, const std::string& name) {
  auto file = files::open_inside(folder.path(), folder.path(), name);
  if (!file) throw std::runtime_error{file.error().message};
  return std::move(*file);
}

std::unique_ptr<FileSet> files_of(const TemporaryFolder& folder, const std::string& tar, const std::string& packer) {
  folder.write("a.tar", tests::packed(tar, packer));
  auto file = opened(folder, "a.tar");
  const auto packing = packing_of(file);
  if (!packing) throw std::runtime_error{packing.error().message};
  if (*packing == Packing::None) return std::make_unique<TarFiles>(std::move(file));
  return std::make_unique<PackedTarFiles>(std::move(file), *packing);
}

Result<std::string> part(FileSet& files, const FilePart& wanted, std::stop_token stop = {}) {
  std::string out;
  const auto sink = [&out](std::span<const std::byte> bytes) -> Result<void> {
    out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  };
  if (Result<void> read = files.read(wanted, sink, std::move(stop)); !read) return std::unexpected(read.error());
  return out;
}

/// -1 when there is none.
std::int64_t size_of(FileSet& files, const std::string& name) {
  return files.size_of(name, {}).value().value_or(-1);
}

/// The whole file, or the error.
std::string whole(FileSet& files, const std::string& name) {
  const auto read = read_small(files, {.file = name}, {});
  return read ? *read : failure_of(read);
}

const std::string kPackers[] = {"", "gzip", "zstd"};

TEST_CASE("Files of a tar are read from any offset, however it is packed") {
  const std::string large = tests::noise(3'000'000, 1);
  const std::string other = tests::noise(1'500'000, 2);
  TarWriter writer;
  writer.file("small", "hello").file("dir/large", large).file("./dot/other", other).file("empty", "").file("/top", "t");
  for (const auto& packer : kPackers) {
    INFO("packed by " << packer);
    const TemporaryFolder folder;
    const auto files = files_of(folder, writer.end(), packer);
    CHECK(whole(*files, "small") == "hello");
    CHECK(whole(*files, "empty").empty());
    CHECK(whole(*files, "top") == "t");
    CHECK(size_of(*files, "dir/large") == 3'000'000);
    CHECK(size_of(*files, "dir") == -1);
    CHECK(size_of(*files, "none") == -1);
    for (const std::int64_t offset : {0, 1, 512, 1'000'000, 2'999'999, 3'000'000}) {
      INFO("offset " << offset);
      const auto tail = part(*files, {"dir/large", offset, 3'000'000 - offset});
      CHECK((tail && *tail == large.substr(static_cast<std::size_t>(offset))));
    }
    CHECK((part(*files, {"dot/other", 1'000'000, 10}) == other.substr(1'000'000, 10)));
    CHECK((part(*files, {"dir/large", 5, 10}) == large.substr(5, 10)));
    CHECK(failure_of(part(*files, {"none", 0, 1})).starts_with("NotFound"));
    CHECK(failure_of(part(*files, {"small", 0, 6})).starts_with("Integrity"));
    CHECK(failure_of(part(*files, {"small", 6, 0})).starts_with("Integrity"));
  }
}

TEST_CASE("Long names, as GNU tar and PAX write them, do not shift what is read") {
  const std::string name = std::string(150, 'a') + "/layer.tar";
  TarWriter writer;
  writer.entry("././@LongLink", 'L', {}, static_cast<long long>(name.size() + 1))
      .raw(name + std::string(1, '\0'))
      .pad();
  writer.file("cut", "gnu").entry("x", 'x', {}, 18).raw("18 path=b/pax.tar\n").pad().file("short", "pax");
  for (const auto& packer : kPackers) {
    const TemporaryFolder folder;
    const auto files = files_of(folder, writer.end(), packer);
    CHECK(whole(*files, name) == "gnu");
    CHECK(whole(*files, "b/pax.tar") == "pax");
  }
}

TEST_CASE("Links are followed inside the archive and nowhere else") {
  TarWriter writer;
  writer.file("x/layer.tar", "layer").symlink("y/layer.tar", "../x/layer.tar").symlink("z", "y/layer.tar");
  writer.hard_link("hard", "x/layer.tar").symlink("abs", "/x/layer.tar").symlink("out", "../../etc/passwd");
  writer.symlink("circle", "circle2").symlink("circle2", "circle").symlink("dangling", "none").file("../up", "up");
  for (int i = 0; i < 17; ++i) writer.symlink("hop" + std::to_string(i), "hop" + std::to_string(i + 1));
  writer.file("hop17", "far");
  for (const auto& packer : kPackers) {
    const TemporaryFolder folder;
    const auto files = files_of(folder, writer.end(), packer);
    for (const std::string name : {"y/layer.tar", "z", "hard", "abs"}) CHECK(whole(*files, name) == "layer");
    for (const std::string name : {"out", "dangling", "up", "../up"})
      CHECK(whole(*files, name).starts_with("NotFound"));
    CHECK(whole(*files, "hop1") == "far");
    for (const std::string name : {"circle", "hop0"}) CHECK(whole(*files, name).starts_with("Integrity"));
  }
}

struct Hostile {
  std::string situation;
  std::string tar;
  std::string found;  ///< When the file "a" is read.
};

std::vector<Hostile> hostile_tars() {
  TarWriter twins, devices, lying, negative, sparse, many;
  twins.file("b", "1").file("a", "1").file("a", "2");
  devices.entry("a", '3', {}, 0).entry("b", '6', {}, 0).entry("c", '5', {}, 0);
  lying.file("b", "1").entry("a", '0', {}, 8'000'000'000).raw("few");
  const std::string holes =
      "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n25 GNU.sparse.realsize=9\n21 GNU.sparse.name=a\n";
  sparse.entry("x", 'x', {}, static_cast<long long>(holes.size())).raw(holes).pad();
  sparse.file("ignored", "1\n0\n4\n" + std::string(506, '\0') + "data");
  for (int i = 0; i < 20'001; ++i) many.entry("d" + std::to_string(i), '0', {}, 0);
  const std::string good = TarWriter().file("a", std::string(2000, 'a')).end();
  std::string wrong_sum = good;
  wrong_sum[0] = 'b';
  std::string nested;
  for (int i = 0; i < 5000; ++i)
    nested += TarWriter().entry("g", 'g', {}, 10).raw("10 a=bcde\n").pad().end().substr(0, 1024);
  return {
      {"two of one name", twins.end(), "Integrity"},
      {"devices, pipes, folders", devices.end(), "NotFound"},
      {"a size far beyond the archive", lying.end(), "Integrity"},
      {"a sparse file", sparse.end(), "Integrity"},
      {"very many files", many.end(), "Integrity"},
      {"cut in a file", good.substr(0, 1500), "Integrity"},
      {"cut in a header", good.substr(0, 300), "Integrity"},
      {"a checksum that is wrong", wrong_sum, "Integrity"},
      {"no tar", "hello, this is no tar at all", "Integrity"},
      {"nothing", "", "Integrity"},
      {"thousands of headers for one file", nested + good, "Integrity"},
  };
}

TEST_CASE("Hostile and broken tars end in an error that says so") {
  for (const auto& row : hostile_tars())
    for (const auto& packer : kPackers) {
      INFO(row.situation << ", packed by " << packer);
      const TemporaryFolder folder;
      const auto files = files_of(folder, row.tar, packer);
      const std::string found = whole(*files, "a");
      INFO(found);
      CHECK(found.starts_with(row.found));
    }
}

TEST_CASE("A packed tar that is cut off is not whole") {
  const std::string tar = TarWriter().file("a", tests::noise(100'000, 3)).file("b", "b").end();
  for (const std::string packer : {"gzip", "zstd"}) {
    const std::string bytes = tests::packed(tar, packer);
    for (const std::size_t size : {std::size_t{3}, std::size_t{10}, bytes.size() / 2, bytes.size() - 200}) {
      INFO(packer << " cut at " << size);
      const TemporaryFolder folder;
      folder.write("cut.tar", bytes.substr(0, size));
      const auto packing = packer == "gzip" ? Packing::Gzip : Packing::Zstd;
      PackedTarFiles files(opened(folder, "cut.tar"), packing);
      CHECK(whole(files, "b").starts_with("Integrity"));
    }
  }
}

TEST_CASE("A tar in several zstd frames is read as one, with a window of 8 MiB in each at most") {
  const std::string tar = TarWriter().file("a", tests::noise(50'000, 5)).file("b", "b").end();
  const auto found_with = [&](const std::string& frames) {
    const TemporaryFolder folder;
    folder.write("a.tar", frames);
    PackedTarFiles files(opened(folder, "a.tar"), Packing::Zstd);
    return whole(files, "b");
  };
  const std::string start = tests::zstd_with_window(20, tar.substr(0, 30'000));
  const std::string rest = tar.substr(30'000);
  CHECK(found_with(start + tests::skippable_zstd() + tests::zstd_with_window(23, rest)) == "b");
  for (const std::string& frames : {start + tests::zstd_with_window(24, rest), tests::zstd_with_window(27, tar)})
    CHECK(found_with(frames) == "Integrity: its zstd window is larger than 8 MiB");
  CHECK(found_with(start + tests::old_zstd_of_zeros()).starts_with("Integrity: it is no whole zstd file"));
  CHECK(found_with(start + rest).starts_with("Integrity: it is no whole zstd file"));
  CHECK(found_with(start + "\x28\xb5\x2f\xfd") == "Integrity: it is cut off");
}

TEST_CASE("A tar that unpacks to thousands of times its size is read to its bound and no further") {
  std::string head = TarWriter().file("a", "").end().substr(0, 512);
  head.replace(124, 12, std::string("77777777777\0", 12)).replace(148, 8, "        ");
  const auto sum = std::accumulate(head.begin(), head.end(), 0U,
                                   [](unsigned all, char each) { return all + static_cast<unsigned char>(each); });
  std::ostringstream octal;
  octal << std::oct << std::setw(6) << std::setfill('0') << sum << '\0' << ' ';
  head.replace(148, 8, octal.str());
  const TemporaryFolder folder;
  // 8 GiB and a bit; its end never comes to be read.
  folder.write("a.tar", tests::zstd_with_window(20, head) + tests::zstd_of_zeros(65'536) + "no zstd");
  PackedTarFiles files(opened(folder, "a.tar"), Packing::Zstd);
  CHECK(whole(files, "b") == "Integrity: it unpacks to more than 2,000 times its size");
}

TEST_CASE("Many threads read a packed tar at once, each its own file") {
  std::map<std::string, std::string> content;
  for (unsigned i = 0; i < 6; ++i) content["f" + std::to_string(i)] = tests::noise(700'000 + i, i);
  for (const auto& packer : kPackers) {
    const TemporaryFolder folder;
    const auto files = files_of(folder, tests::tar_of(content), packer);
    std::vector<std::string> found(6);
    std::latch start(6);
    {
      std::vector<std::jthread> threads;
      for (unsigned i = 0; i < 6; ++i)
        threads.emplace_back([&, i] {
          start.arrive_and_wait();
          for (int again = 0; again < 3; ++again) found[i] = whole(*files, "f" + std::to_string(5 - i));
        });
    }
    for (unsigned i = 0; i < 6; ++i) CHECK((found[i] == content["f" + std::to_string(5 - i)]));
  }
}

TEST_CASE("Whoever takes the bytes ends the reading, and who stops it hears so") {
  const std::string large = tests::noise(2'000'000, 4);
  for (const auto& packer : kPackers) {
    INFO("packed by " << packer);
    const TemporaryFolder folder;
    const auto files = files_of(folder, TarWriter().file("a", large).file("b", large).end(), packer);
    const auto full = [](std::span<const std::byte>) -> Result<void> { return fail(ErrorClass::Conflict, "full"); };
    CHECK(failure_of(files->read({"a", 0, 2'000'000}, full, {})) == "Conflict: full");
    CHECK((part(*files, {"b", 0, 2'000'000}) == large));
    std::stop_source stop;
    stop.request_stop();
    CHECK(failure_of(part(*files, {"a", 0, 2'000'000}, stop.get_token())).starts_with("Cancelled"));
    CHECK((part(*files, {"a", 0, 2'000'000}) == large));
    const auto fresh = files_of(folder, TarWriter().file("a", large).end(), packer);
    CHECK(failure_of(fresh->size_of("a", stop.get_token())).starts_with("Cancelled"));
    CHECK(size_of(*fresh, "a") == 2'000'000);
  }
}

TEST_CASE("A folder's files may be links that stay inside the root") {
  const TemporaryFolder folder;
  folder.write("root/shared/blob", "shared");
  folder.write("root/image/own", "own");
  folder.write("secret", "secret");
  std::filesystem::create_symlink("../shared", folder / "root/image/blobs");
  std::filesystem::create_symlink("../../secret", folder / "root/image/out");
  FolderFiles files(folder / "root", folder / "root/image");
  CHECK(whole(files, "own") == "own");
  CHECK(whole(files, "blobs/blob") == "shared");
  CHECK(whole(files, "out").starts_with("Refused"));
  CHECK(whole(files, "none").starts_with("NotFound"));
  CHECK(whole(files, "blobs").starts_with("Invalid"));
  CHECK((part(files, {"own", 1, 2}) == "wn"));
  CHECK(failure_of(part(files, {"own", 1, 3})).starts_with("Integrity"));
}

}  // namespace
}  // namespace slipway::sources
