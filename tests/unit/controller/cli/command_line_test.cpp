#include "controller/cli/command_line.h"

#include "tests/catch.h"

namespace slipway::cli {

TEST_CASE("a run is over exactly one place, with the flags of that place") {
  struct Row {
    std::vector<std::string> flags;
    std::string wrong;  ///< What is said; empty: it runs.
  };
  const auto row = GENERATE(values<Row>({
      {{"--manifests", "m"}, ""},
      {{"--manifests", "m", "--root", "r", "--allow-empty"}, ""},
      {{"--in-cluster"}, ""},
      {{"--in-cluster", "--watch-namespaces=a,b", "--lease-namespace=a", "--lease-group", "b", "--grace", "20s"}, ""},
      {{"--kubeconfig", "k", "--context", "dev"}, ""},
      {{}, "nothing says where the resources are; give one of --manifests, --in-cluster and --kubeconfig"},
      {{"--manifests", "m", "--in-cluster"}, "the resources are in one place"},
      {{"--in-cluster", "--kubeconfig", "k"}, "the resources are in one place"},
      {{"--in-cluster", "--context", "dev"}, "--context is one of a kubeconfig"},
      {{"--manifests", "m", "--context", "dev"}, "--context is one of a kubeconfig"},
      {{"--manifests", "m", "--watch-namespaces", "a"}, "--watch-namespaces is for a cluster"},
      {{"--in-cluster", "--state", "s"}, "for a folder; leave them out"},
      {{"--kubeconfig", "k", "--branch", "main"}, "for a folder; leave them out"},
      {{"--in-cluster", "--lease-group", "A b"}, "--lease-group: \"A b\" is no name; write at most 63 of a-z"},
      {{"--in-cluster", "--grace", "0s"}, "--grace: \"0s\" is out of bounds; write 1s to 1h"},
      {{"--manifests", "m", "--git-interval", "25h"}, "--git-interval: \"25h\" is out of bounds; write 1s to 24h"},
  }));
  std::vector<std::string> arguments{"run"};
  arguments.insert(arguments.end(), row.flags.begin(), row.flags.end());
  const auto parsed = parse_command_line(arguments);
  CAPTURE(row.flags);
  if (row.wrong.empty()) {
    CHECK(std::holds_alternative<Command>(parsed));
  } else {
    REQUIRE(std::holds_alternative<Usage>(parsed));
    CHECK(std::get<Usage>(parsed).code == ExitCode::Invalid);
    CHECK_THAT(std::get<Usage>(parsed).text, Catch::Contains(row.wrong));
  }
}

TEST_CASE("a time to give up after is no longer than what clocks can count") {
  const std::string verb = GENERATE("publish", "plan");
  const auto parsed = [&](const std::string& timeout) {
    return parse_command_line({verb, "-f", "d", "--timeout", timeout});
  };
  CHECK(std::holds_alternative<Command>(parsed("10y")));
  const auto refused = parsed("300y");
  REQUIRE(std::holds_alternative<Usage>(refused));
  CHECK(std::get<Usage>(refused).code == ExitCode::Invalid);
  CHECK_THAT(std::get<Usage>(refused).text,
             Catch::Contains(verb + ": --timeout: \"300y\" is out of bounds; write 10y at most"));
}

TEST_CASE("an empty text is no value, and is told so") {
  const auto [flag, arguments] = GENERATE(values<std::pair<std::string, std::vector<std::string>>>({
      {"--at", {"plan", "-f", "d", "--at", ""}},
      {"--timeout", {"plan", "-f", "d", "--timeout", ""}},
      {"--timeout", {"publish", "-f", "d", "--timeout", ""}},
      {"--git-interval", {"run", "--manifests", "d", "--git-interval", ""}},
      {"--grace", {"run", "--in-cluster", "--grace", ""}},
      {"--since", {"audit", "export", "--since", ""}},
      {"--head", {"audit", "verify", "--head", ""}},
      {"--after", {"audit", "verify", "log", "--after", ""}},
      {"--path", {"plan", "-f", "d", "--path", ""}},
      {"--state", {"get", "-f", "d", "--state", ""}},
      {"--namespace", {"get", "-f", "d", "-n", ""}},
      {"--watch-namespaces", {"run", "--in-cluster", "--watch-namespaces", ""}},
      {"NAME", {"describe", "ipub", "", "-f", "d"}},
      {"--state", {"publish", "-f", "d", "--state=", "--allow-empty"}},
      {"--publisher-id", {"publish", "-f", "d", "--publisher-id=", "--allow-empty"}},
      {"--at", {"plan", "--at=", "-f", "d"}},
      {"--at", {"plan", "-f", "d", "--at=", "--timeout", "5s"}},
      {"--timeout", {"publish", "-f", "d", "--timeout="}},
  }));
  CAPTURE(arguments);
  const auto parsed = parse_command_line(arguments);
  REQUIRE(std::holds_alternative<Usage>(parsed));
  CHECK(std::get<Usage>(parsed).code == ExitCode::Invalid);
  CHECK_THAT(std::get<Usage>(parsed).text, Catch::Contains(flag + ": it is empty; give it a value, or leave it out"));
}

TEST_CASE("an empty text is no yes") {
  const std::string flag = GENERATE("--allow-empty", "--in-cluster");
  const auto parsed = parse_command_line({"run", "--manifests", "d", flag + "="});
  REQUIRE(std::holds_alternative<Usage>(parsed));
  CHECK(std::get<Usage>(parsed).code == ExitCode::Invalid);
  CHECK_THAT(std::get<Usage>(parsed).text,
             Catch::Contains(flag + ": it is empty; give it true or false, or leave it out"));
}

TEST_CASE("an empty text is none where the option has to be there") {
  const auto parsed = parse_command_line({"plan", "-f", ""});
  REQUIRE(std::holds_alternative<Usage>(parsed));
  CHECK_THAT(std::get<Usage>(parsed).text, Catch::Contains("--filename: it is empty; give it a value; see slipway"));
}

TEST_CASE("an empty text takes the endpoints away, and no flag's meaning") {
  const auto listen = GENERATE(values<std::vector<std::string>>({{"--listen", ""}, {"--listen="}}));
  std::vector<std::string> arguments{"run", "--manifests", "d"};
  arguments.insert(arguments.end(), listen.begin(), listen.end());
  arguments.push_back("--allow-empty");
  const auto parsed = parse_command_line(arguments);
  REQUIRE(std::holds_alternative<Command>(parsed));
  const auto& run = std::get<RunOptions>(std::get<Command>(parsed));
  CHECK(run.listen.empty());
  CHECK(run.folder.allow_empty);
}

TEST_CASE("whoever names several files is told to name the folder") {
  const auto arguments = GENERATE(values<std::vector<std::string>>({
      {"publish", "-f", "a.yaml", "-f", "b.yaml"},
      {"plan", "-f", "deploy/a.yaml", "deploy/b.yaml", "deploy/c.yaml"},
      {"plan", "--filename", "deploy/a.yaml", "deploy/b.yaml", "--timeout", "5s"},
      {"get", "ipub", "web", "-f", "deploy/a.yaml", "deploy/b.yaml"},
  }));
  const auto parsed = parse_command_line(arguments);
  REQUIRE(std::holds_alternative<Usage>(parsed));
  CHECK_THAT(std::get<Usage>(parsed).text,
             Catch::Contains("several files are named; name the one folder that they are in; see slipway"));
}

TEST_CASE("a word that nothing takes is told as it stands, not as a file") {
  const auto [words, arguments] = GENERATE(values<std::pair<std::string, std::vector<std::string>>>({
      {R"("--tiemout" "5m")", {"publish", "-f", "d", "--tiemout", "5m"}},
      {R"("--tiemout" "5m")", {"publish", "--tiemout", "5m", "-f", "d"}},
      {R"("--stat" "x.db")", {"validate", "-f", "d", "--stat", "x.db"}},
      {R"("--listen-address" "127.0.0.1:0")", {"run", "--manifests", "d", "--listen-address", "127.0.0.1:0"}},
      {R"("-x" "5")", {"publish", "-f", "d", "-x", "5"}},
      {R"("api")", {"get", "ipub", "web", "api", "-f", "d"}},
      {R"("api")", {"describe", "ipub", "-f", "d", "-n", "shop", "web", "api"}},
      {R"("10s")", {"publish", "-f", "d", "--timeout", "5m", "10s"}},
      {R"("debug")", {"publish", "-f", "d", "--log-level", "info", "debug"}},
      {R"("b.yaml" "--tiemout" "5m")", {"publish", "-f", "a.yaml", "b.yaml", "--tiemout", "5m"}},
      {R"("")", {"publish", "-f", "d", "--allow-empty", ""}},
  }));
  CAPTURE(arguments);
  const auto parsed = parse_command_line(arguments);
  REQUIRE(std::holds_alternative<Usage>(parsed));
  CHECK(std::get<Usage>(parsed).code == ExitCode::Invalid);
  CHECK_THAT(std::get<Usage>(parsed).text, Catch::Contains(": not expected: " + words + "; see slipway"));
}

TEST_CASE("help is a word, too") {
  for (const auto& [word, flag] : std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>>{
           {{"help"}, {"--help"}}, {{"help", "publish"}, {"publish", "--help"}}}) {
    const auto by_word = parse_command_line(word);
    const auto by_flag = parse_command_line(flag);
    REQUIRE(std::holds_alternative<Usage>(by_word));
    REQUIRE(std::holds_alternative<Usage>(by_flag));
    CHECK(std::get<Usage>(by_word).code == ExitCode::Ok);
    CHECK(std::get<Usage>(by_word).text == std::get<Usage>(by_flag).text);
  }
  CHECK_THAT(std::get<Usage>(parse_command_line({"help", "bogus"})).text,
             Catch::Contains("there is no verb \"bogus\""));
}

TEST_CASE("namespaces are listed with commas") {
  const auto parsed = parse_command_line({"run", "--in-cluster", "--watch-namespaces=slipway-system,shop"});
  REQUIRE(std::holds_alternative<Command>(parsed));
  const auto& run = std::get<RunOptions>(std::get<Command>(parsed));
  CHECK(run.cluster.watch_namespaces == std::vector<std::string>{"slipway-system", "shop"});
}

TEST_CASE("a path without its flag and a name without its kind are told so") {
  struct Row {
    std::vector<std::string> arguments;
    std::string said;
  };
  const auto row = GENERATE(values<Row>({
      {{"publish", "deploy"},
       "slipway publish: \"deploy\" is no option; name files with -f: slipway publish -f deploy"},
      {{"validate", "deploy"}, "name files with -f: slipway validate -f deploy"},
      {{"run", "deploy"}, "slipway run --manifests deploy"},
      {{"describe", "app", "-f", "d"},
       "\"app\" is no kind (acr, ipub, retpol); write the kind before the name: "
       "slipway describe ipub app"},
      {{"get", "ipub/app", "-f", "d"}, "write the kind and the name apart: slipway get ipub app"},
      {{"describe", "ipub/shop/app"}, "write the kind and the name apart: slipway describe ipub shop/app"},
      {{"get", "acr,ipub"}, "\"acr,ipub\" is no kind (acr, ipub, retpol); name one: slipway get ipub"},
      {{"get", "all", "-f", "d"}, "\"all\" is no kind (acr, ipub, retpol); name one: slipway get ipub"},
      {{"get", "ipub", "shop/app", "-n", "team", "-f", "d"}, "\"shop/app\" is not in the namespace of -n"},
  }));
  const auto parsed = parse_command_line(row.arguments);
  REQUIRE(std::holds_alternative<Usage>(parsed));
  CHECK(std::get<Usage>(parsed).code == ExitCode::Invalid);
  CHECK_THAT(std::get<Usage>(parsed).text, Catch::Contains(row.said));
}

TEST_CASE("a name may bring its namespace along, as it is printed") {
  const auto parsed = parse_command_line({"get", "ipub", "shop/app", "-f", "d"});
  REQUIRE(std::holds_alternative<Command>(parsed));
  const auto& get = std::get<GetOptions>(std::get<Command>(parsed));
  CHECK(get.name == "app");
  CHECK(get.namespace_name == "shop");
}

}  // namespace slipway::cli
