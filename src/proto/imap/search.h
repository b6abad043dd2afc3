// SEARCH's program as a tree (RFC 9051 §6.4.4). Depth and number of keys are limited by the parser,
// so that walking it recursively is safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/imap/seq_set.h"
#include "proto/imap/types.h"

namespace fumi::imap {

struct SearchKey {
  enum class Kind : std::uint8_t {
    all,
    all_of,
    any_of,
    negation,  // children (1 for negation, 2 for OR)
    flag,      // text: "\\Seen", "$Junk"; UNSEEN is its negation
    new_messages,
    recent,  // RFC 3501 §6.4.4 NEW (recent and unseen), RECENT
    bcc,
    cc,
    from,
    to,
    subject,
    body,
    text,
    header,  // text; header: name in `field`
    before,
    on,
    since,
    sent_before,
    sent_on,
    sent_since,  // date: of arrival, of the Date field
    saved_before,
    saved_on,
    saved_since,
    save_date_supported,  // RFC 8514 §4.3
    larger,
    smaller,  // number
    younger,
    older,  // number: seconds (RFC 5032)
    sequence,
    uid,     // set (may be "$")
    modseq,  // number (RFC 7162 §3.1.5); the entry is ignored
    email_id,
    thread_id,  // text (RFC 8474 §6)
  };
  Kind kind = Kind::all;
  std::string text;  // UTF-8
  std::string field;
  std::uint64_t number = 0;
  Date date{};
  SeqSet set;
  std::vector<SearchKey> children;
};

struct SearchReturn {  // RFC 9051 §6.4.4 search-return-opts
  bool min : 1 = false;
  bool max : 1 = false;
  bool all : 1 = false;
  bool count : 1 = false;
  bool save : 1 = false;  // RFC 5182: keep the result as "$"
};

struct Search {
  By by = By::seq;
  // How the answer is framed: SEARCH of IMAP4rev1, or ESEARCH (RETURN was given, or IMAP4rev2 is
  // on).
  enum class Answer : std::uint8_t { search, esearch } answer = Answer::search;
  SearchReturn wanted;
  SearchKey program;  // all_of with the keys in order
  bool uses_modseq =
      false;  // the answer must carry the highest MODSEQ of the hits (RFC 7162 §3.1.5)
};

}  // namespace fumi::imap
