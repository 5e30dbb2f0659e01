#pragma once

#include <compare>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace slipway::runtime {

/// Whose work it is and which registry host it goes to; empty: no namespace's, and a host that is not known.
struct Lane {
  std::string namespace_name;
  std::string host;
  auto operator<=>(const Lane&) const = default;
};

/// How many there are of each name; the empty one is none.
class NameCounts {
 public:
  void add(const std::string& name) { ++counts_[name]; }
  void remove(const std::string& name);
  std::size_t of(const std::string& name) const;
  bool has_other_than(const std::string& name) const;
  /// Whether there is a name here of which `other` has none.
  bool has_beyond(const NameCounts& other) const;
  bool empty() const { return counts_.empty(); }
  std::size_t names() const { return counts_.size() - counts_.count(""); }

 private:
  std::map<std::string, std::size_t> counts_;
};

/// How many there are of each namespace, of each host, and of each namespace at a host.
class LaneCounts {
 public:
  void add(const Lane& lane);
  void remove(const Lane& lane);
  std::size_t size() const { return size_; }
  const NameCounts& namespaces() const { return namespaces_; }
  const NameCounts& hosts() const { return hosts_; }
  const NameCounts& namespaces_at(const std::string& host) const;

 private:
  std::size_t size_ = 0;
  NameCounts namespaces_;
  NameCounts hosts_;
  std::map<std::string, NameCounts> at_;
};

/// Who may have a free worker. Namespaces share the workers, hosts do, and at each host the namespaces share what it
/// has: what hangs or drips in some leaves the others theirs. Pure; for one moment.
///
///   a namespace   half of the workers while there are others; not the last free one while another has none (of eight
///                 workers or more: never, who has none may not be known yet)
///   a host        half of the workers while there are others; not the last free one while another has none, nor do
///                 namespaces that have some leave less than one beside their own for it
///   a namespace   of that half, where the host has no more, a half again while there are others at that host, and not
///   at a host     the last one while another has none there (of eight workers or more: never)
class WorkerShares {
 public:
  /// `known`: of all that may want one, in any state; both outlive it.
  WorkerShares(std::size_t workers, const LaneCounts& running, const LaneCounts& known);
  /// How many workers the lane's namespace has; nothing: the lane gets no more now.
  std::optional<std::size_t> burden(const Lane& lane) const;

 private:
  bool namespace_may(const std::string& name) const;
  bool host_may(const Lane& lane) const;
  bool namespace_may_at(const Lane& lane, std::size_t at_host, std::size_t share) const;

  const std::size_t workers_;
  const LaneCounts& running_;
  const LaneCounts& known_;
  const std::size_t free_;
  const bool namespaces_wait_;  ///< Some have no worker, or may come.
  const bool hosts_wait_;
};

}  // namespace slipway::runtime
