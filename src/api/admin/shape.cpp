// What operations share in form: dry runs, conditions on ETags, and requests that may be repeated.
#include <algorithm>

#include "api/admin/admin_api.h"
#include "base/ascii.h"
#include "base/log.h"
#include "crypto/hash.h"
#include "domain/kept_answer.h"

namespace fumi::api::admin {
namespace {

constexpr const char* kShaping = "reading how to carry it out";
constexpr std::size_t kKeyOctetsMax = 200;

std::string tag_of(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts)
    text += std::to_string(part.size()) + ":" + std::string(part);
  const std::string digest = ascii::to_hex(crypto::view(crypto::sha256(text)));
  return "\"" + digest.substr(0, 32) + "\"";
}

// What an administrator can change of an account; not its used octets, which change with its mail.
// DEVIATION: so the tag is of the resource's state, not of every octet of its representation.
Result<std::optional<std::string>> account_tag(Tx& tx, const std::string& text) {
  const auto address = EmailAddress::parse(text);
  if (!address) return std::nullopt;
  FUMI_TRY(const auto account, tx.directory().account_by_address(*address));
  if (!account) return std::nullopt;
  FUMI_TRY(const auto addresses, tx.directory().addresses(account->id));
  std::string aliases;
  for (const EmailAddress& each : addresses)
    aliases += each.text() + "\n";
  return tag_of({account->id.text(), account->display_name, std::to_string(int(account->status)),
                 std::to_string(account->quota_octets), std::to_string(account->credential_version),
                 aliases});
}

Result<std::optional<std::string>> tenant_tag(PlatformTx& tx, TenantId id) {
  FUMI_TRY(const auto tenant, tx.platform().tenant(id));
  if (!tenant) return std::nullopt;
  return tag_of({tenant->id.text(), tenant->name, std::to_string(int(tenant->status))});
}

// RFC 9110 §13.1.1, with the strong comparison: a weak tag matches nothing. What isn't there is the
// handler's to tell.
bool matches(std::string_view header, const std::optional<std::string>& tag) {
  if (!tag || ascii::trim(header) == "*") return true;
  return std::ranges::any_of(ascii::split(header, ','),
                             [&](std::string_view each) { return ascii::trim(each) == *tag; });
}

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= kKeyOctetsMax &&
         std::ranges::all_of(key, [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string stored(const crypto::Digest256& digest) { return std::string(crypto::view(digest)); }

Problem problem(int status, std::string_view type, std::string_view title, std::string detail) {
  Problem out;
  out.status = status;
  out.type = "urn:fumi:problem:" + std::string(type);
  out.title = title;
  out.detail = std::move(detail);
  return out;
}

http::Response in_progress() {
  return problem_response(problem(409, "in-use", "The key is in use",
                                  "a request with this Idempotency-Key was carried out or is on "
                                  "its way; look what became of it"));
}

}  // namespace

Call::Call(http::RequestContext& the_context, AdminHost& host)
    : context(the_context),
      store(std::make_unique<CallStore>(host.store, host.platform)),
      tenancy(host.tenancy.over(*store, *store)),
      roles(host.roles.over(*store)),
      sessions(host.sessions.over(*store, *store)) {}

Status AdminApi::prepare_condition(Call& call, const Shape& shape) {
  const std::string* wanted = call.context.request.headers.find("If-Match");
  if (wanted == nullptr) return {};
  if (!shape.match) return fail(Code::invalid, kShaping, "nothing here has an ETag to match");
  const std::string header = *wanted;
  if (call.context.parameter("address").empty()) {
    const TenantId tenant = call.scope.tenant;
    call.store->require(
        CallStore::TenantCondition([header, tenant](PlatformTx& tx) -> Result<bool> {
          FUMI_TRY(const auto tag, tenant_tag(tx, tenant));
          return matches(header, tag);
        }));
    return {};
  }
  const std::string address(call.context.parameter("address"));
  call.store->require(CallStore::Condition([header, address](Tx& tx) -> Result<bool> {
    FUMI_TRY(const auto tag, account_tag(tx, address));
    return matches(header, tag);
  }));
  return {};
}

// The answer that was given to the same request before, if there is one.
Task<Result<std::optional<http::Response>>> AdminApi::repeated(Call& call, const Shape& shape) {
  const http::Request& request = call.context.request;
  const std::string* key = request.headers.find("Idempotency-Key");
  if (key == nullptr) co_return std::nullopt;
  if (!shape.repeat) {
    co_return fail(Code::invalid, kShaping,
                   "no Idempotency-Key here: nothing is created, or a secret that is kept nowhere");
  }
  if (!is_key(*key))
    co_return fail(Code::invalid, kShaping, "Idempotency-Key takes 1 to 200 visible characters");
  call.key_hash = stored(crypto::sha256(*key));
  KeptAnswer claim;
  claim.request_hash = stored(
      crypto::sha256({http::to_string(request.method), "\n", request.path, "\n", request.body}));
  claim.at = host_->clock.now();
  const Actor actor = call.scope.actor;
  const std::string hash = call.key_hash;
  auto look = [actor, hash](Tx& tx) { return tx.grants().kept_answer(actor, hash); };
  Result<std::optional<KeptAnswer>> kept = co_await host_->store.read(call.scope, std::move(look));
  if (!kept) co_return std::unexpected(std::move(kept).error());
  if (!*kept || claim.at - (*kept)->at > kAnswerLife) {
    CallStore::Claim mark{call.key_hash, std::move(claim)};
    call.store->claim(std::move(mark));
    co_return std::nullopt;
  }
  if ((*kept)->request_hash != claim.request_hash) {
    const Problem other = problem(422, "key-reused", "The key was used for another request",
                                  "take a new Idempotency-Key for each request");
    co_return problem_response(other);
  }
  if ((*kept)->status == 0) co_return in_progress();
  http::Response again;
  again.status = (*kept)->status;
  again.body = std::move((*kept)->body);
  again.headers.add("Content-Type", "application/json");
  again.headers.add("Idempotency-Replayed", "true");
  co_return again;
}

Task<Result<std::optional<http::Response>>> AdminApi::prepare(Call& call, Shape shape) {
  const auto dry = call.context.request.parameter("dry-run");
  if (dry && *dry != "true" && *dry != "false")
    co_return fail(Code::invalid, kShaping, "dry-run is true or false");
  Status condition = prepare_condition(call, shape);
  if (!condition) co_return std::unexpected(std::move(condition).error());
  if (dry && *dry == "true") {
    if (!shape.rehearse) co_return fail(Code::invalid, kShaping, "there is no dry run of this");
    call.store->rehearse(call.scope);
    co_return std::nullopt;
  }
  co_return co_await repeated(call, shape);
}

// What the rehearsal or the condition decided in the handler's place.
std::optional<http::Response> AdminApi::verdict(const Call& call, const Status& done) {
  if (call.store->condition_failed()) {
    return problem_response(
        problem(412, "changed", "It has changed", "its ETag is another one; read it again"));
  }
  if (call.store->claim_failed()) return in_progress();
  if (!call.store->is_rehearsing()) return std::nullopt;
  const auto& changes = call.store->rehearsed();
  if (!changes && !done) return std::nullopt;
  RehearsalView view;
  for (const Rehearsed& change : changes.value_or(std::vector<Rehearsed>())) {
    auto detail = parse_json(change.detail);
    view.changes.push_back({change.operation, change.object, detail ? *detail : Json()});
  }
  http::Response response;
  response.headers.add("Content-Type", "application/json");
  response.body = write_json(to_json(view));
  return response;
}

Task<void> AdminApi::finish(Call& call, Shape shape, http::Response& response) {
  if (shape.tag) {
    const std::string address(call.context.parameter("address"));
    const TenantScope scope = call.scope;
    auto look = [&address, scope](PlatformTx& tx) -> Result<std::optional<std::string>> {
      if (address.empty()) return tenant_tag(tx, scope.tenant);
      return account_tag(tx.in(scope), address);
    };
    Result<std::optional<std::string>> tag = co_await host_->platform.read(std::move(look));
    if (tag && *tag) response.headers.add("ETag", **tag);
  }
  if (call.key_hash.empty()) co_return;
  const Actor actor = call.scope.actor;
  auto keep = [&call, &response, actor](Tx& tx) {
    return tx.grants().keep_answer(actor, call.key_hash, response.status, response.body);
  };
  // The change itself is done: a repetition will be told that its answer was lost.
  const Status kept = co_await host_->store.write(call.scope, std::move(keep));
  if (!kept) log::warning("admin", "an answer was not kept", {{"why", kept.error().text()}});
}

}  // namespace fumi::api::admin
