// ESEARCH over several mailboxes (RFC 7377).
#include <algorithm>

#include "net/timer.h"
#include "server/imap/session.h"

namespace fumi::server {

Task<void> ImapSession::on_multi_search(imap::MultiSearch multi) {
  auto all = co_await host_.mailboxes.visible(who());
  if (!all) {
    co_await finish(to_imap(all.error()));
    co_return;
  }
  const std::string selected = selected_ ? selected_->name : std::string();
  imap::Reply reply = imap::ok("ESEARCH done");
  for (const service::VisibleMailbox& one : *all) {
    const Mailbox& mailbox = one.mailbox;
    if (!one.rights.has(Rights::read)) continue;
    const bool own = one.in == service::VisibleMailbox::Namespace::personal;
    const bool asked = std::ranges::any_of(multi.sources, [&](const imap::MailboxFilter& source) {
      return imap::names_mailbox(source, {mailbox.name, selected, mailbox.subscribed, own});
    });
    if (!asked) continue;
    const Status done = co_await search_mailbox(multi.search, mailbox.name);
    // Deleted, or not to be read any more, meanwhile: has no hits.
    const bool gone =
        !done && (done.error().code == Code::not_found || done.error().code == Code::denied);
    if (!done && !gone) {
      reply = to_imap(done.error());
      break;
    }
    const bool sent = co_await flush();
    if (!sent) break;
    co_await net::yield();
  }
  co_await finish(std::move(reply));
}

Task<Status> ImapSession::search_mailbox(const imap::Search& search, std::string name) {
  auto opened = co_await host_.mailboxes.open(who(), std::move(name));
  if (!opened) co_return std::unexpected(std::move(opened).error());
  std::vector<imap::Uid> uids;
  uids.reserve(opened->entries.size());
  for (const Entry& entry : opened->entries)
    uids.push_back({entry.uid.value});
  // The selected mailbox is searched as this client sees it.
  const bool here = selected_ && selected_->id == opened->mailbox.id;
  const imap::SelectedView own = here ? imap::SelectedView() : imap::SelectedView(std::move(uids));
  const imap::SelectedView& view = here ? selected_->view : own;
  auto hits =
      co_await hits_in(search.program, who(opened->mailbox.owner), opened->mailbox.id, view);
  if (!hits) co_return std::unexpected(std::move(hits).error());
  std::vector<std::uint32_t> numbers;
  imap::ModSeq highest;
  for (const Entry& entry : *hits) {
    numbers.push_back(entry.uid.value);
    highest.value = std::max(highest.value, entry.modseq.value());
  }
  if (here) keep_result(search, numbers);
  if (numbers.empty()) co_return Status();  // RFC 7377 §2.1: no answer for it
  imap::SearchResult result;
  result.hits = numbers;
  if (search.uses_modseq) result.modseq = highest;
  const imap::UidValidity validity{opened->mailbox.uid_validity.value};
  engine_.writer().search_in(opened->mailbox.name, validity, search, result);
  co_return Status();
}

}  // namespace fumi::server
