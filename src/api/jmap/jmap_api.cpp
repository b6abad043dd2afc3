#include "api/jmap/jmap_api.h"

#include <algorithm>
#include <array>

#include "api/jmap/blobs.h"
#include "api/jmap/methods.h"
#include "api/jmap/transfer.h"
#include "api/jmap/websocket.h"
#include "api/problem.h"
#include "base/ascii.h"
#include "base/log.h"
#include "codec/base64.h"
#include "crypto/hash.h"
#include "proto/http/target.h"

namespace fumi::jmap {
namespace {

constexpr std::array kMethodTables{&core_methods,     &mailbox_methods,    &email_methods,
                                   &query_methods,    &snippet_methods,    &set_methods,
                                   &identity_methods, &submission_methods, &blob_methods,
                                   &copy_methods,     &contact_methods,    &push_methods};

http::Response json_response(const Json& json, int status = 200) {
  return http::text_response(status, codec::write_json(json), "application/json");
}

http::Response problem(const RequestError& error) {
  return http::text_response(error.status, codec::write_json(error.json()),
                             "application/problem+json");
}

http::Response not_found() { return http::plain_problem(404, "there is no such account or blob"); }

// A media type that may stand in a header; anything else is an octet-stream.
std::string safe_type(std::string_view type) {
  const auto parsed = http::media_type(type);
  if (!parsed || type.size() > 200) return "application/octet-stream";
  return std::string(type);
}

// Everything but the body, cut to the range that was asked for; false: there is none to send. A
// blob never changes (RFC 8620 §6.2): its id is its entity tag.
bool put_download_headers(const http::RequestContext& context, const std::string& tag,
                          Content& content, http::Reply& reply) {
  const http::Fields& asked = context.request.headers;
  http::Fields& headers = reply.response.headers;
  headers.add("ETag", tag);
  headers.add("Cache-Control", "private, immutable, max-age=31536000");
  if (asked.has_token("If-None-Match", tag)) {  // RFC 9110 §13.1.2
    reply.response.status = 304;
    return false;
  }
  const auto accept = context.request.parameter("accept");
  headers.add("Content-Type", safe_type(accept.value_or("application/octet-stream")));
  // RFC 6266 with RFC 8187: never shown in place, whatever the bytes are.
  headers.add("Content-Disposition",
              "attachment; filename*=UTF-8''" + http::percent_encode(context.parameter("name")));
  headers.add("Content-Security-Policy", "sandbox; default-src 'none'");
  const auto octets = content.octets();
  headers.add("Accept-Ranges", octets ? "bytes" : "none");
  const std::string* same = asked.find("If-Range");
  if (!octets || (same != nullptr && *same != tag)) return true;
  const auto range = byte_range(asked.value("Range"), *octets);
  if (!range) return true;
  const std::string all = "/" + std::to_string(*octets);
  if (range->begin == range->end) {  // RFC 9110 §15.5.17
    reply.response = http::plain_problem(416, "the blob doesn't reach that far");
    reply.response.headers.add("Content-Range", "bytes *" + all);
    return false;
  }
  reply.response.status = 206;
  headers.add("Content-Range",
              "bytes " + std::to_string(range->begin) + "-" + std::to_string(range->end - 1) + all);
  if (content.form == Content::Form::whole) {
    content.bytes = content.bytes.substr(range->begin, range->end - range->begin);
  } else {
    content.run.end = content.run.begin + range->end;
    content.run.begin += range->begin;
  }
  return true;
}

// What a capability says of the server (RFC 8620 §2).
Json server_details(const std::string& name, const Limits& limits, const std::string& base) {
  if (name == capability::kWebSocket) {  // RFC 8887 §3
    const std::string rest = base.starts_with("http") ? base.substr(4) : "://" + base;
    return JsonObject{{"url", "ws" + rest + "/jmap/ws"}, {"supportsPush", true}};
  }
  return JsonObject{{"maxSizeUpload", std::int64_t(limits.upload_octets_max)},
                    {"maxConcurrentUpload", std::int64_t(limits.concurrent_upload_max)},
                    {"maxSizeRequest", std::int64_t(limits.request_octets_max)},
                    {"maxConcurrentRequests", std::int64_t(limits.concurrent_requests_max)},
                    {"maxCallsInRequest", std::int64_t(limits.calls_max)},
                    {"maxObjectsInGet", std::int64_t(limits.get_max)},
                    {"maxObjectsInSet", std::int64_t(limits.set_max)},
                    {"collationAlgorithms", JsonArray{"i;ascii-casemap"}}};
}

// What it says of an account.
enum class Whose : std::uint8_t { own, others };
Json account_details(const std::string& name, const Limits& limits, Duration hold_max,
                     Whose whose) {
  const auto octets = std::int64_t(limits.upload_octets_max);
  if (name == capability::kMail) {  // RFC 8621 §1.3.1
    return JsonObject{
        {"maxMailboxesPerEmail", nullptr},
        {"maxMailboxDepth", 20},
        {"maxSizeMailboxName", 490},
        {"maxSizeAttachmentsPerEmail", octets},
        {"emailQuerySortOptions",
         JsonArray{"receivedAt", "sentAt", "size", "from", "to", "subject", "hasKeyword",
                   "allInThreadHaveKeyword", "someInThreadHaveKeyword"}},
        {"mayCreateTopLevelMailbox", whose == Whose::own}};
  }
  if (name == capability::kSubmission) {  // RFC 8621 §1.3.2, RFC 4865
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(hold_max).count();
    JsonObject extensions;
    if (seconds > 0) extensions.push_back({"FUTURERELEASE", JsonArray{std::to_string(seconds)}});
    return JsonObject{{"maxDelayedSend", std::int64_t(seconds)},
                      {"submissionExtensions", std::move(extensions)}};
  }
  if (name == capability::kBlob) {  // RFC 9404 §3.1
    return JsonObject{{"maxSizeBlobSet", octets},
                      {"maxDataSources", 64},
                      {"supportedTypeNames", JsonArray{"Email", "Thread", "Mailbox"}},
                      {"supportedDigestAlgorithms", JsonArray{"sha-256"}}};
  }
  if (name == capability::kContacts)  // RFC 9610 §1.4.1
    return JsonObject{{"maxAddressBooksPerCard", nullptr}, {"mayCreateAddressBook", true}};
  return JsonObject{};
}

}  // namespace

const Method* find_method(std::string_view name) {
  for (const auto table : kMethodTables) {
    for (const Method& method : table())
      if (method.name == name) return &method;
  }
  return nullptr;
}

JmapApi::JmapApi(JmapHost& host)
    : host_(host),
      push_(host),
      requests_(host.options.requests_per_account_max),
      uploads_(host.options.transfers_per_account_max),
      downloads_(host.options.transfers_per_account_max) {}

void JmapApi::add_routes(http::Router& router) {
  const auto bind = [this](Task<http::Reply> (JmapApi::*handler)(http::RequestContext&)) {
    return [this, handler](http::RequestContext& context) { return (this->*handler)(context); };
  };
  const Limits limits = limits_of(host_.options);
  http::RouteOptions calls;
  calls.body_octets_max = limits.request_octets_max;
  http::RouteOptions uploads;
  uploads.body_octets_max = limits.upload_octets_max;
  uploads.body = http::RouteOptions::Body::stream;
  router.add(http::Method::get, "/.well-known/jmap", bind(&JmapApi::session));
  router.add(http::Method::get, "/jmap/session", bind(&JmapApi::session));
  router.add(http::Method::post, "/jmap/api", bind(&JmapApi::call), calls);
  router.add(http::Method::post, "/jmap/upload/{account}", bind(&JmapApi::upload), uploads);
  router.add(http::Method::get, "/jmap/download/{account}/{blob}/{name}", bind(&JmapApi::download));
  router.add(http::Method::get, "/jmap/eventsource", bind(&JmapApi::events));
  router.add(http::Method::get, "/jmap/ws", bind(&JmapApi::socket));
}

Task<Result<Caller>> JmapApi::authenticate(const http::RequestContext& context) {
  constexpr std::string_view kBasic = "Basic ";
  const std::string_view header = context.request.headers.value("Authorization");
  std::optional<std::string> decoded;
  if (ascii::istarts_with(header, kBasic))
    decoded = codec::base64_decode(ascii::trim(header.substr(kBasic.size())));
  const std::size_t colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos)
    co_return fail(Code::unauthenticated, "logging in", "HTTP Basic credentials are needed");
  const service::LoginAttempt attempt{"jmap", context.client_ip, decoded->substr(0, colon)};
  Secret password(decoded->substr(colon + 1));
  const service::LoginKinds people;
  Result<service::Principal> who =
      co_await host_.access.password(attempt, std::move(password), people);
  if (!who) co_return std::unexpected(std::move(who).error());
  co_return Caller{*who, context.client_ip};
}

http::Response JmapApi::unauthorized(const Error& error) {
  http::Response response = api::problem_response(api::to_http(error));
  if (response.status == 401) {
    // RFC 7617 §2.1: passwords are UTF-8.
    response.headers.set("WWW-Authenticate", R"(Basic realm="Fumi", charset="UTF-8")");
  }
  return response;
}

std::vector<std::string> JmapApi::capabilities() const {
  return {capability::kCore,  capability::kMail, capability::kSubmission, capability::kVacation,
          capability::kQuota, capability::kBlob, capability::kContacts,   capability::kWebSocket};
}

namespace {

// RFC 8620 §2: another one whenever the session object is.
std::string session_state(const Caller& caller, const std::vector<SharedAccount>& shared) {
  std::string state = "1-" + caller.principal.account.text();
  for (const SharedAccount& one : shared)
    state += (one.use == SharedAccount::Use::writes ? "+" : "-") + one.id.text();
  if (state.size() <= 100) return state;
  const crypto::Digest256 digest = crypto::sha256(state);
  return "2-" + ascii::to_hex(std::string(digest.begin(), digest.end())).substr(0, 32);
}

// What others' accounts are for.
bool is_shared_capability(std::string_view name) {
  return name == capability::kMail || name == capability::kBlob;
}

}  // namespace

Task<Result<JmapApi::Shared>> JmapApi::shared_with(Caller caller) {
  auto work = [&](Tx& tx) { return shared_accounts(tx, caller.principal.account); };
  const TenantScope scope = caller.principal.scope();
  co_return co_await host_.store.read(scope, std::move(work));
}

Task<Result<bool>> JmapApi::may_see(Caller caller, std::string account) {
  if (account == caller.principal.account.text()) co_return true;
  const auto id = id_of<AccountId>(account);
  if (!id) co_return false;
  Result<Shared> shared = co_await shared_with(std::move(caller));
  if (!shared) co_return std::unexpected(std::move(shared).error());
  co_return std::ranges::find(*shared, *id, &SharedAccount::id) != shared->end();
}

Json JmapApi::session_json(const Caller& caller, const Shared& shared,
                           const http::RequestContext& context) const {
  const Limits limits = limits_of(host_.options);
  std::string base = host_.options.url;
  if (base.empty()) {
    const bool tls = context.transport == http::RequestContext::Transport::tls;
    base = (tls ? "https://" : "http://") + std::string(context.request.headers.value("Host"));
  }
  JsonObject ours;
  JsonObject of_account;
  JsonObject of_others;
  JsonObject primary;
  const std::string account = caller.principal.account.text();
  const Duration hold_max = host_.intake.hold_max();
  for (const std::string& name : capabilities()) {
    const bool everybody = name == capability::kCore || name == capability::kWebSocket;
    ours.push_back({name, everybody ? server_details(name, limits, base) : Json(JsonObject{})});
    if (everybody) continue;
    of_account.push_back({name, account_details(name, limits, hold_max, Whose::own)});
    if (is_shared_capability(name))
      of_others.push_back({name, account_details(name, limits, hold_max, Whose::others)});
    primary.push_back({name, account});
  }
  const std::string user = caller.principal.name.text();
  JsonObject accounts{{account, JsonObject{{"name", user},
                                           {"isPersonal", true},
                                           {"isReadOnly", false},
                                           {"accountCapabilities", std::move(of_account)}}}};
  for (const SharedAccount& one : shared) {
    accounts.push_back(
        {one.id.text(), JsonObject{{"name", one.name},
                                   {"isPersonal", false},
                                   {"isReadOnly", one.use == SharedAccount::Use::reads},
                                   {"accountCapabilities", of_others}}});
  }
  return JsonObject{
      {"capabilities", std::move(ours)},
      {"accounts", std::move(accounts)},
      {"primaryAccounts", std::move(primary)},
      {"username", user},
      {"apiUrl", base + "/jmap/api"},
      {"downloadUrl", base + "/jmap/download/{accountId}/{blobId}/{name}?accept={type}"},
      {"uploadUrl", base + "/jmap/upload/{accountId}"},
      {"eventSourceUrl",
       base + "/jmap/eventsource?types={types}&closeafter={closeafter}&ping={ping}"},
      {"state", session_state(caller, shared)}};
}

Task<http::Reply> JmapApi::session(http::RequestContext& context) {
  Result<Caller> caller = co_await authenticate(context);
  if (!caller) co_return unauthorized(caller.error());
  Result<Shared> shared = co_await shared_with(*caller);
  if (!shared) co_return api::problem_response(api::to_http(shared.error()));
  http::Response response = json_response(session_json(*caller, *shared, context));
  // RFC 8620 §2.2: not to be kept by caches.
  response.headers.set("Cache-Control", "no-cache, no-store, must-revalidate");
  co_return response;
}

Task<http::Reply> JmapApi::call(http::RequestContext& context) {
  Result<Caller> caller = co_await authenticate(context);
  if (!caller) co_return unauthorized(caller.error());
  const auto slot = requests_.take(caller->principal.account);
  if (!slot) {
    co_return problem(
        {"limit", "too many requests at the same time", "maxConcurrentRequests", 429});
  }
  const auto type = http::media_type(context.request.headers.value("Content-Type"));
  if (!type || type->type != "application/json") {
    co_return problem({"notJSON", "the Content-Type is not application/json", "", 400});
  }
  auto request = parse_request(context.request.body, limits_of(host_.options), capabilities());
  if (!request) co_return problem(request.error());
  const Request::CreatedIds tell = request->answer_created_ids;
  Response response = co_await process(std::move(*caller), std::move(*request));
  co_return json_response(response.json(tell));
}

Task<Response> JmapApi::process(Caller caller, Request request) {
  Response response;
  response.created_ids = std::move(request.created_ids);
  Result<Shared> shared = co_await shared_with(caller);
  // Without it each call says why it fails.
  if (shared) response.session_state = session_state(caller, *shared);
  for (const Invocation& invocation : request.calls) {
    const Method* method = find_method(invocation.name);
    const auto error = [&](const MethodError& what) {
      response.responses.push_back({"error", what.json(), invocation.call_id});
    };
    if (method == nullptr ||
        std::ranges::find(request.uses, method->capability) == request.uses.end()) {
      error({"unknownMethod", ""});
      continue;
    }
    auto arguments = resolve_references(invocation.arguments, response.responses);
    if (!arguments) {
      error(arguments.error());
      continue;
    }
    Call call{host_,
              queries_,
              caller,
              std::move(*arguments),
              response.created_ids,
              {},
              caller.principal.account};
    co_await invoke(call, *method, invocation, response);
  }
  co_return response;
}

// RFC 8620 §3.6.2. Whether it may do what it wants there, the method's own transaction judges.
Task<std::optional<MethodError>> JmapApi::refuse_foreign(Call& call, const Method& method,
                                                         std::string account) {
  const Result<bool> seen = co_await may_see(call.caller, account);
  if (!seen) co_return to_jmap(seen.error());
  if (!*seen) co_return MethodError{"accountNotFound", ""};
  const bool copies = method.name == "Blob/copy";
  if (!copies && !is_shared_capability(method.capability))
    co_return MethodError{"accountNotSupportedByMethod", ""};
  call.of = *id_of<AccountId>(account);
  co_return std::nullopt;
}

Task<void> JmapApi::invoke(Call& call, const Method& method, const Invocation& invocation,
                           Response& response) {
  std::optional<MethodError> refused;
  if (method.account == Method::Account::one) {
    const auto account = account_argument(call.arguments);
    if (!account)
      refused = account.error();
    else if (*account != call.account_text())
      refused = co_await refuse_foreign(call, method, *account);
  }
  if (!refused) {
    Answer answer = co_await method.run(call);
    if (answer) {
      response.responses.push_back({invocation.name, std::move(*answer), invocation.call_id});
      for (Invocation& each : call.following) {
        each.call_id = invocation.call_id;
        response.responses.push_back(std::move(each));
      }
      co_return;
    }
    refused = std::move(answer).error();
  }
  response.responses.push_back({"error", refused->json(), invocation.call_id});
}

Task<http::Reply> JmapApi::upload(http::RequestContext& context) {
  Result<Caller> caller = co_await authenticate(context);
  if (!caller) co_return unauthorized(caller.error());
  std::string account(context.parameter("account"));
  const Result<bool> seen = co_await may_see(*caller, account);
  if (!seen) co_return api::problem_response(api::to_http(seen.error()));
  if (!*seen) co_return not_found();
  const auto slot = uploads_.take(caller->principal.account);
  if (!slot) {
    co_return problem({"limit", "too many uploads at the same time", "maxConcurrentUpload", 429});
  }
  std::string type = safe_type(context.request.headers.value("Content-Type"));
  Result<Upload> upload = co_await receive_upload(host_, *caller, *context.body, std::move(type));
  if (!upload) co_return api::problem_response(api::to_http(upload.error()));
  const Json answer = JsonObject{{"accountId", account},
                                 {"blobId", upload_blob_id(upload->id)},
                                 {"type", upload->type},
                                 {"size", std::int64_t(upload->octets)}};
  co_return json_response(answer, 201);
}

// Of others' accounts, those that the caller sees now: a client connects anew when the session
// state says that there are others.
Task<std::unique_ptr<PushHub::Connection>> JmapApi::open_push(Caller caller) {
  Result<Shared> shared = co_await shared_with(caller);
  std::vector<AccountId> others;
  if (shared)
    for (const SharedAccount& one : *shared)
      others.push_back(one.id);
  co_return push_.open(caller.principal.account, others);
}

Task<http::Reply> JmapApi::socket(http::RequestContext& context) {
  auto refused = refuse_websocket(context.request, host_.options);
  if (refused) co_return std::move(*refused);
  Result<Caller> caller = co_await authenticate(context);
  if (!caller) co_return unauthorized(caller.error());
  auto connection = co_await open_push(*caller);
  if (!connection) co_return problem({"limit", "too many connections", "maxConnections", 429});
  http::Reply reply;
  reply.response = accept_websocket(context.request);
  reply.upgrade = websocket_session(host_, *this, std::move(*caller), std::move(connection));
  co_return reply;
}

Task<std::optional<Response>> JmapApi::process_in_turn(Caller caller, Request request) {
  const auto slot = requests_.take(caller.principal.account);
  if (!slot) co_return std::nullopt;
  Response response = co_await process(std::move(caller), std::move(request));
  co_return response;
}

Task<Result<bool>> JmapApi::is_active(Caller caller) {
  auto work = [&](Tx& tx) { return tx.directory().account(caller.principal.account); };
  const TenantScope scope = caller.principal.scope();
  Result<std::optional<Account>> account = co_await host_.store.read(scope, std::move(work));
  if (!account) co_return std::unexpected(std::move(account).error());
  co_return *account && (*account)->status == AccountStatus::active;
}

Task<http::Reply> JmapApi::events(http::RequestContext& context) {
  Result<Caller> caller = co_await authenticate(context);
  if (!caller) co_return unauthorized(caller.error());
  auto options = push_options(context.request);
  if (!options) co_return http::plain_problem(400, "types, closeafter and ping can't be read");
  auto connection = co_await open_push(*caller);
  if (!connection) co_return problem({"limit", "too many push connections", "maxConnections", 429});
  http::Reply reply;
  reply.response.headers.add("Content-Type", "text/event-stream");
  reply.response.headers.add("Cache-Control", "no-cache, no-store");
  // Asks proxies (nginx) not to hold events back.
  reply.response.headers.add("X-Accel-Buffering", "no");
  reply.source =
      event_source(host_, std::move(*caller), std::move(connection), std::move(*options));
  co_return reply;
}

Task<http::Reply> JmapApi::download(http::RequestContext& context) {
  Result<Caller> caller = co_await authenticate(context);
  if (!caller) co_return unauthorized(caller.error());
  std::string account(context.parameter("account"));
  const Result<bool> seen = co_await may_see(*caller, account);
  if (!seen) co_return api::problem_response(api::to_http(seen.error()));
  if (!*seen) co_return not_found();
  auto slot = downloads_.take(caller->principal.account);
  if (!slot) co_return problem({"limit", "too many downloads at the same time", "", 429});
  std::string id(context.parameter("blob"));
  const std::string tag = "\"" + id + "\"";
  const AccountId of = *id_of<AccountId>(account);
  Result<Content> content = co_await open_content(host_, *caller, of, std::move(id));
  if (!content) {
    if (content.error().code == Code::not_found) co_return not_found();
    co_return api::problem_response(api::to_http(content.error()));
  }
  http::Reply reply;
  const bool wanted = put_download_headers(context, tag, *content, reply);
  if (wanted) {
    reply.source_octets = content->octets();
    reply.source =
        content_source(host_, caller->principal.scope(), std::move(*content), std::move(slot));
  }
  co_return reply;
}

}  // namespace fumi::jmap
