#include "controller/transfer/image_growth.h"

namespace slipway::transfer {

bool ImageGrowth::add(const Growth& more) {
  auto sum = sum_.lock();
  sum->read += more.read;
  sum->unpacked += more.unpacked;
  return sum->is_within(bounds_);
}

void ImageGrowth::take_back(const Growth& before) {
  auto sum = sum_.lock();
  sum->read -= before.read;
  sum->unpacked -= before.unpacked;
}

}  // namespace slipway::transfer
