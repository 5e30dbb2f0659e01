#include "controller/runtime/core_dumps.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/catch.h"

using namespace slipway;

TEST_CASE("a process that forbids core dumps leaves none") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    runtime::forbid_core_dumps();
    rlimit limit{.rlim_cur = 1, .rlim_max = 1};
    const bool is_read = ::getrlimit(RLIMIT_CORE, &limit) == 0;
    const bool is_bounded = limit.rlim_cur == 0 && limit.rlim_max == 0;
    ::_exit(is_read && is_bounded && ::prctl(PR_GET_DUMPABLE) == 0 ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}
