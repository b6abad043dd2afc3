// One method call as its implementation sees it, and the transaction that it runs in.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/jmap/options.h"
#include "api/jmap/view.h"
#include "base/task.h"
#include "domain/change_bus.h"
#include "domain/ports/blob_store.h"
#include "domain/ports/store.h"
#include "proto/jmap/arguments.h"
#include "service/access/access.h"
#include "service/intake/intake.h"
#include "service/search/search.h"

namespace fumi::jmap {

class QueryCache;
class PushSender;

// What JMAP works on; outlives the router's sessions.
struct JmapHost {
  service::Access& access;
  service::Intake& intake;
  service::Search& search;
  Store& store;
  BlobStore& blobs;
  ChangeBus& bus;
  IdGenerator& ids;
  const Clock& clock;
  JmapOptions options;
  PushSender* push = nullptr;  // null: there are no push subscriptions
};

[[nodiscard]] Limits limits_of(const JmapOptions& options);
[[nodiscard]] UploadLimits upload_limits(const JmapOptions& options);

struct Caller {
  service::Principal principal;
  std::string client_ip;
};

struct Call {
  JmapHost& host;
  QueryCache& queries;
  const Caller& caller;
  Json arguments;
  CreatedIds& created;                // of the whole request
  std::vector<Invocation> following;  // responses of implicit calls (RFC 8621 §7.5)
  AccountId of;                       // whose objects these are, by the argument accountId
  View view = {};  // what the caller may there: loaded anew by each transaction, before its work
  std::optional<std::string> since_mark = std::nullopt;  // the view's, of the state asked about

  [[nodiscard]] TenantScope scope() const { return caller.principal.scope(); }
  [[nodiscard]] AccountId account() const { return of; }
  [[nodiscard]] bool is_foreign() const { return of != caller.principal.account; }
  [[nodiscard]] std::string account_text() const { return account().text(); }
};

using Answer = MethodResult<Json>;
// Work in one transaction. It may run more than once: everything it fills is set anew by it.
using Work = std::function<Answer(Tx&)>;

// A refusal rolls the transaction back. accountNotFound: the caller has no rights in the account
// (any more). cannotCalculateChanges: other ones than at the state that since_state() read.
Task<Answer> reading(Call& call, Work work);
Task<Answer> writing(Call& call, Work work);
// Commits once what stands in `pending` is durable.
Task<Answer> writing_after(Call& call, std::vector<PendingBlob>& pending, Work work);

[[nodiscard]] inline MethodError as_method_error(Error error) { return to_jmap(error); }
[[nodiscard]] inline MethodError as_method_error(MethodError error) { return error; }

// As FUMI_TRY, in functions that give a MethodResult.
#define FUMI_JMAP_TRY(declaration, ...) \
  FUMI_JMAP_TRY_(FUMI_CONCAT(fumi_try_, __LINE__), declaration, __VA_ARGS__)
#define FUMI_JMAP_TRY_(temporary, declaration, ...)                                      \
  auto temporary = (__VA_ARGS__);                                                        \
  if (!temporary) return std::unexpected(as_method_error(std::move(temporary).error())); \
  declaration = std::move(*temporary)

// Of the account as the call sees it, within a transaction or behind it.
[[nodiscard]] std::string state_text(const Call& call, ModSeq state);
// RFC 8620 §5.2: a state that we can't go on from is cannotCalculateChanges. Before a transaction.
[[nodiscard]] MethodResult<ModSeq> since_state(Call& call, const std::string& text);
[[nodiscard]] MethodError cannot_calculate(const Error& error);
// stateMismatch where the client asked for another state.
[[nodiscard]] MethodResult<ModSeq> expected_state(Call& call, Tx& tx, const SetArguments& set);

// Ids of ours; nullopt for what can't be one.
template <class Id>
[[nodiscard]] std::optional<Id> id_of(std::string_view text) {
  auto id = Id::parse(text);
  if (id && id->text() != text) return std::nullopt;  // one spelling each
  return id;
}

template <class Id>
[[nodiscard]] JsonArray ids_json(const std::vector<Id>& ids) {
  JsonArray out;
  for (const Id& id : ids)
    out.emplace_back(id.text());
  return out;
}

template <class Id>
[[nodiscard]] Json changes_json(const Call& call, ModSeq since, const ObjectChanges<Id>& changes) {
  return JsonObject{{"accountId", call.account_text()},
                    {"oldState", state_text(call, since)},
                    {"newState", state_text(call, changes.state)},
                    {"hasMoreChanges", changes.rest == ObjectChanges<Id>::Rest::more},
                    {"created", ids_json(changes.created)},
                    {"updated", ids_json(changes.updated)},
                    {"destroyed", ids_json(changes.destroyed)}};
}

// Keeps the properties that were asked for, "id" always. invalidArguments: one that isn't known.
[[nodiscard]] MethodResult<Json> pick(const Json& object,
                                      const std::optional<std::vector<std::string>>& properties);

[[nodiscard]] Json get_answer(const Call& call, ModSeq state, JsonArray list, JsonArray not_found);

}  // namespace fumi::jmap
