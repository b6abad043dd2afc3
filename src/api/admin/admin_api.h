// AdminApi: the handlers of /api/admin/v1. Private to the module; see admin_routes.h.
//
// Each add() names the permission that the operation needs. It is judged before the handler runs,
// on the tenant and domain that the path, and an `address` in the body, name. Another tenant's
// names are answered as if they weren't there. A handler works on call.scope and call.tenant()
// only.
//
// admin_api.cpp: registration · judge.cpp: who calls, what about, may they · tenants.cpp: tenants
// and domains · domain_checks.cpp: ownership and DNS · limits.cpp: plans and pace · accounts.cpp:
// accounts, aliases, keys, API users · acl.cpp: rights on mailboxes ·
// access.cpp: access rules, holidays, open sessions · mail.cpp: queue, log, audit ·
// search_index.cpp: search · transfers.cpp: import and export of mail.
#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include "api/admin/access_views.h"
#include "api/admin/admin_routes.h"
#include "api/admin/call_store.h"
#include "api/admin/control_resources.h"
#include "api/admin/people_resources.h"
#include "api/admin/resources.h"
#include "api/mail_stream.h"
#include "api/openapi.h"
#include "api/problem.h"
#include "domain/grant.h"

namespace fumi::api::admin {

// One request that may do what it asks.
struct Call {
  Call(http::RequestContext& the_context, AdminHost& host);

  http::RequestContext& context;
  Caller caller;
  TenantScope scope;     // tenant 0: an operator's call that is about no single tenant
  TokenId token;         // what proved the caller; 0: an operator's
  std::string cookie;    // the session's secret, where it came in the cookie
  http::Fields headers;  // to send with the answer
  std::string key_hash;  // of an Idempotency-Key
  // Changes go through these: they know dry runs and conditions. shape.cpp.
  std::unique_ptr<CallStore> store;
  service::Tenancy tenancy;
  service::Roles roles;
  service::Sessions sessions;

  // For what can look through one tenant or all.
  [[nodiscard]] std::optional<TenantId> tenant() const {
    return scope.tenant ? std::optional(scope.tenant) : std::nullopt;
  }
};

// An answer that isn't JSON.
struct Stream {
  static constexpr const char* kMedia = "application/jsonl";
  std::unique_ptr<http::BodySource> source;
};
struct MailStream {
  static constexpr const char* kMedia = kMailStreamType;
  std::unique_ptr<http::BodySource> source;
};
template <class T>
concept Streamed = requires { T::kMedia; };

// A body that says by an address what it is about.
template <class T>
concept NamesAddress = requires(T body) {
  { body.address } -> std::same_as<std::string&>;
};

// A body of mail: the handler reads it from the request itself (api/mail_stream.h).
struct MailBody {
  static constexpr std::uint64_t kOctetsMax = kMailOctetsMax + (1U << 20U);
};

// What rows of operations say of their form. Whatever changes something through call.tenancy,
// call.roles or call.sessions alone can have a dry run.
inline constexpr Shape kPlain{};
inline constexpr Shape kTagged{.tag = true};
inline constexpr Shape kChange{.rehearse = true};
inline constexpr Shape kCreation{.rehearse = true, .repeat = true};
inline constexpr Shape kMatched{.rehearse = true, .match = true};
inline constexpr Shape kMatchedCreation{.rehearse = true, .repeat = true, .match = true};

// In a permission's place: nobody has to prove anything (logging in).
inline constexpr auto kAnybody = static_cast<Permission>(0xff);

inline constexpr std::string_view kSessionCookie = "__Host-fumi";

// "operator:4fzyo82mvyr".
[[nodiscard]] std::string actor_name(const Actor& actor);
// Whether the part of the API offers what takes that permission.
[[nodiscard]] bool offers(Part part, Permission needed);

class AdminApi {
 public:
  AdminApi(AdminHost* host, http::Router* router, std::optional<Part> part)
      : host_(host), router_(router), part_(part) {
    add_all();
  }
  [[nodiscard]] const ApiDocument& document() const { return document_; }

 private:
  template <class Query, class Body, class Answer>
  using Act = Task<Result<Answer>> (AdminApi::*)(Call& call, Query query, Body body);

  // Registers an operation: its route, and its documentation from the same types.
  template <class Query, class Body, class Answer>
  void add(http::Method method, const std::string& path, std::string id, Permission needed,
           std::string summary, Act<Query, Body, Answer> act, int status = 200,
           Shape shape = kPlain);
  template <class Query, class Body, class Answer>
  Task<http::Reply> run(http::RequestContext& context, Permission needed,
                        Act<Query, Body, Answer> act, int status, Shape shape);

  // judge.cpp. What the body will say about the target.
  enum class Says : std::uint8_t { nothing, address };
  struct Proof;
  Task<Result<Proof>> authenticate(const http::Request& request);
  Task<Status> require_not_above(const Call& call, Permission needed);
  Task<Result<GrantTarget>> target_of_path(const Caller& caller,
                                           const http::RequestContext& context);
  Task<Result<Call>> admit(http::RequestContext& context, Permission needed, Says body);
  Task<Status> admit_address(Call& call, Permission needed, std::string address);

  // shape.cpp
  Status prepare_condition(Call& call, const Shape& shape);
  Task<Result<std::optional<http::Response>>> repeated(Call& call, const Shape& shape);
  Task<Result<std::optional<http::Response>>> prepare(Call& call, Shape shape);
  std::optional<http::Response> verdict(const Call& call, const Status& done);
  Task<void> finish(Call& call, Shape shape, http::Response& response);

  void add_all();
  void add_tenants();
  void add_domain_checks();
  void add_limits();
  void add_accounts();
  void add_mail();
  void add_acl();
  void add_access();
  void add_search_index();
  void add_transfers();
  void add_roles();
  void add_sessions();

  Task<Result<std::string>> tenant_name(TenantId id);
  // The tenant that a list is narrowed to by ?tenant=.
  Task<Result<std::optional<TenantId>>> tenant_filter(const Call& call,
                                                      std::optional<std::string> name);

  Task<Result<TenantView>> create_tenant(Call&, None, NewTenant body);
  Task<Result<Page<TenantView>>> list_tenants(Call&, PageQuery query, None);
  Task<Result<TenantView>> show_tenant(Call&, None, None);
  Task<Result<TenantView>> patch_tenant(Call&, None, TenantPatch body);
  Task<Result<DomainView>> create_domain(Call&, None, NewDomain body);
  Task<Result<Page<DomainView>>> list_domains(Call&, None, None);
  Task<Result<None>> delete_domain(Call&, None, None);

  Task<Result<DomainDns>> domain_dns(Call&, None, None);
  Task<Result<DomainCheckView>> check_domain(Call&, None, None);
  Task<Result<DomainView>> verify_domain(Call&, None, DomainVerification body);
  Task<Result<LimitsView>> show_limits(Call&, None, None);
  Task<Result<LimitsView>> change_limits(Call&, None, LimitsPatch body);
  Task<Result<PaceView>> show_pace(Call&, None, None);
  Task<Result<PaceView>> lift_pace(Call&, None, PaceLift body);
  Task<Result<Page<PaceView>>> list_restricted(Call&, None, None);

  Task<Result<AccountView>> create_account(Call&, None, NewAccountBody body);
  Task<Result<Page<AccountView>>> list_accounts(Call&, PageQuery query, None);
  Task<Result<AccountView>> show_account(Call&, None, None);
  Task<Result<AccountView>> patch_account(Call&, None, AccountPatch body);
  Task<Result<None>> delete_account(Call&, None, None);
  Task<Result<AccountView>> add_alias(Call&, None, NewAlias body);
  Task<Result<None>> remove_alias(Call&, None, None);
  Task<Result<AppPasswordView>> create_app_password(Call&, None, NewAppPasswordBody body);
  Task<Result<Page<AppPasswordView>>> list_app_passwords(Call&, None, None);
  Task<Result<None>> remove_app_password(Call&, None, None);
  Task<Result<ApiUserView>> create_api_user(Call&, None, NewApiUserBody body);
  Task<Result<Page<ApiUserView>>> list_api_users(Call&, None, None);
  Task<Result<None>> delete_api_user(Call&, None, None);
  Task<Result<AccountView>> view_of(TenantScope scope, Account account);

  Task<Result<Page<AccessRuleView>>> list_access_rules(Call&, None, None);
  Task<Result<AccessRuleView>> show_access_rule(Call&, None, None);
  Task<Result<AccessRuleView>> create_access_rule(Call&, None, AccessRuleBody body);
  Task<Result<AccessRuleView>> replace_access_rule(Call&, None, AccessRuleBody body);
  Task<Result<None>> delete_access_rule(Call&, None, None);
  Task<Result<AccessTrialView>> try_access(Call&, AccessTrialQuery query, None);
  Task<Result<Page<HolidayView>>> list_holidays(Call&, None, None);
  Task<Result<None>> set_holidays(Call&, None, HolidayList body);
  Task<Result<Page<MailSessionView>>> list_mail_sessions(Call&, None, None);
  Task<Result<None>> end_mail_session(Call&, None, None);
  Task<Result<AccessRule>> rule_of(const Call& call, AccessRuleBody body);
  Task<Result<std::vector<AccessRuleView>>> views_of(const Call& call,
                                                     std::vector<AccessRule> rules);

  Task<Result<Page<AclEntryView>>> list_acl(Call&, AclQuery query, None);
  Task<Result<None>> set_acl(Call&, None, AclChange body);

  Task<Result<SearchIndexView>> show_search_index(Call&, None, None);
  Task<Result<None>> rebuild_search_index(Call&, None, None);
  Task<Result<service::MailAccount>> account_of(Call& call);

  Task<Result<ImportView>> begin_import(Call&, None, NewImport body);
  Task<Result<Page<ImportView>>> list_imports(Call&, None, None);
  Task<Result<ImportView>> show_import(Call&, None, None);
  Task<Result<ImportView>> add_to_import(Call&, None, MailBody);
  Task<Result<KnownView>> known_to_import(Call&, KnownQuery query, None);
  Task<Result<ImportView>> finish_import(Call&, None, None);
  Task<Result<ImportView>> cancel_import(Call&, None, None);
  Task<Result<MailStream>> export_mail(Call&, ExportQuery query, None);

  Task<Result<Page<QueueMessageView>>> list_queue(Call&, QueueListQuery query, None);
  Task<Result<QueueMessageView>> show_queued(Call&, None, None);
  Task<Result<None>> retry_queued(Call&, None, None);
  Task<Result<QueueMessageView>> cancel_queued(Call&, None, None);
  Task<Result<LogPage>> read_log(Call&, LogQuery query, None);
  Task<Result<Stream>> export_audit(Call&, AuditQuery query, None);

  Task<Result<Page<RoleView>>> list_roles(Call&, None, None);
  Task<Result<Page<GrantView>>> list_grants(Call&, PageQuery query, None);
  Task<Result<GrantView>> create_grant(Call&, None, NewGrantBody body);
  Task<Result<None>> delete_grant(Call&, None, None);

  Task<Result<SessionView>> open_session(Call&, None, NewSession body);
  Task<Result<SessionView>> show_session(Call&, None, None);
  Task<Result<None>> close_session(Call&, None, None);
  Task<Result<Page<SessionRow>>> list_sessions(Call&, None, None);
  Task<Result<None>> end_other_sessions(Call&, None, None);
  Task<Result<None>> end_session(Call&, None, None);
  Task<Result<Page<SessionRow>>> list_sessions_of(Call&, None, None);
  Task<Result<None>> end_sessions_of(Call&, None, None);
  Task<Result<TokenView>> create_token(Call&, None, NewTokenBody body);
  Task<Result<Page<TokenView>>> list_tokens(Call&, PageQuery query, None);
  Task<Result<None>> delete_token(Call&, None, None);

  AdminHost* host_;  // null: only the document is wanted
  http::Router* router_;
  std::optional<Part> part_;  // nullopt: both, for the document
  ApiDocument document_;
  std::string tag_;  // of the operations that are being added
};

// The query as Query, the body as Body.
template <class Query>
std::expected<Query, FieldProblem> read_query(const http::Request& request) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const http::Parameter& each : request.query)
    if (each.name != "dry-run") pairs.emplace_back(each.name, each.value);  // prepare() reads it
  return from_json<Query>(typed_query(pairs, info_of<Query>()));
}
[[nodiscard]] std::expected<Json, FieldProblem> read_body(const http::Request& request);

template <class Query, class Body, class Answer>
void AdminApi::add(http::Method method, const std::string& path, std::string id, Permission needed,
                   std::string summary, Act<Query, Body, Answer> act, int status, Shape shape) {
  if (part_ && !offers(*part_, needed)) return;
  Operation operation;
  operation.method = method;
  operation.path = "/api/admin/v1" + path;
  operation.id = std::move(id);
  operation.tag = tag_;
  if (needed == kAnybody)
    operation.proof = Proven::nobody;
  else
    operation.permission = to_string(needed);
  operation.summary = std::move(summary);
  operation.status = status;
  if constexpr (!std::same_as<Query, None>) operation.query = &info_of<Query>();
  http::RouteOptions options;
  if constexpr (std::same_as<Body, MailBody>) {
    operation.body_media = kMailStreamType;
    options.body_octets_max = MailBody::kOctetsMax;
  } else if constexpr (!std::same_as<Body, None>) {
    operation.body = &info_of<Body>();
  }
  if constexpr (Streamed<Answer>)
    operation.media = Answer::kMedia;
  else if constexpr (!std::same_as<Answer, None>)
    operation.answer = &info_of<Answer>();
  operation.shape = shape;
  if (shape.rehearse) operation.rehearsal = &info_of<RehearsalView>();
  if (router_ != nullptr) {
    auto handler = [this, needed, act, status, shape](http::RequestContext& context) {
      return run<Query, Body, Answer>(context, needed, act, status, shape);
    };
    router_->add(method, operation.path, std::move(handler), options);
  }
  document_.operations.push_back(std::move(operation));
}

template <class Query, class Body, class Answer>
Task<http::Reply> AdminApi::run(http::RequestContext& context, Permission needed,
                                Act<Query, Body, Answer> act, int status, Shape shape) {
  constexpr Says kSays = NamesAddress<Body> ? Says::address : Says::nothing;
  const Language language = language_of(context.request);
  Result<Call> call = co_await admit(context, needed, kSays);
  if (!call) co_return problem_response(to_http(call.error()), language);
  auto query = read_query<Query>(context.request);
  if (!query) co_return problem_response(to_http(query.error()), language);
  Body body{};
  if constexpr (!std::same_as<Body, None> && !std::same_as<Body, MailBody>) {
    auto json = read_body(context.request);
    if (!json) co_return problem_response(to_http(json.error()), language);
    auto read = from_json<Body>(*json);
    if (!read) co_return problem_response(to_http(read.error()), language);
    body = std::move(*read);
  }
  if constexpr (NamesAddress<Body>) {
    std::string address = body.address;
    Status judged = co_await admit_address(*call, needed, std::move(address));
    if (!judged) co_return problem_response(to_http(judged.error()), language);
  }
  Result<std::optional<http::Response>> ready = co_await prepare(*call, shape);
  if (!ready) co_return problem_response(to_http(ready.error()), language);
  if (*ready) co_return std::move(**ready);
  Result<Answer> answer = co_await (this->*act)(*call, std::move(*query), std::move(body));
  const Status done = answer ? Status() : Status(std::unexpected(answer.error()));
  std::optional<http::Response> instead = verdict(*call, done);
  if (instead) co_return std::move(*instead);
  if (!answer) co_return problem_response(to_http(answer.error()), language);
  http::Reply reply;
  reply.response.status = status;
  reply.response.headers = std::move(call->headers);
  if constexpr (Streamed<Answer>) {
    reply.response.headers.add("Content-Type", Answer::kMedia);
    reply.source = std::move(answer->source);
  } else if constexpr (!std::same_as<Answer, None>) {
    reply.response.headers.add("Content-Type", "application/json");
    reply.response.body = write_json(to_json(*answer));
  }
  if (shape.tag || shape.repeat) co_await finish(*call, shape, reply.response);
  co_return reply;
}

}  // namespace fumi::api::admin
