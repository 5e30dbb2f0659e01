#include "reconcilers/gates/finding_remedy.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <string_view>
#include <utility>

#include "crds/base/text.h"

namespace slipway::gates {
namespace {

constexpr std::chrono::days kSuggestedException{30};
constexpr std::size_t kMostShown = 10;

void append(std::string& list, const std::string& one) {
  list += (list.empty() ? "" : ", ") + one;
}

std::string exception_for(const Finding& finding, Timestamp now) {
  return "- {id: " + quoted(finding.id) + ", package: " + quoted(finding.package) +
         ", until: " + to_string(now + kSuggestedException).substr(0, 10) + ", reason: …}";
}

std::string mend_of(const Finding& finding) {
  return finding.fixed_version.empty() ? "fix " + quoted(finding.id)
                                       : "update " + quoted(finding.package) + " to " + quoted(finding.fixed_version);
}

/// What the remedy is made of: lists, each without repetition.
struct Ways {
  std::string mends;
  std::string unfixed;
  std::string exceptions;
  std::size_t more = 0;  ///< Exceptions that are not shown.
};

Ways ways_out(const std::vector<const Finding*>& findings, Timestamp now) {
  Ways ways;
  std::set<std::pair<std::string_view, std::string_view>> excepted;
  std::set<std::string> told;
  for (const Finding* finding : findings) {
    if (!excepted.emplace(finding->id, finding->package).second) continue;
    if (excepted.size() > kMostShown) continue;
    append(ways.exceptions, exception_for(*finding, now));
    const std::string way = finding->fixable ? mend_of(*finding) : quoted(finding->id);
    if (told.insert(way).second) append(finding->fixable ? ways.mends : ways.unfixed, way);
  }
  ways.more = excepted.size() - std::min(excepted.size(), kMostShown);
  return ways;
}

}  // namespace

/// Without a fix there is nothing that whoever builds the image could do about it.
std::string remedy_for(const std::vector<const Finding*>& findings, bool floor, Timestamp now) {
  const Ways ways = ways_out(findings, now);
  const std::string who = floor ? "ask who keeps the ContainerRegistry " : "";
  std::string out = ways.mends;
  if (!ways.unfixed.empty())
    out +=
        (out.empty() ? "" : ", and ") + ("of " + ways.unfixed) + " no fix is known: " + who +
        (floor ? "to set gates.scan.unfixed of its access entry to Ignore" : "set spec.gates.scan.unfixed to Ignore") +
        ", which passes all such";
  out += ", or " + (ways.unfixed.empty() ? who : "") +
         (floor ? "to add to gates.scan.exceptions of its access entry: " : "add to spec.gates.scan.exceptions: ") +
         ways.exceptions;
  if (ways.more > 0) out += " and " + std::to_string(ways.more) + " more (slipway plan -o json lists the findings)";
  return out;
}

}  // namespace slipway::gates
