// The fake host's half of SEARCH, SORT and THREAD.
#include <algorithm>

#include "proto/imap/fake_host.h"
#include "proto/imap/message_limit.h"

namespace fumi::imap::fake {

std::vector<Session::Hit> Session::hits(const SearchKey& program, By by) {
  std::vector<Hit> out;
  for (std::uint32_t i = 1; i <= view_.size(); ++i) {
    const Message* m = message(view_.uid_of(SeqNumber{i}).value_or(Uid{}));
    if (m != nullptr && hit(program, *m)) out.push_back({by == By::uid ? m->uid.value : i, m});
  }
  return out;
}

ResponseCode Session::limited(std::vector<Hit>& found) const {
  const auto uid_of = [](const Hit& hit) { return hit.message->uid.value; };
  return keep_highest(found, out_.limits().messages, uid_of).value_or(ResponseCode{});
}

void Session::keep(const Search& command, const std::vector<std::uint32_t>& numbers) {
  if (!command.wanted.save) return;
  SeqSet uids;
  for (const std::uint32_t number : kept_hits(command.wanted, numbers)) {
    const bool by_uid = command.by == By::uid;
    uids.add(by_uid ? number : view_.uid_of(SeqNumber{number}).value_or(Uid{1}).value);
  }
  view_.save_result(uids);
}

void Session::on(Search& command) {
  std::vector<std::uint32_t> numbers;
  ModSeq most;
  std::vector<Hit> found = hits(command.program, command.by);
  const auto cut = limited(found);
  for (const Hit& hit : found) {
    numbers.push_back(hit.number);
    most = std::max(most, hit.message->modseq);
  }
  keep(command, numbers);
  out_.search(command, {numbers, command.uses_modseq ? std::optional(most) : std::nullopt});
  finish(ok("Search completed", cut));
}

void Session::on(MultiSearch& command) {
  const std::string selected = selected_;
  const SelectedView view = view_;
  for (const auto& [name, box] : account_->mailboxes) {
    const bool asked = std::ranges::any_of(command.sources, [&](const MailboxFilter& source) {
      return names_mailbox(source, {name, selected, box.subscribed});
    });
    if (!asked) continue;
    selected_ = name;
    std::vector<Uid> uids;
    for (const Message& m : box.messages)
      uids.push_back(m.uid);
    view_ = SelectedView(uids);
    std::vector<std::uint32_t> numbers;
    for (const Hit& hit : hits(command.search.program, By::uid))
      numbers.push_back(hit.number);
    if (!numbers.empty()) {
      out_.search_in(name, box.validity, command.search, {numbers, std::nullopt});
    }
    selected_ = selected;
    view_ = view;
    keep(command.search, numbers);
  }
  finish(ok("Search completed"));
}

void Session::on(Sort& command) {
  std::vector<SortItem> items;
  std::vector<Hit> found = hits(command.search.program, command.search.by);
  const auto cut = limited(found);
  for (const Hit& hit : found) {
    const Message& m = *hit.message;
    items.push_back(
        sort_item(command.criteria, {hit.number, m.arrived, m.raw->size(), m.summary.get()}));
  }
  sort_items(command.criteria, items);
  std::vector<std::uint32_t> numbers;
  for (const SortItem& item : items)
    numbers.push_back(item.number);
  keep(command.search, numbers);
  out_.sort(command.search, {numbers, std::nullopt});
  finish(ok("Sort completed", cut));
}

void Session::on(Thread& command) {
  std::vector<ThreadItem> items;
  std::vector<Hit> found = hits(command.program, command.by);
  const auto cut = limited(found);
  for (const Hit& hit : found)
    items.push_back(thread_item(hit.number, hit.message->arrived, *hit.message->summary));
  out_.thread(thread(command.algorithm, items).text());
  finish(ok("Thread completed", cut));
}

}  // namespace fumi::imap::fake
