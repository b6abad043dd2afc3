// SEARCH's return options and keys (RFC 9051 §6.4.4, RFC 4731, 5032, 5182, 7162, 8474, 8514).
#include <array>

#include "base/ascii.h"
#include "codec/utf8.h"
#include "proto/imap/detail/commands.h"

namespace fumi::imap::detail {
namespace {

using Kind = SearchKey::Kind;

enum class Argument : std::uint8_t {
  none,
  flag_set,
  flag_not_set,
  keyword_set,
  keyword_not_set,
  string,
  header,
  date,
  size,
  interval,
  uid_set,
  uid_after,
  uid_before,
  object,
  modseq,
  negation,
  either,
  fuzzy
};

struct Name {
  std::string_view word;
  Kind kind;
  Argument argument;
  std::string_view flag = {};
};

constexpr std::array kKeys{
    Name{"ALL", Kind::all, Argument::none},
    Name{"ANSWERED", Kind::flag, Argument::flag_set, "\\Answered"},
    Name{"BCC", Kind::bcc, Argument::string},
    Name{"BEFORE", Kind::before, Argument::date},
    Name{"BODY", Kind::body, Argument::string},
    Name{"CC", Kind::cc, Argument::string},
    Name{"DELETED", Kind::flag, Argument::flag_set, "\\Deleted"},
    Name{"DRAFT", Kind::flag, Argument::flag_set, "\\Draft"},
    Name{"EMAILID", Kind::email_id, Argument::object},
    Name{"FLAGGED", Kind::flag, Argument::flag_set, "\\Flagged"},
    Name{"FROM", Kind::from, Argument::string},
    Name{"FUZZY", Kind::all, Argument::fuzzy},
    Name{"HEADER", Kind::header, Argument::header},
    Name{"KEYWORD", Kind::flag, Argument::keyword_set},
    Name{"LARGER", Kind::larger, Argument::size},
    Name{"MODSEQ", Kind::modseq, Argument::modseq},
    Name{"NEW", Kind::new_messages, Argument::none},
    Name{"NOT", Kind::negation, Argument::negation},
    Name{"OLD", Kind::recent, Argument::flag_not_set},
    Name{"OLDER", Kind::older, Argument::interval},
    Name{"ON", Kind::on, Argument::date},
    Name{"OR", Kind::any_of, Argument::either},
    Name{"RECENT", Kind::recent, Argument::none},
    Name{"SAVEDATESUPPORTED", Kind::save_date_supported, Argument::none},
    Name{"SAVEDBEFORE", Kind::saved_before, Argument::date},
    Name{"SAVEDON", Kind::saved_on, Argument::date},
    Name{"SAVEDSINCE", Kind::saved_since, Argument::date},
    Name{"SEEN", Kind::flag, Argument::flag_set, "\\Seen"},
    Name{"SENTBEFORE", Kind::sent_before, Argument::date},
    Name{"SENTON", Kind::sent_on, Argument::date},
    Name{"SENTSINCE", Kind::sent_since, Argument::date},
    Name{"SINCE", Kind::since, Argument::date},
    Name{"SMALLER", Kind::smaller, Argument::size},
    Name{"SUBJECT", Kind::subject, Argument::string},
    Name{"TEXT", Kind::text, Argument::string},
    Name{"THREADID", Kind::thread_id, Argument::object},
    Name{"TO", Kind::to, Argument::string},
    Name{"UID", Kind::uid, Argument::uid_set},
    Name{"UIDAFTER", Kind::uid, Argument::uid_after},
    Name{"UIDBEFORE", Kind::uid, Argument::uid_before},
    Name{"UNANSWERED", Kind::flag, Argument::flag_not_set, "\\Answered"},
    Name{"UNDELETED", Kind::flag, Argument::flag_not_set, "\\Deleted"},
    Name{"UNDRAFT", Kind::flag, Argument::flag_not_set, "\\Draft"},
    Name{"UNFLAGGED", Kind::flag, Argument::flag_not_set, "\\Flagged"},
    Name{"UNKEYWORD", Kind::flag, Argument::keyword_not_set},
    Name{"UNSEEN", Kind::flag, Argument::flag_not_set, "\\Seen"},
    Name{"YOUNGER", Kind::younger, Argument::interval},
};

SearchKey negated(SearchKey key) {
  SearchKey out;
  out.kind = Kind::negation;
  out.children.push_back(std::move(key));
  return out;
}

class SearchParser {
 public:
  explicit SearchParser(Parser& p) : p_(p) {}
  [[nodiscard]] bool uses_modseq() const { return uses_modseq_; }
  [[nodiscard]] bool uses_fuzzy() const { return uses_fuzzy_; }

  // search-key *(SP search-key)
  [[nodiscard]] std::optional<SearchKey> keys(std::size_t depth) {
    SearchKey all;
    all.kind = Kind::all_of;
    do {
      auto key = search_key(depth);
      if (!key) return std::nullopt;
      all.children.push_back(std::move(*key));
    } while (p_.take(' '));
    return all;
  }

 private:
  [[nodiscard]] std::optional<SearchKey> search_key(std::size_t depth) {
    if (depth == p_.limits().depth) {
      return p_.refuse(bad("Search keys are nested too deeply", code::plain(code::Plain::limit)));
    }
    if (++count_ > p_.limits().search_keys) {
      return p_.refuse(bad("Too many search keys", code::plain(code::Plain::limit)));
    }
    if (p_.take('(')) {
      auto inner = keys(depth + 1);
      if (!inner || !p_.expect(')')) return std::nullopt;
      return inner;
    }
    if (p_.next_is_digit() || p_.next_is('*') || p_.next_is('$')) {
      if (p_.features().uid_only && !p_.next_is('$')) return p_.refuse_numbers();
      return set_key(Kind::sequence);
    }
    const std::string word = p_.keyword();
    for (const Name& name : kKeys) {
      if (word == name.word) return arguments(name, depth);
    }
    return p_.fail("unknown search key");
  }

  [[nodiscard]] std::optional<SearchKey> arguments(const Name& name, std::size_t depth) {
    SearchKey key;
    key.kind = name.kind;
    switch (name.argument) {
      case Argument::none:
        return key;
      case Argument::flag_set:
        key.text = name.flag;
        return key;
      case Argument::flag_not_set:
        key.text = name.flag;
        return negated(std::move(key));
      default:
        break;
    }
    if (!p_.sp()) return std::nullopt;
    switch (name.argument) {
      case Argument::fuzzy:  // RFC 6203 §3: may match more; what we find is exact
        uses_fuzzy_ = true;
        return search_key(depth + 1);
      case Argument::negation:
      case Argument::either:
        return nested(std::move(key), depth);
      case Argument::uid_set:
        return set_key(Kind::uid);
      case Argument::uid_after:
      case Argument::uid_before:
        return beside_uid(std::move(key), name.argument);
      case Argument::modseq:
        return search_modsequence(std::move(key));
      case Argument::header:
        return header(std::move(key));
      case Argument::keyword_set:
      case Argument::keyword_not_set: {
        auto flag = p_.flag_keyword();
        if (!flag) return std::nullopt;
        key.text = std::move(*flag);
        return name.argument == Argument::keyword_set ? key : negated(std::move(key));
      }
      default:
        return value(std::move(key), name.argument);
    }
  }

  [[nodiscard]] std::optional<SearchKey> value(SearchKey key, Argument argument) {
    if (argument == Argument::date) {
      const auto date = p_.date();
      if (!date) return std::nullopt;
      key.date = *date;
    } else if (argument == Argument::size || argument == Argument::interval) {
      const auto number = p_.number64();
      if (!number) return std::nullopt;
      if (argument == Argument::interval && *number == 0) return p_.fail("interval of nothing");
      key.number = *number;
    } else {
      auto text = argument == Argument::object ? p_.objectid() : text_argument();
      if (!text) return std::nullopt;
      key.text = std::move(*text);
    }
    return key;
  }

  // "NOT" SP search-key / "OR" SP search-key SP search-key
  [[nodiscard]] std::optional<SearchKey> nested(SearchKey key, std::size_t depth) {
    auto first = search_key(depth + 1);
    if (!first) return std::nullopt;
    key.children.push_back(std::move(*first));
    if (key.kind == Kind::negation) return key;
    if (!p_.sp()) return std::nullopt;
    auto second = search_key(depth + 1);
    if (!second) return std::nullopt;
    key.children.push_back(std::move(*second));
    return key;
  }

  [[nodiscard]] std::optional<SearchKey> set_key(Kind kind) {
    SearchKey key;
    key.kind = kind;
    auto set = p_.sequence_set();
    if (!set) return std::nullopt;
    key.set = std::move(*set);
    return key;
  }

  // "UIDAFTER" SP uniqueid / "UIDBEFORE" SP uniqueid (RFC 9738 §3)
  [[nodiscard]] std::optional<SearchKey> beside_uid(SearchKey key, Argument argument) {
    const auto uid = p_.nz_number();
    if (!uid) return std::nullopt;
    const bool after = argument == Argument::uid_after;
    if (*uid == (after ? UINT32_MAX : 1U)) {  // there is none
      SearchKey all;
      return negated(std::move(all));
    }
    key.set.add(after ? *uid + 1 : 1, after ? UINT32_MAX : *uid - 1);
    return key;
  }

  // "HEADER" SP header-fld-name SP astring
  [[nodiscard]] std::optional<SearchKey> header(SearchKey key) {
    auto name = p_.header_fld_name();
    if (!name || !p_.sp()) return std::nullopt;
    auto text = text_argument();
    if (!text) return std::nullopt;
    key.field = std::move(*name);
    key.text = std::move(*text);
    return key;
  }

  // "MODSEQ" [SP entry-name SP entry-type-req] SP mod-sequence-valzer
  [[nodiscard]] std::optional<SearchKey> search_modsequence(SearchKey key) {
    if (p_.next_is('"')) {
      const auto entry = p_.quoted();
      if (!entry || !p_.sp()) return std::nullopt;
      if (!entry->starts_with("/flags/")) return p_.fail("unknown MODSEQ entry");
      const std::string type = p_.keyword();
      if (type != "PRIV" && type != "SHARED" && type != "ALL") return p_.fail("bad entry type");
      if (!p_.sp()) return std::nullopt;
    }
    const auto modseq = p_.mod_sequence_valzer();
    if (!modseq) return std::nullopt;
    key.number = modseq->value;
    uses_modseq_ = true;
    p_.enable_condstore();
    return key;
  }

  [[nodiscard]] std::optional<std::string> text_argument() {
    auto text = p_.astring();
    if (text && !codec::is_utf8(*text)) return p_.refuse(bad("Search text is not UTF-8"));
    return text;
  }

  Parser& p_;
  std::size_t count_ = 0;
  bool uses_modseq_ = false;
  bool uses_fuzzy_ = false;
};

}  // namespace

// partial-range = nz-number ":" nz-number / "-" nz-number ":" "-" nz-number
std::optional<PartialRange> partial_range(Parser& p) {
  PartialRange range;
  const bool from_end = p.take('-');
  if (from_end) range.from = PartialRange::From::end;
  const auto first = p.nz_number();
  if (!first || !p.expect(':') || (from_end && !p.expect('-'))) return std::nullopt;
  const auto last = p.nz_number();
  if (!last) return std::nullopt;
  range.first = *first;
  range.last = *last;
  return range;
}

// search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"
bool search_return_opts(Parser& p, SearchReturn& out) {
  out.all = false;
  if (!p.sp() || !p.expect('(')) return false;
  if (p.take(')')) {
    out.all = true;  // RFC 4731 §3.1: "()" means ALL
    return true;
  }
  do {
    const std::string option = p.keyword();
    if (option == "MIN") {
      out.min = true;
    } else if (option == "MAX") {
      out.max = true;
    } else if (option == "ALL") {
      out.all = true;
    } else if (option == "COUNT") {
      out.count = true;
    } else if (option == "SAVE") {
      out.save = true;
    } else if (option == "RELEVANCY") {
      out.relevancy = true;
    } else if (option == "PARTIAL" && !out.partial) {
      if (!p.sp()) return false;
      out.partial = partial_range(p);
      if (!out.partial) return false;
    } else {
      (void)p.fail("unknown SEARCH return option");
      return false;
    }
  } while (p.take(' '));
  if (out.all && out.partial) {  // RFC 9394 §3.1
    (void)p.fail("ALL and PARTIAL exclude each other");
    return false;
  }
  return p.expect(')');
}

// "CHARSET" SP charset SP. Only UTF-8 and its subset (RFC 9051 §6.4.4); none at all once UTF-8 is
// agreed on (RFC 6855 §3).
bool charset(Parser& p) {
  if (!p.sp()) return false;
  const auto name = p.astring();
  if (!name || !p.sp()) return false;
  if (p.features().utf8_accept) {
    (void)p.fail("CHARSET is not allowed with UTF8=ACCEPT");
    return false;
  }
  return known_charset(p, *name);
}

bool known_charset(Parser& p, std::string_view name) {
  if (ascii::iequals(name, "UTF-8") || ascii::iequals(name, "US-ASCII")) return true;
  (void)p.refuse(no("Charset is not supported", code::bad_charset()));
  return false;
}

bool take_word(Parser& p, std::string_view word) {
  const std::size_t before = p.position();
  if (p.keyword() == word) return true;
  p.rewind(before);
  return false;
}

// search-key *(SP search-key), to the command's end
bool search_program(Parser& p, Search& out) {
  SearchParser keys(p);
  auto program = keys.keys(0);
  if (!program || !p.end()) return false;
  out.program = std::move(*program);
  out.uses_modseq = keys.uses_modseq();
  if (out.wanted.relevancy && !keys.uses_fuzzy()) {  // RFC 6203 §4
    (void)p.fail("RELEVANCY needs FUZZY");
    return false;
  }
  return true;
}

namespace {

// search = "SEARCH" [search-return-opts] SP ["CHARSET" SP charset SP] search-key *(SP search-key)
Parsed search(Parser& p, By by) {
  Search out;
  out.by = by;
  if (p.features().imap4rev2) out.answer = Search::Answer::esearch;
  out.wanted.all = true;
  if (!p.sp()) return std::nullopt;
  if (take_word(p, "RETURN")) {
    out.answer = Search::Answer::esearch;
    if (!search_return_opts(p, out.wanted) || !p.sp()) return std::nullopt;
  }
  if (take_word(p, "CHARSET") && !charset(p)) return std::nullopt;
  if (!search_program(p, out)) return std::nullopt;
  return out;
}

}  // namespace

Parsed parse_search(Parser& p) { return search(p, By::seq); }
Parsed parse_uid_search(Parser& p) { return search(p, By::uid); }

}  // namespace fumi::imap::detail
