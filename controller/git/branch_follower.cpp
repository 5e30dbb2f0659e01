#include "controller/git/branch_follower.h"

#include <algorithm>
#include <utility>

#include "crds/base/problem_list.h"

namespace slipway::git {

Result<Client> BranchFollower::client(const std::function<void()>& alive) const {
  auto credentials =
      read_credentials(settings_.location, settings_.credentials, [this](const char* name) -> const char* {
        const auto found = settings_.environment.find(name);
        return found == settings_.environment.end() ? nullptr : found->second.c_str();
      });
  if (!credentials) return std::unexpected{credentials.error()};
  auto home = make_home(checkouts_.folder());
  if (!home) return std::unexpected{home.error()};
  // Of programs that trust other certificates than the system's.
  if (const auto ca = settings_.environment.find("SSL_CERT_FILE");
      ca != settings_.environment.end() && credentials->ca_file.empty())
    credentials->ca_file = ca->second;
  return Client{{settings_.location, std::move(*credentials), settings_.environment, std::move(*home), alive}};
}

Result<Checkout> BranchFollower::newest(std::stop_token stop) const {
  const auto client = this->client({});
  if (!client) return std::unexpected{client.error()};
  const auto tip = client->tip(settings_.branch, stop);
  if (!tip) return std::unexpected{tip.error()};
  auto newest = checkouts_.add(*client, *tip, stop);
  if (newest) checkouts_.sweep(newest->commit);
  return newest;
}

Result<std::vector<Problem>> BranchFollower::examine(const Checkout& newest) const {
  auto problems = examine_(newest);
  if (problems || problems.error().cls == ErrorClass::Unavailable) return problems;
  return std::vector{problem_of(problems.error())};
}

Result<Look> BranchFollower::look(std::stop_token stop, const std::function<void()>& alive) {
  const auto client = this->client(alive);
  if (!client) return std::unexpected{client.error()};
  const auto tip = client->tip(settings_.branch, stop);
  if (!tip) return std::unexpected{tip.error()};
  Look look{.in_force = checkouts_.current(), .refused = {}, .was_before = {}};
  if (look.in_force && look.in_force->commit == tip->commit) return look;
  if (unfit_ && unfit_->first == tip->commit) {
    look.refused = unfit_->second;
    return look;
  }
  const auto newest = checkouts_.add(*client, *tip, stop);
  if (!newest && newest.error().cls == ErrorClass::Invalid) {
    unfit_.emplace(tip->commit, Refusal{revision_of(tip->branch, tip->commit), {problem_of(newest.error())}});
    look.refused = unfit_->second;
    return look;
  }
  if (!newest) return std::unexpected{newest.error()};
  auto problems = examine(*newest);
  if (!problems) return std::unexpected{problems.error()};
  checkouts_.sweep(newest->commit);
  if (!std::ranges::all_of(*problems, &Problem::warning)) {
    look.refused = Refusal{newest->revision, std::move(*problems)};
    return look;
  }
  if (const auto made = checkouts_.make_current(*newest); !made) return std::unexpected{made.error()};
  if (look.in_force) {
    look.was_before = look.in_force->revision;
    look.was_rewritten = checkouts_.was_rewritten(*client, *tip, look.in_force->commit, stop);
  }
  look.in_force = *newest;
  return look;
}

}  // namespace slipway::git
