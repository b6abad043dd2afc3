// EmailResult: all emails that match one query, in its order, as they were at one state; and what
// each step that brought it there has changed, so that the way from an older state can be told
// (RFC 8620 §5.6). An immutable value, shared by calls; nothing here asks the store.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/ids.h"

namespace fumi::jmap {

struct ResultRow {
  std::string key;  // compared as octets; what is first is shown first (email_order.h)
  EmailId id;
  ThreadId thread;

  // Equal keys: the newest first.
  friend bool operator<(const ResultRow& a, const ResultRow& b) {
    const int order = a.key.compare(b.key);
    return order != 0 ? order < 0 : a.id > b.id;
  }
};

class EmailResult {
 public:
  enum class Threads : std::uint8_t { all, first };  // first: collapseThreads, RFC 8621 §4.4.3

  // All rows, in any order.
  EmailResult(ModSeq state, Threads threads, std::vector<ResultRow> rows);
  // `touched`: every email that may match otherwise than in `old`, or stand elsewhere; with
  // Threads::first, whatever shares a thread with one. `matching`: those of them that match now.
  EmailResult(const EmailResult& old, ModSeq state, std::vector<EmailId> touched,
              std::vector<ResultRow> matching);

  [[nodiscard]] ModSeq state() const { return state_; }
  [[nodiscard]] std::size_t rows() const { return rows_.size(); }
  [[nodiscard]] std::size_t octets() const;

  // What is shown: every row, or the first one of each thread.
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] EmailId at(std::size_t place) const { return row(place).id; }
  [[nodiscard]] std::optional<std::size_t> place_of(EmailId id) const;

  struct Changes {
    struct Added {
      EmailId id;
      std::size_t index = 0;
    };
    std::vector<EmailId> removed;
    std::vector<Added> added;  // by index
  };
  // What leads from what was shown at `since` to what is shown now: exact. Nothing behind `up_to`,
  // if that is shown. nullopt: that step isn't remembered.
  [[nodiscard]] std::optional<Changes> since(ModSeq since, std::optional<EmailId> up_to) const;
  // The same from what may have changed alone: `removed` may name emails that weren't shown.
  // `created`: those of `touched` that weren't there then. Both ascend.
  [[nodiscard]] Changes of(std::span<const EmailId> touched,
                           std::span<const EmailId> created) const;

 private:
  // As what an email was shown before a step.
  struct Before {
    EmailId id;
    std::optional<std::string> key;  // none: it wasn't
  };
  struct Step {
    ModSeq from;
    std::vector<Before> before;  // by id
  };

  [[nodiscard]] const ResultRow& row(std::size_t place) const {
    return threads_ == Threads::all ? rows_[place] : rows_[first_[place]];
  }
  void find_first();
  void remember(const EmailResult& old, std::span<const EmailId> touched);

  ModSeq state_;
  Threads threads_;
  std::vector<ResultRow> rows_;
  std::vector<std::uint32_t> first_;                // rows that are shown, of Threads::first
  std::vector<std::shared_ptr<const Step>> steps_;  // shared with the results before this
  std::size_t steps_octets_ = 0;
};

}  // namespace fumi::jmap
