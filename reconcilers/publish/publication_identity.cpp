#include "reconcilers/publish/publication_identity.h"

#include "crds/base/image_reference.h"
#include "crds/v1alpha1/enum_names.h"
#include "reconcilers/json.h"
#include "reconcilers/publish/canonical.h"

namespace slipway::publish {

namespace {

using json::MapBuilder;

Node tags_of(const ImagePublicationSpec& spec) {
  return json::list_of(spec.tags, [](const TagSpec& tag) {
    return MapBuilder()
        .add_text("name", tag.name)
        .add_text("template", tag.template_text)
        .add_text("mutability", std::string(name_of(tag.mutability)))
        .add("optional", json::boolean(tag.optional))
        .build();
  });
}

Node attach_of(const Attach& attach) {
  return MapBuilder()
      .add("scanReports", json::boolean(attach.scan_reports))
      .add("sbom", json::boolean(attach.sbom))
      .add("provenance", json::boolean(attach.provenance))
      .build();
}

/// Everything but the source.
MapBuilder intent_of(const ImagePublicationSpec& spec) {
  MapBuilder out;
  out.add_text("registryRef", spec.registry_ref.name).add_text("repository", spec.repository);
  out.add("platforms", json::text_list(spec.source.platforms));
  out.add_text("referrers", spec.source.referrers == ReferrersMode::All ? "All" : "None");
  out.add("build", canonical::node_of(spec.build));
  out.add_text("environment", spec.environment);
  out.add("tags", tags_of(spec));
  out.add("attach", attach_of(spec.attach));
  if (spec.rollback)
    out.add("rollback", MapBuilder()
                            .add_text("digest", spec.rollback->digest)
                            .add_text("reason", spec.rollback->reason)
                            .add_text("until", spec.rollback->until)
                            .build());
  return out;
}

/// What was written.
Node request_of(const SourceSpec& source) {
  MapBuilder out;
  if (source.image) out.add_text("image", source.image->reference);
  if (source.oci_layout) out.add_text("ociLayout", source.oci_layout->path).add_text("name", source.oci_layout->image);
  if (source.oci_archive)
    out.add_text("ociArchive", source.oci_archive->path).add_text("name", source.oci_archive->image);
  if (source.docker_archive)
    out.add_text("dockerArchive", source.docker_archive->path).add_text("name", source.docker_archive->image);
  if (source.digest) out.add_text("digest", *source.digest);
  return out.build();
}

/// Where it is, without what it is there.
Node place_of(const SourceSpec& source) {
  MapBuilder out;
  if (source.image) {
    const auto reference = ImageReference::parse(source.image->reference);
    out.add_text("image", reference ? reference->registry + "/" + reference->repository : source.image->reference);
  }
  if (source.oci_layout) out.add_text("ociLayout", source.oci_layout->path);
  if (source.oci_archive) out.add_text("ociArchive", source.oci_archive->path);
  if (source.docker_archive) out.add_text("dockerArchive", source.docker_archive->path);
  return out.build();
}

}  // namespace

std::string request_hash(const ImagePublicationSpec& spec) {
  return canonical::hash(intent_of(spec).add("source", request_of(spec.source)).build());
}

std::string publication_hash(const ImagePublicationSpec& spec, const std::string& login_server, const Digest& source) {
  return canonical::hash(intent_of(spec)
                             .add_text("loginServer", login_server)
                             .add("place", place_of(spec.source))
                             .add("digest", json::text(source.str()))
                             .build());
}

std::string gates_hash(const Gates& own, const std::vector<GateFloor>& floors) {
  Node nodes = json::list_of(floors, [](const GateFloor& floor) {
    return MapBuilder().add_text("entry", floor.entry).add("gates", canonical::node_of(floor.gates)).build();
  });
  return canonical::hash(MapBuilder().add("own", canonical::node_of(own)).add("floors", std::move(nodes)).build());
}

}  // namespace slipway::publish
