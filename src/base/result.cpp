#include "base/result.h"

namespace fumi {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::invalid:
      return "invalid";
    case Code::not_found:
      return "not_found";
    case Code::conflict:
      return "conflict";
    case Code::denied:
      return "denied";
    case Code::unauthenticated:
      return "unauthenticated";
    case Code::quota:
      return "quota";
    case Code::too_large:
      return "too_large";
    case Code::rate_limited:
      return "rate_limited";
    case Code::unavailable:
      return "unavailable";
    case Code::storage_full:
      return "storage_full";
    case Code::timeout:
      return "timeout";
    case Code::cancelled:
      return "cancelled";
    case Code::peer_gone:
      return "peer_gone";
    case Code::corrupt:
      return "corrupt";
    case Code::unsupported:
      return "unsupported";
    case Code::internal:
      return "internal";
  }
  return "internal";
}

std::string Error::text() const {
  std::string out = doing;
  if (!detail.empty()) {
    if (!out.empty()) out += ": ";
    out += detail;
  }
  out += " (";
  out += to_string(code);
  out += ')';
  return out;
}

}  // namespace fumi
