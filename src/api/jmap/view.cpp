#include "api/jmap/view.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

namespace fumi::jmap {
namespace {

// FNV-1a, 64 bits: a state is no secret, and a client can't choose rights.
class Mark {
 public:
  void add(std::uint64_t number) {
    for (int i = 0; i < 8; ++i) {
      hash_ = (hash_ ^ (number & 0xffU)) * 0x100000001b3U;
      number >>= 8U;
    }
  }
  [[nodiscard]] std::string text() const {
    char out[17];
    std::snprintf(out, sizeof out, "%016llx", static_cast<unsigned long long>(hash_));
    return out;
  }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325U;
};

template <class Id, class IsThere>
void keep(std::vector<Id>& ids, const IsThere& is_there) {
  std::erase_if(ids, [&](const Id id) { return !is_there(id); });
}

// What has left the view is gone for its reader; what came and left never was.
template <class Id>
void hide(ObjectChanges<Id>& changes, const std::set<Id>& visible) {
  const auto is_visible = [&](const Id id) { return visible.contains(id); };
  for (const Id id : changes.updated)
    if (!is_visible(id)) changes.destroyed.push_back(id);
  keep(changes.updated, is_visible);
  keep(changes.created, is_visible);
}

template <class Id>
std::vector<Id> there_now(const ObjectChanges<Id>& changes) {
  std::vector<Id> ids = changes.created;
  ids.insert(ids.end(), changes.updated.begin(), changes.updated.end());
  return ids;
}

}  // namespace

Result<View> View::load(Tx& tx, AccountId reader, AccountId account) {
  View view;
  view.reader_ = reader;
  view.account_ = account;
  if (reader == account) return view;
  FUMI_TRY(const auto shared, tx.acls().shared_with(reader));
  Mark mark;
  mark.add(reader.value());
  for (const SharedMailbox& one : shared) {
    if (one.owner != account || !one.rights.has(Rights::lookup)) continue;
    mark.add(one.mailbox.value());
    mark.add(one.rights.bits);
    view.shared_.push_back(one);
  }
  if (view.shared_.empty()) return fail(Code::not_found, "opening an account");
  view.mark_ = mark.text();
  std::ranges::sort(view.shared_, {}, &SharedMailbox::mailbox);
  return view;
}

Rights View::rights(MailboxId mailbox) const {
  if (is_own()) return Rights::all();
  const auto found = std::ranges::lower_bound(shared_, mailbox, {}, &SharedMailbox::mailbox);
  return found != shared_.end() && found->mailbox == mailbox ? found->rights : Rights();
}

bool View::may(MailboxId mailbox, std::uint32_t needed) const {
  return rights(mailbox).has(needed);
}

std::vector<MailboxId> View::readable() const {
  std::vector<MailboxId> ids;
  for (const SharedMailbox& one : shared_)
    if (one.rights.has(Rights::read)) ids.push_back(one.mailbox);
  return ids;
}

void View::drop_hidden(std::vector<Place>& places) const {
  std::erase_if(places, [&](const Place& place) { return !reads(place.mailbox); });
}

Result<std::vector<Mailbox>> View::mailboxes(Tx& tx) const {
  FUMI_TRY(auto all, tx.mailboxes().mailboxes(account_));
  if (is_own()) return all;
  std::erase_if(all, [&](const Mailbox& one) { return rights(one.id).bits == 0; });
  FUMI_TRY(const auto subscribed, tx.acls().subscribed(reader_));
  for (Mailbox& one : all)
    one.subscribed = std::ranges::binary_search(subscribed, one.id);
  return all;
}

Result<std::optional<Mailbox>> View::mailbox(Tx& tx, MailboxId id) const {
  if (rights(id).bits == 0) return std::nullopt;
  return tx.mailboxes().mailbox(account_, id);
}

// RFC 8621 §2, of what is visible alone.
Result<std::vector<MailboxCounts>> View::counts(Tx& tx) const {
  if (is_own()) return tx.emails().counts(account_);
  FUMI_TRY(const auto known, mailboxes(tx));
  const auto trash = std::ranges::find(known, MailboxRole::trash, &Mailbox::role);
  FUMI_TRY(const auto emails, list(tx, std::nullopt));
  std::map<MailboxId, MailboxCounts> counted;
  for (const Mailbox& one : known)
    counted[one.id].mailbox = one.id;
  std::set<std::pair<MailboxId, ThreadId>> threads;
  std::set<ThreadId> unread_in_trash;
  std::set<ThreadId> unread_elsewhere;
  const auto in_trash = [&](MailboxId id) { return trash != known.end() && trash->id == id; };
  for (const EmailFacts& email : emails) {
    std::uint32_t bits = 0;
    std::set<MailboxId> in;
    for (const Place& place : email.places) {
      bits |= place.flags.bits;
      in.insert(place.mailbox);
    }
    const bool unread = (bits & (Flags::seen | Flags::draft)) == 0;
    for (const MailboxId mailbox : in) {
      ++counted[mailbox].emails;
      if (unread) ++counted[mailbox].unread_emails;
      if (unread) (in_trash(mailbox) ? unread_in_trash : unread_elsewhere).insert(email.thread);
      threads.emplace(mailbox, email.thread);
    }
  }
  for (const auto& [mailbox, thread] : threads) {
    ++counted[mailbox].threads;
    const auto& unread = in_trash(mailbox) ? unread_in_trash : unread_elsewhere;
    if (unread.contains(thread)) ++counted[mailbox].unread_threads;
  }
  std::vector<MailboxCounts> out;
  for (const auto& [mailbox, counts] : counted)
    out.push_back(counts);
  return out;
}

Result<std::optional<Email>> View::email(Tx& tx, EmailId id) const {
  if (is_own()) return tx.mailboxes().email(account_, id);
  FUMI_TRY(auto found, find(tx, {id}));
  if (found.empty()) return std::nullopt;
  return std::move(found.front().email);
}

Result<std::vector<FoundEmail>> View::find(Tx& tx, const std::vector<EmailId>& ids) const {
  FUMI_TRY(auto found, tx.emails().find(account_, ids));
  if (is_own()) return found;
  for (FoundEmail& one : found)
    drop_hidden(one.places);
  std::erase_if(found, [](const FoundEmail& one) { return one.places.empty(); });
  return found;
}

Result<std::vector<EmailFacts>> View::list(Tx& tx, std::optional<MailboxId> mailbox) const {
  if (mailbox && !reads(*mailbox)) return std::vector<EmailFacts>();
  FUMI_TRY(auto found, tx.emails().list(account_, mailbox));
  if (is_own()) return found;
  for (EmailFacts& one : found)
    drop_hidden(one.places);
  std::erase_if(found, [](const EmailFacts& one) { return one.places.empty(); });
  return found;
}

Result<std::vector<ThreadEmails>> View::threads(Tx& tx, const std::vector<ThreadId>& ids) const {
  FUMI_TRY(auto found, tx.emails().threads(account_, ids));
  if (is_own()) return found;
  for (ThreadEmails& thread : found) {
    FUMI_TRY(const auto visible, find(tx, thread.emails));
    thread.emails.clear();
    for (const FoundEmail& one : visible)
      thread.emails.push_back(one.email.id);
  }
  std::erase_if(found, [](const ThreadEmails& thread) { return thread.emails.empty(); });
  return found;
}

Result<ObjectChanges<EmailId>> View::email_changes(Tx& tx, ModSeq since, std::size_t most) const {
  if (is_own()) return tx.emails().email_changes(account_, since, most);
  FUMI_TRY(auto changes, tx.emails().email_changes_in(account_, readable(), since, most));
  FUMI_TRY(const auto found, find(tx, there_now(changes)));
  std::set<EmailId> visible;
  for (const FoundEmail& one : found)
    visible.insert(one.email.id);
  hide(changes, visible);
  return changes;
}

Result<ObjectChanges<ThreadId>> View::thread_changes(Tx& tx, ModSeq since, std::size_t most) const {
  if (is_own()) return tx.emails().thread_changes(account_, since, most);
  FUMI_TRY(auto changes, tx.emails().thread_changes_in(account_, readable(), since, most));
  FUMI_TRY(const auto found, threads(tx, there_now(changes)));
  std::set<ThreadId> visible;
  for (const ThreadEmails& one : found)
    visible.insert(one.thread);
  hide(changes, visible);
  return changes;
}

Result<MailboxListChanges> View::mailbox_changes(Tx& tx, ModSeq since, std::size_t most) const {
  FUMI_TRY(auto changes, tx.emails().mailbox_changes(account_, since, most));
  if (is_own()) return changes;
  // The visible ones were all there at `since`, or the mark would be another.
  const auto is_visible = [&](MailboxId id) { return rights(id).bits != 0; };
  keep(changes.created, is_visible);
  keep(changes.updated, is_visible);
  changes.destroyed.clear();
  return changes;
}

Result<std::vector<SharedAccount>> shared_accounts(Tx& tx, AccountId reader) {
  constexpr std::uint32_t kWrites = Rights::seen | Rights::write | Rights::insert | Rights::create |
                                    Rights::remove | Rights::mark_deleted | Rights::expunge;
  FUMI_TRY(const auto shared, tx.acls().shared_with(reader));
  std::vector<SharedAccount> out;
  for (const SharedMailbox& one : shared) {
    if (!one.rights.has(Rights::lookup)) continue;
    if (out.empty() || out.back().id != one.owner) {
      FUMI_TRY(const auto owner, tx.directory().account(one.owner));
      if (!owner) continue;
      out.push_back({one.owner, owner->address.text()});
    }
    if (one.rights.has_any(kWrites)) out.back().use = SharedAccount::Use::writes;
  }
  return out;
}

}  // namespace fumi::jmap
