#include "controller/cli/describe.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include "controller/cli/git_words.h"
#include "controller/cli/messages.h"
#include "controller/cli/present_conditions.h"
#include "controller/cli/story.h"
#include "controller/cli/table.h"
#include "controller/cli/workspace.h"
#include "controller/runtime/signals.h"
#include "crds/base/byte_count.h"
#include "crds/v1alpha1/enum_names.h"
#include "reconcilers/readiness.h"

namespace slipway::cli {

namespace {

std::string source_text(const SourceSpec& source) {
  if (source.image) return source.image->reference;
  if (source.oci_layout) return "OCI layout " + source.oci_layout->path;
  if (source.oci_archive) return "OCI archive " + source.oci_archive->path;
  return source.docker_archive ? "docker archive " + source.docker_archive->path : "";
}

void tell_build(Story& story, const BuildInfo& build) {
  story.begin("Build");
  story.say("Commit", build.commit);
  story.say("Version", build.version);
  if (build.number) story.say("Number", std::to_string(*build.number));
  story.say("Branch", build.branch);
  story.say("Run", build.run_url);
  story.say("Actor", build.actor);
  if (build.built_at) story.say("Built at", to_string(*build.built_at));
  story.end();
}

std::string rollback_text(const Rollback& rollback) {
  const std::string until = rollback.until.empty() ? "" : ", until " + rollback.until;
  return "moving tags to " + rollback.digest + until + ": " + rollback.reason;
}

std::string verdict_text(const VerdictStatus& verdict) {
  return std::string{verdict.passed ? "passed" : "refused"} + "; critical " + std::to_string(verdict.critical) +
         ", high " + std::to_string(verdict.high) + ", medium " + std::to_string(verdict.medium) + ", low " +
         std::to_string(verdict.low) + ", unknown " + std::to_string(verdict.unknown) + ", without a fix ignored " +
         std::to_string(verdict.ignored) + ", excepted " + std::to_string(verdict.excepted);
}

Table tags_of(const PublishedStatus& published) {
  Table table{{"TAG", "TEMPLATE", "STATE", "DIGEST"}, {}};
  for (const auto& tag : published.tags)
    table.rows.push_back({tag.tag, tag.name, std::string{name_of(tag.state)}, tag.digest});
  return table;
}

void tell_published(Story& story, const PublishedStatus& published) {
  story.begin("Published");
  story.say("Digest", published.digest);
  if (published.source_digest != published.digest) story.say("Source digest", published.source_digest);
  story.say("Record", published.record_digest);
  if (published.at) story.say("At", to_string(*published.at));
  if (published.last_full_check_at) story.say("Checked in full at", to_string(*published.last_full_check_at));
  story.say("Moved", transfer_text(published.transfer));
  for (const auto& verdict : published.verdicts) story.say("Gate " + verdict.gate, verdict_text(verdict));
  story.show(tags_of(published));
  story.end();
}

/// A failure that a condition tells already is not told again.
void tell_error(Story& story, const AttemptError& error, const Conditions& conditions) {
  const std::string text = to_text(Error{.message = error.message, .remedy = error.remedy});
  const auto told = std::ranges::find(conditions, text, &Condition::message);
  if (told != conditions.end()) return story.say("Error", error.cls + ", as condition " + told->type + " says");
  story.say("Error", error.cls + ": " + error.message);
  story.say("Remedy", error.remedy);
}

/// It is noted now and then only.
void tell_progress(Story& story, const ProgressStatus& progress) {
  const std::string when = progress.at ? " at " + to_string(*progress.at) : "";
  story.say("Progress", format_bytes(progress.bytes_done) + " of " + format_bytes(progress.bytes_total) + when);
}

void tell_attempt(Story& story, const AttemptStatus& attempt, const Conditions& conditions) {
  story.begin("Attempt");
  story.say("Number", std::to_string(attempt.number));
  story.say("Digest", attempt.digest);
  if (attempt.started_at) story.say("Started at", to_string(*attempt.started_at));
  if (attempt.progress) tell_progress(story, *attempt.progress);
  if (attempt.error) tell_error(story, *attempt.error, conditions);
  if (attempt.next_retry_at) story.say("Next try at", to_string(*attempt.next_retry_at));
  story.end();
}

void tell_history(Story& story, const std::vector<HistoryEntry>& history) {
  if (history.empty()) return;
  Table table{{"PUBLISHED", "DIGEST", "VERSION", "COMMIT", "NUMBER", "ENVIRONMENT"}, {}};
  for (const auto& entry : history)
    table.rows.push_back({entry.published_at ? to_string(*entry.published_at) : "", entry.digest, entry.version,
                          entry.commit, entry.number ? std::to_string(*entry.number) : "", entry.environment});
  story.begin("History");
  story.show(table);
  story.end();
}

void tell_metadata(Story& story, std::string_view kind, const ObjectMeta& metadata) {
  story.say("Kind", std::string{kind});
  story.say("Name", metadata.name);
  story.say("Namespace", metadata.namespace_name);
  story.say("Generation", std::to_string(metadata.generation));
  if (metadata.deletion_timestamp) story.say("Deleted at", to_string(*metadata.deletion_timestamp));
}

constexpr std::string_view kWhoLooks = "; `slipway run` does, `slipway publish` does not";

/// What a condition says: that an earlier edit left it, and the words of another one only by that one's name.
std::string message_of(const Condition& condition, const Conditions& all, std::int64_t generation) {
  const auto first = std::ranges::find(all, condition.message, &Condition::message);
  const bool is_told = !condition.message.empty() && first->type != condition.type;
  std::string text = is_told ? "as " + first->type : condition.message;
  if (condition.observed_generation == generation) return text;
  return "(of generation " + std::to_string(condition.observed_generation) + ") " + text;
}

template <class Status>
void tell_conditions(Story& story, const Status& status, const Looked& looked, std::string_view who_looks = {}) {
  const auto conditions = present_conditions(status.conditions, looked);
  if (conditions.empty())
    return story.say("Conditions", "none yet: it has not been looked at" + std::string{who_looks});
  Table table{{"TYPE", "STATUS", "REASON", "SINCE", "MESSAGE"}, {}};
  for (const auto& condition : conditions)
    table.rows.push_back({condition.type, condition.status, condition.reason, to_string(condition.last_transition_time),
                          message_of(condition, conditions, looked.generation)});
  story.begin("Conditions");
  story.show(table);
  story.end();
}

/// The conditions as they are told, not as they are stored.
template <class Object>
void present(std::vector<Object>& objects, bool is_somebody_at_work) {
  for (auto& object : objects) {
    auto& status = object.status;
    status.conditions = present_conditions(
        std::move(status.conditions), {object.metadata.generation, status.observed_generation, is_somebody_at_work});
  }
}

template <class Object>
void print(const std::vector<Object>& objects, bool is_somebody_at_work, std::string& separator, std::ostream& out) {
  for (const auto& object : objects) {
    out << separator << story_of(object, is_somebody_at_work);
    separator = "\n";
  }
}

void print(const Selection& selection, bool is_somebody_at_work, std::ostream& out) {
  std::string separator;
  print(selection.registries, is_somebody_at_work, separator, out);
  print(selection.publications, is_somebody_at_work, separator, out);
  print(selection.policies, is_somebody_at_work, separator, out);
}

}  // namespace

Selection as_told(Selection selection, bool is_somebody_at_work) {
  present(selection.registries, is_somebody_at_work);
  present(selection.publications, is_somebody_at_work);
  present(selection.policies, is_somebody_at_work);
  return selection;
}

std::string story_of(const ImagePublication& object, bool is_somebody_at_work) {
  const auto& spec = object.spec;
  const auto& status = object.status;
  Story story;
  tell_metadata(story, to_string(ImagePublication::kKind), object.metadata);
  story.say("Commit in Git", status.source_revision);
  story.say("Publishes to", "ContainerRegistry " + spec.registry_ref.name + ", repository " + spec.repository);
  story.say("Environment", spec.environment);
  story.say("Source", source_text(spec.source));
  if (status.source) story.say("Source digest", status.source->digest);
  if (spec.suspend) story.say("Suspended", "yes: nothing is published until spec.suspend is false");
  if (spec.rollback) story.say("Rollback", rollback_text(*spec.rollback));
  tell_build(story, spec.build);
  tell_conditions(story, status, {object.metadata.generation, status.observed_generation, is_somebody_at_work});
  if (status.published) tell_published(story, *status.published);
  if (status.attempt) tell_attempt(story, *status.attempt, status.conditions);
  tell_history(story, status.history);
  return story.text();
}

std::string story_of(const ContainerRegistry& object, bool is_somebody_at_work) {
  Story story;
  tell_metadata(story, to_string(ContainerRegistry::kKind), object.metadata);
  story.say("Commit in Git", object.status.source_revision);
  story.say("Login server", object.spec.login_server);
  story.say("Signed in as", object.status.identity);
  if (object.status.last_checked_at) story.say("Checked at", to_string(*object.status.last_checked_at));
  tell_conditions(story, object.status,
                  {object.metadata.generation, object.status.observed_generation, is_somebody_at_work}, kWhoLooks);
  return story.text();
}

std::string story_of(const RetentionPolicy& object, bool is_somebody_at_work) {
  Story story;
  tell_metadata(story, to_string(RetentionPolicy::kKind), object.metadata);
  story.say("Commit in Git", object.status.source_revision);
  story.say("Registry", object.spec.registry_ref.name);
  story.say("Mode", std::string{name_of(object.spec.mode)});
  tell_conditions(story, object.status,
                  {object.metadata.generation, object.status.observed_generation, is_somebody_at_work}, kWhoLooks);
  return story.text();
}

ExitCode describe(const DescribeOptions& options, const Console& console) {
  runtime::Signals signals;
  const runtime::SystemClock clock;
  const auto glass = LookingGlass::open(options.folder, console, clock, {.stop = signals.stop_token()});
  if (const int signal = signals.end(); signal != 0) return exit_code_of_signal(signal);
  if (!glass) return cannot_begin(glass.error(), console);
  const bool is_wrong = print_problems((*glass)->problems(), console.errors);
  warn_of_no_state((*glass)->installation(), console);
  print_git((*glass)->installation().git(), clock.now(), console.errors);
  const Wanted wanted{options.kind, options.name, options.namespace_name};
  auto selection = select((*glass)->installation().objects(), wanted);
  if (!selection) return print_error(selection.error(), console.errors);
  const bool is_somebody_at_work = (*glass)->installation().is_somebody_at_work().value_or(true);
  if (is_data(options.output))
    print_data(data_of(as_told(std::move(*selection), is_somebody_at_work), wanted), options.output, console.out);
  else
    print(*selection, is_somebody_at_work, console.out);
  return is_wrong ? ExitCode::Invalid : ExitCode::Ok;
}

}  // namespace slipway::cli
