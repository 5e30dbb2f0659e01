#pragma once

#include <memory>
#include <string>

#include "controller/registry/connection.h"
#include "reconcilers/ports/image_store.h"

namespace slipway::registry {

/// An open upload at its newest Location, which is under way. `connection` outlives it.
std::unique_ptr<BlobUpload> open_upload(Connection& connection, Errand errand, std::string location);

/// The Location of an answer to `asked`, made absolute; it must stay at the registry's own origin, because the token
/// goes there. Unavailable when it is missing.
Result<std::string> location_of(const http::Request& asked, const http::Response& response);

}  // namespace slipway::registry
