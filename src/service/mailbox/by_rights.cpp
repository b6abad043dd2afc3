#include <algorithm>
#include <map>
#include <set>

#include "mime/structure.h"
#include "service/mailbox/detail/by_rights.h"

namespace fumi::service::detail {
namespace {

constexpr std::size_t kKeywordsAtATime = 50;  // a change of flags may name 64
constexpr std::size_t kEmailsAtATime = 200;   // with their summaries

// What is left of a change that must not go through whole.
bool is_nothing(const Flags& flags) { return flags.bits == 0 && flags.keywords.empty(); }

void merge(StoredFlags& all, StoredFlags&& more) {
  if (!more.changed.empty()) {
    all.modseq = more.modseq;
    const auto sets = static_cast<std::uint32_t>(all.keywords.size());
    std::ranges::move(more.keywords, std::back_inserter(all.keywords));
    std::map<Uid, ChangedFlags> by_uid;
    for (const ChangedFlags& changed : all.changed)
      by_uid.insert_or_assign(changed.uid, changed);
    for (ChangedFlags& changed : more.changed) {
      changed.keywords += sets;
      by_uid.insert_or_assign(changed.uid, changed);
    }
    all.changed.clear();
    for (const auto& [uid, changed] : by_uid)
      all.changed.push_back(changed);
  }
  all.modified.insert(all.modified.end(), more.modified.begin(), more.modified.end());
}

// The keywords that any of these messages has, but those of `kept`.
Result<std::vector<std::string>> other_keywords(Tx& tx, const Mailbox& mailbox,
                                                const std::vector<Uid>& uids,
                                                const std::vector<std::string>& kept) {
  std::set<std::string> names;
  const std::set<Uid> wanted(uids.begin(), uids.end());
  if (wanted.empty()) return std::vector<std::string>();
  auto visit = [&](const IndexedEntry& entry) -> Status {
    if (!entry.keywords->empty() && wanted.contains(entry.uid))
      names.insert(entry.keywords->begin(), entry.keywords->end());
    return {};
  };
  FUMI_CHECK(tx.mailboxes().visit_index(mailbox.owner, mailbox.id, visit));
  const Flags left = apply({0, {names.begin(), names.end()}}, FlagsOperation::remove, {0, kept});
  return left.keywords;
}

// Takes away, a few keywords at a time.
Status remove_flags(Tx& tx, const Mailbox& mailbox, StoreFlags change, StoredFlags& stored) {
  change.operation = FlagsOperation::remove;
  std::vector<std::string> keywords = std::exchange(change.flags.keywords, {});
  do {
    const std::size_t count = std::min(keywords.size(), kKeywordsAtATime);
    change.flags.keywords.assign(keywords.end() - std::ptrdiff_t(count), keywords.end());
    keywords.resize(keywords.size() - count);
    FUMI_TRY(auto some, tx.mailboxes().store_flags(mailbox.owner, mailbox.id, change));
    merge(stored, std::move(some));
    change.flags.bits = 0;
  } while (!keywords.empty());
  return {};
}

// What may be set is set, what else of it is there and may be taken away goes.
Result<StoredFlags> replace_permitted(Tx& tx, const Permit& permit, StoreFlags change) {
  const Mailbox& mailbox = permit.mailbox;
  const Flags set = permitted(change.flags, permit.rights);
  change.operation = FlagsOperation::add;
  change.flags = set;
  FUMI_TRY(StoredFlags stored, tx.mailboxes().store_flags(mailbox.owner, mailbox.id, change));
  // Judged once: what the first step has changed is no change of somebody else's.
  change.unchanged_since.reset();
  std::erase_if(change.uids, [&](Uid uid) { return std::ranges::count(stored.modified, uid) > 0; });
  change.flags = {settable_bits(permit.rights) & ~set.bits, {}};
  if (permit.rights.has(Rights::write)) {
    FUMI_TRY(change.flags.keywords, other_keywords(tx, mailbox, change.uids, set.keywords));
  }
  if (!is_nothing(change.flags)) {
    FUMI_CHECK(remove_flags(tx, mailbox, std::move(change), stored));
  }
  return stored;
}

// An email as another account takes it: the same blob, which is the tenant's.
Result<EmailContent> content_of(const Entry& entry, const Email& email) {
  auto summary = mime::decode(email.summary);
  if (!summary) return fail(Code::corrupt, "copying messages", "a summary can't be read");
  EmailContent content;
  content.blob = email.blob;
  content.summary = email.summary;
  content.message_id = std::move(summary->envelope.message_id);
  content.references = std::move(summary->references);
  content.octets = email.octets;
  content.received = entry.received;
  return content;
}

Result<CopiedUids> copy_across(Tx& tx, const Permit& from, const std::vector<Uid>& uids,
                               const Permit& to) {
  CopiedUids copied;
  copied.uid_validity = to.mailbox.uid_validity;
  for (std::size_t at = 0; at < uids.size(); at += kEmailsAtATime) {
    const auto first = uids.begin() + std::ptrdiff_t(at);
    const std::vector<Uid> some(first,
                                first + std::ptrdiff_t(std::min(kEmailsAtATime, uids.size() - at)));
    FUMI_TRY(const auto emails, tx.mailboxes().emails(from.mailbox.owner, from.mailbox.id, some));
    for (const auto& [entry, email] : emails) {
      FUMI_TRY(const EmailContent content, content_of(entry, email));
      FUMI_TRY(const Appended appended,
               tx.mailboxes().append(to.mailbox.owner, to.mailbox.id, content,
                                     permitted(entry.flags, to.rights)));
      copied.source.push_back(entry.uid);
      copied.destination.push_back(appended.uid);
    }
  }
  return copied;
}

}  // namespace

Result<StoredFlags> store_permitted(Tx& tx, const Permit& permit, const StoreFlags& change) {
  const Mailbox& mailbox = permit.mailbox;
  if (permit.rights.has(kFlagRights)) {
    return tx.mailboxes().store_flags(mailbox.owner, mailbox.id, change);
  }
  constexpr const char* kDoing = "changing flags";
  if (change.operation == FlagsOperation::replace) {
    if (!permit.rights.has_any(kFlagRights)) return fail(Code::denied, kDoing);
    return replace_permitted(tx, permit, change);
  }
  StoreFlags some = change;
  some.flags = permitted(change.flags, permit.rights);
  if (is_nothing(some.flags) && !is_nothing(change.flags)) return fail(Code::denied, kDoing);
  return tx.mailboxes().store_flags(mailbox.owner, mailbox.id, some);
}

Result<std::vector<Uid>> take_away(Tx& tx, const Mailbox& from, const std::vector<Uid>& uids) {
  StoreFlags change;
  change.uids = uids;
  change.operation = FlagsOperation::add;
  change.flags.bits = Flags::deleted;
  FUMI_TRY([[maybe_unused]] const StoredFlags marked,
           tx.mailboxes().store_flags(from.owner, from.id, change));
  return tx.mailboxes().expunge(from.owner, from.id, uids);
}

Result<CopiedUids> carry(Tx& tx, const Permit& from, const std::vector<Uid>& uids, const Permit& to,
                         Carry how) {
  const bool within = from.mailbox.owner == to.mailbox.owner;
  if (within && to.rights.has(kFlagRights)) {
    return how == Carry::copy
               ? tx.mailboxes().copy(from.mailbox.owner, from.mailbox.id, uids, to.mailbox.id)
               : tx.mailboxes().move(from.mailbox.owner, from.mailbox.id, uids, to.mailbox.id);
  }
  if (within) {
    // The account's own email is shared by the copy; what may not be set there goes again.
    FUMI_TRY(auto copied,
             tx.mailboxes().copy(from.mailbox.owner, from.mailbox.id, uids, to.mailbox.id));
    StoreFlags change;
    change.uids = copied.destination;
    change.flags.bits =
        (Flags::seen | Flags::answered | Flags::flagged | Flags::deleted | Flags::draft) &
        ~settable_bits(to.rights);
    if (!to.rights.has(Rights::write)) {
      FUMI_TRY(change.flags.keywords, other_keywords(tx, to.mailbox, copied.destination, {}));
    }
    StoredFlags unset;
    if (!change.uids.empty()) FUMI_CHECK(remove_flags(tx, to.mailbox, std::move(change), unset));
    if (how == Carry::move) {
      FUMI_TRY([[maybe_unused]] const auto gone, take_away(tx, from.mailbox, copied.source));
    }
    return copied;
  }
  FUMI_TRY(auto copied, copy_across(tx, from, uids, to));
  if (how == Carry::move && !copied.source.empty()) {
    FUMI_TRY(const auto gone, take_away(tx, from.mailbox, copied.source));
    if (gone.size() != copied.source.size()) {
      return fail(Code::conflict, "moving messages", "some are gone");
    }
  }
  return copied;
}

}  // namespace fumi::service::detail
