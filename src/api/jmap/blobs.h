// Blob ids (RFC 8620 §6, RFC 8621 §4.1.1): "M<email>" is a message, "U<upload>" what a client sent,
// and "-1.2" behind either is the content of that part of it; a part that is a message has parts
// of its own: "M3x-2-1". They are looked up in one account, as its reader sees it; what somebody
// has sent is his own, and his alone, in whatever account he names it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/jmap/call.h"
#include "mime/structure.h"

namespace fumi::jmap {

struct BlobName {
  EmailId email;    // either this
  UploadId upload;  // or this
  std::vector<std::string> parts;
};
[[nodiscard]] std::optional<BlobName> parse_blob_id(std::string_view id);
[[nodiscard]] std::string email_blob_id(EmailId id);
[[nodiscard]] std::string upload_blob_id(UploadId id);

// Where the bytes lie, one run behind the other; nullopt: no such blob in this account.
[[nodiscard]] Result<std::optional<std::vector<BlobRef>>> locate(Tx& tx, const View& view,
                                                                 const BlobName& name, Instant now);

// The blob's bytes, all of them: for what must see a whole (transfer.h streams); not_found.
Task<Result<std::string>> blob_bytes(JmapHost& host, Caller caller, AccountId account,
                                     std::string id);

// Parts of a message by JMAP's numbers: "1" is the root where it is no multipart; children of a
// multipart are 1, 2, …; messages inside are leaves.
[[nodiscard]] const mime::Part* part_by_number(const mime::Part& root, std::string_view number);

}  // namespace fumi::jmap
