// The arguments of the standard methods (RFC 8620 §5). Unknown arguments are the caller's to refuse
// or use: a type may add its own.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proto/jmap/references.h"

namespace fumi::jmap {

using CreatedIds = std::map<std::string, std::string>;

[[nodiscard]] MethodResult<std::string> account_argument(const Json& arguments,
                                                         const char* name = "accountId");

// Optional arguments; a wrong type is invalidArguments.
[[nodiscard]] MethodResult<std::optional<std::string>> text_argument(const Json& arguments,
                                                                     const char* name);
[[nodiscard]] MethodResult<std::optional<std::int64_t>> number_argument(const Json& arguments,
                                                                        const char* name);
enum class Flag : std::uint8_t { no, yes };
[[nodiscard]] MethodResult<Flag> flag_argument(const Json& arguments, const char* name);
[[nodiscard]] MethodResult<std::optional<std::vector<std::string>>> list_argument(
    const Json& arguments, const char* name);

struct GetArguments {
  std::optional<std::vector<std::string>> ids;  // creation ids replaced; duplicates gone
  std::optional<std::vector<std::string>> properties;
};
// requestTooLarge: over `ids_max` ids.
[[nodiscard]] MethodResult<GetArguments> get_arguments(const Json& arguments,
                                                       const CreatedIds& created,
                                                       std::uint32_t ids_max);

struct ChangesArguments {
  std::string since_state;
  std::optional<std::uint64_t> max_changes;
};
[[nodiscard]] MethodResult<ChangesArguments> changes_arguments(const Json& arguments);

struct SetArguments {
  std::optional<std::string> if_in_state;
  std::vector<std::pair<std::string, Json>> create;  // by creation id, in their order
  std::vector<std::pair<std::string, Json>> update;  // ids as given
  std::vector<std::string> destroy;
};
// requestTooLarge: over `objects_max` objects.
[[nodiscard]] MethodResult<SetArguments> set_arguments(const Json& arguments,
                                                       std::uint32_t objects_max);

struct Comparator {
  std::string property;
  enum class Order : std::uint8_t { ascending, descending } order = Order::ascending;
  std::string collation;
  std::string keyword;  // of hasKeyword and its kin (RFC 8621 §4.4.2)
};

struct QueryArguments {
  std::optional<Json> filter;
  std::vector<Comparator> sort;
  std::int64_t position = 0;
  std::optional<std::string> anchor;
  std::int64_t anchor_offset = 0;
  std::optional<std::uint64_t> limit;
  Flag calculate_total = Flag::no;
};
[[nodiscard]] MethodResult<QueryArguments> query_arguments(const Json& arguments);

struct QueryChangesArguments {
  QueryArguments query;
  std::string since_query_state;
  std::optional<std::uint64_t> max_changes;
  std::optional<std::string> up_to_id;
};
[[nodiscard]] MethodResult<QueryChangesArguments> query_changes_arguments(const Json& arguments);

// The answer of a /set, filled as its objects are dealt with.
class SetAnswer {
 public:
  void created(std::string creation_id, Json object);
  void not_created(std::string creation_id, const SetError& error);
  void updated(std::string id, Json changed = Json());  // what the server changed beyond
  void not_updated(std::string id, const SetError& error);
  void destroyed(std::string id);
  void not_destroyed(std::string id, const SetError& error);
  [[nodiscard]] bool has_changed() const {
    return !created_.empty() || !updated_.empty() || !destroyed_.empty();
  }
  [[nodiscard]] Json json(std::string account, std::string old_state, std::string new_state) &&;

 private:
  JsonObject created_, not_created_, updated_, not_updated_, not_destroyed_;
  JsonArray destroyed_;
};

}  // namespace fumi::jmap
