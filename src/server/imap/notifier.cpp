#include "server/imap/notifier.h"

#include <algorithm>

namespace fumi::server {

void ChangedMailboxes::bound() {
  if (now_.mailboxes.size() <= kMost) return;
  now_.mailboxes.clear();
  now_.everything = true;
}

void ChangedMailboxes::add(const Change& change) {
  const std::scoped_lock lock(mutex_);
  if (change.is_gap()) {
    now_.everything = true;
  } else if (change.mailbox == MailboxId()) {
    now_.names = true;
  } else if (!now_.everything) {
    now_.mailboxes.insert(change.mailbox);
  }
  bound();
}

void ChangedMailboxes::put_back(Taken taken) {
  const std::scoped_lock lock(mutex_);
  now_.names = now_.names || taken.names;
  now_.everything = now_.everything || taken.everything;
  now_.mailboxes.merge(taken.mailboxes);
  bound();
}

ChangedMailboxes::Taken ChangedMailboxes::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(now_, {});
}

namespace {

imap::MailboxState state_of(const service::Permit& seen, AccountId reader) {
  const Mailbox& mailbox = seen.mailbox;
  imap::MailboxState state;
  state.key = mailbox.id.value();
  if (mailbox.owner != reader) state.owner = mailbox.owner.value();
  if (!seen.rights.has(Rights::read)) state.access = imap::MailboxState::Access::listed;
  state.name = mailbox.name;
  state.subscribed = mailbox.subscribed;
  state.uid_validity = {mailbox.uid_validity.value};
  state.uid_next = {mailbox.uid_next.value};
  state.messages = mailbox.total;
  state.unseen = mailbox.unseen;
  state.highest_modseq = {std::max<std::uint64_t>(mailbox.modseq.value(), 1)};
  return state;
}

}  // namespace

void Sight::add(service::Permit seen, AccountId reader) {
  states.push_back(state_of(seen, reader));
  mailboxes.push_back(std::move(seen.mailbox));
}

service::MailboxOf mailbox_of(const imap::MailboxState& state, AccountId reader) {
  return {state.owner == 0 ? reader : AccountId(state.owner), MailboxId(state.key)};
}

}  // namespace fumi::server
