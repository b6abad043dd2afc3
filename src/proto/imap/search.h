// SEARCH's program as a tree (RFC 9051 §6.4.4). Depth and number of keys are limited by the parser,
// so that walking it recursively is safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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

// "PARTIAL" SP partial-range (RFC 9394 §4): places in a list, from 1; counted from its end or not.
struct PartialRange {
  enum class From : std::uint8_t { start, end };
  From from = From::start;
  std::uint32_t first = 1;  // as written: may be behind `last`
  std::uint32_t last = 1;
  [[nodiscard]] std::string text() const;  // "1:500", "-1:-100"
  // The half-open range of indexes that it names in a list of `size`.
  [[nodiscard]] std::pair<std::size_t, std::size_t> of(std::size_t size) const;
  friend bool operator==(const PartialRange&, const PartialRange&) = default;
};

// Which mailboxes a command is about: filter-mailboxes (RFC 5465 §8), subtree-one (RFC 7377 §2.2).
struct MailboxFilter {
  enum class Kind : std::uint8_t {
    selected,
    inboxes,   // those that mail is delivered to
    personal,  // all of the user's own
    subscribed,
    subtree,      // `mailboxes` and everything under them
    subtree_one,  // `mailboxes` and one level under them
    mailboxes,
  };
  Kind kind = Kind::selected;
  std::vector<std::string> mailboxes;
};

struct SearchReturn {  // RFC 9051 §6.4.4 search-return-opts
  bool min : 1 = false;
  bool max : 1 = false;
  bool all : 1 = false;
  bool count : 1 = false;
  bool save : 1 = false;                // RFC 5182: keep the result as "$"
  bool relevancy : 1 = false;           // RFC 6203 §4
  std::optional<PartialRange> partial;  // RFC 9394 §3.1
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

// ESEARCH (RFC 7377): answered with one ESEARCH for each mailbox that has a hit.
struct MultiSearch {
  std::vector<MailboxFilter> sources;
  Search search;                              // By::uid, Answer::esearch
  [[nodiscard]] bool reads_selected() const;  // or saves its result
  [[nodiscard]] bool reads_others() const;
};

// Whether a filter names a mailbox.
struct FilteredMailbox {
  const std::string& name;
  const std::string& selected;  // name of the selected one; empty: none
  bool subscribed = false;
  bool personal = true;  // in the client's own namespace (RFC 2342)
};
[[nodiscard]] bool names_mailbox(const MailboxFilter& filter, const FilteredMailbox& mailbox);

// Which of the hits, ascending or as sorted, "$" shall hold: all, or only those that MIN, MAX and
// PARTIAL return (RFC 5182 §2.4, RFC 9394 §3.2). Ascending.
[[nodiscard]] std::vector<std::uint32_t> kept_hits(const SearchReturn& wanted,
                                                   const std::vector<std::uint32_t>& hits);

}  // namespace fumi::imap
