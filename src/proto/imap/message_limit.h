// MESSAGELIMIT and SAVELIMIT (RFC 9738): how many messages one command works on. What is beyond
// the limit is left alone, from the lowest UID up, and the tagged answer says from where on to
// repeat; COPY and APPEND, which are done whole or not at all, are refused.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "proto/imap/options.h"
#include "proto/imap/reply.h"

namespace fumi::imap {

// The most that COPY and MULTIAPPEND take; 0: any number.
[[nodiscard]] inline std::size_t saved_messages_max(const Limits& limits) {
  return limits.messages != 0 ? limits.messages : limits.saved_messages;
}

// Takes the first of `items`, which ascend by UID, until `most` (0: any number) are left. The code
// for the tagged answer if some went.
template <class Item, class UidOf>
[[nodiscard]] std::optional<ResponseCode> keep_highest(std::vector<Item>& items, std::size_t most,
                                                       UidOf uid_of) {
  if (most == 0 || items.size() <= most) return std::nullopt;
  items.erase(items.begin(), items.end() - static_cast<std::ptrdiff_t>(most));
  return code::message_limit(most, Uid{uid_of(items.front())});
}

}  // namespace fumi::imap
