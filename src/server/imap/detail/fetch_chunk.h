// A part of a FETCH's answer, made in the threads of the store and of the blobs, so that the
// session has only to send it while the next part is made.
//
// One at a time: assign() names the messages, read_summaries() fills it, then complete() (or
// written() a body) writes what is left. A chunk may end before its last message, when it has
// become large: what done() doesn't count is for the next.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mime/structure.h"
#include "proto/imap/fetch_writer.h"
#include "proto/imap/view.h"
#include "server/imap/detail/rows.h"
#include "service/mailbox/mailboxes.h"

namespace fumi::server {

// What all parts of one FETCH share. Outlives them; nothing in it changes.
struct FetchPlan {
  FetchPlan(const imap::Fetch& asked, service::Mailboxes::Snapshot state,
            const std::vector<Uid>& seen_set, const imap::Limits& with, imap::Features on);

  const imap::Fetch& fetch;
  service::Mailboxes::Snapshot now;  // shared with the index and other sessions
  const std::vector<Uid>& marked;    // whose \Seen this FETCH has set, ascending
  const imap::Limits& limits;
  imap::Features features;
  // Beyond what the index knows; `index`: nothing, and no chunk is made.
  enum class Needs : std::uint8_t { index, email, envelope, structure, body } needs = Needs::index;
  enum class Asks : std::uint8_t { no, yes } preview = Asks::no, saved = Asks::no;
};

class FetchChunk final : public service::SummaryReader {
 public:
  using Item = imap::SelectedView::Item;
  explicit FetchChunk(const FetchPlan& plan);

  static constexpr std::size_t kItems = 256;
  static constexpr std::size_t kOctets = 262'144;  // of summaries or bodies held, and of text
  // Takes as many of the items from the front as it will do, at least one.
  std::size_t assign(std::span<const Item> items);
  [[nodiscard]] std::uint64_t body_octets() const { return body_octets_; }  // that will be read

  [[nodiscard]] std::span<const EmailId> emails() const { return emails_; }
  void begin() override;
  Result<Visit> take(const StoredSummary& summary) override;
  // When they came into the mailbox, for SAVEDATE: in any order.
  void saved(Uid uid, std::optional<Instant> at);

  // Bodies that lines wait for, in the order in which body() wants them.
  [[nodiscard]] std::span<const BlobRef> bodies();
  // not_found: the message is gone. Another error ends the FETCH: error().
  void body(Result<std::string> bytes);
  void complete();  // what needs no body any more

  [[nodiscard]] std::size_t done() const { return end_; }  // of the items that assign() took
  [[nodiscard]] const Status& error() const { return error_; }
  [[nodiscard]] std::size_t gone() const { return gone_; }  // messages that are not there
  enum class Encoding : std::uint8_t { known, unknown };
  [[nodiscard]] Encoding encoding() const { return encoding_; }
  [[nodiscard]] imap::Output& output() { return writer_.output(); }
  // What the output points to.
  [[nodiscard]] std::deque<std::string>& held() { return held_; }

 private:
  struct Line {
    Item item;
    const service::IndexRow* row = nullptr;  // in plan_.now; null: gone
    ThreadId thread;
    std::optional<std::string> summary;  // when it can't be written at once
    std::optional<Instant> saved;
    BlobRef blob;
  };
  void write(const Line& line, std::string_view summary, const std::string* body);
  void write_to(std::size_t end);      // lines before it, which need no body
  [[nodiscard]] bool at_once() const;  // whether lines can be written as summaries come
  bool keep(std::size_t line, const StoredSummary& summary);
  void shorten(std::size_t end);
  [[nodiscard]] bool needs_body(const Line& line) const;

  const FetchPlan& plan_;
  imap::Writer writer_;
  FlagTexts flags_;
  std::vector<Line> lines_;
  std::vector<EmailId> emails_;                            // ascending, each once
  std::vector<std::pair<EmailId, std::size_t>> by_email_;  // lines; ascending
  enum class Order : std::uint8_t { ascending, mixed } order_ = Order::ascending;
  std::uint64_t body_octets_ = 0;
  // Of the run that began last.
  std::size_t next_ = 0;  // the line that is written next
  std::size_t end_ = 0;   // lines behind it are for another chunk
  std::size_t kept_octets_ = 0;
  std::size_t gone_ = 0;
  std::vector<BlobRef> blobs_;
  std::vector<std::size_t> blob_lines_;
  std::size_t blob_ = 0;  // the body that comes next
  Status error_;
  Encoding encoding_ = Encoding::known;
  std::deque<std::string> held_;
  mime::EnvelopeView envelope_;  // keeps its room
};

}  // namespace fumi::server
