#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "controller/cli/exit_code.h"
#include "controller/cli/options.h"
#include "controller/standalone/one_shot.h"
#include "crds/base/document.h"
#include "crds/v1alpha1/image_publication_status.h"
#include "crds/v1alpha1/object_meta.h"

namespace slipway::cli {

/// "shop/app".
std::string name_of(const ObjectKey& object);

/// "error: ImagePublication shop/app: what happened; what to do".
std::string error_line(const ObjectKey& object, const Error& error);

/// "shop/app: not yet, it is tried again for up to 14m: what is in the way; what to do"; where that was told before
/// "shop/app: still not (Unavailable), it is tried again for up to 12m".
std::string delay_line(const ObjectKey& object, const standalone::Delay& delay);

/// "shop/app: waiting for ghcr.io".
std::string wait_line(const ObjectKey& object, const std::string& hosts);

/// "41.3 MiB sent; blobs: 3 sent, 1 mounted, 2 already there".
std::string transfer_text(const TransferStatus& transfer);

/// "error: what happened; what to do", for standard error. Gives the exit code of its class.
ExitCode print_error(const Error& error, std::ostream& errors);
/// As print_error(), naming what it is about.
ExitCode print_error(std::string_view about, const Error& error, std::ostream& errors);

/// Each problem as "error: file:line:column: …" or "warning: …"; true when one is an error.
bool print_problems(const std::vector<Problem>& problems, std::ostream& errors);

/// `node` as JSON or YAML.
void print_data(const Node& node, OutputFormat format, std::ostream& out);
bool is_data(OutputFormat format);

/// Objects as a v1 List, as kubectl prints several.
Node list_of(std::vector<Node> items);

}  // namespace slipway::cli
