#include "controller/cli/audit_flags.h"

#include <CLI/CLI.hpp>

namespace slipway::cli {

void add_audit(CLI::App& app, AuditOptions& options) {
  CLI::App* verb = app.add_subcommand("audit", "Check, print or export the log of what was changed at registries");
  verb->footer(
      "verify   finds any change, gap or reordering; exit code 0 when there is none, 1 when there is one\n"
      "head     prints the last record as HASH@NUMBER: keep it elsewhere, and a missing end is found with --head\n"
      "export   prints a line for each change with who asked and how it ended\n"
      "Example: slipway audit verify --head \"$(cat noted-yesterday)\"\n"
      "         slipway audit export -o csv --since 30d --repository 'shop/**'\n"
      "         kubectl -n slipway-system logs POD | slipway audit verify -\n"
      "           (of a Deployment, POD being a pod of it; with a volume the log is on that:\n"
      "           kubectl -n slipway-system exec slipway-0 -- /usr/bin/slipway audit verify /var/lib/slipway/audit)");
  verb->add_option("WHAT", options.what, "verify, head or export")
      ->required()
      ->check(CLI::IsMember({"verify", "head", "export"}))
      ->type_name("");
  verb->add_option("PATH", options.paths,
                   "Folder of the log, its files in order, or - for standard input (default: audit beside the state "
                   "databases, under $XDG_STATE_HOME/slipway)")
      ->type_name("PATH");
  verb->add_option("--head", options.head,
                   "A record that was noted elsewhere and has to be there; of several lines the last")
      ->type_name("HASH@NUMBER");
  verb->add_option("--after", options.after, "What the first record follows, where earlier files lie elsewhere")
      ->type_name("HASH@NUMBER");
  verb->add_option("--since", options.since,
                   "export: changes from then on, e.g. 30d, 2026-11-01 (its beginning, UTC) or 2026-11-01T08:30:00Z")
      ->type_name("TIME");
  verb->add_option("-n,--namespace", options.namespace_name, "export: asked for by objects of this namespace")
      ->type_name("NAMESPACE");
  verb->add_option("--repository", options.repository, "export: a pattern, e.g. 'shop/**' or contoso.azurecr.io/shop/*")
      ->type_name("PATTERN");
  verb->add_option("--action", options.action, "export: what was done")
      ->transform(CLI::IsMember({"PushManifest", "DeleteManifest", "SetTag", "MoveTag", "RemoveTag", "LeaveTags"},
                                CLI::ignore_case));
  verb->add_option("-o,--output", options.output, "How to print it; csv for export alone")
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->capture_default_str();
}

}  // namespace slipway::cli
