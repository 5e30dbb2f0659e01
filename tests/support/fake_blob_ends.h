#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "controller/runtime/guarded.h"
#include "reconcilers/ports/image_store.h"

namespace slipway::testing {

/// What goes wrong with one upload request or one reading: after `after` bytes of it, with `error`. An upload's
/// registry keeps `kept` of all bytes it was given so far, or forgets the upload.
struct Cut {
  std::int64_t after = 0;
  Error error{.cls = ErrorClass::Unavailable, .message = "cut"};
  std::int64_t kept = 0;
  bool forgets = false;
  bool hangs = false;                    ///< A reading at the registry that gets no more until it is stopped.
  bool ends_well = false;                ///< A reading at the registry that is too short, without an error.
  std::function<void()> meanwhile = {};  ///< Called before a request at the registry fails.
};

/// A wait that takes until its end is asked for.
inline void until_stopped(const std::stop_token& stop) {
  std::promise<void> asked;
  const std::stop_callback tell(stop, [&] { asked.set_value(); });
  asked.get_future().wait();
}

inline content::Descriptor descriptor_of(const std::string& bytes) {
  return {.digest = Digest::of(bytes), .size = static_cast<std::int64_t>(bytes.size())};
}

/// A source in memory whose readings go wrong as told.
class FakeSource : public ImageSource {
 public:
  struct State {
    std::map<Digest, std::string> blobs;
    std::map<Digest, std::deque<Cut>> cuts;  ///< One a reading; then it works.
    std::vector<std::int64_t> offsets;       ///< Of every reading.
  };
  content::Descriptor add(const std::string& bytes) {
    state_.lock()->blobs[Digest::of(bytes)] = bytes;
    return descriptor_of(bytes);
  }
  /// Gives `bytes` where the digest of another blob is asked for.
  void lie(const Digest& digest, const std::string& bytes) { state_.lock()->blobs.insert_or_assign(digest, bytes); }
  void cut(const Digest& digest, Cut cut) { state_.lock()->cuts[digest].push_back(std::move(cut)); }
  std::vector<std::int64_t> offsets() { return state_.lock()->offsets; }
  std::size_t piece = 1000;
  std::function<void(const Digest&)> on_read;  ///< Before the first byte of a reading.

  std::string name() const override { return "the source"; }
  Result<std::optional<content::Descriptor>> resolve(const std::string&, std::stop_token) override {
    return std::nullopt;
  }
  Result<std::optional<content::Descriptor>> find_manifest(const Digest&, std::stop_token) override {
    return std::nullopt;
  }
  Result<content::ManifestBytes> manifest(const Digest&, std::stop_token) override {
    return fail(ErrorClass::NotFound, "no manifest");
  }
  Result<std::string> small_blob(const content::Descriptor&, std::size_t, std::stop_token) override {
    return fail(ErrorClass::NotFound, "no blob");
  }
  Result<std::vector<content::Descriptor>> referrers(const Digest&, std::stop_token) override {
    return std::vector<content::Descriptor>{};
  }
  Result<void> read_blob(const content::Descriptor& blob, std::int64_t offset, const BlobSink& sink,
                         std::stop_token stop) override {
    if (on_read) on_read(blob.digest);
    std::string bytes;
    std::optional<Cut> cut;
    {
      auto state = state_.lock();
      state->offsets.push_back(offset);
      const auto found = state->blobs.find(blob.digest);
      if (found == state->blobs.end()) return fail(ErrorClass::NotFound, "no such blob");
      bytes = found->second.substr(std::min(static_cast<std::size_t>(offset), found->second.size()));
      auto& cuts = state->cuts[blob.digest];
      if (!cuts.empty()) cut = cuts.front(), cuts.pop_front();
    }
    const std::size_t end = cut ? std::min(bytes.size(), static_cast<std::size_t>(cut->after)) : bytes.size();
    for (std::size_t at = 0; at < end; at += piece) {
      if (stop.stop_requested()) return fail(ErrorClass::Cancelled, "stopped");
      const std::string_view part = std::string_view(bytes).substr(at, std::min(piece, end - at));
      if (Result<void> taken = sink(std::as_bytes(std::span(part.data(), part.size()))); !taken) return taken;
    }
    if (cut) return std::unexpected(cut->error);
    return {};
  }

 private:
  runtime::Guarded<State> state_;
};

/// A registry in memory, as far as blobs go.
struct FakeRegistry {
  struct State {
    std::map<std::string, std::map<Digest, std::string>> blobs;  ///< By repository.
    std::deque<Cut> cuts;                                        ///< One an upload request; then it works.
    std::deque<Error> finish_errors;  ///< One a closing request, which is carried out all the same if `finish_works`.
    bool finish_works = false;
    std::deque<Error> held_errors;  ///< One a question what an upload holds; then it is answered.
    bool mounts = true;
    int heads = 0;
    std::deque<Cut> read_cuts;  ///< One a reading; then it works.
    int reads = 0;
    int reading = 0;  ///< Under way.
    int most_reading = 0;
    std::deque<Error> mount_errors;  ///< One a mount; then it works.
    std::deque<Error> head_errors;   ///< One a look; then it works.
    int mount_requests = 0;
    int uploads = 0;
    std::deque<Error> start_errors;  ///< One an opening request; then it works.
    int open = 0;                    ///< Uploads that somebody holds.
    int most_open = 0;
    int cancelled = 0;
    std::int64_t received = 0;
  };
  runtime::Guarded<State> state;
  std::function<void()> on_look;  ///< Before each look for a blob.
};

class FakeUpload final : public BlobUpload {
 public:
  FakeUpload(FakeRegistry& registry, std::string repository) : registry_(registry), repository_(std::move(repository)) {
    auto state = registry_.state.lock();
    state->most_open = std::max(state->most_open, ++state->open);
  }
  ~FakeUpload() override { --registry_.state.lock()->open; }
  FakeUpload(const FakeUpload&) = delete;
  FakeUpload& operator=(const FakeUpload&) = delete;

  Result<void> append(const BlobReader& reader, std::optional<std::int64_t>, std::stop_token stop) override {
    std::optional<Cut> cut;
    {
      auto state = registry_.state.lock();
      if (!state->cuts.empty()) cut = state->cuts.front(), state->cuts.pop_front();
    }
    std::byte space[700];
    for (std::int64_t taken = 0;;) {
      if (stop.stop_requested()) return fail(ErrorClass::Cancelled, "stopped");
      if (cut && taken >= cut->after) {
        if (cut->meanwhile) cut->meanwhile();
        forgotten_ = cut->forgets;
        bytes_.resize(std::min(bytes_.size(), static_cast<std::size_t>(cut->kept)));
        return std::unexpected(cut->error);
      }
      const Result<std::size_t> count = reader(space);
      if (!count) return std::unexpected(count.error());
      if (*count == 0) return {};
      taken += static_cast<std::int64_t>(*count);
      registry_.state.lock()->received += static_cast<std::int64_t>(*count);
      bytes_.append(reinterpret_cast<const char*>(space), *count);
    }
  }
  Result<std::int64_t> acknowledged(std::stop_token) override {
    auto state = registry_.state.lock();
    if (!state->held_errors.empty()) {
      Error error = state->held_errors.front();
      state->held_errors.pop_front();
      return std::unexpected(std::move(error));
    }
    if (forgotten_) return fail(ErrorClass::NotFound, "no such upload");
    return static_cast<std::int64_t>(bytes_.size());
  }
  Result<void> finish(const Digest& digest, std::stop_token) override {
    if (forgotten_) return fail(ErrorClass::Unavailable, "no such upload");
    auto state = registry_.state.lock();
    std::optional<Error> error;
    if (!state->finish_errors.empty()) error = state->finish_errors.front(), state->finish_errors.pop_front();
    if (error && !state->finish_works) return std::unexpected(*error);
    if (Digest::of(bytes_) != digest) return fail(ErrorClass::Integrity, "the registry says the digest differs");
    state->blobs[repository_][digest] = bytes_;
    forgotten_ = true;
    if (error) return std::unexpected(*error);
    return {};
  }
  Result<void> send_whole(const content::Descriptor& blob, const BlobReader& reader, std::stop_token stop) override {
    Result<void> sent = append(reader, blob.size, stop);
    if (!sent) forgotten_ = true;
    return sent ? finish(blob.digest, stop) : sent;
  }
  void cancel() noexcept override { ++registry_.state.lock()->cancelled; }

 private:
  FakeRegistry& registry_;
  std::string repository_;
  std::string bytes_;
  bool forgotten_ = false;
};

class FakeStore final : public ImageStore {
 public:
  FakeStore(FakeRegistry& registry, std::string repository) : registry_(registry), repository_(std::move(repository)) {}
  std::string host() const override { return "registry.example"; }
  std::string repository() const override { return repository_; }
  std::string name() const override { return host() + "/" + repository_; }

  Result<bool> has_blob(const content::Descriptor& blob, std::stop_token) override {
    if (registry_.on_look) registry_.on_look();
    auto state = registry_.state.lock();
    ++state->heads;
    if (!state->head_errors.empty()) return next_of(state->head_errors);
    const auto found = state->blobs[repository_].find(blob.digest);
    if (found == state->blobs[repository_].end()) return false;
    if (static_cast<std::int64_t>(found->second.size()) == blob.size) return true;
    return fail(ErrorClass::Integrity, "another size");
  }
  Result<bool> mount_blob(const Digest& digest, const std::string& from, std::stop_token) override {
    auto state = registry_.state.lock();
    ++state->mount_requests;
    if (!state->mount_errors.empty()) return next_of(state->mount_errors);
    const auto& there = state->blobs[from];
    const auto found = there.find(digest);
    if (!state->mounts || found == there.end()) return false;
    state->blobs[repository_][digest] = found->second;
    return true;
  }
  Result<std::unique_ptr<BlobUpload>> start_upload(const Digest&, std::stop_token) override {
    {
      auto state = registry_.state.lock();
      if (!state->start_errors.empty()) return next_of(state->start_errors);
      ++state->uploads;
    }
    return std::make_unique<FakeUpload>(registry_, repository_);
  }
  Result<void> read_blob(const content::Descriptor& blob, std::int64_t offset, const BlobSink& sink,
                         std::stop_token stop) override {
    struct Reading {
      FakeRegistry& registry;
      explicit Reading(FakeRegistry& of) : registry(of) {
        auto state = registry.state.lock();
        ++state->reads;
        state->most_reading = std::max(state->most_reading, ++state->reading);
      }
      ~Reading() { --registry.state.lock()->reading; }
      Reading(const Reading&) = delete;
      Reading& operator=(const Reading&) = delete;
    };
    const Reading reading(registry_);
    const auto [bytes, cut] = bytes_of_reading(blob.digest);
    std::string_view rest = std::string_view(bytes).substr(static_cast<std::size_t>(offset));
    if (cut) rest = rest.substr(0, static_cast<std::size_t>(cut->after));
    const std::size_t half = rest.size() / 2;
    for (const std::string_view piece : {rest.substr(0, half), rest.substr(half)})
      if (auto taken = sink(std::as_bytes(std::span(piece.data(), piece.size()))); !taken) return taken;
    if (cut && cut->meanwhile) cut->meanwhile();
    if (cut && cut->hangs) return until_stopped(stop), fail(ErrorClass::Cancelled, "stopped");
    return cut && !cut->ends_well ? std::unexpected(cut->error) : Result<void>{};
  }
  Result<std::optional<content::Descriptor>> resolve(const std::string&, std::stop_token) override {
    return std::nullopt;
  }
  Result<std::optional<content::Descriptor>> find_manifest(const Digest&, std::stop_token) override {
    return std::nullopt;
  }
  Result<content::ManifestBytes> manifest(const Digest&, std::stop_token) override {
    return fail(ErrorClass::NotFound, "no manifest");
  }
  Result<std::string> small_blob(const content::Descriptor&, std::size_t, std::stop_token) override {
    return fail(ErrorClass::NotFound, "no blob");
  }
  Result<std::vector<content::Descriptor>> referrers(const Digest&, std::stop_token) override {
    return std::vector<content::Descriptor>{};
  }
  Result<void> put_manifest(const content::ManifestBytes&, std::stop_token) override { return {}; }
  Result<void> put_tag(const std::string&, const content::ManifestBytes&, std::stop_token) override { return {}; }
  Result<void> put_referrer(const content::ManifestBytes&, const content::Descriptor&, std::stop_token) override {
    return {};
  }
  Result<void> remove_tag(const std::string&, std::stop_token) override { return {}; }

 private:
  static std::unexpected<Error> next_of(std::deque<Error>& errors) {
    Error error = std::move(errors.front());
    errors.pop_front();
    return std::unexpected(std::move(error));
  }
  std::pair<std::string, std::optional<Cut>> bytes_of_reading(const Digest& digest) {
    auto state = registry_.state.lock();
    std::optional<Cut> cut;
    if (!state->read_cuts.empty()) cut = state->read_cuts.front(), state->read_cuts.pop_front();
    return {state->blobs[repository_][digest], std::move(cut)};
  }

  FakeRegistry& registry_;
  std::string repository_;
};

}  // namespace slipway::testing
