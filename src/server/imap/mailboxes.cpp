// IMAP commands on mailboxes (RFC 9051 §6.3), and APPEND.
#include <algorithm>

#include "base/ascii.h"
#include "proto/imap/fetch_writer.h"
#include "proto/imap/mailbox_name.h"
#include "server/imap/detail/listing.h"
#include "server/imap/detail/rows.h"
#include "server/imap/session.h"

namespace fumi::server {
namespace {

imap::StatusData data_of(const Mailbox& mailbox, std::uint64_t append_max) {
  imap::StatusData data;
  data.messages = mailbox.total;
  data.unseen = mailbox.unseen;
  data.deleted = mailbox.deleted;
  data.uid_next = {mailbox.uid_next.value};
  data.uid_validity = {mailbox.uid_validity.value};
  data.size = mailbox.octets;
  data.highest_modseq = {std::max<std::uint64_t>(mailbox.modseq.value(), 1)};
  data.mailbox_id = mailbox.id.text();
  data.append_limit = append_max;
  return data;
}

}  // namespace

Task<void> ImapSession::act_authenticated(imap::Step& step) {
  using Own = imap::NotifyTable::Own;
  service::Mailboxes& mailboxes = host_.mailboxes;
  const auto done = [](const Status& status, const char* text) {
    return status ? imap::ok(text) : to_imap(status.error());
  };
  if (auto* list = std::get_if<imap::List>(&step)) {
    co_await on_list(std::move(*list));
  } else if (auto* lsub = std::get_if<imap::Lsub>(&step)) {
    co_await on_lsub(std::move(*lsub));
  } else if (auto* status = std::get_if<imap::Status>(&step)) {
    co_await on_status(std::move(*status));
  } else if (auto* select = std::get_if<imap::Select>(&step)) {
    co_await on_select(std::move(*select));
  } else if (auto* create = std::get_if<imap::Create>(&step)) {
    co_await on_create(std::move(*create));
  } else if (auto* gone = std::get_if<imap::Delete>(&step)) {
    const Status removed = co_await mailboxes.remove(who(), gone->mailbox);
    if (removed) own_name(gone->mailbox, Own::goes);
    const bool inbox = !removed && removed.error().code == Code::denied && gone->mailbox == "INBOX";
    const imap::Reply reply =
        inbox ? imap::no("INBOX stays", imap::code::Plain::cannot) : done(removed, "DELETE done");
    // Of the selected mailbox itself: the answer first, what it means (BYE) at the next command.
    const bool own = removed && selected_ && selected_->name == gone->mailbox;
    if (own) engine_.finish(reply);
    if (!own) co_await finish(reply);
  } else if (auto* rename = std::get_if<imap::Rename>(&step)) {
    const Status renamed = co_await mailboxes.rename(who(), rename->from, rename->to);
    if (renamed) own_name(rename->to, Own::comes);
    co_await finish(done(renamed, "RENAME done"));
  } else if (auto* subscribe = std::get_if<imap::Subscribe>(&step)) {
    const Status set = co_await mailboxes.subscribe(who(), subscribe->mailbox,
                                                    service::Mailboxes::Subscription::on);
    if (set) own_name(subscribe->mailbox, Own::subscribed);
    co_await finish(done(set, "SUBSCRIBE done"));
  } else if (auto* unsubscribe = std::get_if<imap::Unsubscribe>(&step)) {
    const Status set = co_await mailboxes.subscribe(who(), unsubscribe->mailbox,
                                                    service::Mailboxes::Subscription::off);
    if (set) own_name(unsubscribe->mailbox, Own::unsubscribed);
    co_await finish(done(set, "UNSUBSCRIBE done"));
  } else if (std::holds_alternative<imap::Enable>(step)) {
    co_await finish(imap::ok("ENABLE done"));
  } else if (std::holds_alternative<imap::Unauthenticate>(step)) {
    log_out();
    engine_.finish(imap::ok("Logged out of the account"));
  } else if (auto* quota = std::get_if<imap::GetQuota>(&step)) {
    co_await on_quota(std::move(quota->root), std::nullopt);
  } else if (auto* root = std::get_if<imap::GetQuotaRoot>(&step)) {
    co_await on_quota("", std::move(root->mailbox));
  } else if (std::holds_alternative<imap::SetQuota>(step)) {
    co_await finish(imap::no("Quotas are set by an administrator", imap::code::Plain::no_perm));
  } else if (auto* begin = std::get_if<imap::AppendBegin>(&step)) {
    co_await on_append_begin(std::move(*begin));
  } else if (std::holds_alternative<imap::AppendFinish>(step)) {
    co_await on_append_finish();
  } else if (std::holds_alternative<imap::AppendAbort>(step)) {
    appending_.clear();
  } else if (std::holds_alternative<imap::IdleDone>(step)) {
    co_await finish(imap::ok("IDLE done"));
  } else {
    co_await act_selected(step);
  }
}

Task<void> ImapSession::on_list(imap::List list) {
  auto all = co_await host_.mailboxes.visible(who());
  if (!all) {
    co_await finish(to_imap(all.error()));
    co_return;
  }
  std::vector<Mailbox> mailboxes;
  mailboxes.reserve(all->size());
  for (const service::VisibleMailbox& one : *all)
    mailboxes.push_back(one.mailbox);
  const MailboxTree tree(mailboxes);
  const auto matches = [&list](const Mailbox& mailbox) {
    return std::ranges::any_of(list.patterns, [&mailbox](const std::string& pattern) {
      return imap::list_matches(pattern, mailbox.name);
    });
  };
  // RECURSIVEMATCH: who has subscribed inferiors that this answer doesn't show (RFC 9051
  // §6.3.9.6).
  std::unordered_set<std::string_view> above_hidden;
  for (const Mailbox& mailbox : mailboxes) {
    const bool hidden = list.select.recursive_match && mailbox.subscribed && !matches(mailbox);
    if (hidden) add_superiors(mailbox.name, above_hidden);
  }
  for (const service::VisibleMailbox& one : *all) {
    const Mailbox& mailbox = one.mailbox;
    if (!matches(mailbox)) continue;
    const bool child = above_hidden.contains(mailbox.name);
    if (list.select.subscribed && !mailbox.subscribed && !child) continue;
    if (list.select.special_use && special_use_of(mailbox.role).empty()) continue;
    imap::ListEntry entry = list_entry(mailbox, tree);
    const bool show = list.select.subscribed || list.wanted.subscribed;
    if (show && mailbox.subscribed) entry.attributes.emplace_back("\\Subscribed");
    entry.child_subscribed = child;
    engine_.writer().list(entry);
    // RFC 8440 §3
    if (list.wanted.my_rights) {
      engine_.writer().my_rights(mailbox.name, one.rights.text_with_virtual());
    }
    if (list.wanted.status && one.rights.has(Rights::read)) {
      // One that went since the list was read has no status (RFC 5819 §2).
      const auto data = co_await status_of(mailbox, *list.wanted.status);
      if (data) engine_.writer().status(mailbox.name, *list.wanted.status, *data);
    }
    if (!list.wanted.metadata.empty()) {  // RFC 9590
      imap::MetadataQuery query;
      query.entries = list.wanted.metadata;
      imap::Reply ignored;
      co_await tell_metadata(mailbox.name, std::move(query), ignored);
    }
    if (engine_.writer().should_flush()) {
      const bool sent = co_await flush();
      if (!sent) break;
    }
  }
  list_levels(list, *all);
  co_await finish(imap::ok("LIST done"));
}

Task<void> ImapSession::on_lsub(imap::Lsub lsub) {
  auto all = co_await host_.mailboxes.visible(who());
  if (!all) {
    co_await finish(to_imap(all.error()));
    co_return;
  }
  for (const service::VisibleMailbox& one : *all) {
    const Mailbox& mailbox = one.mailbox;
    if (!mailbox.subscribed || !imap::list_matches(lsub.pattern, mailbox.name)) continue;
    imap::ListEntry entry;
    entry.name = mailbox.name;
    engine_.writer().lsub(entry);
  }
  // RFC 3501 §6.3.9: "%" names levels whose inferiors are subscribed.
  const std::vector<std::string> patterns(1, lsub.pattern);
  for (std::string& level : levels_without_mailbox(*all, patterns, Counted::subscribed)) {
    imap::ListEntry entry;
    entry.attributes.emplace_back("\\Noselect");
    entry.name = std::move(level);
    engine_.writer().lsub(entry);
  }
  co_await finish(imap::ok("LSUB done"));
}

// From the mailbox's row, which LIST has read with all others; DELETED-STORAGE (RFC 9208 §4.1.4)
// alone needs the messages.
Task<Result<imap::StatusData>> ImapSession::status_of(const Mailbox& mailbox,
                                                      imap::StatusItems asked) {
  imap::StatusData data = data_of(mailbox, host_.options.append_max.octets);
  if (!asked.has(imap::StatusItem::deleted_storage) || mailbox.deleted == 0) co_return data;
  auto watched = co_await host_.mailboxes.watch(who(mailbox.owner), mailbox.id);
  if (!watched) co_return std::unexpected(std::move(watched).error());
  const service::MailboxSnapshot& now = *watched->now;
  for (std::uint32_t at = 0; at < now.size();) {
    const auto rows = now.rows_from(at);
    for (const service::IndexRow& row : rows)
      data.deleted_storage += row.has(Flags::deleted) ? row.octets : 0;
    at += static_cast<std::uint32_t>(rows.size());
  }
  co_return data;
}

Task<void> ImapSession::on_status(imap::Status status) {
  auto mailbox = co_await host_.mailboxes.find(who(), status.mailbox);
  if (!mailbox) {
    co_await finish(to_imap(mailbox.error()));
    co_return;
  }
  const auto data = co_await status_of(*mailbox, status.items);
  if (!data) {
    co_await finish(to_imap(data.error()));
    co_return;
  }
  engine_.writer().status(mailbox->name, status.items, *data);
  co_await finish(imap::ok("STATUS done"));
}

Task<void> ImapSession::on_select(imap::Select select) {
  leave_mailbox();
  changed_->reset();
  auto opened = co_await host_.mailboxes.watch(who(), select.mailbox);
  if (!opened) {
    engine_.finish(to_imap(opened.error()));
    co_return;
  }
  const Mailbox& mailbox = opened->mailbox;
  const service::MailboxSnapshot& now = *opened->now;
  const imap::Select::Access access = access_by(opened->rights, select.access);
  const bool writable = access == imap::Select::Access::read_write;
  Selected selected;
  selected.id = mailbox.id;
  selected.owner = mailbox.owner;
  selected.rights = opened->rights;
  if (mailbox.owner != principal_->account) {
    selected.owners = host_.mailboxes.bus().subscribe(
        mailbox.owner, [event = changed_](const Change&) { event->set(); });
    changed_->set();  // something may have happened since it was read
  }
  selected.name = mailbox.name;
  selected.index = opened->index;
  selected.now = opened->now;
  selected.asked = select.access;
  selected.access = access;
  selected.view = imap::SelectedView(uids_in(opened->now));
  imap::SelectedInfo info;
  const auto unseen = now.first_unseen();
  if (unseen) info.first_unseen = imap::SeqNumber{*unseen + 1};
  const Flags used = used_flags(now);
  info.mailbox = mailbox.name;
  info.flags = names_of(used);
  if (writable) info.permanent_flags = permanent_flags(used, selected.rights);
  info.exists = now.size();
  info.uid_validity = {mailbox.uid_validity.value};
  info.uid_next = {now.uid_next().value};
  info.highest_modseq = imap::ModSeq{std::max<std::uint64_t>(now.modseq().value(), 1)};
  info.mailbox_id = mailbox.id.text();
  selected_ = std::move(selected);
  hear_mailbox();
  engine_.writer().selected(info);
  if (select.qresync) {
    const Status told = co_await tell_resync(std::move(*select.qresync), mailbox);
    if (!told) {
      leave_mailbox();
      engine_.finish(to_imap(told.error()));
      co_return;
    }
  }
  if (notify_) co_await tell_notices();  // of the mailbox that was selected before
  const auto code = writable ? imap::code::Plain::read_write : imap::code::Plain::read_only;
  engine_.finish(imap::ok(writable ? "SELECT done" : "EXAMINE done", imap::code::plain(code)));
}

namespace {

// UIDs that no message has.
imap::SeqSet gaps(const service::MailboxSnapshot& now) {
  imap::SeqSet out;
  std::uint32_t next = 1;
  for (std::uint32_t at = 0; at < now.size();) {
    const auto rows = now.rows_from(at);
    for (const service::IndexRow& row : rows) {
      if (row.uid > next) out.add(next, row.uid - 1);
      next = row.uid + 1;
    }
    at += static_cast<std::uint32_t>(rows.size());
  }
  if (next < now.uid_next().value) out.add(next, now.uid_next().value - 1);
  return out;
}

}  // namespace

imap::SeqSet both(const imap::SeqSet& a, const imap::SeqSet& b) {
  imap::SeqSet out;
  std::size_t i = 0;
  std::size_t j = 0;
  const auto left = a.ranges();
  const auto right = b.ranges();
  while (i < left.size() && j < right.size()) {
    const std::uint32_t first = std::max(left[i].first, right[j].first);
    const std::uint32_t last = std::min(left[i].last, right[j].last);
    if (first <= last) out.add(first, last);
    if (left[i].last < right[j].last) {
      ++i;
    } else {
      ++j;
    }
  }
  return out;
}

// RFC 7162 §3.2.5, §3.2.6: what vanished since; where expunges that far back are forgotten,
// everything that is not there counts. What the client still sees is told in its time.
Task<Result<imap::SeqSet>> ImapSession::vanished_since(ModSeq since) {
  auto news = co_await host_.mailboxes.changes(whose(), selected_->id, since);
  if (!news) {
    if (news.error().code != Code::not_found) co_return std::unexpected(std::move(news).error());
    co_return gaps(*selected_->now);
  }
  imap::SeqSet vanished;
  for (const Uid uid : news->changes.vanished) {
    if (!selected_->view.number_of({uid.value})) vanished.add(uid.value);
  }
  co_return vanished;
}

// RFC 7162 §3.2.5: what the client missed since the state that it remembers.
Task<Status> ImapSession::tell_resync(imap::QResync resync, const Mailbox& mailbox) {
  if (resync.uid_validity.value != mailbox.uid_validity.value) co_return Status();
  const ModSeq since(resync.modseq.value);
  const service::Mailboxes::Snapshot now = selected_->now;
  if (since >= now->modseq()) co_return Status();
  Result<imap::SeqSet> gone = co_await vanished_since(since);
  if (!gone) co_return std::unexpected(std::move(gone).error());
  imap::SeqSet vanished = std::move(*gone);
  if (resync.known_uids) vanished = both(vanished, resync.known_uids->resolve(0xffffffff));
  if (!vanished.empty()) engine_.writer().vanished(vanished, imap::Vanished::earlier);
  FlagTexts flags(*now);
  const std::vector<service::IndexRow> changed = now->changed_since(since);
  for (const service::IndexRow& row : changed) {
    const auto number = selected_->view.number_of({row.uid});
    if (!number) continue;
    imap::FetchWriter fetch(engine_.writer(), *number, {row.uid});
    if (!engine_.features().uid_only) fetch.uid({row.uid});
    fetch.flag_list(flags.of(row));
    fetch.modseq({row.modseq});
    fetch.end();
    if (!engine_.writer().should_flush()) continue;
    const bool sent = co_await flush();
    if (!sent) co_return fail(Code::peer_gone, "sending");
  }
  co_return Status();
}

Task<void> ImapSession::on_create(imap::Create create) {
  MailboxRole role = MailboxRole::none;
  if (create.special_use.size() > 1) {  // a mailbox has one use here (RFC 6154 §3)
    co_await finish(imap::no("One special use a mailbox", imap::code::Plain::use_attr));
    co_return;
  }
  for (const std::string& use : create.special_use) {
    role = role_of(use);
    if (role == MailboxRole::none) {
      co_await finish(imap::no("That special use is not offered", imap::code::Plain::use_attr));
      co_return;
    }
  }
  // RFC 9051 §6.3.4: a separator at the end says that inferiors will come; the name is without it.
  if (create.mailbox.ends_with('/')) create.mailbox.pop_back();
  auto made = co_await host_.mailboxes.create(who(), create.mailbox, role);
  if (!made) {
    imap::Reply reply = to_imap(made.error());
    if (made.error().code == Code::conflict && role != MailboxRole::none) {
      const auto taken = co_await host_.mailboxes.find(who(), create.mailbox);
      if (!taken) {
        reply = imap::no("Another mailbox has that special use", imap::code::Plain::use_attr);
      }
    }
    co_await finish(std::move(reply));
    co_return;
  }
  own_name(made->name, imap::NotifyTable::Own::comes);
  co_await finish(imap::ok("CREATE done", imap::code::mailbox_id(made->id.text())));
}

// One quota root an account: "" one's own (RFC 9208 §3.2), and for others what their mailboxes'
// names begin with.
Task<Result<AccountId>> ImapSession::owner_of_root(std::string root) {
  if (root.empty()) co_return principal_->account;
  auto all = co_await host_.mailboxes.visible(who());
  if (!all) co_return std::unexpected(std::move(all).error());
  root += '/';
  for (const service::VisibleMailbox& one : *all) {
    const bool own = one.in == service::VisibleMailbox::Namespace::personal;
    const bool whole = root.find('@') != std::string::npos;
    if (!own && whole && one.rights.has(Rights::read) && one.mailbox.name.starts_with(root) &&
        one.mailbox.name.find('/', one.mailbox.name.find('@')) + 1 == root.size()) {
      co_return one.mailbox.owner;
    }
  }
  co_return fail(Code::not_found, "looking up a quota root");
}

Task<void> ImapSession::on_quota(std::string root, std::optional<std::string> mailbox) {
  if (mailbox) {
    auto found = co_await host_.mailboxes.find(who(), *mailbox);
    if (!found) {
      co_await finish(to_imap(found.error()));
      co_return;
    }
    root.clear();
    if (found->owner != principal_->account) {
      root = found->name.substr(0, found->name.find('/', found->name.find('@')));
    }
    const std::array<std::string, 1> roots{root};
    engine_.writer().quota_root(found->name, roots);
  }
  const auto owner = co_await owner_of_root(root);
  if (!owner) {
    imap::Reply reply = to_imap(owner.error());
    if (owner.error().code == Code::not_found) {
      reply = imap::no("No such quota root", imap::code::Plain::nonexistent);
    }
    co_await finish(std::move(reply));
    co_return;
  }
  auto account = co_await host_.mailboxes.account(who(*owner));
  if (!account) {
    co_await finish(to_imap(account.error()));
    co_return;
  }
  std::vector<imap::QuotaResource> resources;
  if (account->quota_octets != 0) {
    resources.push_back(
        {"STORAGE", (account->used_octets + 1023) / 1024, (account->quota_octets + 1023) / 1024});
  }
  engine_.writer().quota(root, resources);
  co_await finish(imap::ok("Quota told"));
}

Task<void> ImapSession::on_append_begin(imap::AppendBegin begin) {
  if (begin.index == 0) {
    appending_.clear();
    append_mailbox_ = begin.mailbox;
    replaced_.reset();
    if (begin.replaces) {
      const bool found = co_await start_replace(*begin.replaces);
      if (!found) co_return;
    }
    const auto mailbox = co_await host_.mailboxes.permit(who(), begin.mailbox, Rights::insert);
    if (!mailbox) {
      imap::Reply reply = to_imap(mailbox.error());
      // RFC 9051 §6.3.12: the client may create it and come again.
      if (mailbox.error().code == Code::not_found) {
        reply = imap::no("No such mailbox", imap::code::Plain::try_create);
      }
      co_await finish(std::move(reply));
      co_return;
    }
  }
  // All messages of the command wait in memory, as they are stored together (RFC 3502).
  append_octets_ = (begin.index == 0 ? 0 : append_octets_) + begin.octets;
  if (append_octets_ > 2 * host_.options.append_max.octets) {
    appending_.clear();
    co_await finish(imap::no("Too much for one command", imap::code::Plain::too_big));
    co_return;
  }
  service::NewMessage message;
  message.flags = flags_of(begin.flags);
  message.received = begin.date;
  // A client's word alone reserves a little; what comes grows by itself.
  message.bytes.reserve(std::size_t(std::min<std::uint64_t>(begin.octets, 1U << 20U)));
  appending_.push_back(std::move(message));
  engine_.accept_append();
}

Task<void> ImapSession::on_append_finish() {
  if (replaced_) {
    co_await finish_replace();
    co_return;
  }
  auto appended = co_await host_.mailboxes.append(who(), append_mailbox_, std::move(appending_));
  appending_.clear();
  if (!appended) {
    imap::Reply reply = to_imap(appended.error());
    if (appended.error().code == Code::not_found) {
      reply = imap::no("No such mailbox", imap::code::Plain::try_create);
    }
    co_await finish(std::move(reply));
    co_return;
  }
  imap::SeqSet uids;
  std::vector<Uid> own;
  for (const Appended& one : *appended) {
    uids.add(one.uid.value);
    own.push_back(one.uid);
  }
  own_messages(append_mailbox_, own);
  const imap::UidValidity validity{appended->front().uid_validity.value};
  co_await finish(imap::ok("APPEND done", imap::code::append_uid(validity, uids)));
}

}  // namespace fumi::server
