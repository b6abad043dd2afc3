#include "proto/imap/acl.h"

#include "proto/imap/writer.h"

namespace fumi::imap {

// RFC 4314 §3.6
void Writer::acl(std::string_view mailbox, const AclPairs& entries) {
  out_.put("* ACL ");
  put_mailbox(mailbox);
  for (const auto& [identifier, rights] : entries) {
    out_.put(' ');
    put_astring(identifier);
    out_.put(' ');
    put_astring(rights);
  }
  out_.put("\r\n");
}

// RFC 4314 §3.7: no right is tied to another here.
void Writer::list_rights(std::string_view mailbox, const AclIdentifier& identifier,
                         std::string_view always) {
  out_.put("* LISTRIGHTS ");
  put_mailbox(mailbox);
  out_.put(' ');
  put_astring(identifier.text());
  out_.put(' ');
  put_astring(always);
  for (const char right : kRightLetters) {
    if (always.find(right) != std::string_view::npos) continue;
    out_.put(' ');
    out_.put(right);
  }
  out_.put("\r\n");
}

// RFC 4314 §3.8
void Writer::my_rights(std::string_view mailbox, std::string_view rights) {
  out_.put("* MYRIGHTS ");
  put_mailbox(mailbox);
  out_.put(' ');
  put_astring(rights);
  out_.put("\r\n");
}

}  // namespace fumi::imap
