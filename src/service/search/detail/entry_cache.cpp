#include "service/search/detail/entry_cache.h"

#include <algorithm>

namespace fumi::service::detail {
namespace {

std::vector<Entry> apply(const std::vector<Entry>& before, MailboxChanges changes) {
  std::vector<Entry> after;
  after.reserve(before.size() + changes.changed.size());
  auto changed = changes.changed.begin();
  auto vanished = changes.vanished.begin();
  for (const Entry& entry : before) {
    while (vanished != changes.vanished.end() && *vanished < entry.uid)
      ++vanished;
    const bool gone = vanished != changes.vanished.end() && *vanished == entry.uid;
    for (; changed != changes.changed.end() && changed->uid < entry.uid; ++changed)
      after.push_back(std::move(*changed));
    if (changed != changes.changed.end() && changed->uid == entry.uid) {
      after.push_back(std::move(*changed++));
    } else if (!gone) {
      after.push_back(entry);
    }
  }
  std::move(changed, changes.changed.end(), std::back_inserter(after));
  return after;
}

}  // namespace

Result<EntryCache::Entries> EntryCache::get(Tx& tx, AccountId account, MailboxId mailbox) {
  const Key key(tx.scope().tenant, account, mailbox);
  FUMI_TRY(const auto found, tx.mailboxes().mailbox(account, mailbox));
  if (!found) {
    forget(key);
    return fail(Code::not_found, "searching", "no such mailbox");
  }
  Kept kept;
  {
    const std::scoped_lock lock(mutex_);
    const auto there = kept_.find(key);
    if (there != kept_.end()) {
      there->second.used = ++uses_;
      kept = there->second;
    }
  }
  if (kept.entries && kept.modseq == found->modseq) return kept.entries;
  std::vector<Entry> entries;
  bool current = false;
  if (kept.entries && kept.modseq < found->modseq) {
    auto changes = tx.mailboxes().changes(account, mailbox, kept.modseq);
    if (changes) {
      entries = apply(*kept.entries, std::move(*changes));
      current = true;
    } else if (changes.error().code != Code::not_found) {  // forgotten so far back
      return std::unexpected(std::move(changes).error());
    }
  }
  if (!current) {
    FUMI_TRY(entries, tx.mailboxes().entries(account, mailbox, Uid{1}));
  }
  Entries made = std::make_shared<const std::vector<Entry>>(std::move(entries));
  keep(key, made, found->modseq);
  return made;
}

void EntryCache::keep(const Key& key, Entries entries, ModSeq modseq) {
  const std::scoped_lock lock(mutex_);
  if (entries->size() > entries_max_) return;
  Kept& kept = kept_[key];
  if (kept.entries && kept.modseq >= modseq) return;
  entries_ += entries->size() - (kept.entries ? kept.entries->size() : 0);
  kept = {std::move(entries), modseq, ++uses_};
  while (entries_ > entries_max_) {
    auto oldest =
        std::ranges::min_element(kept_, {}, [](const auto& each) { return each.second.used; });
    entries_ -= oldest->second.entries->size();
    kept_.erase(oldest);
  }
}

void EntryCache::forget(const Key& key) {
  const std::scoped_lock lock(mutex_);
  const auto there = kept_.find(key);
  if (there == kept_.end()) return;
  entries_ -= there->second.entries->size();
  kept_.erase(there);
}

}  // namespace fumi::service::detail
