#include "proto/imap/fake_host.h"

#include <algorithm>

#include "base/ascii.h"
#include "proto/imap/fetch_writer.h"
#include "proto/imap/mailbox_name.h"

namespace fumi::imap::fake {
namespace {

constexpr std::string_view kFirst =
    "Date: Mon, 07 Feb 2022 10:00:00 +0900\r\n"
    "From: Alice Example <alice@a.example>\r\n"
    "To: bob@b.example\r\n"
    "Subject: Hello\r\n"
    "Message-ID: <1@a.example>\r\n"
    "Content-Type: text/plain; charset=us-ascii\r\n"
    "\r\n"
    "Hello, world.\r\n";

constexpr std::string_view kSecond =
    "Date: Tue, 08 Feb 2022 11:30:00 +0900\r\n"
    "From: =?UTF-8?B?6Iqx5a2Q?= <hanako@a.example>\r\n"
    "To: alice@a.example\r\n"
    "Subject: =?UTF-8?B?5Lya6K2w?=\r\n"
    "Message-ID: <2@a.example>\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b1\r\n"
    "\r\n"
    "--b1\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "\r\n"
    "The agenda.\r\n"
    "--b1\r\n"
    "Content-Type: application/octet-stream\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "Content-Disposition: attachment; filename=a.bin\r\n"
    "\r\n"
    "AAEC\r\n"
    "--b1--\r\n";

constexpr std::string_view kThird =
    "Date: Wed, 09 Feb 2022 12:00:00 +0900\r\n"
    "From: bob@b.example\r\n"
    "To: alice@a.example\r\n"
    "Cc: carol@c.example\r\n"
    "Subject: Report\r\n"
    "Message-ID: <3@b.example>\r\n"
    "In-Reply-To: <1@a.example>\r\n"
    "\r\n"
    "Line one\r\n"
    "Line two\r\n";

}  // namespace

Account::Account() {
  Mailbox inbox;
  inbox.name = "INBOX";
  inbox.id = "M1";
  inbox.validity = UidValidity{1};
  inbox.subscribed = true;
  const Instant base = from_micros(1'644'195'600'000'000);  // 2022-02-07 01:00:00 UTC
  for (const std::string_view raw : {kFirst, kSecond, kThird}) {
    Message m;
    m.uid = Uid{inbox.uid_next++};
    m.modseq = ModSeq{modseq++};
    m.arrived = base + std::chrono::days(m.uid.value - 1);
    m.raw = std::make_shared<const std::string>(raw);
    m.summary = std::make_shared<const mime::Summary>(mime::parse(*m.raw));
    inbox.messages.push_back(std::move(m));
  }
  inbox.messages[0].flags = {"\\Seen"};
  inbox.messages[2].flags = {"\\Flagged"};
  mailboxes.emplace("INBOX", std::move(inbox));
  const auto more = [&](std::string name, std::string id, std::vector<std::string> use) {
    Mailbox box;
    box.name = name;
    box.id = std::move(id);
    box.validity = UidValidity{next_validity++};
    box.special_use = std::move(use);
    mailboxes.emplace(std::move(name), std::move(box));
  };
  more("Sent", "M2", {"\\Sent"});
  more("Work", "M3", {});
  more("Work/\xe6\x9d\xb1\xe4\xba\xac", "M4", {});  // 東京
}

Session::Session(std::shared_ptr<Account> account, std::shared_ptr<const Options> options,
                 Channel channel)
    : account_(std::move(account)), engine_(std::move(options), channel), out_(engine_.writer()) {
  engine_.greet();
}

std::string Session::talk(std::string_view octets) {
  engine_.feed(octets);
  run();
  return std::exchange(sent_, {});
}

std::string Session::poke() {
  if (engine_.is_idling() || notify_) tell();
  sent_ += out_.output().take();
  return std::exchange(sent_, {});
}

void Session::run() {
  for (;;) {
    Step step = engine_.next();
    sent_ += out_.output().take();
    trace_.push_back(std::to_string(step.index()));
    if (std::holds_alternative<NeedInput>(step)) return;
    std::visit([&](auto& one) { on(one); }, step);
    sent_ += out_.output().take();
    if (closed_) return;
  }
}

void Session::on(Disconnect&) { closed_ = true; }
void Session::on(StartTls&) { engine_.tls_started(); }

Mailbox* Session::mailbox(const std::string& name) {
  const auto at = account_->mailboxes.find(name);
  return at == account_->mailboxes.end() ? nullptr : &at->second;
}

Message* Session::message(Uid uid) {
  Mailbox* box = selected();
  if (box == nullptr) return nullptr;
  const auto at = std::ranges::lower_bound(box->messages, uid, {}, &Message::uid);
  return at == box->messages.end() || at->uid != uid ? nullptr : &*at;
}

// The difference between the mailbox and the view becomes notes to the view.
void Session::compare() {
  Mailbox* box = selected();
  if (box == nullptr) return;
  for (std::uint32_t i = 1; i <= view_.size(); ++i) {
    const Uid uid = view_.uid_of(SeqNumber{i}).value_or(Uid{});
    if (message(uid) == nullptr) view_.expunged(uid);
  }
  for (const Message& m : box->messages) {
    if (m.uid > view_.last_uid()) {
      view_.arrived(m.uid);
    } else if (m.modseq > told_) {
      view_.changed(m.uid);
    }
  }
  told_ = ModSeq{account_->modseq};
}

void Session::write_flags(SelectedView::Item item) {
  const Message* m = message(item.uid);
  if (m == nullptr) return;
  FetchWriter line(out_, item.number, item.uid);
  const std::vector<std::string> flags(m->flags.begin(), m->flags.end());
  line.flags(flags);
  if ((engine_.features().qresync || notify_) && !engine_.features().uid_only) line.uid(item.uid);
  if (engine_.features().condstore) line.modseq(m->modseq);
  line.end();
}

void Session::tell() {
  if (notify_) tell_notices();
  if (engine_.state() != State::selected) return;
  compare();
  const auto changes = view_.take(engine_.updates_allowed());
  write_changes(out_, changes);
  for (const auto& item : changes.fetch)
    write_flags(item);
  tell_new(changes.arrived);
}

void Session::finish(Reply reply) {
  tell();
  engine_.finish(std::move(reply));
}

bool Session::credentials(std::string_view user, std::string_view password) {
  return user == "alice@a.example" && password == "secret";
}

void Session::on(Noop&) { finish(ok("Done")); }
void Session::on(Check&) { finish(ok("Done")); }
void Session::on(IdleDone&) { finish(ok("Idle completed")); }

void Session::on(Id&) {
  const std::vector<std::pair<std::string, std::string>> fields{{"name", "Fumi"}};
  out_.id(fields);
  finish(ok("Done"));
}

void Session::on(Login& login) {
  engine_.finish(credentials(login.user, login.password.reveal())
                     ? ok("Logged in")
                     : no("Wrong name or password", code::Plain::authentication_failed));
}

void Session::on(AuthStart& start) {
  if (!start.initial) {
    engine_.challenge("");
    return;
  }
  AuthResponse response{std::move(*start.initial)};
  on(response);
}

void Session::on(AuthResponse& response) {  // PLAIN (RFC 4616)
  const auto parts = ascii::split(response.bytes.reveal(), '\0');
  const bool good = parts.size() == 3 && credentials(parts[1], parts[2]);
  engine_.finish(good ? ok("Logged in")
                      : no("Wrong name or password", code::Plain::authentication_failed));
}

void Session::on(Unauthenticate&) {
  selected_.clear();
  view_ = SelectedView();
  notify_.reset();
  engine_.finish(ok("Unauthenticated"));
}

void Session::on(Enable&) { finish(ok("Enabled")); }

void Session::on(NamespaceQuery&) {
  const std::vector<NamespaceEntry> personal{{""}};
  const std::vector<NamespaceEntry> others{{"Other Users/"}};
  const std::vector<NamespaceEntry> shared{{"Shared/"}};
  out_.namespaces(personal, others, shared);
  finish(ok("Done"));
}

ListEntry Session::list_entry(const Mailbox& box) const {
  ListEntry entry;
  entry.name = box.name;
  entry.attributes = box.special_use;
  const bool children = std::ranges::any_of(account_->mailboxes, [&](const auto& other) {
    return other.first.starts_with(box.name + '/');
  });
  entry.attributes.emplace_back(children ? "\\HasChildren" : "\\HasNoChildren");
  return entry;
}

void Session::on(List& list) {
  for (const auto& [name, box] : account_->mailboxes) {
    const bool matches = std::ranges::any_of(
        list.patterns, [&](const std::string& pattern) { return list_matches(pattern, name); });
    const bool child =
        list.select.recursive_match &&
        std::ranges::any_of(account_->mailboxes, [&, above = name + '/'](const auto& other) {
          return other.first.starts_with(above) && other.second.subscribed &&
                 std::ranges::none_of(list.patterns, [&](const std::string& pattern) {
                   return list_matches(pattern, other.first);
                 });
        });
    if (!matches || (list.select.subscribed && !box.subscribed && !child)) continue;
    if (list.select.special_use && box.special_use.empty()) continue;
    ListEntry entry = list_entry(box);
    if (list.wanted.subscribed && box.subscribed) entry.attributes.emplace_back("\\Subscribed");
    entry.child_subscribed = child;
    out_.list(entry);
    if (list.wanted.my_rights) out_.my_rights(name, kRightLetters);
    if (list.wanted.status) write_status(box, *list.wanted.status);
    Reply ignored;
    if (!list.wanted.metadata.empty()) write_metadata(name, {list.wanted.metadata}, ignored);
  }
  finish(ok("List completed"));
}

void Session::on(Lsub& lsub) {
  for (const auto& [name, box] : account_->mailboxes) {
    if (box.subscribed && list_matches(lsub.pattern, name)) out_.lsub({{}, name, false, {}});
  }
  finish(ok("Done"));
}

void Session::on(Subscribe& command) {
  if (Mailbox* box = mailbox(command.mailbox)) box->subscribed = true;
  own(command.mailbox, NotifyTable::Own::subscribed);
  finish(mailbox(command.mailbox) != nullptr ? ok("Done")
                                             : no("No such mailbox", code::Plain::nonexistent));
}

void Session::on(Unsubscribe& command) {
  if (Mailbox* box = mailbox(command.mailbox)) box->subscribed = false;
  own(command.mailbox, NotifyTable::Own::unsubscribed);
  finish(ok("Done"));
}

void Session::on(Create& command) {
  if (mailbox(command.mailbox) != nullptr) {
    finish(no("Exists already", code::Plain::already_exists));
    return;
  }
  const bool used = std::ranges::any_of(account_->mailboxes, [&](const auto& other) {
    return !command.special_use.empty() && other.second.special_use == command.special_use;
  });
  if (used || command.special_use.size() > 1) {
    finish(no("That use is taken", code::Plain::use_attr));
    return;
  }
  Mailbox box;
  box.name = command.mailbox;
  box.validity = UidValidity{account_->next_validity++};
  box.id = "M" + std::to_string(box.validity.value);
  box.special_use = command.special_use;
  const ResponseCode id = code::mailbox_id(box.id);
  account_->mailboxes.emplace(command.mailbox, std::move(box));
  own(command.mailbox, NotifyTable::Own::comes);
  finish(ok("Created", id));
}

void Session::on(Delete& command) {
  if (command.mailbox == "INBOX") {
    finish(no("INBOX stays", code::Plain::cannot));
    return;
  }
  own(command.mailbox, NotifyTable::Own::goes);
  finish(account_->mailboxes.erase(command.mailbox) > 0
             ? ok("Deleted")
             : no("No such mailbox", code::Plain::nonexistent));
}

void Session::on(Rename& command) {
  Mailbox* box = mailbox(command.from);
  if (box == nullptr || mailbox(command.to) != nullptr) {
    finish(box == nullptr ? no("No such mailbox", code::Plain::nonexistent)
                          : no("Exists already", code::Plain::already_exists));
    return;
  }
  Mailbox moved = std::move(*box);
  account_->mailboxes.erase(command.from);
  moved.name = command.to;
  account_->mailboxes.emplace(command.to, std::move(moved));
  own(command.to, NotifyTable::Own::comes);
  std::vector<std::string> inferiors;
  for (const auto& [name, other] : account_->mailboxes) {
    if (name.starts_with(command.from + '/')) inferiors.push_back(name);
  }
  for (const std::string& name : inferiors) {
    auto node = account_->mailboxes.extract(name);
    node.key() = node.mapped().name = command.to + name.substr(command.from.size());
    account_->mailboxes.insert(std::move(node));
  }
  finish(ok("Renamed"));
}

void Session::write_status(const Mailbox& box, StatusItems items) {
  StatusData data;
  data.messages = static_cast<std::uint32_t>(box.messages.size());
  for (const Message& m : box.messages) {
    data.size += m.raw->size();
    data.unseen += m.flags.contains("\\Seen") ? 0 : 1;
    data.deleted += m.flags.contains("\\Deleted") ? 1 : 0;
    data.highest_modseq = std::max(data.highest_modseq, m.modseq);
  }
  data.uid_next = Uid{box.uid_next};
  data.uid_validity = box.validity;
  data.mailbox_id = box.id;
  data.append_limit = out_.limits().append_octets;
  out_.status(box.name, items, data);
}

void Session::on(Status& command) {
  const Mailbox* box = mailbox(command.mailbox);
  if (box != nullptr) write_status(*box, command.items);
  finish(box != nullptr ? ok("Done") : no("No such mailbox", code::Plain::nonexistent));
}

void Session::on(Select& command) {
  selected_.clear();
  view_ = SelectedView();
  Mailbox* box = mailbox(command.mailbox);
  if (box == nullptr) {
    engine_.finish(no("No such mailbox", code::Plain::nonexistent));
    return;
  }
  selected_ = command.mailbox;
  read_only_ = command.access == Select::Access::read_only;
  std::vector<Uid> uids;
  SelectedInfo info;
  info.mailbox = box->name;
  info.flags = {"\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"};
  if (!read_only_) {
    info.permanent_flags = info.flags;
    info.permanent_flags.emplace_back("\\*");
  }
  info.highest_modseq = ModSeq{account_->modseq - 1};
  for (const Message& m : box->messages) {
    uids.push_back(m.uid);
    if (!info.first_unseen && !m.flags.contains("\\Seen")) {
      info.first_unseen = SeqNumber{static_cast<std::uint32_t>(uids.size())};
    }
  }
  info.exists = static_cast<std::uint32_t>(uids.size());
  info.uid_validity = box->validity;
  info.uid_next = Uid{box->uid_next};
  info.mailbox_id = box->id;
  view_ = SelectedView(std::move(uids));
  told_ = ModSeq{account_->modseq};
  select_for_notify();
  out_.selected(info);
  if (command.qresync && command.qresync->uid_validity == box->validity) {
    out_.vanished(box->expunged, Vanished::earlier);
    for (const Message& m : box->messages) {
      if (m.modseq <= command.qresync->modseq) continue;
      write_flags({*view_.number_of(m.uid), m.uid});
    }
  }
  engine_.finish(
      ok("Selected", code::plain(read_only_ ? code::Plain::read_only : code::Plain::read_write)));
}

SeqSet Session::expunge(const SeqSet* uids) {
  SeqSet gone;
  Mailbox* box = selected();
  std::erase_if(box->messages, [&](const Message& m) {
    const bool goes = uids != nullptr ? uids->contains(m.uid.value) : m.flags.contains("\\Deleted");
    if (goes) view_.expunged_here(m.uid);
    if (goes) gone.add(m.uid.value);
    return goes;
  });
  for (const auto& range : gone.ranges())
    box->expunged.add(range.first, range.last);
  if (!gone.empty()) ++account_->modseq;
  return gone;
}

void Session::on(CloseMailbox&) {
  if (!read_only_) (void)expunge(nullptr);
  selected_.clear();
  view_ = SelectedView();
  select_for_notify();
  engine_.finish(ok("Closed"));
}

void Session::on(Unselect&) {
  selected_.clear();
  view_ = SelectedView();
  select_for_notify();
  engine_.finish(ok("Unselected"));
}

void Session::on(Expunge& command) {
  if (read_only_) {
    finish(no("Read-only", code::Plain::read_only));
    return;
  }
  std::optional<ResponseCode> cut;
  if (!command.uids) {
    (void)expunge(nullptr);
  } else if (const auto spans = view_.resolve(*command.uids, By::uid)) {
    std::vector<SelectedView::Item> going;
    for (const auto& item : view_.items(*spans)) {
      const Message* m = message(item.uid);
      if (m != nullptr && m->flags.contains("\\Deleted")) going.push_back(item);
    }
    cut = limited(going);
    SeqSet deleted;
    for (const auto& item : going)
      deleted.add(item.uid.value);
    (void)expunge(&deleted);
  }
  finish(ok("Expunged", cut.value_or(code::highest_modseq(ModSeq{account_->modseq}))));
}

void Session::write_metadata(const std::string& name, const MetadataQuery& query, Reply& reply) {
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& [entry, value] : account_->metadata[name])
    all.emplace_back(entry, value);
  const MetadataAnswer answer = pick_metadata(query, all);
  out_.metadata(name, answer.values);
  if (answer.longest != 0)
    reply.code.text = "METADATA LONGENTRIES " + std::to_string(answer.longest);
}

void Session::on(GetMetadata& command) {
  Reply reply = ok("Done");
  if (!command.mailbox.empty() && mailbox(command.mailbox) == nullptr) {
    reply = no("No such mailbox", code::Plain::nonexistent);
  } else {
    write_metadata(command.mailbox, command.query, reply);
  }
  finish(reply);
}

void Session::on(SetMetadata& command) {
  if (!command.mailbox.empty() && mailbox(command.mailbox) == nullptr) {
    finish(no("No such mailbox", code::Plain::nonexistent));
    return;
  }
  auto& all = account_->metadata[command.mailbox];
  for (const auto& [entry, value] : command.values) {
    if (command.mailbox.empty() && entry.starts_with("/shared/")) {
      finish(no("Not yours to set", code::Plain::no_perm));
      return;
    }
    if (value) {
      all[entry] = *value;
    } else {
      all.erase(entry);
    }
    if (notify_ && value) notify_->heard_annotations(command.mailbox, {{entry, *value}}, {});
    if (notify_ && !value) notify_->heard_annotations(command.mailbox, {}, {entry});
  }
  finish(ok("Done"));
}

void Session::write_quota() {
  const std::vector<QuotaResource> resources{{"STORAGE", 1, 1024}, {"MESSAGE", 3, 1000}};
  out_.quota("account", resources);
}

void Session::on(GetQuota& command) {
  if (command.root == "account") write_quota();
  finish(command.root == "account" ? ok("Done") : no("No such root", code::Plain::nonexistent));
}

void Session::on(GetQuotaRoot& command) {
  const std::vector<std::string> roots{"account"};
  out_.quota_root(command.mailbox, roots);
  write_quota();
  finish(ok("Done"));
}

void Session::on(SetQuota&) { finish(no("Not yours to set", code::Plain::no_perm)); }

}  // namespace fumi::imap::fake
