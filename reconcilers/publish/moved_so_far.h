#pragma once

#include <map>
#include <mutex>
#include <string>

#include "crds/v1alpha1/image_publication.h"

namespace slipway::publish {

/// What this process moved for publications that are not on record as finished: the visit that ends one finds it there,
/// sends nothing, and tells of all. Lost with the process. Thread-safe.
class MovedSoFar {
 public:
  /// What was moved for `publication_hash` (empty: not known) up to now, `moved` included. Forgets what was moved for
  /// another publication of the object.
  TransferStatus add(const ObjectKey& object, const std::string& publication_hash, const TransferStatus& moved);
  void forget(const ObjectKey& object);
  bool knows(const ObjectKey& object) const;

 private:
  struct Moved {
    std::string publication_hash;
    TransferStatus transfer;
  };

  mutable std::mutex mutex_;
  std::map<ObjectKey, Moved> moved_;
};

}  // namespace slipway::publish
