// EmailFilter: a FilterOperator or FilterCondition of Email/query (RFC 8621 §4.4.1), compiled.
//
// What rows tell is decided by them; service/search answers what hangs on the messages' text.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/jmap/call.h"
#include "service/search/query.h"

namespace fumi::jmap {

// Keywords of all emails of each thread, for conditions on threads.
struct ThreadKeywords {
  struct Thread {
    std::size_t emails = 0;
    std::unordered_map<std::string, std::size_t> having;  // how many have the keyword
  };
  std::unordered_map<ThreadId, Thread> threads;
};
[[nodiscard]] ThreadKeywords thread_keywords(const std::vector<EmailFacts>& emails);
// Whether the email has the JMAP keyword, in any of its places.
[[nodiscard]] bool has_keyword(const EmailFacts& email, const std::string& keyword);

enum class Verdict3 : std::uint8_t { no, yes, depends };  // depends: on the text

class EmailFilter {
 public:
  EmailFilter();  // everything
  ~EmailFilter();
  EmailFilter(EmailFilter&&) noexcept;
  EmailFilter& operator=(EmailFilter&&) noexcept;

  // unsupportedFilter, invalidArguments. Nesting and size are bounded.
  [[nodiscard]] static MethodResult<EmailFilter> compile(const Json& filter);

  [[nodiscard]] Verdict3 decide(const EmailFacts& email, const ThreadKeywords& threads) const;
  // Asks of those emails alone, on which decide() said `depends`, what it left open. Conditions on
  // rows stand in it as what decide() says of them.
  [[nodiscard]] service::SearchQuery open_question(std::span<const EmailFacts> undecided,
                                                   const ThreadKeywords& threads) const;
  // All that match lie in this mailbox, and nothing asks beyond it.
  [[nodiscard]] std::optional<MailboxId> only_mailbox() const;
  [[nodiscard]] bool asks_threads() const;
  // An email always matches or never does, whatever happens to it (RFC 8620 §5.6, upToId).
  [[nodiscard]] bool is_immutable() const;
  // Words to show in a snippet: those looked for in text, subject and body, but not under NOT.
  [[nodiscard]] std::vector<std::string> shown_words() const;

  struct Node;

 private:
  std::unique_ptr<Node> root_;
};

}  // namespace fumi::jmap
