#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "crds/v1alpha1/image_publication.h"
#include "reconcilers/ports/image_source.h"

namespace slipway::sources {

/// Opens the layout or archive that `source` names; its path is relative to `base_folder`, with links resolved it lies
/// inside `root`, and so does whatever a layout folder links to. With `root` bound it is RegistriesSettings::open_file.
/// Only looks what the path leads to; the content is read when it is asked for. Refused outside the root, NotFound,
/// Invalid for a folder where a file is expected and the other way round. An archive that is replaced afterwards is
/// read on as it was, and so is a layout when a root that is a link leads elsewhere.
Result<std::unique_ptr<ImageSource>> open_source_file(const std::filesystem::path& root, const SourceSpec& source,
                                                      const std::string& base_folder);

}  // namespace slipway::sources
