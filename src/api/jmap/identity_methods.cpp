// Identity/*, VacationResponse/* and Quota/* (RFC 8621 §6, §8; RFC 9425).
#include <algorithm>
#include <array>

#include "api/jmap/methods.h"
#include "api/jmap/objects.h"
#include "api/jmap/query_result.h"
#include "mime/address.h"

namespace fumi::jmap {
namespace {

constexpr std::uint32_t kIdentitiesMax = 100;
constexpr std::size_t kTextOctetsMax = 64 * 1024;
constexpr const char* kQuotaId = "octets";

Json new_identity(const std::string& name, const std::string& email) {
  return JsonObject{{"name", name},     {"email", email},      {"replyTo", nullptr},
                    {"bcc", nullptr},   {"textSignature", ""}, {"htmlSignature", ""},
                    {"mayDelete", true}};
}

bool is_address_list(const Json& value) {
  if (value.is_null()) return true;
  return value.array() != nullptr && std::ranges::all_of(*value.array(), [](const Json& each) {
           return mime::parse_addr_spec(each.text("email")).has_value();
         });
}

// Everything but the address, which stays as it was made.
SetResult<void> check_identity(const Json& identity) {
  for (const JsonMember& member : *identity.object()) {
    const std::string& name = member.name;
    if (name == "name" || name == "textSignature" || name == "htmlSignature") {
      if (member.value.string() == nullptr || member.value.string()->size() > kTextOctetsMax)
        return invalid_property(name);
    } else if (name == "replyTo" || name == "bcc") {
      if (!is_address_list(member.value)) return invalid_property(name);
    } else if (name != "email" && name != "id" && name != "mayDelete") {
      return invalid_property(name, "an identity has no such property");
    }
  }
  return {};
}

// An account has an identity for its own address until it makes others.
Answer ensure_identity(Call& call, Tx& tx) {
  FUMI_JMAP_TRY(const auto known, tx.objects().list(call.account(), ObjectKind::identity));
  if (!known.empty()) return Json();
  FUMI_JMAP_TRY(const auto account, tx.directory().account(call.account()));
  if (!account) return refuse("accountNotFound");
  const Json identity = new_identity(account->display_name, account->address.text());
  FUMI_JMAP_TRY([[maybe_unused]] const auto id,
                tx.objects().create(call.account(), ObjectKind::identity, object_body(identity),
                                    kIdentitiesMax));
  return Json();
}

Task<Answer> ensure(Call& call) {
  bool missing = false;
  Work look = [&](Tx& tx) -> Answer {
    FUMI_JMAP_TRY(const auto known, tx.objects().list(call.account(), ObjectKind::identity));
    missing = known.empty();
    return Json();
  };
  Answer looked = co_await reading(call, std::move(look));
  if (!looked || !missing) co_return looked;
  Work make = [&](Tx& tx) { return ensure_identity(call, tx); };
  co_return co_await writing(call, std::move(make));
}

Task<Answer> identity_get(Call& call) {
  Answer ready = co_await ensure(call);
  if (!ready) co_return ready;
  co_return co_await get_objects(call, ObjectKind::identity);
}

Task<Answer> identity_changes(Call& call) {
  co_return co_await changes_of_objects(call, ObjectKind::identity);
}

SetResult<Json> create_identity(Call& call, Tx& tx, const Json& object) {
  Json identity = new_identity("", "");
  for (const JsonMember& member : *object.object())
    identity.set(member.name, member.value);
  auto good = check_identity(identity);
  if (!good) return std::unexpected(std::move(good).error());
  auto made = tx.objects().create(call.account(), ObjectKind::identity, object_body(identity),
                                  kIdentitiesMax);
  if (!made) return std::unexpected(to_set_error(made.error()));
  identity.set("id", made->text());
  return identity;
}

SetResult<void> update_identity(Call& call, Tx& tx, const std::string& text, const Json& patch) {
  const auto id = id_of<ObjectId>(text);
  if (!id || patch.object() == nullptr) return refuse_object("notFound");
  auto stored = tx.objects().object(call.account(), ObjectKind::identity, *id);
  if (!stored) return std::unexpected(to_set_error(stored.error()));
  if (!*stored) return refuse_object("notFound");
  auto identity = read_object(**stored);
  if (!identity) return refuse_object("serverFail");
  for (const JsonMember& member : *patch.object()) {
    const Json* known = identity->find(member.name);
    if (member.name == "email" && (known == nullptr || *known != member.value))
      return invalid_property("email", "an identity keeps its address");
    identity->set(member.name, member.value);
  }
  auto good = check_identity(*identity);
  if (!good) return good;
  const Status done =
      tx.objects().replace(call.account(), ObjectKind::identity, *id, object_body(*identity));
  if (!done) return std::unexpected(to_set_error(done.error()));
  return {};
}

Task<Answer> identity_set(Call& call) {
  auto arguments = set_arguments(call.arguments, limits_of(call.host.options).set_max);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  // Who may send as what is asked before the transaction.
  std::map<std::string, SetError> refused;
  for (const auto& [key, object] : arguments->create) {
    const auto address = EmailAddress::parse(object.text("email"));
    if (object.object() == nullptr || !address) {
      refused[key] = SetError{"invalidProperties", "", {"email"}, {}};
      continue;
    }
    Result<bool> may = co_await call.host.access.may_send_as(call.caller.principal, *address);
    if (!may) co_return std::unexpected(to_jmap(may.error()));
    if (!*may) refused[key] = SetError{"forbiddenFrom", "", {}, {}};
  }
  CreatedIds fresh;
  Work work = [&](Tx& tx) -> Answer {
    fresh.clear();
    FUMI_JMAP_TRY(const ModSeq before, expected_state(call, tx, *arguments));
    SetAnswer answer;
    for (const auto& [key, object] : arguments->create) {
      if (const auto found = refused.find(key); found != refused.end()) {
        answer.not_created(key, found->second);
        continue;
      }
      auto made = create_identity(call, tx, object);
      if (!made) {
        answer.not_created(key, made.error());
        continue;
      }
      fresh[key] = std::string(made->text("id"));
      answer.created(key, std::move(*made));
    }
    for (const auto& [id, patch] : arguments->update) {
      auto done = update_identity(call, tx, id, patch);
      done ? answer.updated(id) : answer.not_updated(id, done.error());
    }
    for (const std::string& text : arguments->destroy) {
      const auto id = id_of<ObjectId>(text);
      const Status done = id ? tx.objects().remove(call.account(), ObjectKind::identity, *id)
                             : Status(fail(Code::not_found, "removing an identity"));
      done ? answer.destroyed(text) : answer.not_destroyed(text, to_set_error(done.error()));
    }
    FUMI_JMAP_TRY(const ModSeq after, tx.emails().state(call.account()));
    return std::move(answer).json(call.account_text(), state_text(call, before),
                                  state_text(call, after));
  };
  Answer answer = co_await writing(call, std::move(work));
  if (answer) {
    for (auto& [key, id] : fresh)
      call.created[key] = std::move(id);
  }
  co_return answer;
}

// --- VacationResponse: one object, "singleton"; service/vacation acts on it.

Json no_vacation() {
  return JsonObject{{"id", "singleton"},  {"isEnabled", false}, {"fromDate", nullptr},
                    {"toDate", nullptr},  {"subject", nullptr}, {"textBody", nullptr},
                    {"htmlBody", nullptr}};
}

MethodResult<std::pair<Json, std::optional<ObjectId>>> vacation(Call& call, Tx& tx) {
  FUMI_JMAP_TRY(const auto stored, tx.objects().list(call.account(), ObjectKind::vacation));
  if (stored.empty()) return std::pair(no_vacation(), std::optional<ObjectId>());
  FUMI_JMAP_TRY(auto object, read_object(stored.front()));
  object.set("id", "singleton");
  return std::pair(std::move(object), std::optional(stored.front().id));
}

Task<Answer> vacation_get(Call& call) {
  auto arguments =
      get_arguments(call.arguments, call.created, limits_of(call.host.options).get_max);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  Work work = [&](Tx& tx) -> Answer {
    FUMI_JMAP_TRY(const ModSeq state, tx.emails().state(call.account()));
    FUMI_JMAP_TRY(const auto found, vacation(call, tx));
    JsonArray list;
    JsonArray not_found;
    FUMI_JMAP_TRY(auto picked, pick(found.first, arguments->properties));
    bool wanted = !arguments->ids;
    for (const std::string& id : arguments->ids.value_or(std::vector<std::string>())) {
      wanted |= id == "singleton";
      if (id != "singleton") not_found.emplace_back(id);
    }
    if (wanted) list.push_back(std::move(picked));
    return get_answer(call, state, std::move(list), std::move(not_found));
  };
  co_return co_await reading(call, std::move(work));
}

// RFC 8620 §1.4: a UTCDate, which is written with a "Z".
bool is_utc_date(const Json& value) {
  return value.string() != nullptr && value.string()->ends_with('Z') && parse_date(*value.string());
}

SetResult<void> update_vacation(Call& call, Tx& tx, const Json& patch) {
  if (patch.object() == nullptr) return refuse_object("invalidPatch");
  auto found = vacation(call, tx);
  if (!found) return refuse_object("serverFail");
  Json& object = found->first;
  for (const JsonMember& member : *patch.object()) {
    const Json& value = member.value;
    const bool date = member.name == "fromDate" || member.name == "toDate";
    const bool text =
        member.name == "subject" || member.name == "textBody" || member.name == "htmlBody";
    const bool good =
        member.name == "isEnabled" ? value.boolean() != nullptr
        : date                     ? value.is_null() || is_utc_date(value)
        : text ? value.is_null() || (value.string() && value.string()->size() <= kTextOctetsMax)
               : member.name == "id" && value == Json("singleton");
    if (!good) return invalid_property(member.name);
    object.set(member.name, value);
  }
  const std::string body = object_body(object);
  Status done;
  if (found->second) {
    done = tx.objects().replace(call.account(), ObjectKind::vacation, *found->second, body);
  } else {
    auto made = tx.objects().create(call.account(), ObjectKind::vacation, body, 1);
    if (!made) done = std::unexpected(made.error());
  }
  const bool away = *object.find("isEnabled")->boolean();
  if (done) done = tx.vacation().set_away(call.account(), away ? Away::yes : Away::no);
  if (!done) return std::unexpected(to_set_error(done.error()));
  return {};
}

Task<Answer> vacation_set(Call& call) {
  auto arguments = set_arguments(call.arguments, limits_of(call.host.options).set_max);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  Work work = [&](Tx& tx) -> Answer {
    FUMI_JMAP_TRY(const ModSeq before, expected_state(call, tx, *arguments));
    SetAnswer answer;
    const SetError singleton{"singleton", "", {}, {}};
    for (const auto& [key, object] : arguments->create)
      answer.not_created(key, singleton);
    for (const std::string& id : arguments->destroy)
      answer.not_destroyed(id, singleton);
    for (const auto& [id, patch] : arguments->update) {
      SetResult<void> done = refuse_object("notFound");
      if (id == "singleton") done = update_vacation(call, tx, patch);
      done ? answer.updated(id) : answer.not_updated(id, done.error());
    }
    FUMI_JMAP_TRY(const ModSeq after, tx.emails().state(call.account()));
    return std::move(answer).json(call.account_text(), state_text(call, before),
                                  state_text(call, after));
  };
  co_return co_await writing(call, std::move(work));
}

// --- Quota: the account's octets, where they are limited (RFC 9425 §4).

Task<Answer> quota_get(Call& call) {
  auto arguments =
      get_arguments(call.arguments, call.created, limits_of(call.host.options).get_max);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  Work work = [&](Tx& tx) -> Answer {
    FUMI_JMAP_TRY(const auto account, tx.directory().account(call.account()));
    if (!account) return refuse("accountNotFound");
    const bool limited = account->quota_octets != 0;
    const Json quota = JsonObject{{"id", kQuotaId},
                                  {"resourceType", "octets"},
                                  {"used", std::int64_t(account->used_octets)},
                                  {"hardLimit", std::int64_t(account->quota_octets)},
                                  {"warnLimit", nullptr},
                                  {"softLimit", nullptr},
                                  {"scope", "account"},
                                  {"name", account->address.text()},
                                  {"types", JsonArray{"Email"}},
                                  {"description", nullptr}};
    JsonArray list;
    JsonArray not_found;
    FUMI_JMAP_TRY(auto picked, pick(quota, arguments->properties));
    bool wanted = !arguments->ids;
    for (const std::string& id : arguments->ids.value_or(std::vector<std::string>())) {
      wanted |= id == kQuotaId;
      if (id != kQuotaId || !limited) not_found.emplace_back(id);
    }
    if (wanted && limited) list.push_back(std::move(picked));
    return get_answer(call, account->change, std::move(list), std::move(not_found));
  };
  co_return co_await reading(call, std::move(work));
}

Task<Answer> quota_changes(Call& call) {
  auto arguments = changes_arguments(call.arguments);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  auto since = since_state(call, arguments->since_state);
  if (!since) co_return std::unexpected(std::move(since).error());
  Work work = [&](Tx& tx) -> Answer {
    FUMI_JMAP_TRY(const auto account, tx.directory().account(call.account()));
    if (!account) return refuse("accountNotFound");
    if (*since > account->change) return refuse("cannotCalculateChanges");
    JsonArray updated;
    const bool changed = account->quota_octets != 0 && *since != account->change;
    if (changed) updated.emplace_back(kQuotaId);
    return Json(JsonObject{{"accountId", call.account_text()},
                           {"oldState", state_text(call, *since)},
                           {"newState", state_text(call, account->change)},
                           {"hasMoreChanges", false},
                           {"updatedProperties", changed ? Json(JsonArray{"used"}) : Json()},
                           {"created", JsonArray{}},
                           {"updated", std::move(updated)},
                           {"destroyed", JsonArray{}}});
  };
  co_return co_await reading(call, std::move(work));
}

// RFC 9425 §4.4: one quota at most.
MethodResult<std::vector<std::string>> find_quotas(Call& call, Tx& tx,
                                                   const QueryArguments& arguments) {
  for (const Comparator& each : arguments.sort)
    if (each.property != "name" && each.property != "used") return refuse("unsupportedSort");
  FUMI_JMAP_TRY(const auto account, tx.directory().account(call.account()));
  if (!account) return refuse("accountNotFound");
  bool good = account->quota_octets != 0;
  if (!arguments.filter)
    return good ? std::vector<std::string>{kQuotaId} : std::vector<std::string>();
  if (arguments.filter->find("operator") != nullptr || arguments.filter->object() == nullptr)
    return refuse("unsupportedFilter", "quotas are filtered by plain conditions");
  for (const JsonMember& member : *arguments.filter->object()) {
    const Json& value = member.value;
    if (member.name == "name") {
      good &= value.string() && account->address.text().find(*value.string()) != std::string::npos;
    } else if (member.name == "scope") {
      good &= value == Json("account");
    } else if (member.name == "resourceType") {
      good &= value == Json("octets");
    } else if (member.name == "type") {
      good &= value == Json("Email");
    } else {
      return refuse("unsupportedFilter", "the condition " + member.name + " isn't known");
    }
  }
  return good ? std::vector<std::string>{kQuotaId} : std::vector<std::string>();
}

Evaluate quota_evaluation(Call& call) {
  return [&call](Tx& tx, const QueryArguments& query) { return find_quotas(call, tx, query); };
}

Task<Answer> quota_query(Call& call) {
  co_return co_await run_query(call, "Quota", quota_evaluation(call));
}
Task<Answer> quota_query_changes(Call& call) {
  co_return co_await run_query_changes(call, "Quota", quota_evaluation(call));
}

}  // namespace

std::span<const Method> identity_methods() {
  static constexpr std::array kMethods{
      Method{"Identity/get", capability::kSubmission, &identity_get},
      Method{"Identity/changes", capability::kSubmission, &identity_changes},
      Method{"Identity/set", capability::kSubmission, &identity_set},
      Method{"VacationResponse/get", capability::kVacation, &vacation_get},
      Method{"VacationResponse/set", capability::kVacation, &vacation_set},
      Method{"Quota/get", capability::kQuota, &quota_get},
      Method{"Quota/changes", capability::kQuota, &quota_changes},
      Method{"Quota/query", capability::kQuota, &quota_query},
      Method{"Quota/queryChanges", capability::kQuota, &quota_query_changes},
  };
  return kMethods;
}

}  // namespace fumi::jmap
