#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/assembly/audit_log.h"
#include "controller/assembly/long_visits.h"
#include "controller/assembly/publication_at_hand.h"
#include "controller/assembly/surroundings.h"
#include "controller/assembly/watched_writer.h"
#include "controller/http/transport_factory.h"
#include "controller/registry/credentials.h"
#include "controller/runtime/signs_of_life.h"
#include "controller/runtime/worker_pool.h"
#include "crds/base/result.h"
#include "reconcilers/ports/image_source.h"
#include "reconcilers/ports/object_store.h"
#include "reconcilers/ports/registries.h"
#include "reconcilers/ports/repository_turns.h"
#include "reconcilers/publish/reconciler.h"

namespace slipway::assembly {

struct AssemblySettings {
  publish::Settings publish;  ///< Its `in_cluster` counts for every rule of addresses.
  std::string controller_namespace = "slipway-system";
  http::NetworkEnvironment network;
  /// Credentials of the environment for a host; null in a cluster.
  std::function<Result<registry::Credentials>(const std::string& host)> ambient_credentials;
  /// Sources that are files; in a cluster Refused.
  std::function<Result<std::unique_ptr<ImageSource>>(const SourceSpec& source, const std::string& base_folder)>
      open_file;
  /// Puts a guard before the registries that the publisher writes to; null: none. What is given outlives it.
  std::function<std::unique_ptr<Registries>(Registries& unguarded)> guard_registries = nullptr;
};

/// Where objects are read and written, who writes to a repository, and what is kept of that. Outlives the assembly.
struct AssemblyPorts {
  ObjectReader& objects;
  ObjectWriter& store;
  RepositoryTurns& turns;
  KeptAudit& audit;
  /// Null: `objects` has every publication at hand.
  PublicationAtHand publication{};
  /// Whether an object is this process's to write. Null: each is.
  ObjectFailure::IsOurs is_ours{};
  /// Of a ContainerRegistry that has become Ready the publications of this process that use it and are not. Null: they
  /// wait until their time comes.
  std::function<std::vector<ObjectKey>(const ContainerRegistry&)> unready_users{};
};

/// The reconcilers and everything that they need beside the objects: registries, transfer, signs of life. The same over
/// a folder and in a cluster. Thread-safe.
class Assembly {
 public:
  Assembly(AssemblySettings settings, const AssemblyPorts& ports, const Surroundings& surroundings);
  ~Assembly();
  Assembly(const Assembly&) = delete;
  Assembly& operator=(const Assembly&) = delete;

  /// Of every kind.
  runtime::ReconcilersByKind reconcilers();
  publish::PublishReconciler& publisher();
  /// Where is added what a silent host had put off, once it may be asked, and what waited for a ContainerRegistry, once
  /// it is Ready. Outlives every visit.
  void bring_back_through(runtime::WorkQueue& queue);
  /// What the reconcilers write through.
  ObjectWriter& writer();
  /// Nothing is marked until somebody watches.
  LongVisits& long_visits();
  /// The registry host that a visit goes to, of publications and registries; empty where that is not known. Waits for
  /// nothing.
  std::string host_of(const ObjectKey& key) const;
  /// Of requests and transfers; visits and looks at a folder are for whoever makes them to add.
  runtime::SignsOfLife& signs();
  /// Why the status could not be written when it was tried last, and why nothing could be recorded in the audit log;
  /// absent when it could.
  std::optional<Error> write_failure() const;
  std::optional<Error> audit_failure() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace slipway::assembly
