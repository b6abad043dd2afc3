// MESSAGELIMIT (RFC 9738): the highest messages are worked on, and the answer says where it ended.
#include "proto/imap/message_limit.h"

#include <algorithm>

#include "server/imap/session.h"

namespace fumi::server {

ImapSession::Cut ImapSession::keep_highest(Items& items) const {
  return imap::keep_highest(items, host_.engine->limits.messages,
                            [](const imap::SelectedView::Item& item) { return item.uid.value; });
}

ImapSession::Cut ImapSession::keep_highest(std::vector<Uid>& uids) const {
  return imap::keep_highest(uids, host_.engine->limits.messages, [](Uid uid) { return uid.value; });
}

ImapSession::Cut ImapSession::keep_highest(std::vector<Entry>& hits) const {
  return imap::keep_highest(hits, host_.engine->limits.messages,
                            [](const Entry& entry) { return entry.uid.value; });
}

// Of UID EXPUNGE only what carries \Deleted counts.
ImapSession::Cut ImapSession::keep_highest_deleted(std::vector<Uid>& uids) const {
  if (host_.engine->limits.messages == 0) return std::nullopt;
  service::RowCursor rows(*selected_->now);
  std::erase_if(uids, [&](Uid uid) {
    const service::IndexRow* const row = rows.find(uid);
    return row == nullptr || !row->has(Flags::deleted);
  });
  return keep_highest(uids);
}

std::optional<imap::Reply> ImapSession::too_many_to_save(std::size_t count) const {
  const std::size_t most = imap::saved_messages_max(host_.engine->limits);
  if (most == 0 || count <= most) return std::nullopt;
  return imap::no("Too many messages at a time", imap::code::message_limit(most, std::nullopt));
}

}  // namespace fumi::server
