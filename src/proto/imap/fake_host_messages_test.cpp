// The fake host's half of the commands on messages.
#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "proto/imap/fake_host.h"
#include "proto/imap/fetch_writer.h"
#include "proto/imap/message_limit.h"
#include "proto/imap/section.h"

namespace fumi::imap::fake {
namespace {

std::string field(std::string_view raw, std::string_view header_name) {
  const std::string one =
      pick_fields(raw.substr(0, raw.find("\r\n\r\n") + 4), {std::string(header_name)}, Pick::named);
  const std::size_t colon = one.find(':');
  if (colon == std::string::npos) return {};
  return std::string(ascii::trim(std::string_view(one).substr(colon + 1)));
}

}  // namespace

bool Session::hit(const SearchKey& key, const Message& m) {
  using Kind = SearchKey::Kind;
  const auto contains = [](std::string_view text, const std::string& part) {
    return ascii::to_lower(text).find(ascii::to_lower(part)) != std::string::npos;
  };
  const auto every = [&](const SearchKey& child) { return hit(child, m); };
  const Date day = std::chrono::floor<std::chrono::days>(m.arrived);
  switch (key.kind) {
    case Kind::all:
      return true;
    case Kind::all_of:
      return std::ranges::all_of(key.children, every);
    case Kind::any_of:
      return std::ranges::any_of(key.children, every);
    case Kind::negation:
      return !hit(key.children.front(), m);
    case Kind::flag:
      return m.flags.contains(key.text);
    case Kind::from:
    case Kind::to:
    case Kind::cc:
    case Kind::bcc:
    case Kind::subject: {
      const std::string_view name = key.kind == Kind::from  ? "From"
                                    : key.kind == Kind::to  ? "To"
                                    : key.kind == Kind::cc  ? "Cc"
                                    : key.kind == Kind::bcc ? "Bcc"
                                                            : "Subject";
      return contains(field(*m.raw, name), key.text);
    }
    case Kind::header:
      return contains(field(*m.raw, key.field), key.text);
    case Kind::text:
    case Kind::body:
      return contains(*m.raw, key.text);
    case Kind::before:
      return day < key.date;
    case Kind::on:
      return day == key.date;
    case Kind::since:
      return day >= key.date;
    case Kind::older:  // the fixture's mail is years old
    case Kind::save_date_supported:
      return true;
    case Kind::saved_before:
      return day < key.date;
    case Kind::saved_since:
      return day >= key.date;
    case Kind::larger:
      return m.raw->size() > key.number;
    case Kind::smaller:
      return m.raw->size() < key.number;
    case Kind::modseq:
      return m.modseq.value >= key.number;
    case Kind::uid:
    case Kind::sequence: {
      const auto spans = view_.resolve(key.set, key.kind == Kind::uid ? By::uid : By::seq);
      return spans && view_.uids(*spans).contains(m.uid.value);
    }
    default:
      return false;
  }
}

void Session::fetch_one(const Fetch& fetch, SelectedView::Item item, Message& m) {
  using Kind = FetchItem::Kind;
  FetchWriter line(out_, item.number, item.uid);
  const bool sets = sets_seen(fetch) && !read_only_ && m.flags.insert("\\Seen").second;
  if (sets) m.modseq = ModSeq{++account_->modseq};
  const std::vector<std::string> flags(m.flags.begin(), m.flags.end());
  if (sets && !wants(fetch, Kind::flags)) line.flags(flags);
  for (const FetchItem& one : fetch.items) {
    switch (one.kind) {
      case Kind::flags:
        line.flags(flags);
        break;
      case Kind::uid:
        line.uid(m.uid);
        break;
      case Kind::internal_date:
        line.internal_date(m.arrived);
        break;
      case Kind::rfc822_size:
        line.rfc822_size(m.raw->size());
        break;
      case Kind::envelope:
        line.envelope(m.summary->envelope);
        break;
      case Kind::body:
        line.body(m.summary->root);
        break;
      case Kind::body_structure:
        line.body_structure(m.summary->root);
        break;
      case Kind::modseq:
        line.modseq(m.modseq);
        break;
      case Kind::email_id:
        line.email_id("E" + std::to_string(m.uid.value));
        break;
      case Kind::thread_id:
        line.thread_id("");
        break;
      case Kind::save_date:
        line.save_date(m.arrived);
        break;
      case Kind::preview:
        line.preview("Preview");
        break;
      case Kind::preview_lazy:
        line.preview(std::nullopt);
        break;
      default:
        (void)line.section(one, *m.raw, *m.summary);
        break;
    }
  }
  line.end();
}

std::optional<ResponseCode> Session::limited(std::vector<SelectedView::Item>& items) const {
  return keep_highest(items, out_.limits().messages,
                      [](const SelectedView::Item& item) { return item.uid.value; });
}

void Session::on(Fetch& command) {
  const auto spans = view_.resolve(command.set, command.by);
  if (!spans) {
    engine_.finish(bad("No such message"));
    return;
  }
  auto items = view_.items(*spans);
  if (command.partial) {
    const auto [begin, end] = command.partial->of(items.size());
    items = {items.begin() + std::ptrdiff_t(begin), items.begin() + std::ptrdiff_t(end)};
  }
  const auto cut = limited(items);
  if (command.vanished) out_.vanished(selected()->expunged, Vanished::earlier);
  bool missing = false;
  for (const auto& item : items) {
    Message* m = message(item.uid);
    missing = missing || m == nullptr;
    if (m == nullptr || (command.changed_since && m->modseq <= *command.changed_since)) continue;
    fetch_one(command, item, *m);
  }
  told_ = std::max(told_, ModSeq{0});
  finish(missing ? no("Some are gone", code::Plain::expunge_issued)
                 : ok("Fetch completed", cut.value_or(ResponseCode{})));
}

void Session::on(Store& command) {
  const auto spans = view_.resolve(command.set, command.by);
  if (!spans || read_only_) {
    engine_.finish(!spans ? bad("No such message") : no("Read-only", code::Plain::read_only));
    return;
  }
  SeqSet modified;
  compare();
  auto items = view_.items(*spans);
  const auto cut = limited(items);
  for (const auto& item : items) {
    Message* m = message(item.uid);
    if (m == nullptr) continue;
    if (command.unchanged_since && m->modseq > *command.unchanged_since) {
      modified.add(command.by == By::uid ? item.uid.value : item.number.value);
      continue;
    }
    if (command.change == Store::Change::replace) m->flags.clear();
    for (const std::string& flag : command.flags) {
      if (command.change == Store::Change::remove) {
        m->flags.erase(flag);
      } else {
        m->flags.insert(flag);
      }
    }
    m->modseq = ModSeq{++account_->modseq};
    if (command.silent == Store::Silent::no) view_.changed(item.uid);
  }
  told_ = ModSeq{account_->modseq};
  if (cut && !modified.empty()) out_.status_ok("Only some", *cut);
  finish(ok("Store completed",
            modified.empty() ? cut.value_or(ResponseCode{}) : code::modified(modified)));
}

template <class Command>
std::optional<SeqSet> Session::copy(Command& command, ResponseCode& code) {
  const auto spans = view_.resolve(command.set, command.by);
  Mailbox* to = mailbox(command.mailbox);
  if (!spans || to == nullptr) {
    finish(!spans ? bad("No such message") : no("No such mailbox", code::Plain::try_create));
    return std::nullopt;
  }
  SeqSet from_uids;
  SeqSet to_uids;
  std::vector<Message> copies;
  auto items = view_.items(*spans);
  const auto cut = limited(items);
  if (cut) cut_ = *cut;
  const std::size_t saves = saved_messages_max(out_.limits());
  if (std::is_same_v<Command, Copy> && saves != 0 && (cut || items.size() > saves)) {
    finish(no("Too many at a time", code::message_limit(saves, std::nullopt)));
    return std::nullopt;
  }
  for (const auto& item : items) {
    const Message* m = message(item.uid);
    if (m == nullptr) continue;
    copies.push_back(*m);
    from_uids.add(item.uid.value);
  }
  for (Message& m : copies) {
    m.uid = Uid{to->uid_next++};
    m.modseq = ModSeq{++account_->modseq};
    to_uids.add(m.uid.value);
    to->messages.push_back(std::move(m));
  }
  code = code::copy_uid(to->validity, from_uids, to_uids);
  own_messages(*to, to_uids);
  return from_uids;
}

void Session::on(Copy& command) {
  ResponseCode code;
  if (copy(command, code)) finish(ok("Copied", code));
}

void Session::on(Move& command) {
  ResponseCode code;
  const auto from = copy(command, code);
  if (!from) return;
  out_.status_ok("Moved", code);  // RFC 9051 §6.4.8: before the EXPUNGEs
  (void)expunge(&*from);
  finish(ok("Moved", std::exchange(cut_, {})));
}

void Session::on(AppendBegin& begin) {
  if (mailbox(begin.mailbox) == nullptr) {
    appends_.clear();
    engine_.finish(no("No such mailbox", code::Plain::try_create));
    return;
  }
  if (begin.replaces) {
    SeqSet one;
    one.add(std::max<std::uint32_t>(begin.replaces->number, 1));
    if (begin.replaces->number == SeqSet::kStar) one = *SeqSet::parse("*", 1);
    const auto spans = view_.resolve(one, begin.replaces->by);
    if (!spans || spans->empty() || read_only_) {
      engine_.finish(no("No such message", code::Plain::nonexistent));
      return;
    }
    replaced_ = view_.items(*spans).front().uid;
  }
  appends_.emplace_back(begin, std::string());
  engine_.accept_append();
}

void Session::on(AppendChunk& chunk) { appends_.back().second += chunk.octets; }
void Session::on(AppendAbort&) {
  appends_.clear();
  replaced_ = Uid{};
}

void Session::on(AppendFinish&) {
  Mailbox* to = mailbox(appends_.front().first.mailbox);
  SeqSet uids;
  for (auto& [begin, octets] : appends_) {
    Message m;
    m.uid = Uid{to->uid_next++};
    m.modseq = ModSeq{++account_->modseq};
    m.flags.insert(begin.flags.begin(), begin.flags.end());
    m.arrived = begin.date.value_or(from_micros(0));
    m.raw = std::make_shared<const std::string>(std::move(octets));
    m.summary = std::make_shared<const mime::Summary>(mime::parse(*m.raw));
    uids.add(m.uid.value);
    to->messages.push_back(std::move(m));
  }
  appends_.clear();
  own_messages(*to, uids);
  if (replaced_.value != 0) {
    out_.status_ok("Replaced", code::append_uid(to->validity, uids));
    SeqSet gone;
    gone.add(std::exchange(replaced_, Uid{}).value);
    (void)expunge(&gone);
    finish(ok("Replaced"));
    return;
  }
  finish(ok("Appended", code::append_uid(to->validity, uids)));
}

}  // namespace fumi::imap::fake
