// APPEND with CATENATE (RFC 4469): a message of texts and of parts of messages that are there.
#include "mime/structure.h"
#include "proto/imap/message_url.h"
#include "proto/imap/section.h"
#include "server/imap/session.h"

namespace fumi::server {

// The message that a URL names. not_found, invalid: it names none of this account's.
Task<Result<service::EntryEmail>> ImapSession::message_at(imap::MessageUrl url) {
  constexpr const char* kDoing = "looking up a URL";
  if (url.mailbox.empty() && selected_) url.mailbox = selected_->name;
  auto mailbox = co_await host_.mailboxes.find(who(), url.mailbox);
  if (!mailbox) co_return std::unexpected(std::move(mailbox).error());
  if (url.uid_validity && url.uid_validity->value != mailbox->uid_validity.value) {
    co_return fail(Code::not_found, kDoing, "another UIDVALIDITY");
  }
  std::vector<Uid> uids(1, Uid{url.uid.value});
  auto emails = co_await host_.mailboxes.emails(who(mailbox->owner), mailbox->id, std::move(uids));
  if (!emails) co_return std::unexpected(std::move(emails).error());
  if (emails->empty()) co_return fail(Code::not_found, kDoing, "no such UID");
  co_return std::move(emails->front());
}

// Puts what the URL names behind `into`.
Task<Status> ImapSession::add_url(std::string text, std::string& into) {
  const auto url = imap::MessageUrl::parse(text);
  if (!url) co_return fail(Code::invalid, "reading a URL");
  auto found = co_await message_at(*url);
  if (!found) co_return std::unexpected(std::move(found).error());
  const Email& email = found->second;
  auto bytes = co_await host_.mailboxes.body(who(), email.blob);
  if (!bytes) co_return std::unexpected(std::move(bytes).error());
  const mime::Summary summary = mime::parse(*bytes);
  const imap::SectionData data = imap::extract_section(url->section, *bytes, summary.root);
  if (data.kind == imap::SectionData::Kind::missing) {
    co_return fail(Code::not_found, "reading a URL", "no such part");
  }
  into += imap::cut(data.octets(), url->partial);
  co_return Status();
}

Task<void> ImapSession::on_catenate(imap::Catenate catenate) {
  service::NewMessage message;
  message.flags = flags_of(catenate.flags);
  message.received = catenate.date;
  for (imap::Catenate::Part& part : catenate.parts) {
    if (part.kind == imap::Catenate::Part::Kind::text) {
      message.bytes += part.text;
    } else {
      const Status added = co_await add_url(part.text, message.bytes);
      if (!added) {
        const Code code = added.error().code;
        const bool bad = code == Code::not_found || code == Code::invalid;
        imap::Reply reply = to_imap(added.error());
        if (bad) reply = imap::no("The URL names nothing here", imap::code::bad_url(part.text));
        co_await finish(std::move(reply));
        co_return;
      }
    }
    if (message.bytes.size() > host_.options.append_max.octets) {
      co_await finish(imap::no("Message is too big", imap::code::Plain::too_big));
      co_return;
    }
  }
  if (message.bytes.empty()) {
    co_await finish(imap::no("A message without octets"));
    co_return;
  }
  append_mailbox_ = std::move(catenate.mailbox);
  replaced_.reset();
  appending_.clear();
  appending_.push_back(std::move(message));
  co_await on_append_finish();
}

}  // namespace fumi::server
