// SearchQuery: what to look for in an account's mail, as a tree. IMAP SEARCH, JMAP Email/query and
// the archive are written in it; service/search/search.h answers it.
//
//   auto query = SearchQuery::all_of({SearchQuery::contains(SearchQuery::Field::subject, "請求書"),
//                                     SearchQuery::flag(Flags::flagged),
//                                     SearchQuery::not_(SearchQuery::keyword("$Junk"))});
//
// A plain value; any thread. Ranges are half open, and a missing end is open.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "domain/mailbox.h"

namespace fumi::service {

struct SearchQuery {
  enum class Kind : std::uint8_t {
    all,       // every message
    all_of,    // `children`; without any: every message
    any_of,    // `children`; without any: none
    none_of,   // `children`: NOT of each
    text,      // `field` contains `text`, both folded (codec/fold.h); "" is in every field there is
    flag,      // `flag_bit`
    keyword,   // `text`, without regard to ASCII case
    received,  // `since` <= INTERNALDATE < `before`
    saved,     // the same of when it came into its mailbox (RFC 8514); unknown: INTERNALDATE
    sent,      // `since_day` <= day of the Date field in its own zone < `before_day`
    octets,    // `least` <= size < `below`
    modseq,    // `least` <= MODSEQ
    uids,      // in one of `uid_ranges`; asks for a scope of one mailbox and Unit::entry
    mailboxes,   // in one of `ids`: MailboxId values
    threads,     // of one of `ids`: ThreadId values
    emails,      // one of `ids`: EmailId values
    attachment,  // has one, as mime::Summary::has_attachment says
  };

  enum class Field : std::uint8_t {
    any,      // body, and header fields but trace and signatures (document.h)
    body,     // text of all parts, names and text of attachments
    subject,  // decoded field bodies, as all that follow
    from,
    to,
    cc,
    bcc,
    header,  // of the name in `name`, trace fields too
  };

  using Day = std::chrono::sys_days;
  using UidRange = std::pair<std::uint32_t, std::uint32_t>;  // first and last, both in it

  Kind kind = Kind::all;
  Field field = Field::any;
  std::uint32_t flag_bit = 0;  // Flags::seen …
  std::string text;            // UTF-8
  std::string name;            // of a header field, any case
  std::optional<Instant> since, before;
  std::optional<Day> since_day, before_day;
  std::uint64_t least = 0;
  std::optional<std::uint64_t> below;
  std::vector<UidRange> uid_ranges;
  std::vector<std::uint64_t> ids;
  std::vector<SearchQuery> children;

  [[nodiscard]] static SearchQuery all_of(std::vector<SearchQuery> children);
  [[nodiscard]] static SearchQuery any_of(std::vector<SearchQuery> children);
  [[nodiscard]] static SearchQuery not_(SearchQuery child);
  [[nodiscard]] static SearchQuery contains(Field field, std::string text);
  [[nodiscard]] static SearchQuery header(std::string name, std::string text);
  [[nodiscard]] static SearchQuery flag(std::uint32_t bit);
  [[nodiscard]] static SearchQuery keyword(std::string name);
  [[nodiscard]] static SearchQuery received(std::optional<Instant> since,
                                            std::optional<Instant> before);
  [[nodiscard]] static SearchQuery saved(std::optional<Instant> since,
                                         std::optional<Instant> before);
  [[nodiscard]] static SearchQuery sent(std::optional<Day> since, std::optional<Day> before);
  [[nodiscard]] static SearchQuery octets(std::uint64_t least, std::optional<std::uint64_t> below);
  [[nodiscard]] static SearchQuery modseq(ModSeq least);
  [[nodiscard]] static SearchQuery uids(std::vector<UidRange> ranges);
  [[nodiscard]] static SearchQuery of(Kind kind);  // all, attachment
  [[nodiscard]] static SearchQuery of(Kind kind, std::vector<std::uint64_t> ids);  // the id kinds
};

// What a query may be at most: peers write them.
struct SearchLimits {
  std::size_t nodes_max = 1'000;
  std::size_t depth_max = 32;
  std::size_t texts_max = 100;          // text conditions
  std::size_t text_octets_max = 4'096;  // of one text
  std::size_t ids_max = 100'000;        // ids and ranges of all conditions
};

// too_large: over a limit, with words for the user. invalid: a text that isn't UTF-8, a bad node.
[[nodiscard]] Status check(const SearchQuery& query, const SearchLimits& limits = {});

}  // namespace fumi::service
