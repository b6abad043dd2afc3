// One FETCH response: construct, add the items, end(). "* 12 FETCH (FLAGS (\Seen) UID 44)"; to a
// client that has enabled UIDONLY "* 44 UIDFETCH (FLAGS (\Seen))" (RFC 9586 §3).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "mime/structure.h"
#include "proto/imap/fetch.h"
#include "proto/imap/writer.h"

namespace fumi::imap {

class FetchWriter {
 public:
  FetchWriter(Writer& writer, SeqNumber number, Uid uid);
  FetchWriter(const FetchWriter&) = delete;
  FetchWriter& operator=(const FetchWriter&) = delete;

  FetchWriter& flags(std::span<const std::string> flags);
  FetchWriter& flag_list(std::string_view list);  // "(\\Seen x)", made once for many messages
  FetchWriter& uid(Uid uid);
  FetchWriter& internal_date(Instant at);
  FetchWriter& rfc822_size(std::uint64_t octets);
  FetchWriter& envelope(const mime::Envelope& envelope);
  FetchWriter& envelope(const mime::EnvelopeView& envelope);
  FetchWriter& body(const mime::Part& root);  // BODY: without extension data
  FetchWriter& body_structure(const mime::Part& root);
  FetchWriter& modseq(ModSeq modseq);
  FetchWriter& email_id(std::string_view id);
  FetchWriter& thread_id(std::string_view id);  // empty: NIL
  FetchWriter& save_date(std::optional<Instant> at);
  FetchWriter& preview(std::optional<std::string_view> text);  // nullopt: not made yet

  // BODY[…], BINARY[…], BINARY.SIZE[…], RFC822*: cut from the raw message. Large octets of `raw`
  // are spliced: `raw` must stay until the output is sent. False: the part's transfer encoding is
  // unknown (BINARY only); nothing was written, and the command ends with NO [UNKNOWN-CTE] (RFC
  // 9051 §6.4.5).
  [[nodiscard]] bool section(const FetchItem& item, std::string_view raw,
                             const mime::Summary& summary);

  // Ends the line. A response without any item writes nothing.
  void end();

 private:
  FetchWriter& name(std::string_view item);
  Writer& writer_;
  SeqNumber number_;
  Uid uid_;
  bool open_ = false;
};

// RFC 9051 §7.5.2, for responses other than FETCH and for tests.
void put_envelope(Writer& writer, const mime::Envelope& envelope);
void put_envelope(Writer& writer, const mime::EnvelopeView& envelope);
enum class Extension : std::uint8_t { omit, include };
void put_body(Writer& writer, const mime::Part& part, Extension extension);

// "17-Jul-1996 02:44:25 +0000"
[[nodiscard]] std::string date_time(Instant at);

}  // namespace fumi::imap
