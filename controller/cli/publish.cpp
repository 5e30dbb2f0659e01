#include "controller/cli/publish.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <ostream>
#include <set>
#include <thread>
#include <utility>

#include "controller/cli/log_options.h"
#include "controller/cli/messages.h"
#include "controller/cli/progress_display.h"
#include "controller/cli/resource_table.h"
#include "controller/cli/workspace.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/signals.h"
#include "controller/runtime/waiting.h"
#include "controller/standalone/one_shot.h"
#include "crds/base/text.h"
#include "reconcilers/publish/tag_words.h"
#include "reconcilers/readiness.h"
#include "reconcilers/reasons.h"

namespace slipway::cli {

namespace {

constexpr std::chrono::milliseconds kBetweenRefreshes{500};

using standalone::Ending;
using Endings = std::map<ObjectKey, Ending>;

/// The moving tags that stayed on a newer build.
std::string left_behind(const PublishedStatus& published) {
  std::string text;
  for (const auto& tag : published.tags)
    if (tag.state == TagState::Superseded) text += "; " + tag.tag + " was left on a newer build";
  return text;
}

std::string sentence_of(const PublishedStatus& published) {
  return "published " + published.digest + publish::as_tagged(published) + left_behind(published) + " (" +
         transfer_text(published.transfer) + ")";
}

/// Of one that did not fail.
std::string sentence_of(const Ending& ending, const ImagePublication& publication, Timestamp started,
                        bool is_repaired) {
  if (ending.kind == Ending::Kind::Suspended) return "suspended: nothing was done";
  const auto& published = publication.status.published;
  const bool is_new = published && published->at && *published->at >= started;
  if (is_new) return sentence_of(*published);
  return is_repaired ? "is repaired: what is told above was put back" : "is published already, nothing to do";
}

/// Shows what a person should know of a publication that goes through, and what becomes of the tags of one that is
/// deleted; how one ends is told at its end.
class NoteRecorder final : public Recorder {
 public:
  explicit NoteRecorder(ProgressDisplay& display) : display_(display) {}
  void event(const ObjectKey& object, EventType type, const std::string& reason, const std::string& message) override {
    if (reason == reason::kUntagged) return display_.finish(object, visible("tags " + message));
    const bool is_note = reason == reason::kNoted || reason == reason::kRepaired || reason == reason::kOrderUnknown ||
                         reason == reason::kWentBack || reason == reason::kSuperseded ||
                         reason == reason::kRollbackEnded || reason == reason::kLeftTagged ||
                         reason == reason::kUntagging || reason == reason::kPublishedBeforeGates;
    if (type != EventType::Warning || !is_note) return;
    if (reason == reason::kUntagging && !is_news(object, message)) return;
    const bool is_repair = reason == reason::kRepaired;
    if (is_repair) repaired_.lock()->insert(object);
    // The message is the step, as a plan has it: it reads as something to be done.
    display_.print("warning: " + name_of(object) + (is_repair ? ": repaired: " : ": ") + visible(message));
  }

  /// Whether something of the object was missing at the registry and was put back.
  bool is_repaired(const ObjectKey& object) { return repaired_.lock()->contains(object); }

 private:
  /// What is tried every few seconds is told when it is something else.
  bool is_news(const ObjectKey& object, const std::string& message) {
    auto told = told_.lock();
    return std::exchange((*told)[object], message) != message;
  }

  ProgressDisplay& display_;
  runtime::Guarded<std::map<ObjectKey, std::string>> told_;
  runtime::Guarded<std::set<ObjectKey>> repaired_;
};

/// One run of the verb.
class OneRun {
 public:
  OneRun(const PublishOptions& options, const Console& console)
      : options_(options),
        console_(console),
        display_(console, options.progress, steady_clock_),
        log_(clock_, options_of_log()),
        metrics_(SLIPWAY_VERSION),
        recorder_(display_) {}

  ExitCode run() {
    auto opened = standalone::Installation::open(installation_options(), hands(), signals_.stop_token());
    if (signals_.received() != 0) return exit_code_of_signal(signals_.received());
    if (!opened) return cannot_begin(opened.error(), console_);
    installation_ = std::move(*opened);
    warn_of_others();
    if (const auto code = take_newest_commit()) return *code;
    const auto change = installation_->objects().refresh();
    if (!change) return cannot_begin(change.error(), console_);
    if (print_problems(change->problems, console_.errors)) return ExitCode::Invalid;
    return publish(publication_keys(installation_->objects()));
  }

 private:
  assembly::Surroundings hands() {
    return {log_,     metrics_, recorder_,
            display_, clock_,   [this](const auto& key, const auto& hosts) { display_.print(wait_line(key, hosts)); }};
  }

  void warn_of_others() {
    if (installation_->is_somebody_at_work().value_or(false))
      display_.print("warning: another slipway is at work over the same state: both may send the same layer");
  }

  /// Of a Git repository: what would be published is what is there now, or nothing. Absent when it is in force.
  std::optional<ExitCode> take_newest_commit() {
    standalone::GitManifests* const git = installation_->git();
    if (git == nullptr) return std::nullopt;
    const auto look = git->look(signals_.stop_token());
    if (signals_.received() != 0) return exit_code_of_signal(signals_.received());
    if (!look) return cannot_begin(look.error(), console_);
    if (!look->refused) return std::nullopt;
    print_problems(look->refused->problems, console_.errors);
    return ExitCode::Invalid;
  }

  /// Its lines stand between the bars, not under them.
  telemetry::Log::Options options_of_log() {
    auto options = log_options(options_.log, console_);
    options.write = [this](const std::string& line) { display_.print(line); };
    return options;
  }

  standalone::InstallationOptions installation_options() const {
    auto options = cli::installation_options(options_.folder, console_, StateUse::Keep);
    expect_github_job(console_.environment, options.manifests.parse);
    options.one_shot = true;
    options.single_owner = true;
    return options;
  }

  ExitCode publish(const std::vector<ObjectKey>& keys) {
    if (keys.empty()) {
      if (options_.folder.allow_empty && is_data(options_.output)) print({});
      return no_publication(options_.folder, console_);
    }
    const std::jthread refreshing([this](const std::stop_token& stop) {
      while (runtime::wait(kBetweenRefreshes, stop)) display_.refresh();
    });
    const Timestamp began = clock_.now();
    Endings endings = publish_once(keys, options_.timeout);
    const auto back = back_again(endings);
    if (back && !back->empty())
      for (auto& [key, ending] : publish_once(*back, time_left(began)))
        endings.insert_or_assign(key, std::move(ending));
    display_.close();
    const ExitCode code = report(endings);
    return back ? code : graver(code, cannot_begin(back.error(), console_));
  }

  Endings publish_once(const std::vector<ObjectKey>& keys, std::optional<std::chrono::seconds> timeout) {
    return standalone::publish_once(
        *installation_, metrics_, keys,
        {.workers = options_.workers,
         .timeout = timeout,
         .on_end = [this](const auto& key, const auto& ending) { tell(key, ending); },
         .on_delay = [this](const auto& key, const auto& delay) { tell_delay(key, delay); }},
        signals_.stop_token());
  }

  std::optional<std::chrono::seconds> time_left(Timestamp began) const {
    using std::chrono::seconds;
    if (!options_.timeout) return std::nullopt;
    return std::max(std::chrono::ceil<seconds>(began + *options_.timeout - clock_.now()), seconds{0});
  }

  /// Of what was deleted before, and is gone now, those whose file is there again: they are new.
  Result<std::vector<ObjectKey>> back_again(const Endings& endings) {
    const auto is_gone = [&](const ObjectKey& key) {
      const auto ending = endings.find(key);
      return ending != endings.end() && ending->second.kind == Ending::Kind::Deleted;
    };
    const bool any = std::ranges::any_of(endings, is_gone, [](const auto& one) { return one.first; });
    if (!any || signals_.received() != 0) return std::vector<ObjectKey>();
    // It is the second reading, and would take what it does not find for deleted, which nobody here carries out.
    const auto change = installation_->objects().refresh(manifests::Absence::ChangesNothing);
    if (!change) return std::unexpected{change.error()};
    auto keys = publication_keys(installation_->objects());
    std::erase_if(keys, [&](const ObjectKey& key) { return !is_gone(key); });
    return keys;
  }

  void tell(const ObjectKey& key, const Ending& ending) {
    if (ending.kind == Ending::Kind::Deleted) return display_.finish(key, "is deleted");
    if (ending.failure) return display_.fail(key, error_line(key, untold(ending, "not published, for ")));
    const auto stored = installation_->objects().publication(key);
    if (stored && *stored)
      display_.finish(key, visible(sentence_of(ending, (*stored)->object, started_, recorder_.is_repaired(key))));
  }

  void tell_delay(const ObjectKey& key, const standalone::Delay& delay) { display_.print(delay_line(key, delay)); }

  /// The error; "LEAD what is told above" for the words that were said when it was first put off.
  static Error untold(const Ending& ending, const std::string& lead) {
    Error error = *ending.failure;
    if (ending.is_told)
      error.message = lead + "what is told above (" + std::string{slipway::to_string(error.cls)} + ")";
    return error;
  }

  ExitCode report(const std::map<ObjectKey, Ending>& endings) {
    // What is printed from here on waits for who reads it, and nothing takes a signal that comes meanwhile.
    const int signal = signals_.end();
    ExitCode code = signal != 0 ? exit_code_of_signal(signal) : ExitCode::Ok;
    std::vector<ImagePublication> objects;
    for (const auto& [key, ending] : endings) {
      code = graver(code, judge(key, ending));
      const auto stored = installation_->objects().publication(key);
      if (stored && *stored) objects.push_back((*stored)->object);
    }
    print(objects);
    return code;
  }

  ExitCode judge(const ObjectKey& key, const Ending& ending) {
    if (ending.kind == Ending::Kind::Unfinished) {
      const std::string last = ending.failure ? "; last: " + slipway::to_text(untold(ending, "")) : "";
      const std::string_view how = signals_.received() != 0 ? "stopped" : "not finished in time";
      const std::string whom = ending.waited_for.empty() ? "" : " while waiting for " + ending.waited_for;
      console_.errors << "error: " << to_string(key) << ": " << how << visible(whom + last) << "; " << what_helps()
                      << '\n';
      return ExitCode::Outside;
    }
    return ending.failure ? exit_code_of(ending.failure->cls) : ExitCode::Ok;
  }

  /// A layer that was cut off begins again: the next process does not know of its upload.
  std::string what_helps() const {
    const std::string again = "run it again: layers that are whole at the registry are not sent again";
    return signals_.received() != 0 ? again : again + ", any other begins anew and must fit in --timeout";
  }

  void print(const std::vector<ImagePublication>& objects) {
    if (!is_data(options_.output)) {
      console_.out << to_text(table_of(objects, {options_.output == OutputFormat::Wide, true, clock_.now(),
                                                 installation_->is_somebody_at_work().value_or(true)}));
      return;
    }
    std::vector<Node> nodes;
    nodes.reserve(objects.size());
    for (const auto& object : objects) nodes.push_back(to_node(object));
    print_data(list_of(std::move(nodes)), options_.output, console_.out);
  }

  runtime::Signals signals_;
  const PublishOptions& options_;
  const Console& console_;
  const runtime::SystemClock clock_;
  const Timestamp started_ = clock_.now();
  const runtime::SystemSteadyClock steady_clock_;
  ProgressDisplay display_;
  telemetry::Log log_;
  telemetry::Metrics metrics_;
  NoteRecorder recorder_;
  std::unique_ptr<standalone::Installation> installation_;
};

}  // namespace

ExitCode publish(const PublishOptions& options, const Console& console) {
  return OneRun{options, console}.run();
}

}  // namespace slipway::cli
