// A POP3 client (RFC 1939) that has the maildrop open, and what it saw when it opened it.
#pragma once

#include <set>

#include "tests/sim/audit.h"

namespace fumi::sim {

class Pop3Client {
 public:
  // Logs in; `inbox` is what IMAP told of the INBOX just before.
  Pop3Client(Site& site, const AuditedBox& inbox, std::size_t chunk);

  std::string operator()(const std::string& command);  // one line
  std::string lines_of(const std::string& command);    // up to the point
  void hang_up() { peer_->hang_up(); }

  void remove(std::uint32_t number);  // DELE, which may be refused for what is marked already
  void reset();
  // RFC 1939 §3: what others do since the login is not seen.
  void check_listing();

  [[nodiscard]] const std::vector<std::uint32_t>& uids() const { return uids_; }
  [[nodiscard]] const std::set<std::uint32_t>& removed() const { return removed_; }

 private:
  Site& site_;
  std::unique_ptr<Peer> peer_;
  std::vector<std::uint32_t> uids_;
  std::uint32_t validity_ = 0;
  std::set<std::uint32_t> removed_;
};

}  // namespace fumi::sim
