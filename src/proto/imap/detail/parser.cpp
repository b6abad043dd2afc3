#include "proto/imap/detail/parser.h"

#include <array>
#include <utility>

#include "base/ascii.h"
#include "codec/utf7.h"
#include "codec/utf8.h"
#include "proto/imap/detail/framing.h"
#include "proto/imap/mailbox_name.h"

namespace fumi::imap::detail {
namespace {

// ASTRING-CHAR = ATOM-CHAR / resp-specials
bool is_astring_char(char c) { return is_atom_char(c) || c == ']'; }
// list-char = ATOM-CHAR / list-wildcards / resp-specials
bool is_list_char(char c) { return is_astring_char(c) || c == '%' || c == '*'; }

}  // namespace

// ATOM-CHAR = <any CHAR except atom-specials>
bool is_atom_char(char c) {
  if (c <= ' ' || c > '~') return false;  // CTL, SP and (as char is signed) what is not ASCII
  return std::string_view("(){%*\"\\]").find(c) == std::string_view::npos;
}

template <class Allowed>
std::string_view Parser::run(Allowed allowed) {
  const std::size_t begin = at_;
  while (!at_end() && allowed(input_[at_]))
    ++at_;
  return input_.substr(begin, at_ - begin);
}

bool Parser::next_is_digit() const { return !at_end() && ascii::is_digit(input_[at_]); }

bool Parser::take(char c) {
  if (!next_is(c)) return false;
  ++at_;
  return true;
}

bool Parser::take(std::string_view word) {
  if (!ascii::istarts_with(input_.substr(at_), word)) return false;
  at_ += word.size();
  return true;
}

bool Parser::expect(char c) {
  if (take(c)) return true;
  const char name[2] = {c, 0};
  (void)fail(std::string("expected ") + (c == ' ' ? "a space" : name));
  return false;
}

bool Parser::end() {
  if (at_end()) return true;
  (void)fail("unexpected text behind the command");
  return false;
}

std::nullopt_t Parser::fail(std::string_view why) {
  if (!refusal_) refusal_ = bad(std::string(why) + " at octet " + std::to_string(at_));
  return std::nullopt;
}

std::nullopt_t Parser::refuse(Reply reply) {
  if (!refusal_) refusal_ = std::move(reply);
  return std::nullopt;
}

std::nullopt_t Parser::refuse_numbers() {
  return refuse(
      bad("UIDONLY is enabled: no sequence numbers", code::plain(code::Plain::uid_required)));
}

Reply Parser::reply() const { return refusal_ ? *refusal_ : bad("syntax error"); }

// tag = 1*<any ASTRING-CHAR except "+">
std::optional<std::string_view> Parser::tag() {
  const std::string_view text = run([](char c) { return is_astring_char(c) && c != '+'; });
  if (text.empty() || text.size() > limits_.tag_octets) return fail("bad tag");
  return text;
}

std::optional<std::string_view> Parser::atom() {
  const std::string_view text = run(is_atom_char);
  if (text.empty()) return fail("expected an atom");
  return text;
}

std::string Parser::keyword() {
  return ascii::to_upper(run(
      [](char c) { return ascii::is_alnum(c) || c == '.' || c == '-' || c == '=' || c == '_'; }));
}

// astring = 1*ASTRING-CHAR / string
std::optional<std::string> Parser::astring() {
  if (next_is('"') || next_is('{')) return string();
  const std::string_view text = run(is_astring_char);
  if (text.empty()) return fail("expected a string");
  return std::string(text);
}

// string = quoted / literal
std::optional<std::string> Parser::string() {
  if (next_is('"')) return quoted();
  if (next_is('{')) return literal();
  return fail("expected a quoted string or a literal");
}

// quoted = DQUOTE *QUOTED-CHAR DQUOTE
// CLIENT: some send 8-bit text in quotes without having enabled UTF-8; taken if it is UTF-8.
std::optional<std::string> Parser::quoted() {
  if (!expect('"')) return std::nullopt;
  std::string out;
  while (!at_end()) {
    char c = input_[at_];
    if (c == '"') {
      ++at_;
      if (!codec::is_utf8(out)) return fail("a quoted string must be UTF-8");
      return out;
    }
    if (c == '\\') {
      ++at_;
      if (at_end() || (input_[at_] != '"' && input_[at_] != '\\')) return fail("bad escape");
      c = input_[at_];
    }
    if (c == '\r' || c == '\n' || c == '\0') return fail("control character in a quoted string");
    out += c;
    ++at_;
  }
  return fail("quoted string without end");
}

// literal = "{" number64 ["+"] "}" CRLF *CHAR8; framing has put the octets behind it.
std::optional<std::string> Parser::literal() {
  auto octets = literal_octets();
  if (octets && octets->find('\0') != std::string::npos) return fail("NUL in a literal");
  return octets;
}

// literal8 = "~{" number64 ["+"] "}" CRLF *OCTET
std::optional<std::string> Parser::literal8() {
  if (!expect('~')) return std::nullopt;
  return literal_octets();
}

std::optional<std::string> Parser::literal_octets() {
  const std::string_view rest = input_.substr(at_);
  const std::size_t line_end = rest.find("\r\n");
  if (!next_is('{') || line_end == std::string_view::npos) return fail("expected a literal");
  const auto header = literal_header(rest.substr(0, line_end));
  if (!header || header->at != 0) return fail("bad literal");
  if (rest.size() - line_end - 2 < header->octets) return fail("literal is cut short");
  const std::string_view octets = rest.substr(line_end + 2, header->octets);
  at_ += line_end + 2 + octets.size();
  return std::string(octets);
}

// nstring = string / nil
std::optional<std::optional<std::string>> Parser::nstring() {
  if (take("NIL")) return std::optional<std::string>();
  auto text = string();
  if (!text) return std::nullopt;
  return std::optional<std::string>(std::move(*text));
}

std::optional<std::string> Parser::decode_mailbox(std::string wire) {
  if (features_.utf8()) {
    if (!codec::is_utf8(wire)) return fail("mailbox name is not UTF-8");
    return wire;
  }
  auto name = codec::from_modified_utf7(wire);
  if (!name) return fail("mailbox name is not modified UTF-7");
  return std::move(*name);
}

// mailbox = "INBOX" / astring
std::optional<std::string> Parser::mailbox() {
  auto wire = astring();
  if (!wire) return std::nullopt;
  auto name = decode_mailbox(std::move(*wire));
  if (!name) return std::nullopt;
  // RFC 9051 §6.3.4: a trailing separator says that names will be created under it; not part of it.
  if (name->size() > 1 && name->back() == kSeparator) name->pop_back();
  if (name->size() > limits_.mailbox_octets) {
    return refuse(no("Mailbox name is too long", code::Plain::limit));
  }
  if (!is_mailbox_name(*name)) return refuse(no("Not a mailbox name", code::Plain::cannot));
  return canonical_mailbox(std::move(*name));
}

// list-mailbox = 1*list-char / string
std::optional<std::string> Parser::list_mailbox() {
  std::optional<std::string> wire;
  if (next_is('"') || next_is('{')) {
    wire = string();
  } else {
    const std::string_view text = run(is_list_char);
    if (text.empty()) return fail("expected a pattern");
    wire = std::string(text);
  }
  if (!wire) return std::nullopt;
  auto pattern = decode_mailbox(std::move(*wire));
  if (pattern && pattern->size() > limits_.mailbox_octets) return fail("pattern is too long");
  return pattern;
}

// header-fld-name = astring; RFC 5322 §3.6.8: printable ASCII without ":"
std::optional<std::string> Parser::header_fld_name() {
  auto name = astring();
  if (!name) return std::nullopt;
  if (name->empty()) return fail("empty header field name");
  for (const char c : *name) {
    if (c <= ' ' || c > '~' || c == ':') return fail("bad header field name");
  }
  return name;
}

// objectid = 1*255(ALPHA / DIGIT / "_" / "-")
std::optional<std::string> Parser::objectid() {
  const std::string_view text =
      run([](char c) { return ascii::is_alnum(c) || c == '_' || c == '-'; });
  if (text.empty() || text.size() > 255) return fail("bad object id");
  return std::string(text);
}

// number64 = 1*DIGIT, 63 bits
std::optional<std::uint64_t> Parser::number64() {
  if (!next_is_digit()) return fail("expected a number");
  constexpr std::uint64_t kMost = 0x7fff'ffff'ffff'ffffULL;
  std::uint64_t value = 0;
  while (next_is_digit()) {
    const auto digit = static_cast<std::uint64_t>(input_[at_] - '0');
    if (value > (kMost - digit) / 10) return fail("number is too great");
    value = value * 10 + digit;
    ++at_;
  }
  return value;
}

std::optional<std::uint32_t> Parser::number() {
  const auto value = number64();
  if (!value) return std::nullopt;
  if (*value > 0xffff'ffffULL) return fail("number is too great");
  return static_cast<std::uint32_t>(*value);
}

std::optional<std::uint32_t> Parser::nz_number() {
  if (next_is('0')) return fail("number must not start with 0");
  return number();
}

// mod-sequence-value: positive
std::optional<ModSeq> Parser::mod_sequence_value() {
  if (next_is('0')) return fail("mod-sequence must not start with 0");
  return mod_sequence_valzer();
}

std::optional<ModSeq> Parser::mod_sequence_valzer() {
  const auto value = number64();
  if (!value) return std::nullopt;
  return ModSeq{*value};
}

std::optional<SeqSet> Parser::sequence_set() {
  const std::string_view text = run(
      [](char c) { return ascii::is_digit(c) || c == ',' || c == ':' || c == '*' || c == '$'; });
  auto set = SeqSet::parse(text, limits_.sequence_ranges);
  if (!set) return fail("bad sequence set");
  return set;
}

std::optional<SeqSet> Parser::known_uids() {
  const auto set = sequence_set();
  if (!set) return std::nullopt;
  if (set->has_star() || set->is_saved_result())
    return fail("\"*\" and \"$\" are not allowed here");
  return set->resolve(0);
}

std::optional<unsigned> Parser::digits(std::size_t count) {
  unsigned value = 0;
  for (std::size_t i = 0; i < count; ++i, ++at_) {
    if (!next_is_digit()) return fail("bad date or time");
    value = value * 10 + static_cast<unsigned>(input_[at_] - '0');
  }
  return value;
}

std::optional<unsigned> Parser::date_month() {
  static constexpr std::array<std::string_view, 12> kMonths{
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  for (unsigned i = 0; i < kMonths.size(); ++i) {
    if (take(kMonths[i])) return i + 1;
  }
  return fail("bad month");
}

// date-text = date-day "-" date-month "-" date-year, the day read already
std::optional<Date> Parser::date_text(unsigned day) {
  if (!expect('-')) return std::nullopt;
  const auto month = date_month();
  if (!month || !expect('-')) return std::nullopt;
  const auto year = digits(4);
  if (!year) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(day)};
  if (!date.ok()) return fail("no such day");
  return Date(date);
}

// date = date-text / DQUOTE date-text DQUOTE
std::optional<Date> Parser::date() {
  const bool is_quoted = take('"');
  auto day = digits(1);
  if (!day) return std::nullopt;
  if (next_is_digit()) {
    const auto second = digits(1);
    if (!second) return std::nullopt;
    day = *day * 10 + *second;
  }
  const auto date = date_text(*day);
  if (date && is_quoted && !expect('"')) return std::nullopt;
  return date;
}

// date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
std::optional<Instant> Parser::date_time() {
  if (!expect('"')) return std::nullopt;
  const auto day = digits(take(' ') ? 1 : 2);
  if (!day) return std::nullopt;
  const auto date = date_text(*day);
  if (!date || !sp()) return std::nullopt;
  const auto hour = digits(2);
  if (!hour || !expect(':')) return std::nullopt;
  const auto minute = digits(2);
  if (!minute || !expect(':')) return std::nullopt;
  const auto second = digits(2);
  if (!second || !sp()) return std::nullopt;
  const bool west = next_is('-');
  if (!west && !next_is('+')) return fail("bad zone");
  ++at_;
  const auto zone = digits(4);
  if (!zone || !expect('"')) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 60 || *zone % 100 > 59) return fail("no such time");
  const std::chrono::minutes offset(*zone / 100 * 60 + *zone % 100);
  const Instant local = Instant(*date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
                        std::chrono::seconds(*second);
  return west ? local + offset : local - offset;
}

// flag = "\Answered" / … / flag-keyword / flag-extension; without the deprecated \Recent, which
// only a server sets, and without extensions, of which none is defined.
std::optional<std::string> Parser::flag() {
  if (!take('\\')) return flag_keyword();
  static constexpr std::array<std::string_view, 5> kSystem{"Answered", "Flagged", "Deleted", "Seen",
                                                           "Draft"};
  const auto name = atom();
  if (!name) return std::nullopt;
  for (const std::string_view known : kSystem) {
    if (ascii::iequals(*name, known)) return '\\' + std::string(known);
  }
  return fail("no such system flag");
}

std::optional<std::string> Parser::flag_keyword() {
  const auto name = atom();
  if (!name) return std::nullopt;
  if (name->size() > limits_.flag_octets) {
    return refuse(no("Keyword is too long", code::Plain::limit));
  }
  return std::string(*name);
}

// flag-list = "(" [flag *(SP flag)] ")"
std::optional<std::vector<std::string>> Parser::flag_list() {
  std::vector<std::string> flags;
  if (!expect('(')) return std::nullopt;
  if (take(')')) return flags;
  do {
    if (flags.size() == limits_.flags) return refuse(no("Too many flags", code::Plain::limit));
    auto one = flag();
    if (!one) return std::nullopt;
    flags.push_back(std::move(*one));
  } while (take(' '));
  if (!expect(')')) return std::nullopt;
  return flags;
}

}  // namespace fumi::imap::detail
