#include "tests/support/in_memory_registry.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "crds/base/image_reference.h"

namespace slipway::tests {
namespace {

std::string to_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

BlobReader reader_of(std::string_view bytes) {
  return [rest = bytes](std::span<std::byte> space) mutable -> Result<std::size_t> {
    const auto count = std::min(space.size(), rest.size());
    std::memcpy(space.data(), rest.data(), count);
    rest.remove_prefix(count);
    return count;
  };
}

/// Takes a blob in one piece.
class WholeUpload final : public BlobUpload {
 public:
  WholeUpload(InMemoryRegistry& registry, InMemoryRepository& content, std::string name)
      : registry_(registry), content_(content), name_(std::move(name)) {}

  Result<void> append(const BlobReader&, std::optional<std::int64_t>, std::stop_token) override { return in_pieces(); }
  Result<std::int64_t> acknowledged(std::stop_token) override { return 0; }
  Result<void> finish(const Digest&, std::stop_token) override { return in_pieces(); }
  void cancel() noexcept override {}

  Result<void> send_whole(const content::Descriptor& blob, const BlobReader& reader, std::stop_token) override {
    if (auto asked = registry_.request("PUT " + name_ + "/blobs/" + blob.digest.str()); !asked) return asked;
    std::string bytes(static_cast<std::size_t>(blob.size), '\0');
    auto count = reader(std::as_writable_bytes(std::span(bytes)));
    if (!count) return std::unexpected(count.error());
    if (*count != bytes.size() || Digest::of(bytes) != blob.digest)
      return fail(ErrorClass::Integrity, "blob " + blob.digest.str() + " is not what its digest says", "send it again");
    content_.blobs.emplace(blob.digest, std::move(bytes));
    return {};
  }

 private:
  static std::unexpected<Error> in_pieces() {
    return fail(ErrorClass::Internal, "the world in memory takes whole blobs", "use send_whole");
  }

  InMemoryRegistry& registry_;
  InMemoryRepository& content_;
  std::string name_;
};

class Store final : public ImageStore {
 public:
  Store(InMemoryRegistry& registry, InMemoryRepository& content, std::string host, std::string repository,
        bool read_only)
      : registry_(registry),
        content_(content),
        host_(std::move(host)),
        repository_(std::move(repository)),
        read_only_(read_only) {}

  std::string name() const override { return host_.empty() ? repository_ : host_ + "/" + repository_; }
  std::string host() const override { return host_; }
  std::string repository() const override { return repository_; }

  Result<std::optional<content::Descriptor>> resolve(const std::string& tag, std::stop_token) override {
    if (auto asked = ask("HEAD", ":" + tag); !asked) return std::unexpected(asked.error());
    if (tag.empty() && content_.tags.size() == 1) return describe(content_.tags.begin()->second);
    const auto found = content_.tags.find(tag);
    return found == content_.tags.end() ? std::nullopt : describe(found->second);
  }

  Result<std::optional<content::ManifestBytes>> tagged_manifest(const std::string& tag, std::stop_token) override {
    if (auto asked = ask("GET", ":" + tag); !asked) return std::unexpected(asked.error());
    const auto found = tag.empty() && content_.tags.size() == 1 ? content_.tags.begin() : content_.tags.find(tag);
    if (found == content_.tags.end()) return std::nullopt;
    return content_.manifests.at(found->second);
  }

  Result<std::optional<std::set<std::string>>> tags(std::stop_token) override {
    if (auto asked = ask("GET", "/tags"); !asked) return std::unexpected(asked.error());
    if (!content_.can_list) return std::nullopt;
    std::set<std::string> all;
    for (const auto& [tag, digest] : content_.tags) all.insert(tag);
    return all;
  }

  Result<std::optional<content::Descriptor>> find_manifest(const Digest& digest, std::stop_token) override {
    if (auto asked = ask("HEAD", "@" + digest.str()); !asked) return std::unexpected(asked.error());
    return describe(digest);
  }

  Result<content::ManifestBytes> manifest(const Digest& digest, std::stop_token) override {
    if (auto asked = ask("GET", "@" + digest.str()); !asked) return std::unexpected(asked.error());
    const auto found = content_.manifests.find(digest);
    if (found == content_.manifests.end())
      return fail(ErrorClass::NotFound, "manifest " + digest.str() + " is not in " + name(), "push it");
    if (Digest::of(found->second.bytes) != digest)
      return fail(ErrorClass::Integrity, "manifest " + digest.str() + " is not what its digest says", "push it again");
    return found->second;
  }

  Result<std::string> small_blob(const content::Descriptor& blob, std::size_t limit, std::stop_token) override {
    auto bytes = blob_bytes(blob);
    if (!bytes) return bytes;
    if (bytes->size() > limit || Digest::of(*bytes) != blob.digest)
      return fail(ErrorClass::Integrity, "blob " + blob.digest.str() + " is not what its digest says", "push it again");
    return bytes;
  }

  Result<void> read_blob(const content::Descriptor& blob, std::int64_t offset, const BlobSink& sink,
                         std::stop_token) override {
    auto bytes = blob_bytes(blob);
    if (!bytes) return std::unexpected(bytes.error());
    const auto rest = std::string_view(*bytes).substr(static_cast<std::size_t>(offset));
    return sink(std::as_bytes(std::span(rest)));
  }

  Result<std::vector<content::Descriptor>> referrers(const Digest& subject, std::stop_token) override {
    if (auto asked = ask("GET", "/referrers/" + subject.str()); !asked) return std::unexpected(asked.error());
    std::vector<content::Descriptor> found;
    for (const auto& [digest, manifest] : content_.manifests) {
      const auto parsed = content::parse_manifest(manifest);
      const auto* image = parsed ? std::get_if<content::ImageManifest>(&*parsed) : nullptr;
      if (!image || !is_listed(digest, *image, subject)) continue;
      auto descriptor = manifest.descriptor;
      descriptor.artifact_type = image->artifact_type.empty() ? image->config.media_type : image->artifact_type;
      descriptor.annotations = image->annotations;
      found.push_back(std::move(descriptor));
    }
    return found;
  }

  Result<bool> has_blob(const content::Descriptor& blob, std::stop_token) override {
    if (auto asked = ask("HEAD", "/blobs/" + blob.digest.str()); !asked) return std::unexpected(asked.error());
    const auto found = content_.blobs.find(blob.digest);
    if (found == content_.blobs.end()) return false;
    if (static_cast<std::int64_t>(found->second.size()) == blob.size) return true;
    return fail(ErrorClass::Integrity, "blob " + blob.digest.str() + " has another size", "push the image again");
  }

  Result<bool> mount_blob(const Digest& digest, const std::string& from, std::stop_token) override {
    if (auto asked = ask("POST", "/blobs/" + digest.str() + "?from=" + from); !asked)
      return std::unexpected(asked.error());
    const auto& other = registry_.at(host_, from).blobs;
    const auto found = other.find(digest);
    if (found == other.end()) return false;
    content_.blobs.emplace(*found);
    return true;
  }

  Result<std::unique_ptr<BlobUpload>> start_upload(const Digest& digest, std::stop_token) override {
    if (auto asked = ask("POST", "/blobs/" + digest.str()); !asked) return std::unexpected(asked.error());
    return std::make_unique<WholeUpload>(registry_, content_, name());
  }

  Result<void> announce(const std::vector<ComingChange>& changes) override {
    if (registry_.no_account) return std::unexpected(*registry_.no_account);
    registry_.announced.push_back(changes);
    return {};
  }

  Result<void> put_manifest(const content::ManifestBytes& manifest, std::stop_token) override {
    if (auto asked = ask("PUT", "@" + manifest.descriptor.digest.str()); !asked) return asked;
    if (auto whole = check_whole(manifest); !whole) return whole;
    content_.manifests.insert_or_assign(manifest.descriptor.digest, manifest);
    return {};
  }

  Result<void> put_tag(const std::string& tag, const content::ManifestBytes& manifest, std::stop_token) override {
    if (auto asked = ask("PUT", ":" + tag); !asked) return asked;
    if (auto whole = check_whole(manifest); !whole) return whole;
    content_.manifests.insert_or_assign(manifest.descriptor.digest, manifest);
    content_.tags.insert_or_assign(tag, manifest.descriptor.digest);
    return {};
  }

  Result<void> put_referrer(const content::ManifestBytes& manifest, const content::Descriptor&,
                            std::stop_token stop) override {
    return put_manifest(manifest, stop);
  }

  Result<void> remove_tag(const std::string& tag, std::stop_token) override {
    if (auto asked = ask("DELETE", ":" + tag); !asked) return asked;
    if (!content_.can_untag) return fail(ErrorClass::Refused, name() + " can't remove a tag alone", "delete the image");
    if (content_.tags.erase(tag) == 1) return {};
    return fail(ErrorClass::NotFound, "tag " + tag + " is not in " + name(), "nothing to do");
  }

 private:
  Result<void> ask(const std::string& verb, const std::string& what) {
    if (read_only_ && verb != "GET" && verb != "HEAD")
      return fail(ErrorClass::Forbidden, verb + " over a store that only reads", "open it for writing");
    return registry_.request(verb + " " + name() + what);
  }

  std::optional<content::Descriptor> describe(const Digest& digest) const {
    const auto found = content_.manifests.find(digest);
    return found == content_.manifests.end() ? std::nullopt : std::optional(found->second.descriptor);
  }

  Result<std::string> blob_bytes(const content::Descriptor& blob) {
    if (auto asked = ask("GET", "/blobs/" + blob.digest.str()); !asked) return std::unexpected(asked.error());
    const auto found = content_.blobs.find(blob.digest);
    if (found != content_.blobs.end()) return found->second;
    return fail(ErrorClass::NotFound, "blob " + blob.digest.str() + " is not in " + name(), "push it");
  }

  bool is_listed(const Digest& digest, const content::ImageManifest& image, const Digest& subject) const {
    if (image.subject && image.subject->digest == subject) return true;
    const auto also = content_.also_listed.find(subject);
    return also != content_.also_listed.end() && std::ranges::find(also->second, digest) != also->second.end();
  }

  /// A registry takes a manifest only when all that it names is there.
  Result<void> check_whole(const content::ManifestBytes& manifest) const {
    const auto parsed = content::parse_manifest(manifest);
    if (!parsed) return std::unexpected(parsed.error());
    std::vector<Digest> missing;
    if (const auto* index = std::get_if<content::ImageIndex>(&*parsed)) {
      for (const auto& child : index->manifests)
        if (!content_.manifests.contains(child.digest)) missing.push_back(child.digest);
    } else {
      const auto& image = std::get<content::ImageManifest>(*parsed);
      if (!content_.blobs.contains(image.config.digest)) missing.push_back(image.config.digest);
      for (const auto& layer : image.layers)
        if (!content_.blobs.contains(layer.digest) && !content::is_foreign_layer(layer.media_type))
          missing.push_back(layer.digest);
    }
    if (missing.empty()) return {};
    return fail(ErrorClass::Invalid, name() + " lacks " + missing.front().str(), "push it first");
  }

  InMemoryRegistry& registry_;
  InMemoryRepository& content_;
  std::string host_, repository_;
  bool read_only_;
};

Result<void> look_into(const content::Descriptor& blob, ImageStore& to, const BlobTransferRequest& request,
                       std::stop_token stop) {
  const auto diff_id = request.diff_ids.find(blob.digest);
  if (!request.deep || diff_id == request.diff_ids.end()) return {};
  auto bytes = to.small_blob(blob, std::size_t{1} << 20, stop);
  if (!bytes) return std::unexpected(bytes.error());
  if (Digest::of("content of " + *bytes).str() == diff_id->second) return {};
  return fail(ErrorClass::Integrity, "layer " + blob.digest.str() + " is not what the config says", "build it again");
}

class HeldTurn final : public RepositoryTurns::Turn {
 public:
  HeldTurn(std::set<std::string>& held, std::string name) : held_(held), name_(std::move(name)) {}
  ~HeldTurn() override { held_.erase(name_); }

 private:
  std::set<std::string>& held_;
  std::string name_;
};

}  // namespace

bool InMemoryRepository::operator==(const InMemoryRepository& other) const {
  const auto same = [](const auto& left, const auto& right) {
    return left.first == right.first && left.second.bytes == right.second.bytes;
  };
  return blobs == other.blobs && tags == other.tags && std::ranges::equal(manifests, other.manifests, same);
}

std::vector<std::string> InMemoryRegistry::requests_of(const std::set<std::string>& verbs) const {
  std::vector<std::string> found;
  for (const auto& one : requests)
    if (verbs.contains(one.substr(0, one.find(' ')))) found.push_back(one);
  return found;
}

Result<void> InMemoryRegistry::request(std::string what) {
  if (before)
    if (auto allowed = before(what); !allowed) return allowed;
  requests.push_back(std::move(what));
  return {};
}

std::unique_ptr<ImageStore> InMemoryRegistry::store(const std::string& host, const std::string& repository,
                                                    bool read_only) {
  return std::make_unique<Store>(*this, at(host, repository), host, repository, read_only);
}

Result<std::unique_ptr<ImageStore>> InMemoryRegistry::open(const ContainerRegistry& registry,
                                                           const std::string& repository) {
  return store(registry.spec.login_server, repository, true);
}

Result<std::unique_ptr<ImageStore>> InMemoryRegistry::open_to_change(const ContainerRegistry& registry,
                                                                     const std::string& repository,
                                                                     const AuditSubject& who) {
  changed_for.push_back(who);
  return store(registry.spec.login_server, repository, false);
}

Result<std::unique_ptr<ImageSource>> InMemoryRegistry::open_source(const RegistrySource& source,
                                                                   const SourceSignIn& sign_in) {
  sources_opened.push_back(sign_in);
  auto reference = ImageReference::parse(source.reference);
  if (!reference) return std::unexpected(reference.error());
  return store(reference->registry, reference->repository, true);
}

Result<std::unique_ptr<ImageSource>> InMemoryRegistry::open_file(const SourceSpec& source, const std::string&) {
  const auto path = source.oci_layout    ? source.oci_layout->path
                    : source.oci_archive ? source.oci_archive->path
                                         : source.docker_archive->path;
  return std::make_unique<Store>(*this, file(path), "", path, true);
}

SignIn InMemoryRegistry::sign_in(const ContainerRegistry&, std::stop_token) {
  return {.identity = "anonymous"};
}

Result<BlobTransferReport> InMemoryTransfer::transfer(ImageSource& from, ImageStore& to,
                                                      const BlobTransferRequest& request, std::stop_token stop) {
  asked.push_back(request);
  BlobTransferReport report;
  const auto brought = bring(from, to, request, report, stop);
  if (request.on_end) request.on_end(report);
  if (!brought) return std::unexpected(brought.error());
  return report;
}

Result<void> InMemoryTransfer::bring(ImageSource& from, ImageStore& to, const BlobTransferRequest& request,
                                     BlobTransferReport& report, const std::stop_token& stop) const {
  TransferProgress progress{.blobs_total = static_cast<int>(request.blobs.size()), .note = ""};
  for (const auto& blob : request.blobs) progress.bytes_total += blob.size;
  for (const auto& blob : request.blobs) {
    if (request.on_progress) request.on_progress(progress);
    auto there = request.unasked.contains(blob.digest) ? false : to.has_blob(blob, stop);
    if (!there) return std::unexpected(there.error());
    auto outcome = *there ? BlobOutcome::Present : BlobOutcome::Sent;
    for (const auto& repository : request.mount_from) {
      if (outcome != BlobOutcome::Sent || !request.may_mount_from(repository)) continue;
      auto mounted = to.mount_blob(blob.digest, repository, stop);
      if (!mounted) return std::unexpected(mounted.error());
      if (*mounted) outcome = BlobOutcome::Mounted;
    }
    if (outcome == BlobOutcome::Sent) {
      std::string bytes;
      auto read = from.read_blob(
          blob, 0,
          [&](std::span<const std::byte> piece) -> Result<void> {
            bytes += to_text(piece);
            return {};
          },
          stop);
      if (!read) return std::unexpected(read.error());
      if (Digest::of(bytes) != blob.digest)
        return fail(ErrorClass::Integrity, "blob " + blob.digest.str() + " of " + from.name() + " is something else",
                    "push the image again");
      auto upload = to.start_upload(blob.digest, stop);
      if (!upload) return std::unexpected(upload.error());
      if (auto sent = (*upload)->send_whole(blob, reader_of(bytes), stop); !sent) return std::unexpected(sent.error());
      report.bytes_sent += blob.size;
    }
    if (reads_layers)
      if (auto good = look_into(blob, to, request, stop); !good) return std::unexpected(good.error());
    report.outcomes.emplace(blob.digest, outcome);
    progress.bytes_done += blob.size;
    ++progress.blobs_done;
  }
  if (request.on_progress) request.on_progress(progress);
  return {};
}

Result<std::unique_ptr<RepositoryTurns::Turn>> InMemoryTurns::take(const std::string& host,
                                                                   const std::string& repository, std::stop_token) {
  ++taken;
  if (!held_.insert(host + "/" + repository).second)
    return fail(ErrorClass::Internal, "the turn of " + host + "/" + repository + " is held already", "give it back");
  return std::make_unique<HeldTurn>(held_, host + "/" + repository);
}

}  // namespace slipway::tests
