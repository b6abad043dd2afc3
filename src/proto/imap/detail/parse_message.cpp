// Commands on messages of the selected mailbox, FETCH and SEARCH apart, and the heads of APPEND.
#include "proto/imap/detail/commands.h"

namespace fumi::imap::detail {
namespace {

// store-modifiers = "(" "UNCHANGEDSINCE" SP mod-sequence-valzer ")"  RFC 7162 §3.1.3
bool store_modifiers(Parser& p, Store& out) {
  if (!p.expect('(')) return false;
  if (p.keyword() != "UNCHANGEDSINCE") {
    (void)p.fail("unknown STORE modifier");
    return false;
  }
  if (!p.sp()) return false;
  out.unchanged_since = p.mod_sequence_valzer();
  p.enable_condstore();
  return out.unchanged_since && p.expect(')') && p.sp();
}

// store = "STORE" SP sequence-set [SP store-modifiers] SP store-att-flags
Parsed store(Parser& p, By by) {
  Store out;
  out.by = by;
  if (!p.sp()) return std::nullopt;
  auto set = p.sequence_set();
  if (!set || !p.sp()) return std::nullopt;
  out.set = std::move(*set);
  if (p.next_is('(') && !store_modifiers(p, out)) return std::nullopt;
  if (p.take('+')) {
    out.change = Store::Change::add;
  } else if (p.take('-')) {
    out.change = Store::Change::remove;
  }
  const std::string item = p.keyword();
  if (item == "FLAGS.SILENT") {
    out.silent = Store::Silent::yes;
  } else if (item != "FLAGS") {
    return p.fail("expected FLAGS");
  }
  if (!p.sp()) return std::nullopt;
  if (p.next_is('(')) {
    auto flags = p.flag_list();
    if (!flags) return std::nullopt;
    out.flags = std::move(*flags);
  } else {
    do {
      if (out.flags.size() == p.limits().flags) return p.fail("too many flags");
      auto flag = p.flag();
      if (!flag) return std::nullopt;
      out.flags.push_back(std::move(*flag));
    } while (p.take(' '));
  }
  if (!p.end()) return std::nullopt;
  return out;
}

// copy = "COPY" SP sequence-set SP mailbox; move alike
template <class Command>
Parsed copy_or_move(Parser& p, By by) {
  if (!p.sp()) return std::nullopt;
  auto set = p.sequence_set();
  if (!set || !p.sp()) return std::nullopt;
  auto name = p.mailbox();
  if (!name || !p.end()) return std::nullopt;
  return Command{by, std::move(*set), std::move(*name)};
}

}  // namespace

Parsed parse_check(Parser& p) { return p.end() ? Parsed(Check{}) : std::nullopt; }
Parsed parse_close(Parser& p) { return p.end() ? Parsed(CloseMailbox{}) : std::nullopt; }
Parsed parse_unselect(Parser& p) { return p.end() ? Parsed(Unselect{}) : std::nullopt; }
Parsed parse_expunge(Parser& p) { return p.end() ? Parsed(Expunge{}) : std::nullopt; }
Parsed parse_store(Parser& p) { return store(p, By::seq); }
Parsed parse_uid_store(Parser& p) { return store(p, By::uid); }
Parsed parse_copy(Parser& p) { return copy_or_move<Copy>(p, By::seq); }
Parsed parse_uid_copy(Parser& p) { return copy_or_move<Copy>(p, By::uid); }
Parsed parse_move(Parser& p) { return copy_or_move<Move>(p, By::seq); }
Parsed parse_uid_move(Parser& p) { return copy_or_move<Move>(p, By::uid); }

// uid-expunge = "EXPUNGE" SP sequence-set
Parsed parse_uid_expunge(Parser& p) {
  if (!p.sp()) return std::nullopt;
  auto set = p.sequence_set();
  if (!set || !p.end()) return std::nullopt;
  return Expunge{std::move(*set)};
}

// SP seq-number; seq-number = nz-number / "*"
std::optional<AppendBegin::Replaces> parse_replaced(Parser& p, By by) {
  if (!p.sp()) return std::nullopt;
  if (p.take('*')) return AppendBegin::Replaces{by, SeqSet::kStar};
  const auto number = p.nz_number();
  if (!number) return std::nullopt;
  return AppendBegin::Replaces{by, *number};
}

// append = "APPEND" SP mailbox 1*append-message (RFC 3502 §6.3.11): up to the mailbox
std::optional<AppendHead> parse_append_mailbox(Parser& p) {
  AppendHead head;
  if (!p.sp()) return std::nullopt;
  if (p.at_end()) {
    head.ends = AppendHead::Ends::at_name;
    return head;
  }
  auto name = p.mailbox();
  if (!name) return std::nullopt;
  head.begin.mailbox = std::move(*name);
  return head;
}

namespace {

// SP [flag-list SP] [date-time SP]
bool append_options(Parser& p, AppendBegin& out) {
  if (!p.sp()) return false;
  if (p.next_is('(')) {
    auto flags = p.flag_list();
    if (!flags || !p.sp()) return false;
    out.flags = std::move(*flags);
  }
  if (p.next_is('"')) {
    out.date = p.date_time();
    if (!out.date || !p.sp()) return false;
  }
  return true;
}

// cat-part = "TEXT" SP literal / "URL" SP astring
bool cat_part(Parser& p, Catenate& out) {
  if (out.parts.size() == p.limits().cat_parts) {
    (void)p.refuse(no("Too many parts", code::Plain::limit));
    return false;
  }
  const std::string word = p.keyword();
  const bool is_url = word == "URL";
  if (!is_url && word != "TEXT") {
    (void)p.fail("expected TEXT or URL");
    return false;
  }
  if (!p.sp()) return false;
  auto text = is_url ? p.astring() : p.literal();
  if (!text) return false;
  const auto kind = is_url ? Catenate::Part::Kind::url : Catenate::Part::Kind::text;
  out.parts.push_back({kind, std::move(*text)});
  return true;
}

}  // namespace

bool at_catenate(Parser& p, AppendBegin& out) {
  return append_options(p, out) && p.take("CATENATE (");
}

// append-data =/ "CATENATE" SP "(" cat-part *(SP cat-part) ")" (RFC 4469 §5)
// DEVIATION: one message a command; it cannot be one of several (RFC 3502).
Parsed parse_catenate(Parser& p) {
  auto head = parse_append_mailbox(p);
  if (!head) return std::nullopt;
  if (head->ends == AppendHead::Ends::at_name || p.at_end()) {
    return p.fail("APPEND takes a message as a literal");
  }
  if (!at_catenate(p, head->begin)) return p.fail("APPEND takes a message as a literal");
  Catenate out;
  out.mailbox = std::move(head->begin.mailbox);
  out.flags = std::move(head->begin.flags);
  out.date = head->begin.date;
  do {
    if (!cat_part(p, out)) return std::nullopt;
  } while (p.take(' '));
  if (!p.expect(')') || !p.end()) return std::nullopt;
  return out;
}

// append-message = [SP flag-list] [SP date-time] SP append-data, up to the literal
//   append-data = literal / literal8 / "UTF8" SP "(" literal8 ")"  (RFC 6855 §4)
bool parse_append_message(Parser& p, AppendBegin& out) {
  if (!append_options(p, out)) return false;
  if (p.take("UTF8 (")) out.form = AppendBegin::Form::utf8;
  return p.end();
}

}  // namespace fumi::imap::detail
