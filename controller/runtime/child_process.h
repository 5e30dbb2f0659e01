#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "controller/secret_text.h"
#include "crds/base/result.h"

namespace slipway::runtime {

/// A program to run: without a shell, without a terminal, in a session of its own.
struct ChildPlan {
  enum class Environment {
    Given,    ///< What `environment` says and nothing else.
    OursToo,  ///< Ours, where `environment` does not say otherwise.
  };
  enum class Errors {
    Kept,     ///< Given to the caller with its end.
    Ours,     ///< Our standard error is its own.
    Dropped,  ///< Nobody's.
  };
  std::string program;  ///< Looked for on our PATH when it has no slash.
  std::vector<std::string> arguments = {};
  std::vector<std::string> environment = {};  ///< "NAME=value". Others of the same user can read it: no secrets.
  Environment inherits = Environment::Given;
  std::string input = {};  ///< What it reads; whole before it starts.
  /// What it may read as /proc/self/fd/3 and on: kept in memory, seen in no list of processes.
  std::vector<SecretText> secrets = {};
  Errors errors = Errors::Kept;
  std::chrono::milliseconds longest{60'000};
  /// That it may write; 0: no bound. Set just after its start, so what it writes in its first moment may be larger.
  std::size_t largest_file = 0;
  /// Called many times a second while it runs, for who wants to know that it is waited for. May be null.
  std::function<void()> alive = {};
};

struct ChildEnd {
  int code = 0;             ///< 128 + the signal for one that was killed.
  std::string errors = {};  ///< The end of what it wrote to standard error, at most 16 KiB.
};

/// What a program that ended by itself said.
struct ChildAnswer {
  int code = 0;  ///< As in ChildEnd.
  std::string output = {};
};

/// Takes what comes out, in pieces; false to have no more of it: the program is killed.
using ChildOutput = std::function<bool(std::string_view piece)>;

/// Lets this process hear how its programs end: whoever started it may have it ignore that (SIGCHLD), and what is
/// ignored stays so. Once, before other threads start.
void hear_of_ended_programs();

/// Runs it to its end; whatever of its session is left then is killed. Invalid when it cannot be started, Unavailable
/// when its time is up, `output` wants no more or how it ended was not heard of, Cancelled when `stop` asks; then it is
/// killed. Messages name the program and nothing of what it said.
Result<ChildEnd> run_child(const ChildPlan& plan, const ChildOutput& output, const std::stop_token& stop);

/// The same, with all that comes out as one text: Unavailable when it is more than `most` bytes.
Result<ChildAnswer> ask_child(const ChildPlan& plan, std::size_t most, const std::stop_token& stop);

}  // namespace slipway::runtime
