// The fake host's half of NOTIFY, and NotifyTable by itself.
#include <doctest/doctest.h>

#include <algorithm>

#include "proto/imap/fake_host.h"

namespace fumi::imap {
namespace fake {
namespace {

std::uint64_t key_of(const Mailbox& box) { return std::stoul(box.id.substr(1)); }

}  // namespace

std::vector<MailboxState> Session::states() const {
  std::vector<MailboxState> out;
  for (const auto& [name, box] : account_->mailboxes) {
    MailboxState one;
    one.key = key_of(box);
    one.name = name;
    one.subscribed = box.subscribed;
    one.uid_validity = box.validity;
    one.uid_next = Uid{box.uid_next};
    one.messages = static_cast<std::uint32_t>(box.messages.size());
    for (const Message& m : box.messages) {
      one.unseen += m.flags.contains("\\Seen") ? 0 : 1;
      one.highest_modseq = std::max(one.highest_modseq, m.modseq);
    }
    out.push_back(std::move(one));
  }
  return out;
}

// The selected mailbox is another one now, or none.
void Session::select_for_notify() {
  own_new_.clear();
  listen();
  if (!notify_) return;
  for (const MailboxState& one : states())
    notify_->heard(one);
  const Mailbox* box = selected();
  notify_->select(box == nullptr ? 0 : key_of(*box));
}

void Session::listen() {
  if (!notify_) {
    view_.listen(SelectedView::Listen::all);
    return;
  }
  const Notify& asked = notify_->asked();
  const bool flags = asked.selected_events.has(NotifyEvent::flag_change);
  const bool deaf = asked.selected == Notify::Selected::nothing;
  view_.listen(deaf    ? SelectedView::Listen::nothing
               : flags ? SelectedView::Listen::all
                       : SelectedView::Listen::numbers);
  engine_.tell_between(deaf                                          ? Updates::none
                       : asked.selected == Notify::Selected::at_once ? Updates::all
                                                                     : Updates::no_expunge);
}

void Session::on(Notify& command) {
  const Notify::First first = command.first;
  auto all = states();
  if (!command.groups.empty() && all.size() > out_.limits().notify_mailboxes) {
    finish(no("Too many mailboxes", ResponseCode{"NOTIFICATIONOVERFLOW"}));
    return;
  }
  notify_ = std::make_unique<NotifyTable>(std::move(command), std::move(all));
  select_for_notify();
  tell_notices();  // learns the annotations
  if (first == Notify::First::status) write(notify_->first());
  finish(ok("Notify done"));
}

void Session::tell_notices() {
  write(notify_->refresh(states(), engine_.features()));
  const auto annotations = [&](std::uint64_t key, const std::string& name) {
    if (!notify_->watches_metadata(key)) return;
    const auto& all = account_->metadata[name];
    write(notify_->annotations(key, {all.begin(), all.end()}));
  };
  for (const auto& [name, box] : account_->mailboxes)
    annotations(key_of(box), name);
  annotations(0, "");
}

void Session::write(const std::vector<Notice>& notices) {
  for (const Notice& notice : notices) {
    const std::string& name = notice.mailbox.name;
    if (notice.kind == Notice::Kind::metadata) {
      out_.metadata_changed(name, notice.entries);
    } else if (notice.kind == Notice::Kind::gone) {
      out_.list({{"\\NonExistent"}, name, false, {}});
    } else if (notice.kind == Notice::Kind::status) {
      write_status(*mailbox(name), notice.items);
    } else {
      ListEntry entry = list_entry(*mailbox(name));
      if (mailbox(name)->subscribed) entry.attributes.emplace_back("\\Subscribed");
      entry.old_name = notice.old_name;
      out_.list(entry);
    }
  }
}

void Session::own_messages(const Mailbox& box, const SeqSet& uids) {
  if (!notify_ || uids.empty()) return;
  if (box.name == selected_) {
    for (const auto& range : uids.ranges())
      own_new_.add(range.first, range.last);
  } else {
    notify_->heard(box.name, Uid{box.uid_next}, static_cast<std::int64_t>(uids.count()));
  }
}

void Session::tell_new(std::uint32_t count) {
  if (!notify_ || count == 0 || notify_->asked().fetch.empty()) return;
  Fetch fetch;
  fetch.by = By::uid;
  fetch.items = notify_->asked().fetch;
  for (std::uint32_t i = view_.size() - count + 1; i <= view_.size(); ++i) {
    const Uid uid = view_.uid_of(SeqNumber{i}).value_or(Uid{});
    Message* m = message(uid);
    if (m != nullptr && !own_new_.contains(uid.value)) fetch_one(fetch, {SeqNumber{i}, uid}, *m);
  }
  own_new_.clear();
}

}  // namespace fake

namespace {

MailboxState state(std::uint64_t key, std::string name) {
  MailboxState one;
  one.key = key;
  one.name = std::move(name);
  one.uid_validity = UidValidity{1};
  one.uid_next = Uid{1};
  return one;
}

Notify asked(MailboxFilter::Kind kind, std::vector<NotifyEvent> events,
             std::vector<std::string> names = {}) {
  Notify out;
  NotifyGroup group;
  group.filter.kind = kind;
  group.filter.mailboxes = std::move(names);
  for (const NotifyEvent event : events)
    group.events.add(event);
  out.groups.push_back(std::move(group));
  return out;
}

std::string text(const std::vector<Notice>& notices) {
  std::string out;
  for (const Notice& notice : notices) {
    const char* const kinds[] = {"status ", "list ", "gone ", "no access ", "metadata "};
    out += kinds[static_cast<int>(notice.kind)] + notice.mailbox.name;
    if (!notice.old_name.empty()) out += " was " + notice.old_name;
    for (const std::string& entry : notice.entries)
      out += ' ' + entry;
    out += '\n';
  }
  return out;
}

constexpr auto kPersonal = MailboxFilter::Kind::personal;
using enum NotifyEvent;

TEST_CASE("names that come, go and move (RFC 5465 §5.4)") {
  const std::vector<MailboxState> before{state(1, "A"), state(2, "A/b"), state(3, "A/b/c"),
                                         state(4, "D")};
  NotifyTable table(asked(kPersonal, {mailbox_name}), before);
  CHECK(table.refresh(before, {}).empty());
  // A superior takes its inferiors along; one that leaves it meanwhile is told apart.
  CHECK(text(table.refresh({state(1, "X"), state(2, "X/b"), state(3, "Y"), state(4, "D")}, {})) ==
        "list X was A\nlist Y was A/b/c\n");
  CHECK(text(table.refresh({state(1, "X"), state(2, "X/b"), state(3, "Y")}, {})) == "gone D\n");
  CHECK(text(table.refresh({state(1, "X"), state(2, "X/b"), state(3, "Y"), state(5, "X/n")}, {})) ==
        "list X/n\nlist X\n");
  table.own("Y", NotifyTable::Own::goes);
  table.own("Z", NotifyTable::Own::comes);
  CHECK(
      table.refresh({state(1, "X"), state(2, "X/b"), state(5, "X/n"), state(6, "Z")}, {}).empty());
  // What was its own doing then is another's now.
  CHECK(text(table.refresh({state(1, "X"), state(2, "X/b"), state(5, "X/n"), state(7, "Y")}, {})) ==
        "gone Z\nlist Y\n");
}

TEST_CASE("others' mailboxes: rights that come and go (RFC 5465 §3.1, §5.9)") {
  using Access = MailboxState::Access;
  const auto of = [](Access access, std::uint32_t messages = 0) {
    MailboxState one = state(1, "Other Users/a/W");
    one.owner = 7;
    one.access = access;
    one.messages = messages;
    return one;
  };
  const Notify wanted =
      asked(MailboxFilter::Kind::subtree, {message_new, message_expunge}, {"Other Users"});
  CHECK(wanted.reach() == Notify::Reach::others);
  CHECK(asked(kPersonal, {mailbox_name}).reach() == Notify::Reach::own);
  CHECK(text(NotifyTable(wanted, {of(Access::listed)}).without_access()) ==
        "no access Other Users/a/W\n");
  CHECK(
      NotifyTable(asked(kPersonal, {mailbox_name}), {of(Access::listed)}).without_access().empty());
  NotifyTable table(wanted, {of(Access::full)});
  CHECK(table.others().size() == 1);
  CHECK(text(table.first()) == "status Other Users/a/W\n");
  CHECK(text(table.refresh({of(Access::none, 1)}, {})) == "no access Other Users/a/W\n");
  CHECK_FALSE(table.watches_messages(1));
  CHECK(table.refresh({of(Access::listed, 2)}, {}).empty());
  CHECK(table.others().size() == 1);
  // What came meanwhile is not told; what comes from here on is.
  CHECK(text(table.refresh({of(Access::full, 3)}, {})) == "list Other Users/a/W\n");
  CHECK(text(table.update({of(Access::full, 4)}, {})) == "status Other Users/a/W\n");
  CHECK(text(table.refresh({of(Access::none, 5)}, {})) == "no access Other Users/a/W\n");
  CHECK(table.refresh({}, {}).empty());  // deleted, which is none of its business
  CHECK(table.state(1) == nullptr);
}

TEST_CASE("messages of a mailbox that is not selected (RFC 5465 §5.1-5.3)") {
  NotifyTable table(asked(MailboxFilter::Kind::mailboxes, {message_new, message_expunge}, {"A"}),
                    {state(1, "A"), state(2, "B")});
  CHECK(table.watches_messages(1));
  CHECK_FALSE(table.watches_messages(2));
  CHECK_FALSE(table.watches_messages(9));
  MailboxState a = state(1, "A");
  a.uid_next = Uid{2};
  a.messages = 1;
  const auto notices = table.update({a, state(2, "B"), state(9, "?")}, {});
  REQUIRE(text(notices) == "status A\n");
  CHECK(notices[0].items.has(StatusItem::messages));
  CHECK(notices[0].items.has(StatusItem::uid_next));
  CHECK_FALSE(notices[0].items.has(StatusItem::highest_modseq));
  CHECK(table.update({a}, {}).empty());
  a.unseen = 1;  // nobody asked for flags
  a.highest_modseq = ModSeq{7};
  CHECK(table.update({a}, {}).empty());
  table.heard("A", Uid{3}, 1);  // its own APPEND
  a.uid_next = Uid{3};
  a.messages = 2;
  CHECK(table.update({a}, {}).empty());
  table.select(1);
  a.messages = 5;
  CHECK(table.update({a}, {}).empty());
  CHECK(table.refresh({a, state(2, "B")}, {}).empty());
  table.select(0);  // and what it did not hear while it was selected is told
  CHECK(text(table.update({a}, {})) == "status A\n");
}

TEST_CASE("flags: UNSEEN, and HIGHESTMODSEQ to who keeps it (RFC 5465 §5.1)") {
  Features condstore;
  condstore.condstore = true;
  NotifyTable table(asked(kPersonal, {message_new, message_expunge, flag_change}), {state(1, "A")});
  MailboxState a = state(1, "A");
  a.highest_modseq = ModSeq{5};
  CHECK(table.update({a}, {}).empty());
  a.unseen = 1;
  auto notices = table.update({a}, {});
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].items.has(StatusItem::unseen));
  CHECK_FALSE(notices[0].items.has(StatusItem::messages));
  a.highest_modseq = ModSeq{6};
  notices = table.update({a}, condstore);
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].items.has(StatusItem::highest_modseq));
  CHECK(notices[0].items.has(StatusItem::uid_validity));
  a.uid_validity = UidValidity{2};
  CHECK(table.update({a}, {}).size() == 1);
  REQUIRE(table.first().size() == 1);
  CHECK(table.first()[0].items.has(StatusItem::highest_modseq));
}

TEST_CASE("subscriptions move mailboxes in and out of the filter (RFC 5465 §6.4)") {
  using Kind = MailboxFilter::Kind;
  NotifyTable table(asked(Kind::subscribed, {subscription_change, message_new, message_expunge}),
                    {state(1, "A")});
  CHECK_FALSE(table.watches_messages(1));
  MailboxState a = state(1, "A");
  a.subscribed = true;
  CHECK(text(table.refresh({a}, {})) == "list A\n");
  CHECK(table.watches_messages(1));
  CHECK(text(table.refresh({state(1, "A")}, {})) == "list A\n");
  table.own("A", NotifyTable::Own::subscribed);
  CHECK(table.refresh({a}, {}).empty());
}

TEST_CASE("annotations: those that came, changed, went (RFC 5464 §4.4.2)") {
  NotifyTable table(asked(kPersonal, {mailbox_metadata_change}), {state(1, "A")});
  CHECK(table.watches_metadata(1));
  CHECK_FALSE(table.watches_metadata(0));
  CHECK(table.annotations(1, {{"/private/a", "1"}, {"/private/b", "2"}}).empty());
  CHECK(table.annotations(1, {{"/private/A", "1"}, {"/private/b", "2"}}).empty());
  CHECK(text(table.annotations(1, {{"/private/b", "3"}, {"/private/c", "4"}})) ==
        "metadata A /private/b /private/c /private/a\n");
  table.heard_annotations("A", {{"/private/B", "5"}, {"/private/n", "6"}}, {"/private/c"});
  CHECK(table.annotations(1, {{"/private/b", "5"}, {"/private/n", "6"}}).empty());
  CHECK(table.annotation_octets() == 20);
  (void)table.refresh({}, {});
  CHECK_FALSE(table.watches_metadata(1));
}

}  // namespace
}  // namespace fumi::imap
