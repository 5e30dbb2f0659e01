#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "reconcilers/publish/reconciler.h"
#include "reconcilers/publish/record.h"
#include "tests/support/builders.h"
#include "tests/support/in_memory_audit.h"
#include "tests/support/in_memory_objects.h"
#include "tests/support/in_memory_registry.h"
#include "tests/support/manual_clock.h"

namespace slipway::tests {

/// Everything around one PublishReconciler: a source at ghcr.io/contoso/storefront, a destination at
/// registry.example/shop/storefront, ContainerRegistry contoso, and a clock at 2026-11-24T09:00:00Z.
struct PublishWorld {
  PublishWorld() { objects.apply(make_registry()); }

  publish::PublishReconciler reconciler() { return reconciler({.publisher_id = "cluster-1", .version = "0.1.0"}); }
  publish::PublishReconciler reconciler(publish::Settings settings) {
    return {{objects, objects, registry, transfer, turns, recorder, progress, clock, audit}, std::move(settings)};
  }

  InMemoryRepository& source() { return registry.at("ghcr.io", "contoso/storefront"); }
  InMemoryRepository& destination() { return registry.at("registry.example", "shop/storefront"); }

  /// Puts an image of these layers at the source, under `tag`.
  MadeImage push(const std::vector<std::string>& layers, const std::string& tag = "1.8") {
    auto image = make_image(source(), layers);
    source().tags.insert_or_assign(tag, image.descriptor.digest);
    return image;
  }

  /// Applies it and reconciles once.
  Outcome publish(const ImagePublication& publication) {
    objects.apply(publication);
    return look(publication);
  }
  /// Reconciles once, as it is stored.
  Outcome look(const ImagePublication& publication) {
    return look(publication, {.publisher_id = "cluster-1", .version = "0.1.0"});
  }
  Outcome look(const ImagePublication& publication, publish::Settings settings) {
    registry.requests.clear();
    objects.written.clear();
    return reconciler(std::move(settings)).reconcile(key_of(publication), {});
  }
  /// What `slipway plan` shows.
  std::vector<std::string> plan(const ImagePublication& publication) {
    return publish::to_lines(*reconciler().plan(key_of(publication), {}));
  }
  /// How often something was asked for since the last look.
  std::size_t count(const std::string& request) {
    return static_cast<std::size_t>(std::ranges::count(registry.requests, request));
  }

  const ImagePublicationStatus& status(const ImagePublication& publication) {
    return objects.stored(key_of(publication)).status;
  }
  /// "True Succeeded", or "absent".
  std::string condition(const ImagePublication& publication, std::string_view type);
  /// The condition's message, or nothing.
  std::string message(const ImagePublication& publication, std::string_view type = "Ready");
  /// The state of one tag in status.published: "Set", "Superseded", "Skipped" or "absent".
  std::string tag_state(const ImagePublication& publication, const std::string& name);
  /// What a tag of the destination names, or "nothing".
  std::string tag(const std::string& name) {
    const auto found = destination().tags.find(name);
    return found == destination().tags.end() ? "nothing" : found->second.str();
  }
  /// How many publication records are on `digest` at the destination.
  std::size_t records_on(const Digest& digest);
  /// The one of them.
  publish::PublicationRecord record_on(const Digest& digest);
  /// Those of them that tell of a rollback.
  std::vector<publish::PublicationRecord> rollbacks_on(const Digest& digest);
  /// What the transfer was asked for, without the empty blob of a record.
  std::vector<BlobTransferRequest> image_transfers() const;

  InMemoryRegistry registry;
  InMemoryObjects objects;
  InMemoryTransfer transfer;
  InMemoryTurns turns;
  InMemoryRecorder recorder;
  InMemoryProgress progress;
  InMemoryAudit audit;
  ManualClock clock{*parse_timestamp("2026-11-24T09:00:00Z")};
};

}  // namespace slipway::tests
