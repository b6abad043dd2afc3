// SORT and THREAD (RFC 5256): the messages that match, what the order needs of each, the order.
#include <algorithm>

#include "mime/structure.h"
#include "net/timer.h"
#include "server/imap/session.h"

namespace fumi::server {
namespace {

constexpr std::size_t kBatch = 200;  // emails read in one transaction
constexpr std::size_t kMost = 500'000;
const imap::Reply kTooMany =
    imap::no("Too many messages to put in order", imap::code::Plain::limit);

std::vector<Uid> slice(const std::vector<Uid>& uids, std::size_t begin, std::size_t count) {
  const std::size_t end = std::min(uids.size(), begin + count);
  return {uids.begin() + std::ptrdiff_t(begin), uids.begin() + std::ptrdiff_t(end)};
}

}  // namespace

// Reads the messages in runs and shows each with its number and, if it can be read, its summary.
Task<Status> ImapSession::read_summaries(std::vector<Uid> uids, imap::By by, SummaryReader reader) {
  for (std::size_t i = 0; i < uids.size(); i += kBatch) {
    auto emails = co_await host_.mailboxes.emails(whose(), selected_->id, slice(uids, i, kBatch));
    if (!emails) co_return std::unexpected(std::move(emails).error());
    for (const auto& [entry, email] : *emails) {
      const auto number = selected_->view.number_of({entry.uid.value});
      const auto summary = mime::decode(email.summary);
      if (!number || !summary) continue;
      reader(by == imap::By::uid ? entry.uid.value : number->value, entry, *summary);
    }
    co_await net::yield();
    const bool sent = co_await tell_progress(i, uids.size());
    if (!sent) co_return fail(Code::peer_gone, "sending");
  }
  co_return Status();
}

Task<void> ImapSession::on_sort(imap::Sort sort) {
  auto hits = co_await hits_of(sort.search.program);
  Cut cut;
  if (hits) cut = keep_highest(*hits);
  if (!hits || hits->size() > kMost) {
    if (sort.search.wanted.save) selected_->view.save_result({});  // RFC 5182 §2.1
    co_await finish(hits ? kTooMany : to_imap(hits.error()));
    co_return;
  }
  std::vector<imap::SortItem> items;
  imap::ModSeq highest;
  std::vector<Uid> unread;
  for (const Entry& entry : *hits) {
    highest.value = std::max(highest.value, entry.modseq.value());
    if (imap::needs_summary(sort.criteria)) {
      unread.push_back(entry.uid);
      continue;
    }
    const auto number = selected_->view.number_of({entry.uid.value});
    const std::uint32_t shown = sort.search.by == imap::By::uid ? entry.uid.value : number->value;
    items.push_back(imap::sort_item(sort.criteria, {shown, entry.received, entry.octets, nullptr}));
  }
  SummaryReader reader = [&](std::uint32_t number, const Entry& entry,
                             const mime::Summary& summary) {
    items.push_back(
        imap::sort_item(sort.criteria, {number, entry.received, entry.octets, &summary}));
  };
  const Status read = co_await read_summaries(std::move(unread), sort.search.by, std::move(reader));
  if (!read) {
    if (sort.search.wanted.save) selected_->view.save_result({});
    co_await finish(to_imap(read.error()));
    co_return;
  }
  imap::sort_items(sort.criteria, items);
  std::vector<std::uint32_t> numbers;
  numbers.reserve(items.size());
  for (const imap::SortItem& item : items)
    numbers.push_back(item.number);
  keep_result(sort.search, numbers);
  imap::SearchResult result;
  result.hits = numbers;
  if (sort.search.uses_modseq && !numbers.empty()) result.modseq = highest;
  engine_.writer().sort(sort.search, result);
  co_await finish(imap::ok("SORT done", cut.value_or(imap::ResponseCode())));
}

Task<void> ImapSession::on_thread(imap::Thread thread) {
  auto uids = co_await matching(thread.program);
  Cut cut;
  if (uids) cut = keep_highest(*uids);
  if (!uids || uids->size() > kMost) {
    co_await finish(uids ? kTooMany : to_imap(uids.error()));
    co_return;
  }
  std::vector<imap::ThreadItem> items;
  SummaryReader reader = [&](std::uint32_t number, const Entry& entry,
                             const mime::Summary& summary) {
    items.push_back(imap::thread_item(number, entry.received, summary));
  };
  const Status read = co_await read_summaries(std::move(*uids), thread.by, std::move(reader));
  if (!read) {
    co_await finish(to_imap(read.error()));
    co_return;
  }
  engine_.writer().thread(imap::thread(thread.algorithm, items).text());
  co_await finish(imap::ok("THREAD done", cut.value_or(imap::ResponseCode())));
}

// What "$" is after a command with SAVE.
void ImapSession::keep_result(const imap::Search& search,
                              const std::vector<std::uint32_t>& numbers) {
  if (!search.wanted.save) return;
  imap::SeqSet saved;
  for (const std::uint32_t number : imap::kept_hits(search.wanted, numbers)) {
    const bool by_uid = search.by == imap::By::uid;
    const auto uid = selected_->view.uid_of(imap::SeqNumber{number});
    if (by_uid || uid) saved.add(by_uid ? number : uid->value);
  }
  selected_->view.save_result(std::move(saved));
}

}  // namespace fumi::server
