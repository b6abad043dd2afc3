// SORT (RFC 5256 §3, RFC 5957, ESORT of RFC 5267 §3.1): what is asked, and the order itself.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "mime/structure.h"
#include "proto/imap/search.h"

namespace fumi::imap {

struct SortCriterion {
  enum class Key : std::uint8_t {
    arrival,
    cc,
    date,
    from,
    size,
    subject,
    to,
    display_from,  // RFC 5957 §4
    display_to,
  };
  enum class Order : std::uint8_t { ascending, descending };  // REVERSE
  Key key = Key::arrival;
  Order order = Order::ascending;
  friend bool operator==(const SortCriterion&, const SortCriterion&) = default;
};

struct Sort {
  Search search;  // Answer::search is answered with SORT, esearch with ESEARCH
  std::vector<SortCriterion> criteria;
};

// Whether a criterion needs more than arrival and size.
[[nodiscard]] bool needs_summary(std::span<const SortCriterion> criteria);

// RFC 5256 §2.2: the Date field in UTC; INTERNALDATE where it has none that can be read.
[[nodiscard]] Instant sent_date(const mime::Summary& summary, Instant arrival);

// One message with what the criteria compare; i;unicode-casemap of texts (RFC 5255 §4.1).
struct SortItem {
  std::uint32_t number = 0;  // sequence number or UID; ascends with the place in the mailbox
  struct Value {
    std::int64_t number = 0;
    std::string text;
  };
  std::vector<Value> values;  // one a criterion
};

struct SortSource {
  std::uint32_t number = 0;
  Instant arrival;
  std::uint64_t octets = 0;
  const mime::Summary* summary = nullptr;  // may be missing where !needs_summary()
};
[[nodiscard]] SortItem sort_item(std::span<const SortCriterion> criteria, const SortSource& source);

// In the asked order; messages that are equal stay in the mailbox's (RFC 5256 §3).
void sort_items(std::span<const SortCriterion> criteria, std::vector<SortItem>& items);

}  // namespace fumi::imap
