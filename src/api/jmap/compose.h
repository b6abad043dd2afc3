// Writing the message that an Email/set asks for (RFC 8621 §4.6).
#pragma once

#include <string>
#include <vector>

#include "api/jmap/call.h"
#include "mime/writer.h"

namespace fumi::jmap {

// What a creation says, read and checked; the attachments' bytes are still to be fetched.
struct Composition {
  mime::Draft draft;
  std::vector<mime::Mailbox> bcc;  // shown to the sender only; a submission leaves it out
  struct File {
    std::string blob_id;  // its bytes; empty: `draft.attachments` has them already
    std::size_t attachment = 0;
  };
  std::vector<File> files;

  std::vector<std::string> mailboxes;  // ids, creation ids replaced
  Flags flags;
  std::optional<Instant> received;
};

// invalidProperties with the property's name. `sender` is the From of a draft that names none.
[[nodiscard]] SetResult<Composition> read_composition(const Json& object, const CreatedIds& created,
                                                      const mime::Mailbox& sender, Instant now);

// mailboxIds, keywords and receivedAt, as Email/set and Email/import have them.
[[nodiscard]] SetResult<void> read_placement(const Json& object, const CreatedIds& created,
                                             Composition& into);

// The message, with CRLF line ends. `seed`: 16 random octets.
[[nodiscard]] SetResult<std::string> write_composition(Composition composition, std::string seed,
                                                       std::string message_id);

}  // namespace fumi::jmap
