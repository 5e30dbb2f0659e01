#pragma once

#include <string>
#include <string_view>

#include "controller/http/message.h"

namespace slipway::http {

/// What a server, libcurl or git says of a failure, without what is another each time: the id of the request
/// ("CorrelationId: …"), how long it took, how many bytes had come, the port that was given to this end ("a:41234->b").
/// A failure that stays the same shall read the same: by its words a status differs, and an event is a new one.
std::string lasting_words(std::string words);

/// What the server calls the request of `response` in its own logs: by its header, or by its words where it refuses.
/// Empty: it says nothing that looks like an id.
std::string correlation_id(const Response& response);

}  // namespace slipway::http
