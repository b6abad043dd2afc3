// Rows of the mailbox index as IMAP shows them.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

#include "proto/imap/uid_list.h"
#include "server/imap/session.h"
#include "service/mailbox/mailbox_snapshot.h"

namespace fumi::server {

// The UIDs of a snapshot for the view: nothing is copied.
class SnapshotUids final : public imap::UidList {
 public:
  explicit SnapshotUids(std::shared_ptr<const service::MailboxSnapshot> in) : in_(std::move(in)) {}
  [[nodiscard]] std::uint32_t size() const override { return in_->size(); }
  [[nodiscard]] std::uint32_t index_at_or_after(std::uint32_t uid) const override {
    return in_->index_at_or_after(Uid{uid});
  }
  void copy(std::uint32_t first, std::span<std::uint32_t> out) const override {
    while (!out.empty()) {
      const auto rows = in_->rows_from(first);
      const std::size_t count = std::min(rows.size(), out.size());
      for (std::size_t i = 0; i < count; ++i)
        out[i] = rows[i].uid;
      out = out.subspan(count);
      first += static_cast<std::uint32_t>(count);
    }
  }

 private:
  std::shared_ptr<const service::MailboxSnapshot> in_;  // shared with the index and other sessions
};

inline std::shared_ptr<const imap::UidList> uids_in(
    std::shared_ptr<const service::MailboxSnapshot> snapshot) {
  return std::make_shared<const SnapshotUids>(std::move(snapshot));
}

// "(\\Seen $Forwarded)" of rows: most messages have the flags of many others, whose text is made
// once. The snapshot must stay.
class FlagTexts {
 public:
  explicit FlagTexts(const service::MailboxSnapshot& in) : in_(in) {}
  // Valid until the next call.
  [[nodiscard]] const std::string& of(const service::IndexRow& row) {
    if (row.keywords() == 0) {
      std::string& text = plain_[row.bits % plain_.size()];
      if (text.empty()) text = made(row);
      return text;
    }
    if (keywords_ != row.keywords() || bits_ != row.bits) {
      keywords_ = row.keywords();
      bits_ = row.bits;
      marked_ = made(row);
    }
    return marked_;
  }

 private:
  [[nodiscard]] std::string made(const service::IndexRow& row) const {
    std::string text = "(";
    for (const std::string& name : names_of(in_.flags(row))) {
      if (text.size() > 1) text += ' ';
      text += name;
    }
    return text += ')';
  }

  const service::MailboxSnapshot& in_;
  std::array<std::string, 32> plain_;  // by the five system flags
  std::uint32_t keywords_ = 0;
  std::uint64_t bits_ = 0;
  std::string marked_;
};

}  // namespace fumi::server
