#include "controller/cli/lease_group.h"

#include "tests/catch.h"

namespace slipway::cli {

TEST_CASE("a run with a kubeconfig is of its host's group, and one in a cluster of the installation's") {
  struct Row {
    ClusterFlags flags;
    std::string host;
    std::string group;
  };
  const ClusterFlags in_cluster{.in_cluster = true};
  const ClusterFlags outside{.kubeconfig = "k"};
  const auto row = GENERATE_COPY(values<Row>({
      {in_cluster, "slipway-6d5f", "slipway"},
      {outside, "slipway", "run-slipway"},
      {outside, "Anna's_Laptop.example", "run-anna-s-laptop-example"},
      {outside, "", "run"},
      {outside, std::string(100, 'a'), "run-" + std::string(59, 'a')},
      {outside, std::string(58, 'a') + ".b", "run-" + std::string(58, 'a')},
      {{.kubeconfig = "k", .lease_group = "eu"}, "laptop", "eu"},
      {{.in_cluster = true, .lease_group = "eu"}, "laptop", "eu"},
  }));
  const std::string group = lease_group_of(row.flags, row.host);
  CHECK(group == row.group);
  CHECK(is_group_name(group));
}

}  // namespace slipway::cli
