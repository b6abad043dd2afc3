// Blobs in and out piece by piece (RFC 8620 §6): what one upload or download costs in memory
// doesn't depend on its size.
//
// An upload is kept in parts of kPartOctets, each a blob of its own, durable with the row that
// names them. A download reads windows of what it sends: of the parts of an upload, of a message,
// or of a part in it; base64 is taken away as it goes. Only a part in quoted-printable or uuencode,
// a part of a message inside a message, and a part of an upload are opened whole.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/jmap/call.h"
#include "api/jmap/slots.h"
#include "server/http/router.h"

namespace fumi::jmap {

inline constexpr std::uint64_t kPartOctets = 1ULL << 20U;     // of an upload, the last one less
inline constexpr std::uint64_t kWindowOctets = 4ULL << 20U;   // that a download reads at a time
inline constexpr std::uint64_t kSliceOctets = 256ULL << 10U;  // that it hands to the connection

// Reads the body to its end and keeps it; the upload's id, type and size. The body's errors, the
// blob store's, and quota.
Task<Result<Upload>> receive_upload(JmapHost& host, Caller caller, http::BodyReader& body,
                                    std::string type);

// A run of stored octets.
struct StoredRun {
  std::vector<BlobRef> blobs;  // one behind the other
  std::uint64_t begin = 0;     // of the run, in what the blobs hold together
  std::uint64_t end = 0;
};

// What a download gives: a run as it lies, or with its base64 taken away, or bytes that had to be
// opened whole.
struct Content {
  StoredRun run;
  enum class Form : std::uint8_t { plain, base64, whole } form = Form::plain;
  std::string bytes;                                          // of `whole`
  [[nodiscard]] std::optional<std::uint64_t> octets() const;  // nullopt: known at the end alone
};
// not_found: no such blob in this account.
Task<Result<Content>> open_content(JmapHost& host, Caller caller, AccountId account,
                                   std::string blob_id);

// [begin, end) of a content of so many octets.
struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};
// A Range field with one range (RFC 9110 §14.2). nullopt: none, or one to be ignored. An empty
// range can't be satisfied (416).
[[nodiscard]] std::optional<ByteRange> byte_range(std::string_view field, std::uint64_t octets);

// The body of a download; `slot` is held as long as it lives.
[[nodiscard]] std::unique_ptr<http::BodySource> content_source(JmapHost& host, TenantScope scope,
                                                               Content content,
                                                               std::unique_ptr<Slots::Slot> slot);

}  // namespace fumi::jmap
