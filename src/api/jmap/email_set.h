// What an Email/set does to one email; Email/copy and EmailSubmission/set do it too (RFC 8621 §4.7,
// §7.5). In others' accounts each asks for the rights that IMAP asks for (RFC 4314 §4): forbidden.
// What the caller can't see of an email stays as it is.
#pragma once

#include <string>
#include <vector>

#include "api/jmap/call.h"

namespace fumi::jmap {

// A message whose bytes are stored, to be put into mailboxes.
struct NewEmail {
  EmailContent content;
  std::vector<std::string> mailboxes;  // ids, at least one
  Flags flags;
};
// "id", "blobId", "threadId" and "size". Flags that may not be set there are left out, as IMAP's
// APPEND does.
[[nodiscard]] SetResult<Json> put_email(Call& call, Tx& tx, const NewEmail& email);

// Keywords and mailboxes by a PatchObject. notFound, invalidPatch, invalidProperties.
[[nodiscard]] SetResult<void> update_email(Call& call, Tx& tx, const std::string& id,
                                           const Json& patch, const CreatedIds& created);

[[nodiscard]] SetResult<void> destroy_email(Call& call, Tx& tx, const std::string& id);

}  // namespace fumi::jmap
