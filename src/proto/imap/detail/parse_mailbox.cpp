// Commands on mailboxes as a whole.
#include <array>

#include "base/ascii.h"
#include "proto/imap/detail/commands.h"

namespace fumi::imap::detail {
namespace {

// " mailbox" and nothing else
template <class Command>
Parsed only_mailbox(Parser& p) {
  if (!p.sp()) return std::nullopt;
  auto name = p.mailbox();
  if (!name || !p.end()) return std::nullopt;
  return Command{std::move(*name)};
}

// use-attr (RFC 6154 §6), canonical
std::optional<std::string> use_attr(Parser& p) {
  static constexpr std::array<std::string_view, 8> kUses{"All",  "Archive", "Drafts", "Flagged",
                                                         "Junk", "Sent",    "Trash",  "Important"};
  if (!p.expect('\\')) return std::nullopt;
  const auto name = p.atom();
  if (!name) return std::nullopt;
  for (const std::string_view use : kUses) {
    if (ascii::iequals(*name, use)) return '\\' + std::string(use);
  }
  return p.refuse(no("Unknown special use", code::Plain::use_attr));
}

// "QRESYNC" SP "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")"
bool qresync_param(Parser& p, Select& out) {
  if (!p.features().qresync) {
    (void)p.fail("QRESYNC is not enabled");
    return false;
  }
  QResync q;
  if (!p.sp() || !p.expect('(')) return false;
  const auto validity = p.nz_number();
  if (!validity || !p.sp()) return false;
  const auto modseq = p.mod_sequence_value();
  if (!modseq) return false;
  q.uid_validity = UidValidity{*validity};
  q.modseq = *modseq;
  if (p.take(' ') && !p.next_is('(')) {
    q.known_uids = p.known_uids();
    if (!q.known_uids) return false;
    if (p.take(' ') && !p.next_is('(')) return p.expect('(');
  }
  if (p.next_is('(') && p.features().uid_only) {
    (void)p.refuse_numbers();
    return false;
  }
  if (p.take('(')) {
    auto numbers = p.known_uids();
    if (!numbers || !p.sp()) return false;
    auto uids = p.known_uids();
    if (!uids || !p.expect(')')) return false;
    if (numbers->count() != uids->count()) {
      (void)p.fail("sequence match data of unequal length");
      return false;
    }
    q.seq_match.emplace(std::move(*numbers), std::move(*uids));
  }
  if (!p.expect(')')) return false;
  out.qresync = std::move(q);
  return true;
}

// select = "SELECT" SP mailbox [SP "(" select-param *(SP select-param) ")"]
Parsed select_or_examine(Parser& p, Select::Access access) {
  Select out;
  out.access = access;
  if (!p.sp()) return std::nullopt;
  auto name = p.mailbox();
  if (!name) return std::nullopt;
  out.mailbox = std::move(*name);
  if (p.take(' ')) {
    if (!p.expect('(')) return std::nullopt;
    do {
      const std::string param = p.keyword();
      if (param == "CONDSTORE") {
        p.enable_condstore();
      } else if (param == "QRESYNC" && !out.qresync) {
        if (!qresync_param(p, out)) return std::nullopt;
      } else {
        return p.fail("unknown select parameter");
      }
    } while (p.take(' '));
    if (!p.expect(')')) return std::nullopt;
  }
  if (!p.end()) return std::nullopt;
  return out;
}

std::optional<StatusItem> status_att(Parser& p) {
  static constexpr std::array<std::pair<std::string_view, StatusItem>, 11> kItems{{
      {"MESSAGES", StatusItem::messages},
      {"UIDNEXT", StatusItem::uid_next},
      {"UIDVALIDITY", StatusItem::uid_validity},
      {"UNSEEN", StatusItem::unseen},
      {"DELETED", StatusItem::deleted},
      {"SIZE", StatusItem::size},
      {"RECENT", StatusItem::recent},
      {"HIGHESTMODSEQ", StatusItem::highest_modseq},
      {"MAILBOXID", StatusItem::mailbox_id},
      {"APPENDLIMIT", StatusItem::append_limit},
      {"DELETED-STORAGE", StatusItem::deleted_storage},
  }};
  const std::string word = p.keyword();
  for (const auto& [name, item] : kItems) {
    if (word == name) return item;
  }
  return p.fail("unknown status item");
}

}  // namespace

Parsed parse_namespace(Parser& p) { return p.end() ? Parsed(NamespaceQuery{}) : std::nullopt; }
Parsed parse_idle(Parser& p) { return p.end() ? Parsed(Idle{}) : std::nullopt; }
Parsed parse_subscribe(Parser& p) { return only_mailbox<Subscribe>(p); }
Parsed parse_unsubscribe(Parser& p) { return only_mailbox<Unsubscribe>(p); }
Parsed parse_delete(Parser& p) { return only_mailbox<Delete>(p); }
Parsed parse_select(Parser& p) { return select_or_examine(p, Select::Access::read_write); }
Parsed parse_examine(Parser& p) { return select_or_examine(p, Select::Access::read_only); }

// create = "CREATE" SP mailbox [SP "(" "USE" SP "(" [use-attr *(SP use-attr)] ")" ")"]  RFC 6154 §6
Parsed parse_create(Parser& p) {
  Create out;
  if (!p.sp()) return std::nullopt;
  auto name = p.mailbox();
  if (!name) return std::nullopt;
  out.mailbox = std::move(*name);
  if (p.take(' ')) {
    if (!p.expect('(')) return std::nullopt;
    if (p.keyword() != "USE") return p.fail("unknown CREATE parameter");
    if (!p.sp() || !p.expect('(')) return std::nullopt;
    while (!p.take(')')) {
      if (!out.special_use.empty() && !p.sp()) return std::nullopt;
      if (out.special_use.size() == p.limits().flags) return p.fail("too many attributes");
      auto use = use_attr(p);
      if (!use) return std::nullopt;
      out.special_use.push_back(std::move(*use));
    }
    if (!p.expect(')')) return std::nullopt;
  }
  if (!p.end()) return std::nullopt;
  return out;
}

// rename = "RENAME" SP mailbox SP mailbox
Parsed parse_rename(Parser& p) {
  if (!p.sp()) return std::nullopt;
  auto from = p.mailbox();
  if (!from || !p.sp()) return std::nullopt;
  auto to = p.mailbox();
  if (!to || !p.end()) return std::nullopt;
  return Rename{std::move(*from), std::move(*to)};
}

// "(" status-att *(SP status-att) ")"
std::optional<StatusItems> status_att_list(Parser& p) {
  StatusItems items;
  if (!p.expect('(')) return std::nullopt;
  do {
    const auto item = status_att(p);
    if (!item) return std::nullopt;
    items.add(*item);
    if (*item == StatusItem::highest_modseq) p.enable_condstore();
  } while (p.take(' '));
  if (!p.expect(')')) return std::nullopt;
  return items;
}

// status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"
Parsed parse_status(Parser& p) {
  if (!p.sp()) return std::nullopt;
  auto name = p.mailbox();
  if (!name || !p.sp()) return std::nullopt;
  const auto items = status_att_list(p);
  if (!items || !p.end()) return std::nullopt;
  return Status{std::move(*name), *items};
}

}  // namespace fumi::imap::detail
