// Quota commands (RFC 9208).
#include "proto/imap/detail/commands.h"

namespace fumi::imap::detail {

// getquota = "GETQUOTA" SP quota-root-name
Parsed parse_getquota(Parser& p) {
  if (!p.sp()) return std::nullopt;
  auto root = p.astring();
  if (!root || !p.end()) return std::nullopt;
  return GetQuota{std::move(*root)};
}

// getquotaroot = "GETQUOTAROOT" SP mailbox
Parsed parse_getquotaroot(Parser& p) {
  if (!p.sp()) return std::nullopt;
  auto name = p.mailbox();
  if (!name || !p.end()) return std::nullopt;
  return GetQuotaRoot{std::move(*name)};
}

// setquota = "SETQUOTA" SP quota-root-name SP setquota-list
Parsed parse_setquota(Parser& p) {
  SetQuota out;
  if (!p.sp()) return std::nullopt;
  auto root = p.astring();
  if (!root || !p.sp() || !p.expect('(')) return std::nullopt;
  out.root = std::move(*root);
  while (!p.take(')')) {
    if (!out.limits.empty() && !p.sp()) return std::nullopt;
    if (out.limits.size() == p.limits().flags) return p.fail("too many resources");
    std::string name = p.keyword();
    if (name.empty()) return p.fail("expected a resource");
    if (!p.sp()) return std::nullopt;
    const auto limit = p.number64();
    if (!limit) return std::nullopt;
    out.limits.emplace_back(std::move(name), *limit);
  }
  if (!p.end()) return std::nullopt;
  return out;
}

}  // namespace fumi::imap::detail
