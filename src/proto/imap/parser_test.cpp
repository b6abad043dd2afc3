// Each command's grammar with good and bad input, straight through the command table.
#include <doctest/doctest.h>

#include <string>

#include "proto/imap/detail/commands.h"

namespace fumi::imap {
namespace {

using namespace detail;

const Limits kLimits;

template <class T>
std::optional<T> parse(std::string_view verb, std::string_view arguments, Features features = {},
                       const Limits& limits = kLimits) {
  const Rule* rule = find_rule(verb);
  REQUIRE(rule != nullptr);
  REQUIRE((rule->parse != nullptr));
  Parser p(arguments, features, limits);
  auto step = rule->parse(p);
  if (!step) {
    CHECK(p.reply().status != Reply::Status::ok);
    return std::nullopt;
  }
  REQUIRE(std::holds_alternative<T>(*step));
  return std::get<T>(std::move(*step));
}

TEST_CASE("strings: astring, quoted, literal") {
  const auto login = [](std::string_view text) { return parse<Login>("LOGIN", text); };
  CHECK(login(" a b")->user == "a");
  CHECK(login(" \"a \\\"\\\\\" {3}\r\nb c")->user == "a \"\\");
  CHECK(login(" \"a\" {3+}\r\nb\r\n")->password.reveal() == "b\r\n");
  CHECK(login(" \"\" \"\"")->user.empty());
  CHECK(login(" a] b")->user == "a]");
  for (const char* bad :
       {"", " ", " a", " a ", " a  b", " a b ", " a b c", " \"a b", " \"a\\n\" b", " a(b c",
        " {3}\r\nab", " {1}a b", " {x}\r\na b", " a {3}\r\nabcd", " \"a\r\n\" b", " a\tb c",
        " \"\xff\" b", " \xc3\xa9 b", " ~{1}\r\na b"}) {
    CHECK_MESSAGE(!login(bad), bad);
  }
  CHECK_FALSE(login(std::string_view(" {3}\r\na\0b c", 12)));
}

TEST_CASE("UIDONLY: no sequence numbers in any argument (RFC 9586 §3)") {
  Features f;
  f.uid_only = f.qresync = true;
  const auto refusal = [&](std::string_view verb, std::string_view arguments) {
    Parser p(arguments, f, kLimits);
    const auto step = find_rule(verb)->parse(p);
    return step ? std::string("taken") : p.reply().code.text;
  };
  CHECK(refusal("UID SEARCH", " 1:3") == "UIDREQUIRED");
  CHECK(refusal("UID SEARCH", " OR SEEN (NOT *)") == "UIDREQUIRED");
  CHECK(refusal("UID THREAD", " REFERENCES UTF-8 1") == "UIDREQUIRED");
  CHECK(refusal("ESEARCH", " IN (personal) 1") == "UIDREQUIRED");
  CHECK(refusal("SELECT", " x (QRESYNC (1 2 (1 2)))") == "UIDREQUIRED");
  CHECK(refusal("SELECT", " x (QRESYNC (1 2 3 (1 2)))") == "UIDREQUIRED");
  CHECK(refusal("UID SEARCH", " $ UID *") == "taken");
  CHECK(refusal("UID FETCH", " * FLAGS") == "taken");
  CHECK(parse<Fetch>("UID FETCH", " 1 FLAGS", f)->items.size() == 1);
  CHECK(parse<Fetch>("UID FETCH", " 1 FLAGS")->items.size() == 2);
}

TEST_CASE("mailbox names are decoded once") {
  const auto name = [](std::string_view text, Features f = {}) {
    const auto step = parse<Delete>("DELETE", text, f);
    return step ? step->mailbox : std::string("-");
  };
  CHECK(name(" inbox") == "INBOX");
  CHECK(name(" INBOX/x") == "INBOX/x");
  CHECK(name(" &Z3FOrA-") == "\xe6\x9d\xb1\xe4\xba\xac");
  CHECK(name(" A&-B/") == "A&B");
  CHECK(name(" A&B") == "-");
  CHECK(name(" \"\xe6\x9d\xb1\"") == "-");  // UTF-8 needs to be enabled
  Features utf8;
  utf8.utf8_accept = true;
  CHECK(name(" \"\xe6\x9d\xb1\"", utf8) == "\xe6\x9d\xb1");
  CHECK(name(" A&-B", utf8) == "A&-B");
  CHECK(name(" \"\"") == "-");
  CHECK(name(' ' + std::string(1001, 'a')) == "-");
}

TEST_CASE("FETCH items, sections, partials and modifiers") {
  struct Row {
    const char* text;
    std::size_t items;
  };
  for (const Row& row :
       {Row{" 1 ALL", 4}, Row{" 1:* FAST", 3}, Row{" 1 full", 5}, Row{" 1 FLAGS", 1},
        Row{" 1 (FLAGS UID flags)", 2}, Row{" 1 BODY", 1}, Row{" 1 BODY[]", 1},
        Row{" 1 (BODY.PEEK[1.2.HEADER.FIELDS (To {2}\r\nCc)]<0.10> BODYSTRUCTURE)", 2},
        Row{" 1 BODY[1.MIME]", 1}, Row{" 1 BINARY.PEEK[1]<5.6>", 1}, Row{" 1 BINARY.SIZE[]", 1},
        Row{" 1 (PREVIEW (LAZY) UID)", 2}, Row{" 1 (RFC822 RFC822.SIZE RFC822.HEADER)", 3},
        Row{" $ UID", 1}, Row{" 1 (UID) (CHANGEDSINCE 5)", 2}}) {
    const auto fetch = parse<Fetch>("FETCH", row.text);
    REQUIRE_MESSAGE(fetch.has_value(), row.text);
    CHECK_MESSAGE(fetch->items.size() == row.items, row.text);
  }
  for (const char* bad : {" 1",
                          " 1 ",
                          " 1 ()",
                          " 1 (ALL)",
                          " 1 (FLAGS",
                          " 1 FLAGS UID",
                          " 1 BODY[MIME]",
                          " 1 BODY[0]",
                          " 1 BODY[1.]",
                          " 1 BODY[1.0]",
                          " 1 BODY[HEADER.FIELDS ()]",
                          " 1 BODY[",
                          " 1 BODY[]<1.0>",
                          " 1 BODY[]<1>",
                          " 1 BINARY[TEXT]",
                          " 1 BINARY.SIZE[1]<0.1>",
                          " x FLAGS",
                          " 1 BODY[HEADER.FIELDS (a:b)]",
                          " 1 (UID) (CHANGEDSINCE 0)",
                          " 1 (UID) (VANISHED)",
                          " 1 BODY[TEXT",
                          " 1 BODY[1.2.FOO]",
                          " 1 ENVELOPES",
                          " 1 (UID) (CHANGEDSINCE 1 CHANGEDSINCE 1)"}) {
    CHECK_MESSAGE(!parse<Fetch>("FETCH", bad), bad);
  }
  CHECK(parse<Fetch>("UID FETCH", " 1 FLAGS")->items.front().kind == FetchItem::Kind::uid);
  Features qresync;
  qresync.qresync = true;
  CHECK(parse<Fetch>("UID FETCH", " 1 (UID) (CHANGEDSINCE 1 VANISHED)", qresync)->vanished);
  CHECK_FALSE(parse<Fetch>("FETCH", " 1 (UID) (CHANGEDSINCE 1 VANISHED)", qresync));
  const auto peek = parse<Fetch>("FETCH", " 1 (BODY.PEEK[] RFC822.HEADER BODY BINARY.PEEK[1])");
  CHECK_FALSE(sets_seen(*peek));
  CHECK(sets_seen(*parse<Fetch>("FETCH", " 1 BODY[1]")));
  CHECK(needs_body(*peek));
}

TEST_CASE("a section is echoed as it was asked") {
  for (const char* text : {"[]", "[HEADER]", "[1.2.TEXT]", "[1.MIME]", "[4]",
                           "[HEADER.FIELDS (A \"B]\")]", "[2.HEADER.FIELDS.NOT (Received)]"}) {
    Parser p(text, {}, kLimits);
    const auto section = detail::section(p);
    REQUIRE_MESSAGE(section.has_value(), text);
    CHECK(section->wire() == text);
  }
}

TEST_CASE("SEARCH keys make a tree") {
  using Kind = SearchKey::Kind;
  const auto search = parse<Search>(
      "SEARCH",
      " RETURN (MIN SAVE) CHARSET utf-8 UNSEEN OR (FROM a TO b) NOT KEYWORD $x 1:3 UID *");
  REQUIRE(search.has_value());
  CHECK(search->answer == Search::Answer::esearch);
  CHECK(search->wanted.save);
  CHECK_FALSE(search->wanted.all);
  const auto& keys = search->program.children;
  REQUIRE(keys.size() == 4);
  CHECK(keys[0].kind == Kind::negation);
  CHECK(keys[0].children.front().text == "\\Seen");
  CHECK(keys[1].kind == Kind::any_of);
  CHECK(keys[1].children[0].kind == Kind::all_of);
  CHECK(keys[1].children[1].children.front().text == "$x");
  CHECK(keys[2].kind == Kind::sequence);
  CHECK(keys[3].set.has_star());
  for (const char* good :
       {" ALL", " NEW", " OLD", " RECENT", " SINCE 1-Feb-2024", " ON \"29-Feb-2024\"",
        " HEADER X \"\"", " LARGER 0", " YOUNGER 3600", " MODSEQ 5",
        " MODSEQ \"/flags/\\\\seen\" all 5", " EMAILID M1", " SAVEDSINCE 1-Jan-2020", " $",
        " (((ALL)))", " SUBJECT \"\xe6\x9d\xb1\"", " SENTON 1-jan-2020", " TEXT {1}\r\nx"}) {
    CHECK_MESSAGE(parse<Search>("SEARCH", good), good);
  }
  for (const char* bad : {"",
                          " ",
                          " FOO",
                          " NOT",
                          " OR ALL",
                          " (",
                          " ()",
                          " (ALL",
                          " ALL)",
                          " SINCE 30-Feb-2024",
                          " SINCE 1-Foo-2024",
                          " SINCE 1-Feb-24",
                          " LARGER x",
                          " YOUNGER 0",
                          " KEYWORD \\Seen",
                          " RETURN (FOO) ALL",
                          " RETURN ALL",
                          " CHARSET utf-8",
                          " SUBJECT {1}\r\n\xff",
                          " ALL  ALL",
                          " UID 0",
                          " MODSEQ \"/x\" all 1",
                          " EMAILID a.b",
                          " ON \"1-Feb-2024"}) {
    CHECK_MESSAGE(!parse<Search>("SEARCH", bad), bad);
  }
}

TEST_CASE("SEARCH is limited in depth and number") {
  CHECK_FALSE(parse<Search>("SEARCH", ' ' + std::string(100'000, '(')));
  std::string deep = " ";
  for (int i = 0; i < 100'000; ++i)
    deep += "NOT ";
  CHECK_FALSE(parse<Search>("SEARCH", deep + "ALL"));
  std::string wide;
  for (int i = 0; i < 1001; ++i)
    wide += " ALL";
  CHECK_FALSE(parse<Search>("SEARCH", wide));
  CHECK(parse<Search>("SEARCH", std::string_view(wide).substr(4)));
}

TEST_CASE("STORE") {
  const auto store = parse<Store>("STORE", " 1:2 (UNCHANGEDSINCE 0) -flags.silent (\\SEEN $a)");
  REQUIRE(store.has_value());
  CHECK(store->change == Store::Change::remove);
  CHECK(store->silent == Store::Silent::yes);
  CHECK(store->flags == std::vector<std::string>{"\\Seen", "$a"});
  CHECK(store->unchanged_since == ModSeq{0});
  CHECK(parse<Store>("UID STORE", " 1 FLAGS \\Seen \\Draft")->flags.size() == 2);
  for (const char* bad :
       {" 1", " 1 FLAGS", " 1 *FLAGS ()", " 1 FLAGS (\\Foo)", " 1 FLAGS (\\Recent)", " 1 FLAGS (a",
        " 1 FLAGS () x", " 1 (FOO 1) FLAGS ()", " 1 FLAGSILENT ()"}) {
    CHECK_MESSAGE(!parse<Store>("STORE", bad), bad);
  }
}

TEST_CASE("LIST with options") {
  const auto list = parse<List>(
      "LIST", " (SUBSCRIBED RECURSIVEMATCH) a/ (% \"*\") RETURN (CHILDREN STATUS (UNSEEN SIZE))");
  REQUIRE(list.has_value());
  CHECK(list->patterns == std::vector<std::string>{"a/%", "a/*"});
  CHECK(list->select.recursive_match);
  CHECK(list->wanted.subscribed);
  CHECK(list->wanted.status->has(StatusItem::size));
  for (const char* bad :
       {" \"\"", " \"\" (", " \"\" ()", " (FOO) \"\" *", " (RECURSIVEMATCH) \"\" *",
        " \"\" * RETURN", " \"\" * RETURN (FOO)", " \"\" * RETURN (STATUS)", " \"\" * x"}) {
    CHECK_MESSAGE(!parse<List>("LIST", bad), bad);
  }
}

TEST_CASE("the other commands refuse what is not theirs") {
  CHECK_FALSE(parse<Id>("ID", " (\"a\")"));
  CHECK_FALSE(parse<Id>("ID", " ()x"));
  CHECK(parse<Id>("ID", " ()"));
  CHECK_FALSE(parse<Rename>("RENAME", " a"));
  CHECK_FALSE(parse<Status>("STATUS", " a MESSAGES"));
  CHECK_FALSE(parse<Select>("SELECT", " a (FOO)"));
  CHECK_FALSE(parse<Select>("SELECT", " a ()"));
  CHECK_FALSE(parse<Create>("CREATE", " a (USE \\Sent)"));
  CHECK(parse<Create>("CREATE", " a (USE ())"));
  CHECK_FALSE(parse<Expunge>("UID EXPUNGE", ""));
  CHECK_FALSE(parse<Copy>("COPY", " 1"));
  CHECK_FALSE(parse<Move>("UID MOVE", " 1 a b"));
  CHECK_FALSE(parse<SetQuota>("SETQUOTA", " a (STORAGE -1)"));
  CHECK(parse<SetQuota>("SETQUOTA", " \"\" (STORAGE 10 MESSAGE 5)")->limits.size() == 2);
  CHECK_FALSE(parse<AuthStart>("AUTHENTICATE", " PLAIN ?"));
  CHECK(parse<AuthStart>("AUTHENTICATE", " plain =")->initial->empty());
  CHECK_FALSE(parse<Noop>("NOOP", " x"));
}

TEST_CASE("QRESYNC parameters") {
  Features on;
  on.qresync = true;
  const auto q = [&](std::string_view text) { return parse<Select>("SELECT", text, on); };
  CHECK(q(" a (QRESYNC (1 2))")->qresync->modseq == ModSeq{2});
  CHECK(q(" a (QRESYNC (1 2 3:5))")->qresync->known_uids->text() == "3:5");
  CHECK(q(" a (QRESYNC (1 2 3:5 (1,2 3,4)) CONDSTORE)")->qresync->seq_match.has_value());
  CHECK(q(" a (QRESYNC (1 2 (1 3)))")->qresync->seq_match.has_value());
  for (const char* bad : {" a (QRESYNC (0 2))", " a (QRESYNC (1 0))", " a (QRESYNC (1 2 *))",
                          " a (QRESYNC (1 2 1:* ))", " a (QRESYNC (1 2 3 (1:2 3)))", " a (QRESYNC)",
                          " a (QRESYNC (1 2) QRESYNC (1 2))"}) {
    CHECK_MESSAGE(!q(bad), bad);
  }
}

TEST_CASE("dates and times") {
  const auto at = [](std::string_view text) {
    Parser p(text, {}, kLimits);
    return p.date_time();
  };
  CHECK(to_rfc3339(*at("\"17-Jul-1996 02:44:25 -0700\"")) == "1996-07-17T09:44:25.000Z");
  CHECK(to_rfc3339(*at("\" 7-Feb-2022 10:00:00 +0900\"")) == "2022-02-07T01:00:00.000Z");
  for (const char* bad : {"\"7-Feb-2022 10:00:00 +0900\"", "\"17-Jul-1996 24:00:00 +0000\"", "",
                          "\"31-Apr-1996 00:00:00 +0000\"", "\"17-Jul-1996 02:44:25 0000\"",
                          "\"17-Jul-1996 02:44 +0000\"", "\"17-Jul-1996 02:44:25 +0060\"",
                          "\"00-Jul-1996 02:44:25 +0000\"", "17-Jul-1996 02:44:25 +0000"}) {
    CHECK_MESSAGE(!at(bad), bad);
  }
}

}  // namespace
}  // namespace fumi::imap
