#pragma once

#include <string>

#include "crds/base/time.h"

namespace slipway::publish {

/// What an installation of Slipway decides for all of its publications.
struct Settings {
  std::string publisher_id;  ///< Who publishes, in every record: of the cluster, the folder or the repository.
  std::string version;       ///< Of Slipway.
  bool one_shot = false;     ///< The process ends with its work: nothing is waited for unless the resource says so.
  Timestamp started_at{};    ///< Of a one-shot process: `waitFor` and `retry` count from it, not from an earlier try.
  /// When a process that goes on began: a deletion that it did not see begin may be held up a little from then.
  Timestamp at_work_since{};
  /// Who runs it is the only publisher: the credentials of its environment read any source. Otherwise only those that
  /// the access entry names.
  bool lends_credentials = false;
  /// What its owner gave it to read, in words; empty where tenants must not learn which registries there are.
  std::string read_from = {};
  bool in_cluster = false;  ///< Addresses of this machine are not called at a tenant's word.
};

}  // namespace slipway::publish
