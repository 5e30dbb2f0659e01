#pragma once

#include <memory>
#include <optional>
#include <string>

#include "crds/base/image_reference.h"
#include "crds/base/result.h"
#include "crds/v1alpha1/container_registry.h"
#include "crds/v1alpha1/image_publication.h"
#include "reconcilers/ports/audit_log.h"
#include "reconcilers/ports/image_source.h"
#include "reconcilers/ports/image_store.h"

namespace slipway {

/// Who reads a source.
struct SourceSignIn {
  std::string namespace_name;  ///< Of the pull secret.
  bool environment = false;    ///< The credentials of the environment are lent to who has no pull secret.
  bool operator==(const SourceSignIn&) const = default;
};

/// What came of a sign-in.
struct SignIn {
  enum class End {
    NotAsked,       ///< What it takes besides credentials (certificates, a readable spec) is not there.
    NoCredentials,  ///< They are not there, can't be read or make no sense; nothing was asked.
    NoAnswer,       ///< It was asked, and nobody who is trusted answered; or its answer says that it can't now.
    Answered,       ///< It said what `identity` holds.
  };
  Result<std::string> identity;  ///< In use, or why there is none.
  End end = End::Answered;
  bool operator==(const SignIn&) const = default;
};

/// Opens repositories and sources with the right credentials. Opening sends nothing. Thread-safe.
class Registries {
 public:
  virtual ~Registries() = default;

  /// A repository of `registry`, signed in as its spec says, to look at: with tokens that cannot push.
  virtual Result<std::unique_ptr<ImageStore>> open(const ContainerRegistry& registry,
                                                   const std::string& repository) = 0;

  /// The same to change it, for `who`: each change of a manifest or tag is in the audit log before it is made.
  virtual Result<std::unique_ptr<ImageStore>> open_to_change(const ContainerRegistry& registry,
                                                             const std::string& repository,
                                                             const AuditSubject& who) = 0;

  /// An image of any registry: with the pull secret, with credentials of the environment where they are lent and there
  /// is no cluster, else anonymous.
  virtual Result<std::unique_ptr<ImageSource>> open_source(const RegistrySource& source,
                                                           const SourceSignIn& sign_in) = 0;

  /// A layout or archive; `base_folder` is the folder of the resource's file. Refused outside `--root`.
  virtual Result<std::unique_ptr<ImageSource>> open_file(const SourceSpec& source, const std::string& base_folder) = 0;

  /// Whether the registry answers and takes the credentials: the identity in use, or why not, and how far it came.
  virtual SignIn sign_in(const ContainerRegistry& registry, std::stop_token stop) = 0;
};

}  // namespace slipway
