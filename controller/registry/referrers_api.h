#pragma once

#include <string>

#include "controller/http/message.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/recently_used.h"
#include "reconcilers/ports/clock.h"

namespace slipway::registry {

/// Where a host has said that it lacks the referrers API. Thread-safe.
///
/// A registry has it as a whole or not at all, but a host may be a proxy before several, which goes by the first
/// element of a repository's name. So an answer counts for the repositories that share that element, and for an hour,
/// because registries are upgraded: who takes it for an answer about others loses their signatures without a word.
class ReferrersApi {
 public:
  explicit ReferrersApi(const Clock& clock) : clock_(clock) {}

  bool is_lacking(const std::string& repository);
  /// That the registry did not list referrers in `repository` but said what `response` says: it counts where it is
  /// about the path alone and a registry says it, no proxy. What is about a repository or subject is no word about the
  /// API.
  void note_refusal(const std::string& repository, const http::Response& response);
  /// The registry showed in `repository` that it has the API.
  void note_use(const std::string& repository);

 private:
  using Times = runtime::RecentlyUsed<std::string, Timestamp>;

  const Clock& clock_;
  runtime::Guarded<Times> lacking_until_{Times(1'000)};  ///< By the first element of repositories.
};

}  // namespace slipway::registry
