#include "tests/emulator/configuration.h"

#include "crds/base/text.h"
#include "crds/base/time.h"
#include "tests/emulator/fields.h"

namespace slipway::emulator {
namespace {

/// One of two or more words; what it stands for comes second.
template <class T>
void choose(Fields& fields, std::string_view name, T& value, const std::vector<std::pair<std::string, T>>& words) {
  std::string text;
  if (!fields.optional(name, text)) return;
  std::string names;
  for (const auto& [word, meaning] : words) {
    if (text == word) {
      value = meaning;
      return;
    }
    names += (names.empty() ? "" : ", ") + word;
  }
  fields.refuse(name, quoted(text) + " is not one of " + names);
}

Result<Credential> parse_credential(const Node& node, const std::string& place) {
  Credential credential;
  Fields fields(node, place);
  fields.required("username", credential.username);
  fields.required("password", credential.password);
  fields.optional("entraToken", credential.entra_token);
  fields.optional("repositories", credential.repositories);
  std::vector<std::string> actions;
  if (fields.optional("actions", actions)) credential.actions = {actions.begin(), actions.end()};
  return fields.finish(std::move(credential));
}

Result<std::vector<Credential>> parse_credentials(const Node* node) {
  std::vector<Credential> credentials;
  if (node == nullptr) return credentials;
  for (std::size_t at = 0; at < node->items.size(); ++at) {
    Result<Credential> credential = parse_credential(node->items[at], "credentials[" + std::to_string(at) + "]");
    if (!credential) return std::unexpected(std::move(credential.error()));
    credentials.push_back(std::move(*credential));
  }
  return credentials;
}

void read_lifetime(Fields& fields, std::chrono::seconds& lifetime) {
  std::string text;
  if (!fields.optional("tokenLifetime", text)) return;
  const Result<std::chrono::seconds> parsed = parse_duration(text);
  if (!parsed) return fields.refuse("tokenLifetime", parsed.error().message);
  lifetime = *parsed;
}

Result<Configuration> read(const Node& node, const std::string& file) {
  Configuration configuration;
  Fields fields(node, file);
  choose<Profile>(fields, "profile", configuration.profile, {{"oci", Profile::Oci}, {"acr", Profile::Acr}});
  if (configuration.acr()) configuration.authentication = Authentication::Bearer;
  configuration.redirect_blobs = configuration.acr();
  choose<Authentication>(
      fields, "authentication", configuration.authentication,
      {{"None", Authentication::None}, {"Basic", Authentication::Basic}, {"Bearer", Authentication::Bearer}});
  choose<bool>(fields, "uploads", configuration.keep_cut_uploads, {{"keep", true}, {"drop", false}});
  fields.optional("anonymousPull", configuration.anonymous_pull);
  fields.optional("redirectBlobs", configuration.redirect_blobs);
  read_lifetime(fields, configuration.token_lifetime);
  Result<std::vector<Credential>> credentials = parse_credentials(fields.child("credentials"));
  if (!credentials) return std::unexpected(std::move(credentials.error()));
  configuration.credentials = std::move(*credentials);
  if (const Node* faults = fields.child("faults")) {
    Result<std::vector<Fault>> parsed = parse_faults(*faults);
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    configuration.faults = std::move(*parsed);
  }
  return fields.finish(std::move(configuration));
}

}  // namespace

Result<Configuration> parse_configuration(std::string_view text, const std::string& file) {
  const std::vector<Document> documents = parse_documents(text, file);
  if (documents.empty()) return Configuration{};
  if (!documents.front().problems.empty())
    return fail(ErrorClass::Invalid, to_string(documents.front().problems.front()), "mend the file");
  return read(documents.front().root, file);
}

}  // namespace slipway::emulator
