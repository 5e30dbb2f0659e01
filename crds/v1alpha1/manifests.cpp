#include "crds/v1alpha1/manifests.h"

#include <string>
#include <vector>

#include "crds/v1alpha1/bindings.h"

namespace slipway {

namespace {

struct Kind {
  std::string_view kind, plural, singular, short_name, scope, description;
  std::vector<PrinterColumn> columns;
  std::vector<std::string_view> selectable;
};

constexpr PrinterColumn kReady{"Ready", "string", ".status.conditions[?(@.type==\"Ready\")].status",
                               "Whether all is as wanted."};
constexpr PrinterColumn kReason{"Reason", "string", ".status.conditions[?(@.type==\"Ready\")].reason",
                                "Why, in one word."};
constexpr PrinterColumn kProgress{"Progress", "string", ".status.conditions[?(@.type==\"Reconciling\")].reason",
                                  "What goes on now, in one word; Ready is of what was before."};
constexpr PrinterColumn kDoing{"Doing", "string", ".status.conditions[?(@.type==\"Reconciling\")].message",
                               "What goes on now.", true};
constexpr PrinterColumn kMessage{"Message", "string", ".status.conditions[?(@.type==\"Ready\")].message", "Why.", true};
constexpr PrinterColumn kAge{"Age", "date", ".metadata.creationTimestamp", "How long the object is there."};
constexpr PrinterColumn kSuspended{"Suspended", "boolean", ".spec.suspend", "Whether it is left as it is."};
constexpr PrinterColumn kRegistry{"Registry", "string", ".spec.registryRef.name", "Which registry it is about.", true};

Kind kind_of(ResourceKind kind) {
  switch (kind) {
    case ResourceKind::ContainerRegistry:
      return {"ContainerRegistry",
              "containerregistries",
              "containerregistry",
              "acr",
              "Cluster",
              "A registry: how to sign in to it, who may use which part of it, and under what conditions.",
              {kReady,
               {"Login Server", "string", ".spec.loginServer", "Host of the registry."},
               kReason,
               kProgress,
               kSuspended,
               {"Identity", "string", ".status.identity", "What is signed in as.", true},
               {"Checked", "date", ".status.lastCheckedAt", "How long ago the registry was asked.", true},
               kDoing,
               kMessage,
               kAge},
              {".spec.loginServer"}};
    case ResourceKind::ImagePublication:
      return {"ImagePublication",
              "imagepublications",
              "imagepublication",
              "ipub",
              "Namespaced",
              "What is published in one repository for one environment; edited for each build.",
              {kReady,
               {"Digest", "string", ".status.display.digest", "What is published."},
               {"Tags", "string", ".status.display.tags", "The first of the tags that name it."},
               kReason,
               kProgress,
               kSuspended,
               kRegistry,
               {"Repository", "string", ".spec.repository", "Where it is published.", true},
               {"Environment", "string", ".spec.environment", "What it is published for.", true},
               {"Published", "date", ".status.published.at", "How long ago it was published.", true},
               kDoing,
               kMessage,
               kAge},
              {".spec.registryRef.name", ".spec.repository"}};
    case ResourceKind::RetentionPolicy:
      break;
  }
  return {"RetentionPolicy",
          "retentionpolicies",
          "retentionpolicy",
          "retpol",
          "Namespaced",
          "What of which repositories goes, when, and what stays.",
          {kReady,
           {"Mode", "string", ".spec.mode", "Whether it deletes or only shows."},
           kReason,
           {"Unsupported", "string", ".status.conditions[?(@.type==\"Unsupported\")].reason",
            "Whether this version does nothing with it."},
           kSuspended,
           kRegistry,
           {"Schedule", "string", ".spec.schedule.cron", "When it runs.", true},
           kMessage,
           kAge},
          {".spec.registryRef.name"}};
}

Node list_of(std::string_view one) {
  return list_node({string_node(one)});
}

Node names_of(const Kind& kind) {
  Node names = map_node();
  add(names, "categories", list_of("slipway"));
  add(names, "kind", string_node(kind.kind));
  add(names, "listKind", string_node(std::string(kind.kind) + "List"));
  add(names, "plural", string_node(kind.plural));
  add(names, "shortNames", list_of(kind.short_name));
  add(names, "singular", string_node(kind.singular));
  return names;
}

Node columns_of(const Kind& kind) {
  Node columns = list_node();
  for (const auto& column : kind.columns) {
    Node node = map_node();
    add(node, "name", string_node(column.name));
    add(node, "type", string_node(column.type));
    add(node, "jsonPath", string_node(column.path));
    add(node, "description", string_node(column.description));
    if (column.wide) add(node, "priority", integer_node(1));
    columns.items.push_back(std::move(node));
  }
  return columns;
}

Node selectable_fields_of(const Kind& kind) {
  Node fields = list_node();
  for (const auto path : kind.selectable) {
    Node field = map_node();
    add(field, "jsonPath", string_node(path));
    fields.items.push_back(std::move(field));
  }
  return fields;
}

Schema described(Schema schema, std::string_view description) {
  schema.info.description = description;
  return schema;
}

Node plain(std::string_view type, std::string_view description) {
  Node node = map_node();
  if (!description.empty()) add(node, "description", string_node(description));
  add(node, "type", string_node(type));
  return node;
}

template <class Spec, class Status>
Node root_schema(const Kind& kind) {
  Schema status = described(Bound<Status>::get().schema(), "What Slipway saw and did.");
  status.info.default_json = "{\"observedGeneration\":-1}";
  Node properties = map_node();
  add(properties, "apiVersion", plain("string", "Version of this form of the object."));
  add(properties, "kind", plain("string", "What the object is."));
  add(properties, "metadata", plain("object", {}));
  add(properties, "spec", to_node(described(Bound<Spec>::get().schema(), "What is wanted.")));
  add(properties, "status", to_node(status));
  Node schema = plain("object", kind.description);
  add(schema, "required", list_of("spec"));
  add(schema, "properties", std::move(properties));
  return schema;
}

Node schema_of(ResourceKind kind, const Kind& names) {
  if (kind == ResourceKind::ContainerRegistry)
    return root_schema<ContainerRegistrySpec, ContainerRegistryStatus>(names);
  if (kind == ResourceKind::ImagePublication) return root_schema<ImagePublicationSpec, ImagePublicationStatus>(names);
  return root_schema<RetentionPolicySpec, RetentionPolicyStatus>(names);
}

Node version_of(ResourceKind kind, const Kind& names) {
  Node subresources = map_node();
  add(subresources, "status", map_node());
  Node schema = map_node();
  add(schema, "openAPIV3Schema", schema_of(kind, names));
  Node version = map_node();
  add(version, "name", string_node(kApiVersion.substr(kGroup.size() + 1)));
  add(version, "served", boolean_node(true));
  add(version, "storage", boolean_node(true));
  add(version, "subresources", std::move(subresources));
  add(version, "additionalPrinterColumns", columns_of(names));
  add(version, "selectableFields", selectable_fields_of(names));
  add(version, "schema", std::move(schema));
  return version;
}

}  // namespace

std::vector<PrinterColumn> printer_columns(ResourceKind kind) {
  return kind_of(kind).columns;
}

Node crd_manifest(ResourceKind kind) {
  const Kind names = kind_of(kind);
  Node metadata = map_node();
  add(metadata, "name", string_node(std::string(names.plural) + '.' + std::string(kGroup)));
  Node spec = map_node();
  add(spec, "group", string_node(kGroup));
  add(spec, "names", names_of(names));
  add(spec, "scope", string_node(names.scope));
  add(spec, "versions", list_node({version_of(kind, names)}));
  Node root = map_node();
  add(root, "apiVersion", string_node("apiextensions.k8s.io/v1"));
  add(root, "kind", string_node("CustomResourceDefinition"));
  add(root, "metadata", std::move(metadata));
  add(root, "spec", std::move(spec));
  return root;
}

}  // namespace slipway
