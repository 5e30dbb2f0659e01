#include "controller/git/client.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "controller/http/lasting_words.h"
#include "controller/runtime/child_process.h"
#include "crds/base/text.h"

namespace slipway::git {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostText = 64u << 20;
/// A pack is one file: no commit that is larger is taken.
constexpr std::size_t kLargestPack = 1u << 30;
/// Of the commits alone, at most kHistory of them.
constexpr std::size_t kLargestHistory = 16u << 20;
constexpr std::chrono::minutes kLongestFetch{10};
constexpr std::string_view kFetched = "refs/slipway/fetched";

std::string_view scheme_of(const Location& location) {
  switch (location.transport) {
    case Location::Transport::Https:
      return "https";
    case Location::Transport::Http:
      return "http";
    case Location::Transport::Ssh:
      return "ssh";
    case Location::Transport::File:
      break;
  }
  return "file";
}

bool is_http(const Location& location) {
  return location.transport == Location::Transport::Https || location.transport == Location::Transport::Http;
}

/// In double quotes of git-config(1).
std::string config_value(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

/// One word of a shell.
std::string shell_word(std::string_view text) {
  std::string out = "'";
  for (const char c : text) c == '\'' ? out += "'\\''" : out += c;
  return out + '\'';
}

/// Who names no key is who runs ssh by hand: with an agent, a configuration, keys of its own.
std::string ssh_command(const Credentials& credentials) {
  std::string command =
      "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=20 -o ServerAliveInterval=15"
      " -o ServerAliveCountMax=4 -o ForwardAgent=no -o ForwardX11=no -o PermitLocalCommand=no -o ControlPath=none";
  if (!credentials.ssh_key_file.empty())
    command += " -F none -o IdentitiesOnly=yes -o IdentityAgent=none -i " +
               shell_word(fs::absolute(credentials.ssh_key_file).string());
  if (!credentials.known_hosts_file.empty())
    command += " -o GlobalKnownHostsFile=none -o " +
               shell_word("UserKnownHostsFile=\"" + fs::absolute(credentials.known_hosts_file).string() + '"');
  return command;
}

std::vector<std::string> environment_of(const ClientSettings& settings) {
  const bool is_ssh = settings.location.transport == Location::Transport::Ssh;
  std::vector<std::string> environment{"LC_ALL=C",
                                       "HOME=" + settings.home.string(),
                                       "GIT_CONFIG_NOSYSTEM=1",
                                       "GIT_CONFIG_GLOBAL=/proc/self/fd/3",
                                       "GIT_TERMINAL_PROMPT=0",
                                       "GIT_ASKPASS=",
                                       "SSH_ASKPASS=",
                                       "GIT_ALLOW_PROTOCOL=" + std::string{scheme_of(settings.location)},
                                       "GIT_NO_REPLACE_OBJECTS=1",
                                       "GIT_ATTR_NOSYSTEM=1",
                                       "GIT_OPTIONAL_LOCKS=0"};
  if (is_ssh) environment.push_back("GIT_SSH_COMMAND=" + ssh_command(settings.credentials));
  for (const char* name :
       {"PATH", "https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"})
    if (const auto found = settings.environment.find(name); found != settings.environment.end())
      environment.push_back(found->first + '=' + found->second);
  const auto agent = settings.environment.find("SSH_AUTH_SOCK");
  if (is_ssh && settings.credentials.ssh_key_file.empty() && agent != settings.environment.end())
    environment.push_back("SSH_AUTH_SOCK=" + agent->second);
  return environment;
}

/// As a credential helper answers.
SecretText answer_of(const Credentials& credentials) {
  if (credentials.password.empty()) return SecretText{};
  return SecretText{"username=" + credentials.user + "\npassword=" + credentials.password.reveal() + '\n'};
}

std::optional<TreeEntry> entry_of(std::string_view line) {
  const auto tab = line.find('\t');
  if (tab == std::string_view::npos) return std::nullopt;
  const auto mode = line.substr(0, line.find(' '));
  TreeEntry entry;
  entry.path = line.substr(tab + 1);
  entry.kind = mode == "160000"   ? TreeEntry::Kind::Submodule
               : mode == "120000" ? TreeEntry::Kind::Link
                                  : TreeEntry::Kind::File;
  const auto rest = line.substr(mode.size() + 1, tab - mode.size() - 1);
  const auto after_type = rest.find(' ');
  if (after_type == std::string_view::npos) return std::nullopt;
  const auto object = rest.substr(after_type + 1);
  entry.object = object.substr(0, object.find(' '));
  const auto digit = object.find_last_of(' ');
  if (!is_commit(entry.object) || digit == std::string_view::npos) return std::nullopt;
  const auto size = object.substr(digit + 1);
  if (entry.kind == TreeEntry::Kind::Submodule) return entry;
  const auto parsed = std::from_chars(size.data(), size.data() + size.size(), entry.size);
  if (parsed.ec != std::errc{}) return std::nullopt;
  return entry;
}

/// Takes "<object> blob <size>\n<content>\n" apart as it comes.
class BatchReader {
 public:
  using Take = std::function<Result<void>(std::size_t, std::string_view)>;
  BatchReader(const std::vector<TreeEntry>& entries, const Take& take) : entries_(entries), take_(take) {}

  bool read(std::string_view piece) {
    while (!piece.empty() && result_)
      if (!step(piece)) return false;
    return result_.has_value();
  }
  Result<void> result() const { return result_; }
  bool is_over() const { return at_ == entries_.size(); }

 private:
  bool step(std::string_view& piece) {
    if (at_ == entries_.size()) return false;
    if (state_ == State::Heading) return read_heading(piece);
    if (state_ == State::End) return end_entry(piece);
    const auto part = piece.substr(0, left_);
    give(part);
    piece.remove_prefix(part.size());
    left_ -= part.size();
    if (left_ == 0) state_ = State::End;
    return true;
  }
  bool read_heading(std::string_view& piece) {
    const auto end = piece.find('\n');
    heading_ += piece.substr(0, end);
    piece.remove_prefix(end == std::string_view::npos ? piece.size() : end + 1);
    if (end == std::string_view::npos) return heading_.size() < 200;
    if (heading_ != entries_[at_].object + " blob " + std::to_string(entries_[at_].size)) return false;
    heading_.clear();
    left_ = entries_[at_].size;
    state_ = left_ == 0 ? State::End : State::Content;
    if (left_ == 0) give({});
    return true;
  }
  bool end_entry(std::string_view& piece) {
    piece.remove_prefix(1);
    ++at_;
    state_ = State::Heading;
    return true;
  }
  void give(std::string_view part) {
    if (auto taken = take_(at_, part); !taken) result_ = std::move(taken);
  }

  enum class State { Heading, Content, End };
  const std::vector<TreeEntry>& entries_;
  const Take& take_;
  Result<void> result_;
  State state_ = State::Heading;
  std::string heading_;
  std::size_t at_ = 0;
  std::size_t left_ = 0;
};

std::string last_line(const std::string& errors) {
  std::string last;
  std::size_t at = 0;
  while (at < errors.size()) {
    const auto end = std::min(errors.find('\n', at), errors.size());
    const auto line = errors.substr(at, end - at);
    if (line.starts_with("fatal: ") || line.starts_with("error: ") || (last.empty() && !line.empty())) last = line;
    at = end + 1;
  }
  for (const std::string prefix : {"fatal: ", "error: "})
    if (last.starts_with(prefix)) last.erase(0, prefix.size());
  return http::lasting_words(std::move(last));
}

std::string who(const Credentials& credentials) {
  if (!credentials.ssh_key_file.empty()) return "the key in " + slipway::quoted(credentials.ssh_key_file, 200);
  if (!credentials.bearer_token.empty()) return "the token from " + credentials.origin;
  if (!credentials.password.empty()) return "user " + slipway::quoted(credentials.user) + " from " + credentials.origin;
  return "no credentials";
}

}  // namespace

std::string configuration_of(const Location& location, const Credentials& credentials) {
  std::string text =
      "[core]\n\thooksPath = /dev/null\n\tfsmonitor = false\n\taskPass =\n\tattributesFile = /dev/null\n"
      "[protocol]\n\tallow = never\n[protocol \"" +
      std::string{scheme_of(location)} +
      "\"]\n\tallow = always\n[submodule]\n\trecurse = false\n[fetch]\n\trecurseSubmodules = false\n"
      "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[advice]\n\tdetachedHead = false\n"
      "[http]\n\tlowSpeedLimit = 100\n\tlowSpeedTime = 60\n\tuserAgent = slipway\n";
  if (!credentials.ca_file.empty())
    text += "\tsslCAInfo = " + config_value(fs::absolute(credentials.ca_file).string()) + '\n';
  if (!is_http(location)) return text;
  const std::string origin = std::string{scheme_of(location)} + "://" + location.host;
  if (!credentials.password.empty())
    text += "[credential " + config_value(origin) +
            "]\n\thelper = \"!f() { test \\\"$1\\\" = get && exec cat /proc/self/fd/4; }; f\"\n";
  if (!credentials.bearer_token.empty())
    text += "[http " + config_value(origin) + "]\n\tfollowRedirects = false\n\textraHeader = " +
            config_value("Authorization: Bearer " + credentials.bearer_token.reveal()) + '\n';
  return text;
}

Error error_of(const Location& location, const Credentials& credentials, const std::string& errors) {
  const auto has = [&](std::initializer_list<const char*> texts) {
    return std::ranges::any_of(texts, [&](const char* text) { return errors.find(text) != std::string::npos; });
  };
  const std::string repository = "the Git repository " + location.shown;
  const bool is_ssh = location.transport == Location::Transport::Ssh;
  const auto make = [&](ErrorClass cls, const std::string& what, const std::string& remedy) {
    return Error{.cls = cls, .message = repository + ": " + what, .remedy = remedy, .reason = {}, .retry_after = {}};
  };
  // The shell that git starts it by says so in its own words.
  if (is_ssh && has({"ssh: not found", "ssh: command not found", "cannot run ssh"}))
    return make(ErrorClass::Invalid, "ssh is not installed here",
                "install an OpenSSH client on the PATH, or name the repository by an https:// URL");
  if (has({"Host key verification failed"}))
    return make(ErrorClass::Unauthorized, "the host's key is not known, or another than before",
                "put the right one into a file (ssh-keyscan shows it; compare it with what the host's owner tells) and "
                "name that with --git-known-hosts-file");
  if (has({"UNPROTECTED PRIVATE KEY"}))
    return make(ErrorClass::Unauthorized, who(credentials) + " may be read by others, so ssh does not use it",
                "chmod 600 it (of a Kubernetes Secret: defaultMode: 0400)");
  if (has({"Permission denied ("}))
    return make(ErrorClass::Unauthorized, "it does not let in " + who(credentials),
                "name a key that may read it with --git-ssh-key-file");
  if (has({"Authentication failed", "could not read Username", "could not read Password", "error: 401"})) {
    if (!credentials.password.empty() || !credentials.bearer_token.empty())
      return make(ErrorClass::Unauthorized, "it does not let in " + who(credentials),
                  "correct the user name and the password or token there; look whether the token has expired");
    const std::string closed = "it lets in nobody without credentials";
    if (!credentials.lacking.empty())
      return make(ErrorClass::Unauthorized, closed + ", and " + credentials.lacking, "add them there");
    return make(ErrorClass::Unauthorized, closed,
                "name credentials with --git-credentials-file, or set SLIPWAY_GIT_USERNAME and SLIPWAY_GIT_PASSWORD");
  }
  if (has({"error: 403"}))
    return make(ErrorClass::Forbidden, who(credentials) + " may not read it",
                "give the token the right to read the repository");
  if (has({"server certificate verification failed", "SSL certificate problem", "certificate verify failed"}))
    return make(ErrorClass::Unavailable, "its certificate is not trusted: " + visible(last_line(errors), 300),
                "name the certificates to trust with --git-ca-file");
  if (has({"dubious ownership"}))
    return make(ErrorClass::Forbidden, "it belongs to another user",
                "let the user that runs slipway own it, or read it over ssh");
  if (has({"not found", "does not appear to be a git repository", "No such file or directory", "error: 404",
           "does not exist"}))
    return make(ErrorClass::NotFound, "there is no such repository, or it is not shown to " + who(credentials),
                is_ssh ? "correct the URL, or name a key that may read it"
                       : "correct the URL, or name credentials that may read it");
  if (has({"File too large", "file size limit", "signal 25"}))
    return make(ErrorClass::Invalid, "a commit has more than 1 GiB", "keep large files elsewhere");
  return make(ErrorClass::Unavailable, visible(last_line(errors), 300),
              "look whether it can be reached from here; slipway run asks again by itself");
}

Result<void> Client::run(const Call& call, const std::function<bool(std::string_view)>& take,
                         std::stop_token stop) const {
  const runtime::ChildPlan plan{.program = "git",
                                .arguments = call.arguments,
                                .environment = environment_of(settings_),
                                .input = call.input,
                                .secrets = {SecretText{configuration_of(settings_.location, settings_.credentials)},
                                            answer_of(settings_.credentials)},
                                .longest = call.longest,
                                .largest_file = call.largest_file,
                                .alive = settings_.alive};
  const auto end = runtime::run_child(plan, take, stop);
  if (!end && end.error().cls == ErrorClass::Unavailable)
    return while_doing("the Git repository " + settings_.location.shown, end.error());
  if (!end) return std::unexpected{end.error()};
  if (end->code == 0) return {};
  if (end->code == 2 && end->errors.empty())
    return fail(ErrorClass::NotFound, "the Git repository " + settings_.location.shown + " has no such branch",
                "correct --branch, or push it");
  return std::unexpected{error_of(settings_.location, settings_.credentials, end->errors)};
}

Result<std::string> Client::ask(const Call& call, std::stop_token stop) const {
  std::string text;
  const auto take = [&](std::string_view piece) {
    text += piece;
    return text.size() <= kMostText;
  };
  if (const auto ran = run(call, take, std::move(stop)); !ran) return std::unexpected{ran.error()};
  return text;
}

Result<Tip> Client::tip(const std::string& branch, std::stop_token stop) const {
  const std::string ref = branch.empty() ? "HEAD" : "refs/heads/" + branch;
  const auto said =
      ask({.arguments = {"ls-remote", "--exit-code", "--symref", "--", settings_.location.url, ref}, .input = {}},
          std::move(stop));
  if (!said && said.error().cls == ErrorClass::NotFound && said.error().message.ends_with("no such branch"))
    return fail(ErrorClass::NotFound,
                "the Git repository " + settings_.location.shown +
                    (branch.empty() ? " has no commit" : " has no branch " + slipway::quoted(branch)),
                "correct --branch, or push it; nothing is deleted meanwhile");
  if (!said) return std::unexpected{said.error()};
  Tip tip{.branch = branch, .commit = {}};
  std::size_t at = 0;
  while (at < said->size()) {
    const auto end = std::min(said->find('\n', at), said->size());
    const std::string_view line = std::string_view{*said}.substr(at, end - at);
    at = end + 1;
    const auto tab = line.find('\t');
    if (tab == std::string_view::npos || line.substr(tab + 1) != ref) continue;
    constexpr std::string_view kSymbolic = "ref: refs/heads/";
    if (line.starts_with(kSymbolic))
      tip.branch = line.substr(kSymbolic.size(), tab - kSymbolic.size());
    else
      tip.commit = line.substr(0, tab);
  }
  if (is_commit(tip.commit) && !tip.branch.empty() && check_branch(tip.branch)) return tip;
  return fail(ErrorClass::Invalid,
              "the Git repository " + settings_.location.shown + " does not say which branch is its own",
              "name one with --branch");
}

Result<void> Client::make_repository(const fs::path& folder, std::size_t hash_digits, std::stop_token stop) const {
  const std::string format = hash_digits == 64 ? "--object-format=sha256" : "--object-format=sha1";
  const auto made =
      ask({.arguments = {"init", "--quiet", "--bare", "--template=", format, "--", folder.string()}, .input = {}},
          std::move(stop));
  if (!made) return while_doing("making " + folder.string(), made.error());
  return {};
}

Result<std::string> Client::fetch(const fs::path& folder, const std::string& branch, std::stop_token stop) const {
  const auto known = tip(branch, stop);
  if (!known) return std::unexpected{known.error()};
  if (const auto made = make_repository(folder, known->commit.size(), stop); !made)
    return std::unexpected{made.error()};
  const std::string in = "--git-dir=" + folder.string();
  const auto fetched = ask({.arguments = {in, "fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head",
                                          "--update-shallow", "--no-recurse-submodules", "--", settings_.location.url,
                                          "+refs/heads/" + known->branch + ':' + std::string{kFetched}},
                            .input = {},
                            .longest = kLongestFetch,
                            .largest_file = kLargestPack},
                           stop);
  if (!fetched) return std::unexpected{fetched.error()};
  auto commit =
      ask({.arguments = {in, "rev-parse", "--verify", std::string{kFetched} + "^{commit}"}, .input = {}}, stop);
  if (!commit) return commit;
  while (commit->ends_with('\n')) commit->pop_back();
  if (is_commit(*commit)) return commit;
  return fail(ErrorClass::Internal, "git named the commit " + slipway::quoted(*commit), "report this as a bug");
}

Result<std::vector<TreeEntry>> Client::tree(const fs::path& folder, const std::string& commit,
                                            std::stop_token stop) const {
  std::string listed;
  std::ptrdiff_t files = 0;
  // Counted as they come: a few small trees that name each other stand for more files than there is room for.
  const auto take = [&](std::string_view piece) {
    listed += piece;
    files += std::ranges::count(piece, '\0');
    return std::cmp_less_equal(files, kMostFiles) && listed.size() <= kMostText;
  };
  const auto ran =
      run({.arguments = {"--git-dir=" + folder.string(), "ls-tree", "-r", "-z", "-l", "--full-tree", commit},
           .input = {},
           .longest = kLongestFetch},
          take, std::move(stop));
  if (std::cmp_greater(files, kMostFiles) || listed.size() > kMostText)
    return fail(ErrorClass::Invalid, "commit " + commit + " has more than 200,000 files, or names too long for them",
                "keep manifests in a repository of their own");
  if (!ran) return std::unexpected{ran.error()};
  std::vector<TreeEntry> entries;
  for (std::size_t at = 0; at < listed.size();) {
    const auto end = std::min(listed.find('\0', at), listed.size());
    auto entry = entry_of(std::string_view{listed}.substr(at, end - at));
    if (!entry) return fail(ErrorClass::Integrity, "the tree of commit " + commit + " is damaged", "push it again");
    entries.push_back(std::move(*entry));
    at = end + 1;
  }
  return entries;
}

Result<void> Client::read(const fs::path& folder, const std::vector<TreeEntry>& entries,
                          const std::function<Result<void>(std::size_t, std::string_view)>& take,
                          std::stop_token stop) const {
  if (entries.empty()) return {};
  std::string wanted;
  for (const auto& entry : entries) wanted += entry.object + '\n';
  BatchReader reader{entries, take};
  const auto ran = run(
      {.arguments = {"--git-dir=" + folder.string(), "cat-file", "--batch", "--buffer"},
       .input = std::move(wanted),
       .longest = kLongestFetch},
      [&](std::string_view piece) { return reader.read(piece); }, std::move(stop));
  if (!reader.result()) return reader.result();
  if (!ran) return ran;
  if (reader.is_over()) return {};
  return fail(ErrorClass::Integrity, "git did not give every file of the commit", "it is tried again");
}

Client::Ancestry Client::ancestry(const fs::path& scratch, const std::string& branch, const std::string& commit,
                                  std::stop_token stop) const {
  if (!make_repository(scratch, commit.size(), stop)) return Ancestry::Unknown;
  const std::string in = "--git-dir=" + scratch.string();
  const auto fetched =
      ask({.arguments = {in, "fetch", "--quiet", "--depth=" + std::to_string(kHistory), "--filter=tree:0", "--no-tags",
                         "--no-write-fetch-head", "--update-shallow", "--no-recurse-submodules", "--",
                         settings_.location.url, "+refs/heads/" + branch + ':' + std::string{kFetched}},
           .input = {},
           .longest = std::chrono::seconds{60},
           .largest_file = kLargestHistory},
          stop);
  if (!fetched) return Ancestry::Unknown;
  const auto commits = ask({.arguments = {in, "rev-list", std::string{kFetched}}, .input = {}}, stop);
  if (!commits) return Ancestry::Unknown;
  return commits->find(commit) != std::string::npos ? Ancestry::Ancestor : Ancestry::NotAmongTheLast;
}

}  // namespace slipway::git
