// Program: a query made ready to be asked of many messages, in three-valued logic: what isn't known
// of a message yet is unknown, and so is what follows from it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "service/mailbox/mailbox_snapshot.h"
#include "service/search/document.h"
#include "service/search/query.h"

namespace fumi::service::detail {

enum class Truth : std::uint8_t { no, unknown, yes };

struct Place {
  MailboxId mailbox;
  const IndexRow* row = nullptr;        // of a snapshot that outlives the search
  const MailboxSnapshot* in = nullptr;  // that snapshot
  std::optional<Instant> saved;         // if the program asks_saved() and it is known
  std::uint32_t rank = 0;               // of the mailbox in the scope
};

// What never changes of a message and is known without its body.
struct EmailFacts {
  ThreadId thread;
  std::optional<SearchQuery::Day> sent;
  enum class Attachment : std::uint8_t { none, some } attachment = Attachment::none;
};
[[nodiscard]] EmailFacts facts_of(const mime::Summary& summary, ThreadId thread);

// What is known of a message when it is asked.
struct Candidate {
  EmailId email;
  std::span<const Place> places;
  const EmailFacts* facts = nullptr;         // null: unknown
  const SearchDocument* document = nullptr;  // null: not read
  std::span<const Truth> texts;              // what the index says of Program::texts(), or empty
};

class Program {
 public:
  struct Text {
    SearchQuery::Field field;
    std::string name;    // lower-case
    std::string needle;  // folded
  };

  // `query` has passed check().
  explicit Program(SearchQuery query);

  [[nodiscard]] Truth truth(const Candidate& candidate) const { return truth(root_, candidate); }
  [[nodiscard]] const std::vector<Text>& texts() const { return texts_; }
  // The classes of text that a document must have for this program.
  [[nodiscard]] std::uint8_t wanted() const { return wanted_; }
  [[nodiscard]] bool asks_uids() const { return asks_uids_; }
  // Whether it asks for anything that the mailbox's index doesn't say of a place.
  [[nodiscard]] bool asks_mail() const { return asks_mail_; }
  [[nodiscard]] bool asks_saved() const { return asks_saved_; }

 private:
  struct Node {
    SearchQuery query;  // without its children; ids and ranges sorted
    std::size_t text = 0;
    std::vector<Node> children;
  };
  Node compile(SearchQuery query);
  [[nodiscard]] Truth truth(const Node& node, const Candidate& candidate) const;
  [[nodiscard]] Truth text_truth(const Node& node, const Candidate& candidate) const;

  std::vector<Text> texts_;
  std::uint8_t wanted_ = 0;
  bool asks_uids_ = false;
  bool asks_mail_ = false;
  bool asks_saved_ = false;
  Node root_;
};

}  // namespace fumi::service::detail
