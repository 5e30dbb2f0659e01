#include "controller/assembly/watched_writer.h"

#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/support/builders.h"
#include "tests/support/in_memory_objects.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/controller/runtime/manual_steady_clock.h"

namespace slipway::assembly {

using namespace std::chrono_literals;

TEST_CASE("a state that can't be written is told until it can be again, what concerns one object is not") {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const tests::ManualClock clock{Timestamp{}};
  telemetry::Log log{clock, {.descriptor = ends[1]}};
  tests::InMemoryObjects objects;
  const auto publication = tests::make_publication();
  objects.apply(publication);
  tests::ManualSteadyClock steady;
  WatchedWriter writer{objects, log, steady};

  for (const auto cls : {ErrorClass::Conflict, ErrorClass::Cancelled}) {
    objects.before_write = [cls]() -> Result<void> { return fail(cls, "newer, or stopped", "nothing"); };
    CHECK_FALSE(writer.write_status(objects.stored(key_of(publication))));
    CHECK_FALSE(writer.failure());
  }

  objects.before_write = []() -> Result<void> { return fail(ErrorClass::Internal, "out of bounds", "report it"); };
  CHECK_FALSE(writer.write_status(objects.stored(key_of(publication))));
  CHECK_FALSE(writer.failure());
  std::array<char, 4096> text{};
  CHECK(read(ends[0], text.data(), text.size()) > 0);

  objects.before_write = []() -> Result<void> { return fail(ErrorClass::Unavailable, "disk is full", "free some"); };
  CHECK_FALSE(writer.write_status(objects.stored(key_of(publication))));
  REQUIRE(writer.failure());
  CHECK(writer.failure()->message == "disk is full");
  const auto size = read(ends[0], text.data(), text.size());
  REQUIRE(size > 0);
  const std::string line(text.data(), static_cast<std::size_t>(size));
  CHECK_THAT(line, Catch::Contains("disk is full") && Catch::Contains("ImagePublication shop/storefront"));

  objects.before_write = nullptr;
  CHECK(writer.write_status(objects.stored(key_of(publication))));
  CHECK_FALSE(writer.failure());

  objects.before_write = []() -> Result<void> { return fail(ErrorClass::Refused, "a policy", "change it"); };
  CHECK_FALSE(writer.write_status(objects.stored(key_of(publication))));
  CHECK_FALSE(writer.failure());

  // Nobody tries it again: the object is gone, or another replica's.
  objects.before_write = []() -> Result<void> { return fail(ErrorClass::Unavailable, "no answer", "wait"); };
  CHECK_FALSE(writer.write_status(objects.stored(key_of(publication))));
  steady.advance(ObjectFailure::kOldNews - 1ms);
  CHECK(writer.failure());
  steady.advance(1ms);
  CHECK_FALSE(writer.failure());
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("one object that can't be written while others are says nothing of the whole") {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const tests::ManualClock clock{Timestamp{}};
  telemetry::Log log{clock, {.descriptor = ends[1]}};
  tests::InMemoryObjects objects;
  const auto odd = tests::make_publication("odd");
  const auto sound = tests::make_publication("sound");
  const auto third = tests::make_publication("third");
  const auto fourth = tests::make_publication("fourth");
  for (const auto& object : {odd, sound, third, fourth}) objects.apply(object);
  tests::ManualSteadyClock steady;
  WatchedWriter writer{objects, log, steady};
  const auto write = [&](const ImagePublication& object, bool goes_well) {
    objects.before_write = nullptr;
    if (!goes_well) objects.before_write = []() -> Result<void> { return fail(ErrorClass::Unavailable, "no", "wait"); };
    CHECK(writer.write_status(objects.stored(key_of(object))).has_value() == goes_well);
  };

  /// Once what was written was so long ago that it says nothing.
  const auto fails_later = [&] {
    CHECK_FALSE(writer.failure());
    steady.advance(WatchedWriter::kJustNow);
    return writer.failure().has_value();
  };

  write(odd, false);
  CHECK(writer.failure());
  write(sound, true);
  CHECK_FALSE(fails_later());
  write(odd, false);
  CHECK_FALSE(writer.failure());
  // What fails for others too is the whole's.
  write(third, false);
  CHECK(writer.failure());
  write(sound, true);
  // Once it could be written, its failure is news again.
  write(odd, true);
  write(odd, false);
  CHECK(fails_later());
  // So many are the whole's, until one of them can be written again.
  write(sound, true);
  CHECK_FALSE(fails_later());
  write(fourth, false);
  write(sound, true);
  CHECK(fails_later());
  write(odd, false);
  write(sound, true);
  CHECK(fails_later());
  write(third, true);
  write(odd, true);
  CHECK_FALSE(fails_later());
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("many objects of one namespace that can't be written while others' are say nothing of the whole") {
  const tests::ManualClock clock{Timestamp{}};
  telemetry::Log log{clock, {.write = [](const std::string&) {}}};
  tests::InMemoryObjects objects;
  tests::ManualSteadyClock steady;
  WatchedWriter writer{objects, log, steady};
  std::vector<ImagePublication> all;
  for (int i = 0; i < 12; ++i) objects.apply(all.emplace_back(tests::make_publication("slow-" + std::to_string(i))));
  const auto sound = tests::make_publication("sound");
  objects.apply(sound);
  for (int round = 0; round < 20; ++round) {
    objects.before_write = nullptr;
    CHECK(writer.write_status(objects.stored(key_of(sound))));
    objects.before_write = [] { return Result<void>{fail(ErrorClass::Unavailable, "a time-out", "wait")}; };
    for (const auto& object : all) {
      CHECK_FALSE(writer.write_status(objects.stored(key_of(object))));
      CHECK_FALSE(writer.failure());
    }
    steady.advance(WatchedWriter::kJustNow - 1ms);
    CHECK_FALSE(writer.failure());
  }
  steady.advance(1ms);
  CHECK(writer.failure());
}

TEST_CASE("what can't be written of one namespace says nothing of the whole where there are others, however idle") {
  const tests::ManualClock clock{Timestamp{}};
  telemetry::Log log{clock, {.write = [](const std::string&) {}}};
  tests::InMemoryObjects objects;
  tests::ManualSteadyClock steady;
  WatchedWriter writer{objects, log, steady};
  const auto in = [&](const std::string& space, const std::string& name) {
    auto made = tests::make_publication(name);
    made.metadata.namespace_name = space;
    objects.apply(made);
    return made;
  };
  const auto write = [&](const ImagePublication& object, bool goes_well) {
    objects.before_write = nullptr;
    if (!goes_well) objects.before_write = []() -> Result<void> { return fail(ErrorClass::Unavailable, "no", "wait"); };
    CHECK(writer.write_status(objects.stored(key_of(object))).has_value() == goes_well);
  };
  const auto sound = in("sound", "app");
  const auto other = in("other", "app");
  std::vector<ImagePublication> odd;
  for (int i = 0; i < 5; ++i) odd.push_back(in("odd", "app-" + std::to_string(i)));

  write(sound, true);
  steady.advance(1h);
  for (const auto& each : odd) write(each, false);
  CHECK_FALSE(writer.failure());
  // A second namespace's too: nothing can be written any more, until something is.
  write(other, false);
  CHECK(writer.failure());
  write(sound, true);
  steady.advance(WatchedWriter::kJustNow);
  for (const auto& each : odd) write(each, false);
  CHECK_FALSE(writer.failure());
  // What failed long ago in another one counts no more.
  write(other, false);
  CHECK(writer.failure());
  steady.advance(ObjectFailure::kOldNews);
  for (const auto& each : odd) write(each, false);
  CHECK_FALSE(writer.failure());
}

TEST_CASE("what could not be written of an object that went to another process is told of no more") {
  const tests::ManualClock clock{Timestamp{}};
  telemetry::Log log{clock, {.write = [](const std::string&) {}}};
  tests::InMemoryObjects objects;
  const tests::ManualSteadyClock steady;
  const auto publication = tests::make_publication();
  objects.apply(publication);
  bool is_ours = true;
  WatchedWriter writer{objects, log, steady, [&](const ObjectKey& key) {
                         CHECK(key == key_of(publication));
                         return is_ours;
                       }};
  objects.before_write = [] { return Result<void>{fail(ErrorClass::Forbidden, "no right", "add it")}; };
  CHECK_FALSE(writer.write_status(objects.stored(key_of(publication))));
  CHECK(writer.failure());
  is_ours = false;
  CHECK_FALSE(writer.failure());
}

}  // namespace slipway::assembly
