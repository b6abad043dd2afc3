// SelectedView: what the client believes of its selected mailbox. Maps sequence numbers to UIDs,
// and holds changes back until they may be told (RFC 9051 §5.5, §7.5.1; RFC 7162 §3.2.10).
//
// The list of UIDs is shared (uid_list.h). A view that lags behind keeps the list that its client
// knows; when all is told it goes over to the one that now_is() gave. Memory: what is not told yet,
// or 4 octets a message where the host gives no lists. Not thread-safe: one session's own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "proto/imap/seq_set.h"
#include "proto/imap/types.h"
#include "proto/imap/uid_list.h"
#include "proto/imap/writer.h"

namespace fumi::imap {

class SelectedView {
 public:
  // A message that the client knows, by both names.
  struct Item {
    SeqNumber number;
    Uid uid;
    friend bool operator==(const Item&, const Item&) = default;
  };

  SelectedView() = default;
  explicit SelectedView(std::vector<Uid> uids);  // ascending
  explicit SelectedView(std::shared_ptr<const UidList> list) : list_(std::move(list)) {}

  [[nodiscard]] std::uint32_t size() const {
    return listed() + static_cast<std::uint32_t>(tail_.size());
  }
  [[nodiscard]] std::optional<Uid> uid_of(SeqNumber number) const;
  [[nodiscard]] std::optional<SeqNumber> number_of(Uid uid) const;
  [[nodiscard]] Uid last_uid() const;  // Uid{} if empty

  // The messages that a command's set names, ascending, as ranges of positions: O(ranges × log n).
  // By::seq and a number beyond the mailbox: nullopt, which is BAD (RFC 9051 §9 seq-number).
  // UIDs that don't exist are passed over silently (§6.4.9). "$" is the saved result.
  struct Span {
    SeqNumber first;
    std::uint32_t count = 0;
  };
  [[nodiscard]] std::optional<std::vector<Span>> resolve(const SeqSet& set, By by) const;
  [[nodiscard]] std::vector<Item> items(std::span<const Span> spans) const;
  [[nodiscard]] SeqSet uids(std::span<const Span> spans) const;

  // What happened in the mailbox; told by take().
  void arrived(Uid uid);  // greater than every UID before it
  void expunged(Uid uid);
  void expunged_here(Uid uid);  // by this client's command: told whatever listen() says
  void changed(Uid uid);        // flags or other dynamic data, by someone else or not silently
  // What all that has been reported adds up to. Last of a round of reports; optional.
  void now_is(std::shared_ptr<const UidList> list) { now_ = std::move(list); }

  // What the client wants to hear of (RFC 5465 §3.1); the rest waits.
  enum class Listen : std::uint8_t { nothing, numbers, all };  // all: flags too
  void listen(Listen what) { listen_ = what; }

  struct Changes {
    std::vector<SeqNumber> expunged;  // in the order in which they are to be sent
    SeqSet vanished;                  // the same as UIDs
    std::optional<std::uint32_t> exists;
    std::uint32_t arrived = 0;  // the last ones are new
    std::vector<Item> fetch;    // FLAGS (MODSEQ) of these; read now, not when they changed
  };
  // What may be told under `allowed`, which the view takes as told.
  [[nodiscard]] Changes take(Updates allowed);
  [[nodiscard]] bool has_changes(Updates allowed) const;
  // Whether a message that the client still sees is gone already: answer without its data and with
  // NO [EXPUNGEISSUED] where that is due (RFC 5530 §3).
  [[nodiscard]] bool is_ghost(Uid uid) const;

  // "$" (RFC 5182): UIDs; what is expunged leaves it by itself, as it resolves to nothing.
  void save_result(SeqSet uids) { saved_ = std::move(uids); }
  [[nodiscard]] const SeqSet& saved_result() const { return saved_; }

  [[nodiscard]] std::size_t heap_octets() const;

 private:
  [[nodiscard]] std::uint32_t listed() const { return list_ ? list_->size() : 0; }
  [[nodiscard]] std::uint32_t at(std::uint32_t index) const;
  [[nodiscard]] std::uint32_t index_at_or_after(std::uint32_t uid) const;
  [[nodiscard]] std::uint32_t index_after(std::uint32_t uid) const;
  void add_span(std::vector<Span>& out, std::uint32_t first, std::uint32_t end) const;
  void close_gaps(const std::vector<std::uint32_t>& positions);

  std::shared_ptr<const UidList> list_;  // with other views; null: empty
  std::vector<std::uint32_t> tail_;      // told, behind the list
  std::shared_ptr<const UidList> now_;   // as the mailbox is, ghosts gone and arrivals in
  SeqSet ghosts_;                        // expunged, not told
  SeqSet own_ghosts_;                    // of these, by this client
  Listen listen_ = Listen::all;
  std::vector<std::uint32_t> arrivals_;  // not told
  SeqSet changed_;
  SeqSet saved_;
};

// Writes EXPUNGE or VANISHED (once QRESYNC or UIDONLY is on), then EXISTS. FETCH is the host's: it
// has the flags.
void write_changes(Writer& writer, const SelectedView::Changes& changes);

}  // namespace fumi::imap
