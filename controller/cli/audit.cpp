#include "controller/cli/audit.h"

#include <iostream>
#include <utility>

#include "controller/audit/account.h"
#include "controller/audit/log_files.h"
#include "controller/cli/messages.h"
#include "controller/cli/table.h"
#include "controller/manifests/state_database.h"
#include "controller/runtime/system_clock.h"
#include "crds/base/glob.h"
#include "crds/base/make_node.h"
#include "crds/base/text.h"

namespace slipway::cli {
namespace {

constexpr std::size_t kMostOpenShown = 20;

std::string list_of_numbers(const std::set<std::int64_t>& numbers) {
  std::string text;
  std::size_t shown = 0;
  for (const auto number : numbers) {
    if (++shown > kMostOpenShown) return text + ", …";
    text += (text.empty() ? "" : ", ") + std::to_string(number);
  }
  return text;
}

/// "FILE:LINE: record 14: Gap: record 13 is missing before record 14".
std::string text_of(const audit::Finding& finding) {
  std::string text = finding.place.file + ':' + std::to_string(finding.place.line) + ": ";
  if (finding.record != 0) text += "record " + std::to_string(finding.record) + ": ";
  return text + std::string(audit::to_string(finding.kind)) + ": " + finding.message;
}

/// A collected log may have lost its beginning to whoever keeps it for a while only: kubelet, of a pod's output.
bool lacks_beginning(const audit::Verdict& verdict) {
  return verdict.finding->kind == audit::FindingKind::Gap && verdict.first == 0;
}

Error error_of(const audit::Verdict& verdict, bool is_collected) {
  const audit::Finding& finding = *verdict.finding;
  std::string remedy =
      "hold it against a copy of the log that was kept elsewhere; what stands before it is as it was written";
  if (is_collected && lacks_beginning(verdict))
    remedy =
        "if the beginning was rotated away (kubectl logs gives what the node still has of a pod's output), take the "
        "log from where logs are collected, or verify what is left with --after PREV@" +
        std::to_string(finding.record - 1) + ", PREV being `prev` of record " + std::to_string(finding.record) +
        "; else records were removed";
  return fail(ErrorClass::Integrity, text_of(finding), std::move(remedy)).error();
}

/// The last line that is not empty: notes are added one below the other.
std::string last_line(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t end = text.find_last_not_of(kSpace);
  if (end == std::string_view::npos) return std::string(text);
  text = text.substr(0, end + 1);
  text.remove_prefix(text.rfind('\n') + 1);
  return std::string(text.substr(text.find_first_not_of(kSpace)));
}

std::int64_t count_of(const audit::Verdict& verdict) {
  return verdict.first == 0 ? 0 : verdict.head.seq - verdict.first + 1;
}

Node data_of(const audit::Verdict& verdict) {
  Node node = map_node();
  add(node, "valid", boolean_node(!verdict.finding));
  add(node, "chain", string_node(verdict.chain));
  add(node, "records", integer_node(count_of(verdict)));
  add(node, "first", integer_node(verdict.first));
  add(node, "last", integer_node(verdict.first == 0 ? 0 : verdict.head.seq));
  add(node, "began", string_node(verdict.began));
  add(node, "ended", string_node(verdict.ended));
  add(node, "head", string_node(verdict.first == 0 ? "" : to_string(verdict.head)));
  Node open = list_node();
  for (const auto number : verdict.open) open.items.push_back(integer_node(number));
  add(node, "open", std::move(open));
  add(node, "halfBytes", integer_node(static_cast<std::int64_t>(verdict.half_bytes)));
  if (!verdict.finding) return node;
  Node finding = map_node();
  add(finding, "kind", string_node(audit::to_string(verdict.finding->kind)));
  add(finding, "file", string_node(verdict.finding->place.file));
  add(finding, "line", integer_node(static_cast<std::int64_t>(verdict.finding->place.line)));
  add(finding, "record", integer_node(verdict.finding->record));
  add(finding, "message", string_node(verdict.finding->message));
  add(node, "finding", std::move(finding));
  return node;
}

void print_text(const audit::Verdict& verdict, std::ostream& out) {
  if (verdict.first != 0)
    out << "chain " << verdict.chain << ": " << count_of(verdict) << " records, " << verdict.first << " to "
        << verdict.head.seq << ", " << visible(verdict.began) << " to " << visible(verdict.ended)
        << (verdict.finding ? ", up to where it is broken" : ", all as they were written") << '\n'
        << "head " << to_string(verdict.head) << '\n';
  if (!verdict.open.empty())
    out << verdict.open.size() << (verdict.open.size() == 1 ? " change has" : " changes have")
        << " no outcome yet, or never: " << (verdict.open.size() == 1 ? "it" : "they") << " may have happened (record "
        << list_of_numbers(verdict.open) << ")\n";
  if (verdict.half_bytes != 0)
    out << "half a record (" << verdict.half_bytes
        << " bytes) stands at the end: its writer was killed or the disk was full; the next one cuts it off and says so"
        << '\n';
}

Result<Timestamp> since_of(const std::string& text, Timestamp now) {
  if (const auto day = parse_timestamp(text + "T00:00:00Z")) return *day;
  if (const auto time = parse_timestamp(text)) return *time;
  const auto duration = parse_duration(text);
  if (duration) return now - *duration;
  return fail(ErrorClass::Invalid, "--since " + slipway::quoted(text) + " is neither a time nor a duration",
              "write e.g. 30d, 2026-11-01 or 2026-11-01T08:30:00Z");
}

Table table_of(const std::vector<audit::Change>& changes) {
  Table table{.header = {"RECORD", "TIME", "ACTION", "WHERE", "BEFORE", "AFTER", "ASKED BY", "GENERATION", "RESULT"},
              .rows = {}};
  const auto short_of = [](const std::optional<Digest>& digest) {
    return digest ? digest->short_hex() : std::string();
  };
  for (const auto& change : changes) {
    const AuditChange& what = change.intent.what;
    const AuditSubject& who = change.intent.who;
    const std::string tag = what.tag.empty() ? "" : ':' + what.tag;
    table.rows.push_back({std::to_string(change.record), slipway::to_string(change.at),
                          std::string(audit::to_string(what.action)), what.registry + '/' + what.repository + tag,
                          short_of(what.before), short_of(what.after), slipway::to_string(who.object),
                          std::to_string(who.generation), std::string(audit::result_of(change))});
  }
  return table;
}

/// One run of the verb.
class Reading {
 public:
  Reading(const AuditOptions& options, const Console& console) : options_(options), console_(console) {}

  ExitCode run() {
    if (auto taken = take_options(); !taken) return print_error(taken.error(), console_.errors);
    audit::Account account(filter_);
    Result<void> understood;
    const auto on_record = [&](const audit::SealedLine& line) {
      if (options_.what == "export" && understood) understood = account.take(line);
    };
    const auto verdict = audit::verify({.paths = paths_, .standard_input = std::cin}, verify_, on_record);
    if (!verdict) return print_error(verdict.error(), console_.errors);
    if (options_.what == "verify")
      print(*verdict);
    else if (options_.what == "head")
      print_head(*verdict);
    else
      print(account.changes());
    if (!understood) return print_error(understood.error(), console_.errors);
    return verdict->finding ? print_error(error_of(*verdict, is_collected()), console_.errors) : ExitCode::Ok;
  }

 private:
  bool is_collected() const { return paths_ == std::vector<std::string>{"-"}; }

  Result<void> take_options() {
    if (options_.what != "export" && options_.output == "csv")
      return fail(ErrorClass::Invalid, "-o csv is for export alone", "write -o json");
    if (auto places = take_places(); !places) return places;
    return options_.what == "export" ? take_filter() : Result<void>{};
  }

  Result<void> take_places() {
    paths_ = options_.paths;
    if (paths_.empty()) {
      const auto state = manifests::default_state_folder();
      if (!state) return std::unexpected(state.error());
      paths_.push_back((*state / "audit").string());
    }
    for (const auto& [text, anchor] :
         {std::pair{&options_.head, &verify_.head}, std::pair{&options_.after, &verify_.after}}) {
      if (text->empty()) continue;
      auto parsed = audit::parse_anchor(last_line(*text));
      if (!parsed) return std::unexpected(std::move(parsed.error()));
      *anchor = std::move(*parsed);
    }
    return {};
  }

  Result<void> take_filter() {
    filter_.namespace_name = options_.namespace_name;
    filter_.repository = options_.repository;
    if (!options_.action.empty()) filter_.action = audit::action_named(options_.action);
    if (!filter_.repository.empty())
      if (auto checked = check_glob(filter_.repository); !checked) return while_doing("--repository", checked.error());
    if (options_.since.empty()) return {};
    auto since = since_of(options_.since, runtime::SystemClock{}.now());
    if (!since) return std::unexpected(std::move(since.error()));
    filter_.since = *since;
    return {};
  }

  void print(const audit::Verdict& verdict) {
    if (options_.output == "json")
      print_data(data_of(verdict), OutputFormat::Json, console_.out);
    else
      print_text(verdict, console_.out);
  }

  void print_head(const audit::Verdict& verdict) {
    if (options_.output == "json") return print(verdict);
    if (verdict.first != 0 && !verdict.finding) console_.out << to_string(verdict.head) << '\n';
  }

  void print(const std::vector<audit::Change>& changes) {
    if (options_.output == "csv") {
      console_.out << audit::to_csv(changes);
    } else if (options_.output == "json") {
      std::vector<Node> nodes;
      nodes.reserve(changes.size());
      for (const auto& change : changes) nodes.push_back(audit::to_node(change));
      print_data(list_node(std::move(nodes)), OutputFormat::Json, console_.out);
    } else {
      console_.out << to_text(table_of(changes));
    }
  }

  const AuditOptions& options_;
  const Console& console_;
  std::vector<std::string> paths_;
  audit::VerifyOptions verify_;
  audit::ChangeFilter filter_;
};

}  // namespace

ExitCode audit(const AuditOptions& options, const Console& console) {
  return Reading{options, console}.run();
}

}  // namespace slipway::cli
