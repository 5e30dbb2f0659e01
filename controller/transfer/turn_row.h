#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace slipway::transfer {

/// Who is next at something that one has at a time. Of the tenants who wait it is the one that waited longest since it
/// came or its last turn ended, so that another waits for one turn of it at most, however many requests it has; of that
/// one's requests the one whose last turn is longest ago; of those the first that came. One thread at a time.
class TurnRow {
 public:
  /// One request; it outlives its places in the row.
  struct OfRequest {
    std::string tenant;      ///< Whose it is.
    std::uint64_t last = 0;  ///< When its last turn ended: the row's own.
  };

  /// One place more for it: a request may have several.
  void join(OfRequest& request);
  /// One of its places goes, without a turn.
  void leave(OfRequest& request);
  /// Whether nobody has a turn and the next one is the request's, which has a place.
  bool is_next(const OfRequest& request) const;
  /// One of its places becomes its turn.
  void begin(OfRequest& request);
  void end();
  /// Whether other requests than that one have places.
  bool has_others_than(const OfRequest& request) const;

 private:
  bool is_here(const std::string& tenant) const;
  void forget_if_gone(const std::string& tenant);

  OfRequest* holder_ = nullptr;
  std::vector<const OfRequest*> waiting_;       ///< As they came, one entry a place.
  std::map<std::string, std::uint64_t> since_;  ///< Of the tenants who wait or have the turn.
  std::uint64_t ended_ = 0;                     ///< Turns.
};

}  // namespace slipway::transfer
