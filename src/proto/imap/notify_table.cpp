#include "proto/imap/notify_table.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "base/ascii.h"

namespace fumi::imap {
namespace {

using Access = MailboxState::Access;

constexpr std::uint32_t kUnknown = UINT32_MAX;

std::string superior_of(const std::string& name) {
  const std::size_t at = name.rfind('/');
  return at == std::string::npos ? std::string() : name.substr(0, at);
}

Notice list_of(const MailboxState& mailbox, std::string old_name = {}) {
  return {Notice::Kind::list, mailbox, {}, std::move(old_name), {}};
}

}  // namespace

const std::vector<NotifyEventName>& notify_event_names() {
  static const std::vector<NotifyEventName> kNames{
      {"MessageNew", NotifyEvent::message_new},
      {"MessageExpunge", NotifyEvent::message_expunge},
      {"FlagChange", NotifyEvent::flag_change},
      {"MailboxName", NotifyEvent::mailbox_name},
      {"SubscriptionChange", NotifyEvent::subscription_change},
      {"MailboxMetadataChange", NotifyEvent::mailbox_metadata_change},
      {"ServerMetadataChange", NotifyEvent::server_metadata_change}};
  return kNames;
}

bool Notify::wants(NotifyEvent event) const {
  return std::ranges::any_of(groups,
                             [&](const NotifyGroup& group) { return group.events.has(event); });
}

Notify::Reach Notify::reach() const {
  using Kind = MailboxFilter::Kind;
  const bool others = std::ranges::any_of(groups, [](const NotifyGroup& group) {
    return group.filter.kind != Kind::personal && group.filter.kind != Kind::inboxes;
  });
  return others ? Reach::others : Reach::own;
}

NotifyTable::NotifyTable(Notify asked, std::vector<MailboxState> all) : asked_(std::move(asked)) {
  for (MailboxState& one : all) {
    const std::uint64_t key = one.key;
    known_.emplace(key, std::move(one));
  }
}

NotifyEvents NotifyTable::events_of(const MailboxState& mailbox) const {
  return mailbox.access == MailboxState::Access::full ? asked_of(mailbox) : NotifyEvents();
}

NotifyEvents NotifyTable::asked_of(const MailboxState& mailbox) const {
  NotifyEvents events;
  const std::string none;
  for (const NotifyGroup& group : asked_.groups) {
    const FilteredMailbox it{mailbox.name, none, mailbox.subscribed, mailbox.owner == 0};
    if (names_mailbox(group.filter, it)) {
      events.add(group.events);
    }
  }
  return events;
}

MailboxState* NotifyTable::by_name(const std::string& name) {
  for (auto& [key, mailbox] : known_) {
    if (mailbox.name == name) return &mailbox;
  }
  return nullptr;
}

void NotifyTable::heard(const std::string& name, Uid uid_next, std::int64_t messages_more) {
  MailboxState* const mailbox = by_name(name);
  if (mailbox == nullptr) return;
  mailbox->uid_next = std::max(mailbox->uid_next, uid_next);
  mailbox->messages = static_cast<std::uint32_t>(mailbox->messages + messages_more);
}

void NotifyTable::heard(const MailboxState& state) {
  const auto at = known_.find(state.key);
  if (at != known_.end()) at->second = state;
}

void NotifyTable::left(const MailboxState& told) {
  const auto at = known_.find(told.key);
  if (at == known_.end()) return;
  at->second.messages = told.messages;
  at->second.uid_next = told.uid_next;
  at->second.highest_modseq = told.highest_modseq;
  at->second.unseen = kUnknown;
}

bool NotifyTable::is_own(const std::string& name, Own what) const {
  return std::ranges::find(own_, std::pair(name, what)) != own_.end();
}

// RFC 5465 §3.1: what each event makes the STATUS contain.
std::vector<Notice> NotifyTable::first() const {
  std::vector<Notice> out;
  for (const auto& [key, mailbox] : known_) {
    const NotifyEvents events = events_of(mailbox);
    if (key == selected_ || !events.messages()) continue;
    Notice notice{Notice::Kind::status, mailbox, {}, {}, {}};
    notice.items.add(StatusItem::messages);
    notice.items.add(StatusItem::uid_next);
    notice.items.add(StatusItem::uid_validity);
    if (events.has(NotifyEvent::flag_change)) notice.items.add(StatusItem::highest_modseq);
    out.push_back(std::move(notice));
  }
  return out;
}

std::vector<Notice> NotifyTable::without_access() const {
  std::vector<Notice> out;
  for (const auto& [key, mailbox] : known_) {
    if (mailbox.access == Access::full || asked_of(mailbox) == NotifyEvents()) continue;
    out.push_back({Notice::Kind::no_access, mailbox, {}, {}, {}});
  }
  return out;
}

const MailboxState* NotifyTable::state(std::uint64_t key) const {
  const auto at = known_.find(key);
  return at == known_.end() ? nullptr : &at->second;
}

std::vector<MailboxState> NotifyTable::others() const {
  std::vector<MailboxState> out;
  for (const auto& [key, mailbox] : known_) {
    if (mailbox.owner != 0 && asked_of(mailbox) != NotifyEvents()) out.push_back(mailbox);
  }
  return out;
}

// RFC 5465 §5.9: access that is lost, and what is given back. What the client has never heard of
// comes as a new name.
void NotifyTable::compare_access(const Known& now, std::vector<Notice>& out) const {
  for (const auto& [key, is] : now) {
    const auto at = known_.find(key);
    if (at == known_.end()) continue;
    const MailboxState& was = at->second;
    if (asked_of(is) == NotifyEvents()) continue;
    if (was.access == Access::full && is.access != Access::full) {
      out.push_back({Notice::Kind::no_access, was, {}, {}, {}});
    } else if (was.access != Access::full && is.access == Access::full) {
      out.push_back(list_of(is));
    }
  }
}

// RFC 5465 §5.1-5.3, for a mailbox that is not selected.
void NotifyTable::compare_messages(const MailboxState& was, const MailboxState& is, Features on,
                                   std::vector<Notice>& out) const {
  const NotifyEvents events = events_of(is);
  // What comes into a filter now is told of from now on.
  if (is.key == selected_ || !events.messages() || !events_of(was).messages()) return;
  const bool modseqs = on.condstore || on.qresync;
  const bool renewed = was.uid_validity != is.uid_validity;
  const bool moved = was.uid_next != is.uid_next || was.messages != is.messages;
  Notice notice{Notice::Kind::status, is, {}, {}, {}};
  if (moved || renewed) {
    notice.items.add(StatusItem::messages);
    notice.items.add(StatusItem::uid_next);
  }
  if (events.has(NotifyEvent::flag_change)) {
    if (was.unseen != is.unseen && was.unseen != kUnknown) notice.items.add(StatusItem::unseen);
    if (modseqs && was.highest_modseq != is.highest_modseq) {
      notice.items.add(StatusItem::highest_modseq);
    }
  }
  if (notice.items.bits == 0) return;
  notice.items.add(StatusItem::uid_validity);
  if (modseqs) notice.items.add(StatusItem::highest_modseq);
  out.push_back(std::move(notice));
}

// RFC 5465 §5.4: what is renamed with its superior has no notice of its own.
bool NotifyTable::moved_with_superior(const MailboxState& was, const MailboxState& is,
                                      const Known& now) const {
  for (std::size_t at = was.name.rfind('/'); at != std::string::npos && at > 0;
       at = was.name.rfind('/', at - 1)) {
    const std::string old_top = was.name.substr(0, at);
    const std::string rest = was.name.substr(at);
    if (!is.name.ends_with(rest)) return false;
    const std::string new_top = is.name.substr(0, is.name.size() - rest.size());
    const bool moved = std::ranges::any_of(known_, [&](const auto& one) {
      const auto then = now.find(one.first);
      return one.second.name == old_top && then != now.end() && then->second.name == new_top;
    });
    if (moved) return true;
  }
  return false;
}

// RFC 5465 §5.4 MailboxName, §5.5 SubscriptionChange.
void NotifyTable::compare_names(const Known& now, std::vector<Notice>& out) const {
  std::set<std::string> superiors;  // of names that came or went: affected too
  std::set<std::uint64_t> told;
  const auto watches = [&](const MailboxState& mailbox, NotifyEvent event) {
    return events_of(mailbox).has(event);
  };
  for (const auto& [key, was] : known_) {
    if (now.contains(key)) continue;
    if (!watches(was, NotifyEvent::mailbox_name) || is_own(was.name, Own::goes)) continue;
    out.push_back({Notice::Kind::gone, was, {}, {}, {}});
    superiors.insert(superior_of(was.name));
  }
  for (const auto& [key, is] : now) {
    const auto at = known_.find(key);
    if (at == known_.end()) {
      if (!watches(is, NotifyEvent::mailbox_name) || is_own(is.name, Own::comes)) continue;
      out.push_back(list_of(is));
      told.insert(key);
      superiors.insert(superior_of(is.name));
      continue;
    }
    const MailboxState& was = at->second;
    if (was.access != is.access) continue;  // told of by compare_access()
    if (was.name != is.name) {
      const bool watched =
          watches(was, NotifyEvent::mailbox_name) || watches(is, NotifyEvent::mailbox_name);
      const bool own = is_own(is.name, Own::comes);
      if (!watched || own || moved_with_superior(was, is, now)) continue;
      out.push_back(list_of(is, was.name));
      told.insert(key);
    } else if (was.subscribed != is.subscribed) {
      const bool watched = watches(was, NotifyEvent::subscription_change) ||
                           watches(is, NotifyEvent::subscription_change);
      const bool own = is_own(is.name, is.subscribed ? Own::subscribed : Own::unsubscribed);
      if (!watched || own) continue;
      out.push_back(list_of(is));
      told.insert(key);
    }
  }
  for (const auto& [key, is] : now) {
    if (superiors.contains(is.name) && !told.contains(key) &&
        watches(is, NotifyEvent::mailbox_name)) {
      out.push_back(list_of(is));
    }
  }
}

std::vector<Notice> NotifyTable::refresh(std::vector<MailboxState> all, Features on) {
  Known now;
  for (MailboxState& one : all) {
    const std::uint64_t key = one.key;
    now.emplace(key, std::move(one));
  }
  std::vector<Notice> out;
  compare_access(now, out);
  compare_names(now, out);
  for (const auto& [key, is] : now) {
    const auto at = known_.find(key);
    if (at != known_.end()) compare_messages(at->second, is, on, out);
  }
  // What the client hears of the selected mailbox's messages comes another way: see heard().
  if (const auto was = known_.find(selected_), is = now.find(selected_);
      selected_ != 0 && was != known_.end() && is != now.end()) {
    MailboxState kept = was->second;
    kept.name = is->second.name;
    kept.subscribed = is->second.subscribed;
    kept.access = is->second.access;
    is->second = std::move(kept);
  }
  for (auto at = entries_.begin(); at != entries_.end();) {
    if (at->first == 0 || now.contains(at->first)) {
      ++at;
      continue;
    }
    for (const auto& [name, hash] : at->second)
      annotation_octets_ -= name.size();
    at = entries_.erase(at);
  }
  const Known before = std::exchange(known_, std::move(now));
  for (const auto& [key, mailbox] : known_) {
    // A mailbox that has come since has no annotations that the client knows.
    if (!before.contains(key) && watches_metadata(key)) entries_.try_emplace(key);
  }
  own_.clear();
  return out;
}

std::vector<Notice> NotifyTable::update(const std::vector<MailboxState>& some, Features on) {
  std::vector<Notice> out;
  for (const MailboxState& is : some) {
    const auto at = known_.find(is.key);
    if (at == known_.end() || is.key == selected_) continue;
    MailboxState next = is;
    next.name = at->second.name;
    next.subscribed = at->second.subscribed;
    next.owner = at->second.owner;
    next.access = at->second.access;
    compare_messages(at->second, next, on, out);
    at->second = std::move(next);
  }
  return out;
}

bool NotifyTable::watches_messages(std::uint64_t key) const {
  const auto at = known_.find(key);
  return at != known_.end() && key != selected_ && events_of(at->second).messages();
}

bool NotifyTable::watches_metadata(std::uint64_t key) const {
  if (key == 0) return asked_.wants(NotifyEvent::server_metadata_change);
  const auto at = known_.find(key);
  return at != known_.end() && events_of(at->second).has(NotifyEvent::mailbox_metadata_change);
}

std::vector<Notice> NotifyTable::annotations(std::uint64_t key, const Annotations& now) {
  const bool is_first = !entries_.contains(key);
  Entries& known = entries_[key];
  Entries next;
  Notice notice;
  notice.kind = Notice::Kind::metadata;
  for (const auto& [name, value] : now) {
    const std::string lower = ascii::to_lower(name);
    const std::size_t hash = std::hash<std::string>()(value);
    const auto at = known.find(lower);
    if (at == known.end() || at->second != hash) notice.entries.push_back(name);
    next.emplace(lower, hash);
    annotation_octets_ += lower.size();
  }
  for (const auto& [name, hash] : known) {
    if (!next.contains(name)) notice.entries.push_back(name);
    annotation_octets_ -= name.size();
  }
  known = std::move(next);
  if (is_first || notice.entries.empty()) return {};
  if (const auto at = known_.find(key); at != known_.end()) notice.mailbox = at->second;
  return {std::move(notice)};
}

void NotifyTable::heard_annotations(const std::string& name, const Annotations& set,
                                    const std::vector<std::string>& removed) {
  const MailboxState* const mailbox = name.empty() ? nullptr : by_name(name);
  const auto at = entries_.find(mailbox == nullptr ? 0 : mailbox->key);
  if (at == entries_.end() || (mailbox == nullptr && !name.empty())) return;
  for (const auto& [entry, value] : set) {
    const std::string lower = ascii::to_lower(entry);
    if (!at->second.contains(lower)) annotation_octets_ += lower.size();
    at->second[lower] = std::hash<std::string>()(value);
  }
  for (const std::string& entry : removed) {
    const std::string lower = ascii::to_lower(entry);
    if (at->second.erase(lower) != 0) annotation_octets_ -= lower.size();
  }
}

}  // namespace fumi::imap
