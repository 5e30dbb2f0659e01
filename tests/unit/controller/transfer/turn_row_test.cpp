#include "controller/transfer/turn_row.h"

#include <string>
#include <vector>

#include "tests/catch.h"

using slipway::transfer::TurnRow;

namespace {

/// A row, and what turns are had of it one after the other.
struct Row {
  /// Who is next has a turn, and comes again if it is `back`.
  std::string turn(bool back = false) {
    for (auto* const request : all) {
      if (!row.is_next(*request)) continue;
      row.begin(*request);
      row.end();
      if (back) row.join(*request);
      return request->tenant;
    }
    return "nobody";
  }
  TurnRow::OfRequest& come(TurnRow::OfRequest& request) {
    row.join(request);
    all.push_back(&request);
    return request;
  }

  TurnRow row;
  std::vector<TurnRow::OfRequest*> all;
};

}  // namespace

TEST_CASE("turns: another tenant waits for one turn of that with many requests", "[deep]") {
  Row row;
  TurnRow::OfRequest rivals[]{{.tenant = "rival"}, {.tenant = "rival"}, {.tenant = "rival"}};
  TurnRow::OfRequest victim{.tenant = "victim"};
  for (auto& rival : rivals) row.come(rival);
  CHECK(row.turn() == "rival");
  row.come(victim);
  CHECK(row.turn(/*back=*/true) == "rival");
  CHECK(row.turn(/*back=*/true) == "victim");
  CHECK(row.turn(/*back=*/true) == "rival");
  CHECK(row.turn() == "victim");
  CHECK(row.turn() == "rival");
}

TEST_CASE("turns: who comes anew while others wait is behind them, whatever it had before", "[deep]") {
  Row row;
  TurnRow::OfRequest waits{.tenant = "waits"};
  std::vector<TurnRow::OfRequest> new_ones(6);
  for (std::size_t i = 0; i < new_ones.size(); ++i) new_ones[i].tenant = i % 2 == 0 ? "one" : "other";
  row.come(new_ones[0]);
  row.come(new_ones[1]);
  row.come(waits);
  CHECK(row.turn() == "one");
  row.come(new_ones[2]);
  CHECK(row.turn() == "other");
  row.come(new_ones[3]);
  CHECK(row.turn(/*back=*/true) == "waits");
  row.come(new_ones[4]);
  row.come(new_ones[5]);
  CHECK(row.turn() == "one");
  CHECK(row.turn() == "other");
  CHECK(row.turn() == "waits");
}

TEST_CASE("turns: of one tenant the request is next whose last turn is longest ago", "[deep]") {
  TurnRow row;
  TurnRow::OfRequest many{.tenant = "team"};
  TurnRow::OfRequest one{.tenant = "team"};
  row.join(many);
  row.join(many);
  row.join(many);
  CHECK(row.is_next(many));
  CHECK_FALSE(row.has_others_than(many));
  row.begin(many);
  CHECK_FALSE(row.is_next(many));
  row.join(one);
  CHECK_FALSE(row.is_next(one));
  CHECK(row.has_others_than(many));
  row.end();
  CHECK_FALSE(row.is_next(many));
  REQUIRE(row.is_next(one));
  row.leave(one);
  CHECK_FALSE(row.is_next(one));
  CHECK(row.is_next(many));
  row.leave(many);
  CHECK(row.is_next(many));
  row.leave(many);
  CHECK_FALSE(row.is_next(many));
}
