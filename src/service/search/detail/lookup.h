// Lookup: what the index says of a program's text conditions, document by document.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/function_ref.h"
#include "domain/ports/search_store.h"
#include "service/search/detail/segment.h"

namespace fumi::service::detail {

class Lookup {
 public:
  explicit Lookup(const std::vector<Program::Text>& texts);

  // Asks for the terms; before anything else, and again when the closure runs again.
  [[nodiscard]] Status prepare(SearchStore& store, AccountId account);

  // For each text condition what is known of a segment's documents: no, unless it is named here.
  struct Said {
    enum class Of : std::uint8_t { some, nothing_known } of = Of::some;
    std::vector<std::pair<std::uint32_t, Truth>> documents;  // unknown or yes
  };
  [[nodiscard]] Result<std::vector<Said>> ask(SearchStore& store, AccountId account,
                                              SearchSegmentId segment);

 private:
  using Postings = std::vector<Posting>;
  struct Condition {
    std::vector<std::size_t> all, any;  // numbers of pieces
    std::optional<std::size_t> word;    // is a certain yes
    std::optional<std::size_t> name;    // of a header field, which must be there
    std::uint8_t where = 0;
    Truth means = Truth::unknown;  // of what has the pieces
  };
  std::size_t piece(char kind, std::string_view text);
  [[nodiscard]] Result<Said> ask_condition(const Condition& condition,
                                           FunctionRef<Result<Postings>(std::size_t)> find);

  std::vector<std::string> pieces_;
  std::map<std::string, std::size_t> numbers_;
  std::vector<Condition> conditions_;
  std::vector<SearchTerm> terms_;
};

}  // namespace fumi::service::detail
