// Annotations (RFC 5464), and LIST that returns them (RFC 9590).
// DEVIATION: ENABLE METADATA is not taken; NOTIFY tells of others' changes.
#include "server/imap/session.h"

namespace fumi::server {

// Answers the query; what goes wrong with it becomes the reply.
Task<void> ImapSession::tell_metadata(std::string mailbox, imap::MetadataQuery query,
                                      imap::Reply& reply) {
  auto found = co_await host_.mailboxes.metadata(who(), mailbox);
  if (!found) {
    reply = to_imap(found.error());
    co_return;
  }
  std::vector<std::pair<std::string, std::string>> all;
  for (Metadata& one : *found)
    all.emplace_back(std::move(one.entry), std::move(one.value));
  const imap::MetadataAnswer answer = imap::pick_metadata(query, all);
  engine_.writer().metadata(mailbox, answer.values);
  if (answer.longest != 0) {
    reply.code.text = "METADATA LONGENTRIES " + std::to_string(answer.longest);
  }
}

Task<void> ImapSession::on_get_metadata(imap::GetMetadata get) {
  imap::Reply reply = imap::ok("GETMETADATA done");
  co_await tell_metadata(std::move(get.mailbox), std::move(get.query), reply);
  co_await finish(std::move(reply));
}

Task<void> ImapSession::on_set_metadata(imap::SetMetadata set) {
  const Status done = co_await host_.mailboxes.set_metadata(who(), set.mailbox, set.values);
  if (done) own_annotations(set);
  imap::Reply reply = imap::ok("SETMETADATA done");
  if (!done) reply = to_imap(done.error());
  if (!done && done.error().code == Code::quota) {
    reply = imap::no("Too many annotations", imap::ResponseCode{"METADATA TOOMANY"});
  }
  co_await finish(std::move(reply));
}

}  // namespace fumi::server
