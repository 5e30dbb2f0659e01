#include "reconcilers/ports/image_store.h"

namespace slipway {

bool may_have_been_made(ErrorClass how) {
  switch (how) {
    case ErrorClass::Throttled:
    case ErrorClass::QuotaExceeded:
    case ErrorClass::Integrity:
    case ErrorClass::Unavailable:
    case ErrorClass::Cancelled:
    case ErrorClass::Internal:
      return true;
    default:
      return false;
  }
}

}  // namespace slipway
