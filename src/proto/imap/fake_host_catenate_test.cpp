// The fake host's half of CATENATE.
#include <algorithm>

#include "proto/imap/fake_host.h"
#include "proto/imap/message_url.h"
#include "proto/imap/section.h"

namespace fumi::imap::fake {

void Session::on(Catenate& command) {
  std::string whole;
  for (const Catenate::Part& part : command.parts) {
    if (part.kind == Catenate::Part::Kind::text) {
      whole += part.text;
      continue;
    }
    const auto url = MessageUrl::parse(part.text);
    const Mailbox* box = url ? mailbox(url->mailbox.empty() ? selected_ : url->mailbox) : nullptr;
    const auto at = box == nullptr ? std::vector<Message>::const_iterator()
                                   : std::ranges::find(box->messages, url->uid, &Message::uid);
    if (box == nullptr || at == box->messages.end()) {
      finish(no("Nothing there", code::bad_url(part.text)));
      return;
    }
    const SectionData data = extract_section(url->section, *at->raw, at->summary->root);
    if (data.kind == SectionData::Kind::missing) {
      finish(no("Nothing there", code::bad_url(part.text)));
      return;
    }
    whole += cut(data.octets(), url->partial);
  }
  AppendBegin begin;
  begin.mailbox = command.mailbox;
  begin.flags = command.flags;
  begin.date = command.date;
  if (mailbox(begin.mailbox) == nullptr) {
    finish(no("No such mailbox", code::Plain::try_create));
    return;
  }
  appends_.emplace_back(begin, std::move(whole));
  AppendFinish done;
  on(done);
}

}  // namespace fumi::imap::fake
