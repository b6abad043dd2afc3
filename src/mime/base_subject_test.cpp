#include "mime/base_subject.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace fumi::mime {
namespace {

TEST_CASE("base subjects (RFC 5256 §2.1)") {
  struct Case {
    const char* subject;
    const char* base;
    bool reply;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"Hello", "Hello", false},
           {"", "", false},
           {"   ", "", false},
           {"Re: Hello", "Hello", true},
           {"RE:Hello", "Hello", true},
           {"re : Hello", "Hello", true},
           {"Re: re: RE: Hello", "Hello", true},
           {"Fw: Hello", "Hello", true},
           {"Fwd: Re: Hello", "Hello", true},
           {"Re[2]: Hello", "Hello", true},
           {"Re [a b] : Hello", "Hello", true},
           {"[list] Hello", "Hello", false},
           {"[list] Re: Hello", "Hello", true},
           {"Re: [list] Hello", "Hello", true},
           {"[a][b] Re: [c] Hello", "Hello", true},
           {"[list]", "[list]", false},
           {"[a] [b]", "[b]", false},
           {"Re: [list]", "[list]", true},
           {"Hello (fwd)", "Hello", true},
           {"Hello (FWD) (fwd)  ", "Hello", true},
           {"(fwd)", "", true},
           {"[Fwd: Hello]", "Hello", true},
           {"[fwd: Re: Hello (fwd)]", "Hello", true},
           {"Re:", "", true},
           {"Reply", "Reply", false},
           {"Forward: x", "Forward: x", false},
           {"Hello\t  big\r\n world", "Hello big world", false},
           {"[[x]] Hello", "[[x]] Hello", false},
           {"Re: \xe4\xbc\x9a\xe8\xad\xb0", "\xe4\xbc\x9a\xe8\xad\xb0", true},
       }) {
    CAPTURE(c.subject);
    const BaseSubject got = base_subject(c.subject);
    CHECK(got.text == c.base);
    CHECK((got.kind == BaseSubject::Kind::reply_or_forward) == c.reply);
  }
}

TEST_CASE("the base of a base is itself, and a reply has its original's") {
  rc::check([](const std::vector<std::size_t>& picks) {
    const std::vector<std::string> words{"re",  "RE:",   "fw", "fwd:",  "[",  "]", ":", " ",
                                         "[a]", "(fwd)", "x",  "[fwd:", "\t", "y", "(", "]x"};
    std::string text;
    for (const std::size_t pick : picks)
      text += words[pick % words.size()];
    const std::string base = base_subject(text).text;
    RC_ASSERT(base_subject(base).text == base);
    RC_ASSERT(base_subject("Re: " + text).text == base);
    RC_ASSERT(base_subject("[list] Re: " + text).text == base);
  });
}

TEST_CASE("a subject made to cost time costs little") {
  std::string text;
  for (int i = 0; i < 100'000; ++i)
    text += "[x]";
  CHECK(base_subject(text).text.size() <= 4'096);
}

}  // namespace
}  // namespace fumi::mime
