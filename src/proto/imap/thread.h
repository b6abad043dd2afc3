// THREAD (RFC 5256 §3): what is asked, and the two algorithms. Nothing here recurses: a peer's mail
// may form a thread of any depth.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "mime/structure.h"
#include "proto/imap/search.h"

namespace fumi::imap {

struct Thread {
  enum class Algorithm : std::uint8_t { ordered_subject, references };
  By by = By::seq;
  Algorithm algorithm = Algorithm::references;
  SearchKey program;
};

// What threading needs of one message.
struct ThreadItem {
  std::uint32_t number = 0;  // sequence number or UID; ascends with the place in the mailbox
  Instant sent;              // sent_date()
  std::string subject;       // base subject, collated
  enum class Reply : std::uint8_t { no, yes } reply = Reply::no;
  std::string message_id;               // normalised; empty: none
  std::vector<std::string> references;  // oldest first; the last one is the parent
};
[[nodiscard]] ThreadItem thread_item(std::uint32_t number, Instant arrival,
                                     const mime::Summary& summary);

// RFC 5256 §3: without the quotes that change nothing. Without "<>"; empty: no msg-id, or one of
// more than 500 octets.
[[nodiscard]] std::string normalised_msg_id(std::string_view text);

struct ThreadForest {
  struct Node {
    std::uint32_t number = 0;  // 0: a dummy, which stands for messages that have nothing in common
                               // but what they hang on
    std::vector<std::uint32_t> children;  // places in `nodes`, in order
  };
  std::vector<Node> nodes;
  std::vector<std::uint32_t> roots;

  [[nodiscard]] std::string text() const;  // 1*thread-list, as the response has it
};

// `items` ascend by number.
// DEVIATION: of one message the last 20 references count; and where links of one mailbox would
// take more than some millions of steps to check for loops, the rest is left unlinked.
[[nodiscard]] ThreadForest thread_references(const std::vector<ThreadItem>& items);
[[nodiscard]] ThreadForest thread_ordered_subject(const std::vector<ThreadItem>& items);
[[nodiscard]] ThreadForest thread(Thread::Algorithm algorithm,
                                  const std::vector<ThreadItem>& items);

}  // namespace fumi::imap
