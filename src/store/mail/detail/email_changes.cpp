// What happened to emails, threads and mailboxes since a state (RFC 8620 §5.2), from what IMAP
// keeps anyway: entries changed since in each mailbox that changed, expunges, and the table `gone`.
#include <algorithm>

#include "store/mail/detail/emails.h"

namespace fumi::store {
namespace {

using sql::Row;
using sql::Statement;

constexpr Statement kHorizon{
    "SELECT change, gone_floor FROM accounts"
    " WHERE tenant_id = $1 AND account_id = $2 AND status <> 2"};
constexpr Statement kExpunged{
    "SELECT email_id, modseq FROM expunged"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3 AND modseq > $4"};
constexpr Statement kGone{
    "SELECT kind, object_id, modseq, thread_id, created FROM gone"
    " WHERE tenant_id = $1 AND account_id = $2 AND modseq > $3 AND kind <= 3"};
constexpr Statement kCreated{
    "SELECT created, thread_id FROM emails"
    " WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3"};
constexpr Statement kThreadCreated{
    "SELECT email_id, created FROM emails /*sqlite INDEXED BY emails_by_thread*/"
    " WHERE tenant_id = $1 AND account_id = $2 AND thread_id = $3 AND thread_id <> email_id"
    " UNION ALL SELECT email_id, created FROM emails"
    " WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3 AND thread_id = $3"};
constexpr Statement kMailboxOf{
    "SELECT mailbox_id FROM entries /*sqlite INDEXED BY entries_by_email*/"
    " WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3 AND copied <> 0"
    " UNION SELECT e.mailbox_id FROM emails m, entries e WHERE m.tenant_id = $1"
    " AND m.account_id = $2 AND m.email_id = $3 AND e.tenant_id = $1 AND e.account_id = $2"
    " AND e.mailbox_id = m.first_mailbox AND e.uid = m.first_uid AND e.email_id = $3"
    " AND e.copied = 0"};
constexpr Statement kMailboxCreated{
    "SELECT mailbox_id, created, named FROM mailboxes"
    " WHERE tenant_id = $1 AND account_id = $2 AND (created > $3 OR named > $3 OR modseq > $3)"};

using EmailStep = ChangeStep<EmailId>;
using ThreadStep = ChangeStep<ThreadId>;
using MailboxStep = ChangeStep<MailboxId>;

}  // namespace

Result<ModSeq> require_state(Context& context, AccountId account, ModSeq since) {
  constexpr const char* kDoing = "reading changes";
  auto map = [](const Row& row) { return std::pair(row.id<ModSeq>(0), row.id<ModSeq>(1)); };
  FUMI_TRY(const auto horizon, context.one(kHorizon, map, account));
  if (!horizon) return fail(Code::not_found, kDoing, "no such account");
  if (since < horizon->second) return fail(Code::not_found, kDoing, "the state is too old");
  if (since > horizon->first) return fail(Code::not_found, kDoing, "the state never was");
  return horizon->first;
}

template <class Id>
Result<ObjectChanges<Id>> cut_changes(std::vector<ChangeStep<Id>> steps, ModSeq now,
                                      std::size_t most) {
  std::ranges::sort(
      steps, [](const auto& a, const auto& b) { return a.at != b.at ? a.at < b.at : a.id < b.id; });
  ObjectChanges<Id> out;
  out.state = now;
  std::size_t end = steps.size();
  if (most != 0 && steps.size() > most) {
    end = most;
    while (end > 0 && steps[end - 1].at == steps[end].at)
      --end;
    if (end == 0) {
      return fail(Code::not_found, "reading changes", "one step has more changes than asked for");
    }
    out.state = steps[end - 1].at;
    out.rest = ObjectChanges<Id>::Rest::more;
  }
  for (std::size_t i = 0; i < end; ++i) {
    auto& list = steps[i].what == ChangeStep<Id>::What::created     ? out.created
                 : steps[i].what == ChangeStep<Id>::What::destroyed ? out.destroyed
                                                                    : out.updated;
    list.push_back(steps[i].id);
  }
  return out;
}
template Result<ObjectChanges<ObjectId>> cut_changes(std::vector<ChangeStep<ObjectId>>, ModSeq,
                                                     std::size_t);

Status SqlEmails::touched_in(AccountId account, const Mailbox& mailbox, ModSeq since,
                             TouchedEmails& into) {
  FUMI_TRY(const auto changes, mailboxes_.changes(account, mailbox.id, since));
  auto touch = [&](EmailId id, ModSeq at) {
    Touched& touched = into[id];
    touched.last = std::max(touched.last, at);
  };
  for (const Entry& entry : changes.changed)
    touch(entry.email, entry.modseq);
  return context_.query(
      kExpunged, [&](const Row& row) { touch(row.id<EmailId>(0), row.id<ModSeq>(1)); }, account,
      mailbox.id, since);
}

// Adds when each was made, and in which thread it is.
Status SqlEmails::complete(AccountId account, ModSeq since, TouchedEmails& emails) {
  for (auto& [id, touched] : emails) {
    if (touched.now == Touched::Now::gone) continue;
    auto map = [](const Row& row) { return std::pair(row.id<ModSeq>(0), row.id<ThreadId>(1)); };
    FUMI_TRY(const auto row, context_.one(kCreated, map, account, id));
    if (!row) return fail(Code::corrupt, "reading changes", "an email ended without a trace");
    if (row->first > since) touched.created = row->first;
    touched.thread = row->second;
  }
  return {};
}

Result<SqlEmails::TouchedEmails> SqlEmails::touched(AccountId account, ModSeq since,
                                                    Within within) {
  TouchedEmails emails;
  FUMI_TRY(const auto known, mailboxes_.mailboxes(account));
  for (const Mailbox& mailbox : known) {
    if (within && std::ranges::find(*within, mailbox.id) == within->end()) continue;
    if (mailbox.modseq > since) FUMI_CHECK(touched_in(account, mailbox, since, emails));
  }
  auto visit = [&](const Row& row) {
    const auto kind = static_cast<Gone>(row.int64(0));
    if (kind == Gone::mailbox) return;
    if (within && !emails.contains(row.id<EmailId>(1))) return;  // was in others alone
    Touched& touched = emails[row.id<EmailId>(1)];
    touched.last = std::max(touched.last, row.id<ModSeq>(2));
    touched.thread = row.id<ThreadId>(3);
    if (kind == Gone::email) {
      touched.last = row.id<ModSeq>(2);
      touched.now = Touched::Now::gone;
      if (row.id<ModSeq>(4) > since) touched.created = row.id<ModSeq>(4);
    }
  };
  FUMI_CHECK(context_.query(kGone, visit, account, since));
  FUMI_CHECK(complete(account, since, emails));
  return emails;
}

// One that was made since and changed later is told as created at its making: should the list be
// cut between, it comes again as updated.
Result<ObjectChanges<EmailId>> SqlEmails::changed_emails(AccountId account, ModSeq since,
                                                         std::size_t most, Within within) {
  FUMI_TRY(const ModSeq now, require_state(context_, account, since));
  FUMI_TRY(const auto emails, touched(account, since, within));
  std::vector<EmailStep> steps;
  for (const auto& [id, email] : emails) {
    if (email.now == Touched::Now::gone) {
      if (email.created) continue;  // came and went
      steps.push_back({email.last, id, EmailStep::What::destroyed});
    } else if (email.created) {
      steps.push_back({email.created, id, EmailStep::What::created});
    } else {
      steps.push_back({email.last, id, EmailStep::What::updated});
    }
  }
  return cut_changes(std::move(steps), now, most);
}

Result<ObjectChanges<EmailId>> SqlEmails::email_changes(AccountId account, ModSeq since,
                                                        std::size_t most) {
  return changed_emails(account, since, most, nullptr);
}

Result<ObjectChanges<EmailId>> SqlEmails::email_changes_in(AccountId account,
                                                           const std::vector<MailboxId>& mailboxes,
                                                           ModSeq since, std::size_t most) {
  return changed_emails(account, since, most, &mailboxes);
}

Result<ObjectChanges<ThreadId>> SqlEmails::thread_changes(AccountId account, ModSeq since,
                                                          std::size_t most) {
  return changed_threads(account, since, most, nullptr);
}

Result<ObjectChanges<ThreadId>> SqlEmails::thread_changes_in(
    AccountId account, const std::vector<MailboxId>& mailboxes, ModSeq since, std::size_t most) {
  return changed_threads(account, since, most, &mailboxes);
}

// RFC 8621 §3.2: a thread changes with the emails that it consists of.
Result<ObjectChanges<ThreadId>> SqlEmails::changed_threads(AccountId account, ModSeq since,
                                                           std::size_t most, Within within) {
  FUMI_TRY(const ModSeq now, require_state(context_, account, since));
  FUMI_TRY(const auto emails, touched(account, since, within));
  struct Change {
    ModSeq last;
    std::size_t lost = 0;  // emails that it had at the state
  };
  std::map<ThreadId, Change> threads;
  for (const auto& [id, email] : emails) {
    const bool gone = email.now == Touched::Now::gone;
    if (!within && !gone && !email.created) continue;  // flags and places alone
    Change& change = threads[email.thread];
    change.last = std::max(change.last, gone || !email.created ? email.last : email.created);
    if (gone && !email.created) ++change.lost;
  }
  std::vector<ThreadStep> steps;
  for (const auto& [thread, change] : threads) {
    std::size_t old = change.lost;
    std::size_t fresh = 0;
    std::size_t there = 0;
    ModSeq first;
    auto visit = [&](const Row& row) {
      const auto created = row.id<ModSeq>(1);
      ++there;
      ++(created > since ? fresh : old);
      if (!first || created < first) first = created;
    };
    FUMI_CHECK(context_.query(kThreadCreated, visit, account, thread));
    if (there == 0 && old > 0) {
      steps.push_back({change.last, thread, ThreadStep::What::destroyed});
    } else if (old > 0) {
      steps.push_back({change.last, thread, ThreadStep::What::updated});
    } else if (fresh > 0) {
      steps.push_back({first, thread, ThreadStep::What::created});
    }
  }
  return cut_changes(std::move(steps), now, most);
}

Status SqlEmails::mailboxes_of(AccountId account, const TouchedEmails& emails,
                               std::map<MailboxId, ModSeq>& into) {
  std::map<ThreadId, ModSeq> threads;
  for (const auto& [id, email] : emails)
    threads[email.thread] = std::max(threads[email.thread], email.last);
  for (const auto& [thread, at] : threads) {
    std::vector<EmailId> ids;
    FUMI_CHECK(context_.query(
        kThreadCreated, [&](const Row& row) { ids.push_back(row.id<EmailId>(0)); }, account,
        thread));
    for (const EmailId id : ids) {
      auto visit = [&](const Row& row) {
        ModSeq& last = into[row.id<MailboxId>(0)];
        last = std::max(last, at);
      };
      FUMI_CHECK(context_.query(kMailboxOf, visit, account, id));
    }
  }
  return {};
}

// A mailbox's counts of threads change with emails in other mailboxes too.
// A mailbox that has changed itself is told at that change, whatever its counts did since: should
// the list be cut between, it comes again for its counts, and no page that tells of counts alone
// holds what else was changed.
Result<MailboxListChanges> SqlEmails::mailbox_changes(AccountId account, ModSeq since,
                                                      std::size_t most) {
  FUMI_TRY(const ModSeq now, require_state(context_, account, since));
  FUMI_TRY(const auto emails, touched(account, since, nullptr));
  std::map<MailboxId, ModSeq> changed;
  FUMI_CHECK(mailboxes_of(account, emails, changed));
  FUMI_TRY(const auto known, mailboxes_.mailboxes(account));
  for (const Mailbox& mailbox : known) {
    if (mailbox.modseq > since) changed[mailbox.id] = std::max(changed[mailbox.id], mailbox.modseq);
  }
  std::map<MailboxId, ModSeq> created;
  std::map<MailboxId, ModSeq> own;
  auto kind = MailboxListChanges::Kind::counts;
  auto visit = [&](const Row& row) {
    const auto id = row.id<MailboxId>(0);
    if (row.id<ModSeq>(1) > since) {
      created[id] = row.id<ModSeq>(1);
    } else if (row.id<ModSeq>(2) > since) {
      own[id] = row.id<ModSeq>(2);
      kind = MailboxListChanges::Kind::any;
    }
  };
  FUMI_CHECK(context_.query(kMailboxCreated, visit, account, since));
  std::vector<MailboxStep> steps;
  for (const auto& [id, at] : created)
    steps.push_back({at, id, MailboxStep::What::created});
  for (const auto& [id, at] : own)
    steps.push_back({at, id, MailboxStep::What::updated});
  for (const auto& [id, at] : changed) {
    if (!created.contains(id) && !own.contains(id))
      steps.push_back({at, id, MailboxStep::What::updated});
  }
  auto end = [&](const Row& row) {
    if (static_cast<Gone>(row.int64(0)) != Gone::mailbox || row.id<ModSeq>(4) > since) return;
    steps.push_back({row.id<ModSeq>(2), row.id<MailboxId>(1), MailboxStep::What::destroyed});
  };
  FUMI_CHECK(context_.query(kGone, end, account, since));
  FUMI_TRY(auto cut, cut_changes(std::move(steps), now, most));
  MailboxListChanges out;
  static_cast<ObjectChanges<MailboxId>&>(out) = std::move(cut);
  out.kind = kind;
  return out;
}

}  // namespace fumi::store
