// IMAP URLs of messages and parts of them (RFC 5092 §11), as far as CATENATE may use them (RFC 4469
// §3): relative ones, which stay on this server and in this session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/imap/fetch.h"
#include "proto/imap/types.h"

namespace fumi::imap {

struct MessageUrl {
  std::string mailbox;  // UTF-8, canonical; empty: the selected one
  std::optional<UidValidity> uid_validity;
  Uid uid;
  Section section;
  std::optional<Partial> partial;

  // "/Drafts;UIDVALIDITY=3857/;UID=20/;SECTION=1.2/;PARTIAL=0.1024". nullopt: anything else.
  [[nodiscard]] static std::optional<MessageUrl> parse(std::string_view url);
};

}  // namespace fumi::imap
