#pragma once

#include <functional>
#include <stop_token>
#include <vector>

#include "reconcilers/publish/act.h"

namespace slipway::publish {

/// Sets all tags of a publication within one turn of its repository, immutable ones first, and says in `report` what
/// was set and why it ended.
class TagSetter {
 public:
  TagSetter(const Content& content, const Hands& hands, const std::function<bool()>& is_still_wanted,
            std::stop_token stop)
      : content_(content), hands_(hands), is_still_wanted_(is_still_wanted), stop_(std::move(stop)) {}

  void set(std::vector<SetTag> tags, ActReport& report);

 private:
  Result<std::vector<SetTag>> look_again(std::vector<SetTag> tags, ActReport& report);
  Result<void> announce(const std::vector<SetTag>& tags);
  Result<void> set_one(const SetTag& tag, ActReport& report);
  Result<content::ManifestBytes> manifest_of(const Digest& digest);
  Result<void> read_again(const SetTag& tag);

  const Content& content_;
  const Hands& hands_;
  const std::function<bool()>& is_still_wanted_;
  std::stop_token stop_;
};

}  // namespace slipway::publish
