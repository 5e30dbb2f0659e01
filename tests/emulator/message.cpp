#include "tests/emulator/message.h"

#include "reconcilers/json.h"

namespace slipway::emulator {

std::uint64_t Answer::size() const {
  if (const FilePart* part = std::get_if<FilePart>(&body)) return part->count;
  return std::get<std::string>(body).size();
}

Answer json_answer(unsigned status, std::string text) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json; charset=utf-8"}},
          .body = std::move(text),
          .cut = false};
}

Answer error_answer(unsigned status, const std::string& code, const std::string& message, const Node& detail) {
  const Node error = json::MapBuilder()
                         .add("code", json::text(code))
                         .add("message", json::text(message))
                         .add("detail", detail)
                         .build();
  return json_answer(status, to_json_text(json::MapBuilder().add("errors", json::list({error})).build()) + "\n");
}

Answer failure_answer(const Error& error) {
  if (error.reason == "ConnectionCut") return {.status = 499, .headers = {}, .body = {}, .cut = true};
  return error_answer(500, "UNKNOWN", error.message);
}

Result<std::string> read_text(RequestBody& body, std::size_t limit) {
  std::string text;
  std::string space(64 << 10, '\0');
  for (;;) {
    const Result<std::size_t> count = body.read(space);
    if (!count) return std::unexpected(count.error());
    if (*count == 0) return text;
    text.append(space, 0, *count);
    if (text.size() > limit) return fail(ErrorClass::Invalid, "http: request body too large", "send less");
  }
}

}  // namespace slipway::emulator
