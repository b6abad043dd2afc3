// Thread/* and the reading half of Email/* (RFC 8621 §3, §4.2, §4.3, §4.9).
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "api/jmap/blobs.h"
#include "api/jmap/email_view.h"
#include "api/jmap/methods.h"

namespace fumi::jmap {
namespace {

constexpr std::size_t kParseMax = 64;
// Of the emails whose bodies one answer may hold.
constexpr std::uint64_t kValueOctetsMax = 256ULL << 20U;

template <class Id>
std::vector<Id> known_ids(const std::vector<std::string>& texts) {
  std::vector<Id> ids;
  for (const std::string& text : texts)
    if (const auto id = id_of<Id>(text)) ids.push_back(*id);
  return ids;
}

// Those of `asked` that `found` doesn't hold.
template <class Found>
JsonArray missing(const std::vector<std::string>& asked, const Found& found) {
  JsonArray out;
  for (const std::string& id : asked)
    if (!found.contains(id)) out.emplace_back(id);
  return out;
}

Task<Answer> thread_get(Call& call) {
  auto arguments =
      get_arguments(call.arguments, call.created, limits_of(call.host.options).get_max);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  // RFC 8620 §5.1: all objects only where there are few enough.
  if (!arguments->ids) co_return refuse("requestTooLarge", "name the threads");
  Work work = [&](Tx& tx) -> Answer {
    FUMI_JMAP_TRY(const ModSeq state, tx.emails().state(call.account()));
    FUMI_JMAP_TRY(const auto threads, call.view.threads(tx, known_ids<ThreadId>(*arguments->ids)));
    JsonArray list;
    std::set<std::string> found;
    for (const ThreadEmails& thread : threads) {
      const Json object =
          JsonObject{{"id", thread.thread.text()}, {"emailIds", ids_json(thread.emails)}};
      FUMI_JMAP_TRY(auto picked, pick(object, arguments->properties));
      list.push_back(std::move(picked));
      found.insert(thread.thread.text());
    }
    return get_answer(call, state, std::move(list), missing(*arguments->ids, found));
  };
  co_return co_await reading(call, std::move(work));
}

Task<Answer> thread_changes(Call& call) {
  auto arguments = changes_arguments(call.arguments);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  auto since = since_state(call, arguments->since_state);
  if (!since) co_return std::unexpected(std::move(since).error());
  Work work = [&](Tx& tx) -> Answer {
    auto found =
        call.view.thread_changes(tx, *since, std::size_t(arguments->max_changes.value_or(0)));
    if (!found) return std::unexpected(cannot_calculate(found.error()));
    return changes_json(call, *since, *found);
  };
  co_return co_await reading(call, std::move(work));
}

Task<Answer> email_changes(Call& call) {
  auto arguments = changes_arguments(call.arguments);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  auto since = since_state(call, arguments->since_state);
  if (!since) co_return std::unexpected(std::move(since).error());
  Work work = [&](Tx& tx) -> Answer {
    auto found =
        call.view.email_changes(tx, *since, std::size_t(arguments->max_changes.value_or(0)));
    if (!found) return std::unexpected(cannot_calculate(found.error()));
    return changes_json(call, *since, *found);
  };
  co_return co_await reading(call, std::move(work));
}

Task<Answer> email_get(Call& call) {
  auto arguments =
      get_arguments(call.arguments, call.created, limits_of(call.host.options).get_max);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  if (!arguments->ids) co_return refuse("requestTooLarge", "name the emails");
  auto request = email_request(call.arguments);
  if (!request) co_return std::unexpected(std::move(request).error());
  std::vector<FoundEmail> emails;
  ModSeq state;
  Work work = [&](Tx& tx) -> Answer {
    FUMI_JMAP_TRY(state, tx.emails().state(call.account()));
    FUMI_JMAP_TRY(emails, call.view.find(tx, known_ids<EmailId>(*arguments->ids)));
    return Json();
  };
  Answer read = co_await reading(call, std::move(work));
  if (!read) co_return read;
  JsonArray list;
  std::set<std::string> found;
  const bool needs_raw = request->needs_raw();
  const bool needs_values = request->text_values == Flag::yes ||
                            request->html_values == Flag::yes || request->all_values == Flag::yes;
  std::uint64_t octets = 0;
  for (const FoundEmail& email : emails) {
    std::string raw;
    octets += email.email.octets;
    if (needs_values && octets > kValueOctetsMax)
      co_return refuse("requestTooLarge", "ask for the bodies of fewer emails");
    if (needs_raw) {
      const TenantScope scope = call.scope();
      Result<std::string> bytes = co_await call.host.blobs.get(scope, email.email.blob);
      if (!bytes) co_return std::unexpected(to_jmap(bytes.error()));
      raw = std::move(*bytes);
    }
    auto summary = mime::decode(email.email.summary);
    if (!summary) {
      if (!needs_raw) co_return refuse("serverFail", "a stored summary can't be read");
      summary = mime::parse(raw);
    }
    const EmailSource source{&email, email_blob_id(email.email.id), *summary, raw};
    list.push_back(email_json(source, *request));
    found.insert(email.email.id.text());
  }
  co_return get_answer(call, state, std::move(list), missing(*arguments->ids, found));
}

// RFC 8621 §4.9: messages that aren't emails of the account, such as attached ones.
Task<Answer> email_parse(Call& call) {
  auto ids = list_argument(call.arguments, "blobIds");
  if (!ids) co_return std::unexpected(std::move(ids).error());
  if (!*ids) co_return invalid_arguments("blobIds is missing");
  if ((*ids)->size() > kParseMax) co_return refuse("requestTooLarge");
  auto request = email_request(call.arguments);
  if (!request) co_return std::unexpected(std::move(request).error());
  JsonObject parsed;
  JsonArray not_found;
  JsonArray not_parsable;
  for (std::string& id : **ids) {
    Result<std::string> bytes = co_await blob_bytes(call.host, call.caller, call.account(), id);
    if (!bytes && bytes.error().code != Code::not_found)
      co_return std::unexpected(to_jmap(bytes.error()));
    if (!bytes) {
      not_found.emplace_back(std::move(id));
      continue;
    }
    const mime::Summary summary = mime::parse(*bytes);
    const bool has_header = summary.root.body_begin > 2;
    if (!has_header) {
      not_parsable.emplace_back(std::move(id));
      continue;
    }
    const EmailSource source{nullptr, id, summary, *bytes};
    parsed.push_back({id, email_json(source, *request)});
  }
  const auto or_null = [](auto list) { return list.empty() ? Json() : Json(std::move(list)); };
  Json answer = JsonObject{{"accountId", call.account_text()}};
  answer.set("parsed", or_null(std::move(parsed)));
  answer.set("notParsable", or_null(std::move(not_parsable)));
  answer.set("notFound", or_null(std::move(not_found)));
  co_return answer;
}

}  // namespace

std::span<const Method> email_methods() {
  static constexpr std::array kMethods{
      Method{"Thread/get", capability::kMail, &thread_get},
      Method{"Thread/changes", capability::kMail, &thread_changes},
      Method{"Email/get", capability::kMail, &email_get},
      Method{"Email/changes", capability::kMail, &email_changes},
      Method{"Email/parse", capability::kMail, &email_parse},
  };
  return kMethods;
}

}  // namespace fumi::jmap
