#include "api/jmap/call.h"

#include <algorithm>

#include "base/log.h"

namespace fumi::jmap {
namespace {

struct Run {
  Call& call;
  Work work;
  std::optional<Answer> answer;

  // RFC 8620 §3.6.2: alike, whether there is such an account or not.
  Answer judge(Tx& tx) {
    auto view = View::load(tx, call.caller.principal.account, call.account());
    if (!view && view.error().code == Code::not_found) return refuse("accountNotFound");
    if (!view) return std::unexpected(to_jmap(view.error()));
    call.view = std::move(*view);
    if (call.since_mark && *call.since_mark != call.view.mark())
      return refuse("cannotCalculateChanges", "the rights in the account have changed");
    return work(tx);
  }
  Status operator()(Tx& tx) {
    answer.emplace(judge(tx));
    if (*answer) return {};
    return fail(Code::conflict, "running a JMAP method", answer->error().type);
  }
  Answer finish(const Status& status) {
    if (answer && !*answer) return std::move(*answer);
    if (!status) {
      if (status.error().code == Code::internal || status.error().code == Code::corrupt)
        log::error("jmap", "a method failed", {{"why", status.error().text()}});
      return std::unexpected(to_jmap(status.error()));
    }
    return std::move(*answer);
  }
};

}  // namespace

Limits limits_of(const JmapOptions& options) {
  Limits limits;
  limits.upload_octets_max = options.upload_max.octets;
  limits.concurrent_requests_max = options.requests_per_account_max;
  limits.concurrent_upload_max = options.transfers_per_account_max;
  return limits;
}

UploadLimits upload_limits(const JmapOptions& options) {
  return {options.uploads_per_account_max, options.uploads_octets_max.octets};
}

Task<Answer> reading(Call& call, Work work) {
  Run run{call, std::move(work), std::nullopt};
  auto closure = [&run](Tx& tx) { return run(tx); };
  const Status status = co_await call.host.store.read(call.scope(), std::move(closure));
  co_return run.finish(status);
}

Task<Answer> writing(Call& call, Work work) {
  Run run{call, std::move(work), std::nullopt};
  auto closure = [&run](Tx& tx) { return run(tx); };
  const Status status = co_await call.host.store.write(call.scope(), std::move(closure));
  co_return run.finish(status);
}

Task<Answer> writing_after(Call& call, std::vector<PendingBlob>& pending, Work work) {
  Run run{call, std::move(work), std::nullopt};
  auto closure = [&run](Tx& tx) { return run(tx); };
  Barrier durable = [&pending]() -> Status {
    for (PendingBlob& blob : pending)
      FUMI_CHECK(blob.wait_durable());
    return {};
  };
  const TenantScope scope = call.scope();
  const Status status =
      co_await call.host.store.write_after(std::move(durable), scope, std::move(closure));
  co_return run.finish(status);
}

std::string state_text(const Call& call, ModSeq state) {
  return call.view.is_own() ? state.text() : state.text() + "-" + call.view.mark();
}

MethodResult<ModSeq> since_state(Call& call, const std::string& text) {
  const std::size_t dash = text.find('-');
  const auto state = id_of<ModSeq>(std::string_view(text).substr(0, dash));
  if (!state) return refuse("cannotCalculateChanges", "the state isn't one of ours");
  call.since_mark = dash == std::string::npos ? std::string() : text.substr(dash + 1);
  return *state;
}

MethodError cannot_calculate(const Error& error) {
  if (error.code != Code::not_found) return to_jmap(error);
  return {"cannotCalculateChanges", error.detail};
}

MethodResult<ModSeq> expected_state(Call& call, Tx& tx, const SetArguments& set) {
  FUMI_JMAP_TRY(const ModSeq now, tx.emails().state(call.account()));
  if (set.if_in_state && *set.if_in_state != state_text(call, now)) return refuse("stateMismatch");
  return now;
}

MethodResult<Json> pick(const Json& object,
                        const std::optional<std::vector<std::string>>& properties) {
  if (!properties) return object;
  Json out = JsonObject{};
  if (const Json* id = object.find("id")) out.set("id", *id);
  for (const std::string& name : *properties) {
    const Json* value = object.find(name);
    if (value == nullptr) return invalid_arguments("there is no property " + name);
    out.set(name, *value);
  }
  return out;
}

Json get_answer(const Call& call, ModSeq state, JsonArray list, JsonArray not_found) {
  return JsonObject{{"accountId", call.account_text()},
                    {"state", state_text(call, state)},
                    {"list", std::move(list)},
                    {"notFound", std::move(not_found)}};
}

}  // namespace fumi::jmap
