#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>

#include "crds/base/result.h"
#include "tests/emulator/configuration.h"
#include "tests/emulator/faults.h"
#include "tests/emulator/message.h"
#include "tests/emulator/registry.h"
#include "tests/emulator/requests_log.h"
#include "tests/emulator/sign_in.h"

namespace slipway::emulator {

/// Everything behind the connections. answer() and disturb() are safe from every thread.
class Application {
 public:
  static Result<std::unique_ptr<Application>> open(Configuration configuration, const std::filesystem::path& data);

  Disturbance disturb(const Request& request) { return faults_.hit(request.method, request.target.path); }
  Answer answer(Request& request, const std::stop_token& stop);
  RequestsLog& log() { return log_; }

 private:
  Application(Configuration configuration, std::unique_ptr<Repositories> repositories,
              const std::filesystem::path& uploads);
  Answer dispatch(Request& request, const std::stop_token& stop);
  Answer registry_answer(Request& request, const std::stop_token& stop);
  std::optional<Answer> disturbed(const Request& request) const;
  Answer admin(Request& request);
  Answer admin_faults(Request& request);
  Answer reset(Request& request);

  const Configuration configuration_;
  const Tokens tokens_;
  const SignIn sign_in_{configuration_, tokens_};
  std::unique_ptr<Repositories> repositories_;
  Uploads uploads_;
  const Registry registry_{configuration_, *repositories_, uploads_, tokens_};
  Faults faults_;
  RequestsLog log_;
};

}  // namespace slipway::emulator
