// REPLACE (RFC 8508): an APPEND that removes a message of the selected mailbox with it.
#include "proto/imap/seq_set.h"
#include "server/imap/session.h"

namespace fumi::server {

// Finds the message that goes; false: answered already.
Task<bool> ImapSession::start_replace(imap::AppendBegin::Replaces replaces) {
  if (selected_->access == imap::Select::Access::read_only) {
    co_await finish(imap::no("The mailbox is open for reading only", imap::code::Plain::read_only));
    co_return false;
  }
  const std::uint32_t last =
      replaces.by == imap::By::uid ? selected_->view.last_uid().value : selected_->view.size();
  const std::uint32_t number = replaces.number == imap::SeqSet::kStar ? last : replaces.number;
  if (number == 0 || (replaces.by == imap::By::seq && number > last)) {
    co_await finish(imap::bad("A sequence number is beyond the mailbox"));
    co_return false;
  }
  const auto uid = replaces.by == imap::By::uid ? std::optional(imap::Uid{number})
                                                : selected_->view.uid_of(imap::SeqNumber{number});
  if (!uid || !selected_->view.number_of(*uid) || selected_->view.is_ghost(*uid)) {
    co_await finish(imap::no("No such message", imap::code::Plain::nonexistent));
    co_return false;
  }
  replaced_ = Uid{uid->value};
  co_return true;
}

Task<void> ImapSession::finish_replace() {
  const Uid gone = *std::exchange(replaced_, std::nullopt);
  std::vector<service::NewMessage> messages = std::exchange(appending_, {});
  auto appended = co_await host_.mailboxes.replace(whose(), append_mailbox_, std::move(messages),
                                                   selected_->id, gone);
  if (!appended) {
    imap::Reply reply = to_imap(appended.error());
    if (appended.error().code == Code::not_found) {
      reply = imap::no("No such mailbox", imap::code::Plain::try_create);
    } else if (appended.error().code == Code::conflict) {
      reply = imap::no("The message is gone", imap::code::Plain::expunge_issued);
    }
    co_await finish(std::move(reply));
    co_return;
  }
  own_messages(append_mailbox_, {appended->front().uid});
  imap::SeqSet uids;
  uids.add(appended->front().uid.value);
  const imap::UidValidity validity{appended->front().uid_validity.value};
  engine_.writer().status_ok("The replacement is there", imap::code::append_uid(validity, uids));
  selected_->view.expunged_here(imap::Uid{gone.value});
  co_await tell_news();
  engine_.finish(expunged_ok("REPLACE done"));
}

}  // namespace fumi::server
