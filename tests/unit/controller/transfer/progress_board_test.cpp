#include "controller/transfer/progress_board.h"

#include <algorithm>
#include <functional>
#include <future>

#include "tests/catch.h"
#include "tests/support/fake_blob_ends.h"

using namespace slipway;
using namespace slipway::testing;
using namespace slipway::transfer;

TEST_CASE("a blob that starts again takes what it had off the total", "[transfer]") {
  const std::string one(100, '1');
  const std::string two(100, '2');
  std::vector<std::int64_t> totals;
  std::vector<std::string> notes;
  ProgressBoard board({descriptor_of(one), descriptor_of(two)}, [&](const TransferProgress& progress) {
    totals.push_back(progress.bytes_done);
    notes.push_back(progress.note);
  });
  board.moved(descriptor_of(two), 50);
  board.moved(descriptor_of(one), 80);
  board.told("one cut, sent again from its start");
  board.moved(descriptor_of(one), 10);
  board.moved(descriptor_of(one), 10);
  board.done(descriptor_of(one), BlobOutcome::Sent);
  board.done(descriptor_of(two), BlobOutcome::Sent);
  CHECK(totals == std::vector<std::int64_t>{50, 130, 130, 60, 150, 200});
  CHECK(notes == std::vector<std::string>{"", "", "one cut, sent again from its start", "", "", ""});
}

TEST_CASE("what was present or mounted is told apart from what was moved", "[transfer]") {
  const std::string one(100, '1');
  const std::string two(200, '2');
  const std::string three(300, '3');
  std::vector<std::int64_t> there;
  ProgressBoard board({descriptor_of(one), descriptor_of(two), descriptor_of(three)},
                      [&](const TransferProgress& progress) { there.push_back(progress.bytes_there); });
  board.done(descriptor_of(one), BlobOutcome::Present);
  board.moved(descriptor_of(two), 50);
  board.done(descriptor_of(two), BlobOutcome::Sent);
  board.done(descriptor_of(three), BlobOutcome::Mounted);
  CHECK(there == std::vector<std::int64_t>{100, 100, 100, 400});
}

TEST_CASE("a blob waits until it moves or is done", "[transfer]") {
  const std::string one(100, '1');
  const std::string two(100, '2');
  std::vector<std::string> waiting;
  ProgressBoard board({descriptor_of(one), descriptor_of(two)},
                      [&](const TransferProgress& progress) { waiting.push_back(progress.waiting); });
  board.waits(descriptor_of(one), "one waits");
  board.moved(descriptor_of(two), 50);
  board.moved(descriptor_of(one), 10);
  board.waits(descriptor_of(two), "two waits");
  board.done(descriptor_of(two), BlobOutcome::Present);
  CHECK(waiting == std::vector<std::string>{"one waits", "one waits", "", "two waits", ""});
}

TEST_CASE("an older total never comes after a newer one, however slow the listener is", "[transfer]") {
  const std::string one(100, '1');
  const std::string two(100, '2');
  std::promise<void> listening;
  std::promise<void> go_on;
  bool is_first = true;
  std::vector<std::int64_t> totals;
  std::vector<std::string> notes;
  ProgressBoard board({descriptor_of(one), descriptor_of(two)}, [&](const TransferProgress& progress) {
    if (std::exchange(is_first, false)) {
      listening.set_value();
      go_on.get_future().wait();
    }
    totals.push_back(progress.bytes_done);
    if (!progress.note.empty()) notes.push_back(progress.note);
  });
  auto slow = std::async(std::launch::async, [&] { board.moved(descriptor_of(one), 10); });
  listening.get_future().wait();
  board.moved(descriptor_of(two), 10);
  board.resumed("cut");
  board.moved(descriptor_of(two), 20);
  go_on.set_value();
  slow.get();
  CHECK(totals.front() == 10);
  CHECK(std::is_sorted(totals.begin(), totals.end()));
  CHECK(totals.back() == 30);
  CHECK(notes == std::vector<std::string>{"cut"});
}

TEST_CASE("the last word tells every note that is left", "[transfer]") {
  const std::string one(100, '1');
  std::vector<std::string> notes;
  std::vector<std::string> expected;
  std::function<void()> meanwhile;
  ProgressBoard board({descriptor_of(one)}, [&](const TransferProgress& progress) {
    if (meanwhile) std::exchange(meanwhile, nullptr)();
    if (!progress.note.empty()) notes.push_back(progress.note);
  });
  meanwhile = [&] {
    for (int i = 0; i < 30; ++i) board.told(expected.emplace_back("note " + std::to_string(i)));
  };
  board.tell();
  CHECK(notes.size() < expected.size());
  board.tell_all();
  CHECK(notes == expected);
}
