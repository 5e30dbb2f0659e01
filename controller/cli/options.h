#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "crds/base/time.h"
#include "crds/v1alpha1/resources.h"

namespace slipway::cli {

enum class OutputFormat { Table, Wide, Json, Yaml };
enum class ProgressStyle { Auto, Bars, Lines, None };

/// Of a Git repository.
struct GitFlags {
  std::string branch;  ///< Empty: the repository's own.
  std::string path;    ///< Folder in it.
  std::string credentials_file, ssh_key_file, known_hosts_file, ca_file;
};

/// Which resources, and where what is known of them is kept.
struct FolderOptions {
  std::string path;  ///< A folder, a file, "-", or a Git repository.
  GitFlags git;
  std::string root;          ///< Files of resources must lie inside; empty: the folder, or the working one.
  std::string state;         ///< State database; empty: under the user's XDG state folder.
  std::string audit_folder;  ///< Of the audit log; empty: beside the state database, in a cluster standard output.
  bool allow_empty = false;
  std::string controller_namespace = "slipway-system";
  std::string publisher_id;              ///< Empty: the path's own URL.
  std::vector<FieldOverride> overrides;  ///< `--set`.
};

struct LogOptions {
  std::string format = "auto";  ///< auto (text on a terminal, else json), text, json.
  std::string level = "info";   ///< debug, info, warn, error.
};

/// A cluster's API server instead of a folder.
struct ClusterFlags {
  bool in_cluster = false;                    ///< As the pod's ServiceAccount.
  std::string kubeconfig;                     ///< Or as this file says.
  std::string context;                        ///< Of the kubeconfig; empty: its current one.
  std::vector<std::string> watch_namespaces;  ///< Whose Secrets and ConfigMaps are read; empty: every one's.
  std::string lease_namespace;                ///< Of the replicas' Leases; empty: the controller's.
  std::string lease_group;                    ///< Which replicas share the work; empty: see lease_group_of().
  bool is_used() const { return in_cluster || !kubeconfig.empty(); }
};

struct RunOptions {
  FolderOptions folder;
  ClusterFlags cluster;
  LogOptions log;
  std::string listen = "127.0.0.1:8080";  ///< Empty: no endpoints.
  std::chrono::seconds git_interval{60};
  std::chrono::seconds grace{45};  ///< In a cluster: how long the end may take.
  std::size_t workers = 8;
};

struct PublishOptions {
  FolderOptions folder;
  LogOptions log;
  OutputFormat output = OutputFormat::Table;
  ProgressStyle progress = ProgressStyle::Auto;
  std::size_t workers = 16;
  std::optional<std::chrono::seconds> timeout;
};

struct PlanOptions {
  FolderOptions folder;
  OutputFormat output = OutputFormat::Table;
  std::optional<Timestamp> at;  ///< Decide as if it were this time.
  std::optional<std::chrono::seconds> timeout;
};

struct ValidateOptions {
  std::string path;
  std::string root;  ///< As of FolderOptions.
  bool allow_empty = false;
  GitFlags git;
  std::string controller_namespace = "slipway-system";
  std::vector<FieldOverride> overrides;
  OutputFormat output = OutputFormat::Table;
};

struct GetOptions {
  FolderOptions folder;
  std::optional<ResourceKind> kind;  ///< Absent: every kind.
  std::string name;
  std::string namespace_name;  ///< Empty: every namespace.
  OutputFormat output = OutputFormat::Table;
};

struct DescribeOptions {
  FolderOptions folder;
  std::optional<ResourceKind> kind;
  std::string name;
  std::string namespace_name;
  OutputFormat output = OutputFormat::Table;
};

struct AuditOptions {
  std::string what;                ///< verify, head, export.
  std::vector<std::string> paths;  ///< Folders, files, "-"; none: the default folder.
  std::string head, after;         ///< HASH@NUMBER; may be empty.
  std::string since, namespace_name, repository, action;
  std::string output = "table";  ///< table, json, csv.
};

struct VersionOptions {
  OutputFormat output = OutputFormat::Table;
};

struct CompletionOptions {
  std::string shell;  ///< bash, zsh, fish.
};

using Command = std::variant<RunOptions, PublishOptions, PlanOptions, ValidateOptions, GetOptions, DescribeOptions,
                             AuditOptions, VersionOptions, CompletionOptions>;

}  // namespace slipway::cli
