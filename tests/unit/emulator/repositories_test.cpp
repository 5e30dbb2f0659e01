#include "tests/emulator/repositories.h"

#include "tests/catch.h"
#include "tests/support/temporary_folder.h"

using namespace slipway;
using namespace slipway::emulator;

namespace {

constexpr const char* kType = "application/vnd.oci.image.manifest.v1+json";

NewManifest manifest(const std::string& extra, const std::string& tag) {
  const std::string bytes =
      R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json")" + extra + "}";
  return {.digest = Digest::of(bytes), .media_type = kType, .bytes = bytes, .tag = tag};
}

std::string about(const Digest& subject) {
  return R"(,"artifactType":"x/y","annotations":{"a":"b"},"subject":{"digest":")" + subject.str() + "\"}";
}

std::unique_ptr<Repositories> opened(const tests::TemporaryFolder& folder) {
  auto repositories = Repositories::open(folder.path());
  REQUIRE(repositories);
  return std::move(*repositories);
}

Digest add_blob(const tests::TemporaryFolder& folder, Repositories& repositories, const std::string& name,
                const std::string& bytes) {
  folder.write("received", bytes);
  const Digest digest = Digest::of(bytes);
  REQUIRE(repositories.add_blob(name, digest, folder / "received"));
  return digest;
}

}  // namespace

TEST_CASE("what was pushed is there in the next process") {
  const tests::TemporaryFolder folder;
  const NewManifest image = manifest("", "v1");
  const NewManifest referrer = manifest(about(image.digest), "");
  const Digest blob = [&] {
    const auto before = opened(folder);
    REQUIRE(before->put_manifest("team/app", image));
    REQUIRE(before->put_manifest("team/app", referrer));
    before->change_tag("team/app", "v1", [](StoredTag& tag) { tag.locks.write_enabled = false; });
    return add_blob(folder, *before, "team/app", "hello");
  }();
  const auto after = opened(folder);
  CHECK(after->names() == std::vector<std::string>{"team/app"});
  CHECK(after->has_blob("team/app", blob));
  const auto repository = after->find("team/app");
  REQUIRE(repository);
  REQUIRE(repository->find("v1") != nullptr);
  CHECK(repository->find("v1")->digest == image.digest);
  CHECK(repository->find("v1")->media_type == kType);
  CHECK_FALSE(repository->tags.at("v1").locks.write_enabled);
  CHECK(after->read_manifest(image.digest) == image.bytes);
  const StoredManifest& attached = repository->manifests.at(referrer.digest);
  CHECK(attached.subject == image.digest);
  CHECK(attached.artifact_type == "x/y");
  CHECK(to_json_text(attached.annotations) == R"({"a":"b"})");
}

TEST_CASE("a process that ended before the first manifest came leaves what the next ones go on with") {
  const tests::TemporaryFolder folder;
  const Digest blob = add_blob(folder, *opened(folder), "a", "hello");
  const NewManifest image = manifest("", "v1");
  SECTION("a manifest is put") {
    REQUIRE(opened(folder)->put_manifest("a", image));
  }
  SECTION("a lock is set") {
    opened(folder)->change_repository("a", [](Repository& repository) { repository.locks.delete_enabled = false; });
  }
  const auto last = opened(folder);
  CHECK(last->has_blob("a", blob));
  CHECK_FALSE(last->find("a")->times.created.empty());
}

TEST_CASE("content stays as long as one repository has it") {
  const tests::TemporaryFolder folder;
  const auto repositories = opened(folder);
  const Digest blob = add_blob(folder, *repositories, "a", "shared");
  CHECK(repositories->link_blob("b", blob) == true);
  CHECK(repositories->remove_blob("a", blob));
  CHECK_FALSE(repositories->has_blob("a", blob));
  CHECK(repositories->open_blob(blob));
  CHECK(repositories->remove_blob("b", blob));
  CHECK_FALSE(repositories->open_blob(blob));
  CHECK_FALSE(repositories->remove_blob("b", blob));
  CHECK(repositories->link_blob("c", blob) == false);
}

TEST_CASE("a manifest takes its tags along, with a cascade also what refers to it") {
  const tests::TemporaryFolder folder;
  const auto repositories = opened(folder);
  const NewManifest image = manifest("", "v1");
  const NewManifest referrer = manifest(about(image.digest), "");
  const NewManifest signature = manifest(about(referrer.digest), "");
  for (const NewManifest& each : {image, referrer, signature}) REQUIRE(repositories->put_manifest("a", each));
  const bool cascade = GENERATE(false, true);
  CHECK(repositories->remove_manifest("a", image.digest, cascade));
  const auto left = repositories->find("a");
  REQUIRE(left);
  CHECK(left->tags.empty());
  CHECK(left->manifests.size() == (cascade ? 0U : 2U));
  CHECK_FALSE(repositories->remove_manifest("a", image.digest, cascade));
}

TEST_CASE("a folder that something else wrote into ends the start with the file's name") {
  const tests::TemporaryFolder folder;
  const std::string digest = R"({"digest":")" + Digest::of("").str() + '"';
  folder.write("repositories/a/_tags/v1", GENERATE_COPY(values<std::string>({
                                              "{",
                                              "[]",
                                              digest + "}",
                                              digest + R"(,"created":"1","updated":"2","locks":[true,true,true]})",
                                              digest + R"(,"created":1,"updated":"2","locks":[true,true,true,true]})",
                                          })));
  const auto repositories = Repositories::open(folder.path());
  REQUIRE_FALSE(repositories);
  CHECK(repositories.error().message.contains("a/_tags/v1"));
}
