#include "api/jmap/query_result.h"

#include "api/jmap/query_cache.h"
#include "proto/jmap/window.h"

namespace fumi::jmap {
namespace {

constexpr std::uint64_t kQueryLimit = 10'000;

std::string key_of(const Call& call, const std::string& type) {
  Json key = JsonObject{{"account", call.account_text()}, {"type", type}};
  for (const char* name : {"filter", "sort", "sortAsTree", "filterAsTree"})
    if (const Json* value = call.arguments.find(name)) key.set(name, *value);
  return codec::write_json(key);
}

// What is kept of this state, or a fresh evaluation, which is kept.
MethodResult<QueryCache::Ids> ids_at(Call& call, Tx& tx, const std::string& key, ModSeq state,
                                     const QueryArguments& arguments, const Evaluate& evaluate) {
  if (auto known = call.queries.find(key, state_text(call, state))) return known;
  FUMI_JMAP_TRY(auto ids, evaluate(tx, arguments));
  QueryCache::Ids found = std::make_shared<const std::vector<std::string>>(std::move(ids));
  call.queries.keep(key, state_text(call, state), found);
  return found;
}

}  // namespace

Task<Answer> run_query(Call& call, std::string type, Evaluate evaluate) {
  auto arguments = query_arguments(call.arguments);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  const std::string key = key_of(call, type);
  Work work = [&](Tx& tx) -> Answer {
    FUMI_JMAP_TRY(const ModSeq state, tx.emails().state(call.account()));
    FUMI_JMAP_TRY(const auto ids, ids_at(call, tx, key, state, *arguments, evaluate));
    FUMI_JMAP_TRY(auto window, cut_window(*ids, *arguments, kQueryLimit));
    JsonArray list;
    for (std::string& id : window.ids)
      list.emplace_back(std::move(id));
    Json out = JsonObject{{"accountId", call.account_text()},
                          {"queryState", state_text(call, state)},
                          {"canCalculateChanges", true},
                          {"position", std::int64_t(window.position)},
                          {"ids", std::move(list)}};
    if (arguments->calculate_total == Flag::yes) out.set("total", std::int64_t(ids->size()));
    if (window.limit) out.set("limit", std::int64_t(*window.limit));
    return out;
  };
  co_return co_await reading(call, std::move(work));
}

Task<Answer> run_query_changes(Call& call, std::string type, Evaluate evaluate) {
  auto arguments = query_changes_arguments(call.arguments);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  const std::string key = key_of(call, type);
  Work work = [&](Tx& tx) -> Answer {
    FUMI_JMAP_TRY(const ModSeq state, tx.emails().state(call.account()));
    auto before = call.queries.find(key, arguments->since_query_state);
    const bool same = arguments->since_query_state == state_text(call, state);
    if (!before && !same)
      return refuse("cannotCalculateChanges", "that result isn't kept any more");
    FUMI_JMAP_TRY(const auto now, ids_at(call, tx, key, state, arguments->query, evaluate));
    if (same) before = now;
    return query_changes_json(call, *arguments, state, *before, *now);
  };
  co_return co_await reading(call, std::move(work));
}

Answer query_changes_json(const Call& call, const QueryChangesArguments& arguments, ModSeq now,
                          const std::vector<std::string>& before,
                          const std::vector<std::string>& after) {
  const QueryDifference difference = query_difference(before, after);
  const std::size_t count = difference.removed.size() + difference.added.size();
  if (arguments.max_changes && count > *arguments.max_changes) return refuse("tooManyChanges");
  JsonArray removed;
  for (const std::string& id : difference.removed)
    removed.emplace_back(id);
  JsonArray added;
  for (const auto& each : difference.added)
    added.emplace_back(JsonObject{{"id", each.id}, {"index", std::int64_t(each.index)}});
  Json out = JsonObject{{"accountId", call.account_text()},
                        {"oldQueryState", arguments.since_query_state},
                        {"newQueryState", state_text(call, now)},
                        {"removed", std::move(removed)},
                        {"added", std::move(added)}};
  if (arguments.query.calculate_total == Flag::yes) out.set("total", std::int64_t(after.size()));
  return out;
}

}  // namespace fumi::jmap
