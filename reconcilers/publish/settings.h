#pragma once

#include <string>

namespace slipway::publish {

/// What an installation of Slipway decides for all of its publications.
struct Settings {
  std::string publisher_id;  ///< Who publishes, in every record: of the cluster, the folder or the repository.
  std::string version;       ///< Of Slipway.
  bool one_shot = false;     ///< `waitFor` is 0 when the resource does not say.
  bool in_cluster = false;   ///< Addresses of this machine are not called at a tenant's word.
};

}  // namespace slipway::publish
