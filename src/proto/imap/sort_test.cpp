#include "proto/imap/sort.h"

#include <doctest/doctest.h>

namespace fumi::imap {
namespace {

using Key = SortCriterion::Key;

struct Mail {
  const char* raw;
  int arrived;
};

std::vector<std::uint32_t> sorted(const std::vector<Mail>& mails,
                                  const std::vector<SortCriterion>& criteria) {
  std::vector<SortItem> items;
  for (const Mail& mail : mails) {
    const mime::Summary summary = mime::parse(mail.raw);
    const auto number = static_cast<std::uint32_t>(items.size() + 1);
    items.push_back(sort_item(
        criteria, {number, Instant(std::chrono::days(mail.arrived)), summary.size, &summary}));
  }
  sort_items(criteria, items);
  std::vector<std::uint32_t> out;
  for (const SortItem& item : items)
    out.push_back(item.number);
  return out;
}

TEST_CASE("the order of each key (RFC 5256 §3, RFC 5957 §4)") {
  const std::vector<Mail> mails{
      {"From: \"Zoe\" <b@x.example>\r\nTo: c@x.example\r\nSubject: Re: banana\r\n"
       "Date: Tue, 02 Jan 2024 00:30:00 +0900\r\n\r\nlong text\r\n",
       3},
      {"From: a@x.example\r\nCc: z@x.example\r\nSubject: Apple\r\n"
       "Date: Mon, 01 Jan 2024 16:00:00 +0000\r\n\r\n",
       1},
      {"From: =?UTF-8?Q?=C3=84nne?= <c@x.example>\r\nTo: b@x.example\r\nSubject: BANANA\r\n\r\n",
       2}};
  struct Case {
    std::vector<SortCriterion> criteria;
    std::vector<std::uint32_t> order;
  };
  using enum SortCriterion::Order;
  for (const Case& c : std::initializer_list<Case>{
           {{{Key::arrival, ascending}}, {2, 3, 1}},
           {{{Key::arrival, descending}}, {1, 3, 2}},
           {{{Key::date, ascending}}, {3, 1, 2}},  // 3 has no Date: its arrival counts
           {{{Key::subject, ascending}}, {2, 1, 3}},
           {{{Key::subject, descending}}, {1, 3, 2}},  // equal ones keep their order
           {{{Key::subject, ascending}, {Key::date, ascending}}, {2, 3, 1}},
           {{{Key::from, ascending}}, {2, 1, 3}},
           {{{Key::to, ascending}}, {2, 3, 1}},
           {{{Key::cc, descending}}, {2, 1, 3}},
           {{{Key::display_from, ascending}}, {2, 3, 1}},  // A@X.EXAMPLE, A + diaeresis, ZOE
           {{{Key::display_to, ascending}}, {2, 3, 1}},
           {{}, {1, 2, 3}},
       }) {
    CHECK(sorted(mails, c.criteria) == c.order);
  }
}

TEST_CASE("PARTIAL's places (RFC 9394 §3.1)") {
  using From = PartialRange::From;
  struct Case {
    PartialRange range;
    std::size_t size;
    std::pair<std::size_t, std::size_t> places;
  };
  for (const Case& c : std::initializer_list<Case>{
           {{From::start, 1, 2}, 5, {0, 2}},
           {{From::start, 2, 1}, 5, {0, 2}},
           {{From::start, 4, 9}, 5, {3, 5}},
           {{From::start, 6, 9}, 5, {5, 5}},
           {{From::end, 1, 2}, 5, {3, 5}},
           {{From::end, 9, 4}, 5, {0, 2}},
           {{From::end, 6, 9}, 5, {0, 0}},
           {{From::start, 1, 0xffff'ffff}, 0, {0, 0}},
       }) {
    CHECK(c.range.of(c.size) == c.places);
  }
}

}  // namespace
}  // namespace fumi::imap
