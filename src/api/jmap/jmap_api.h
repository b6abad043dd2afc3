// JMAP over HTTP (RFC 8620 §2, §3, §6):
//
//   jmap::JmapHost host{…};
//   jmap::JmapApi api(host);
//   api.add_routes(public_routes);
//
//   GET  /.well-known/jmap, /jmap/session           the session resource
//   POST /jmap/api                                  method calls
//   POST /jmap/upload/{account}                     one blob, streamed (transfer.h)
//   GET  /jmap/download/{account}/{blob}/{name}     one blob, ?accept= its type; Range
//   GET  /jmap/eventsource                          changes of state as they come
//   GET  /jmap/ws                                   all of it by WebSocket (RFC 8887)
//
// Authentication is HTTP Basic with an account's password or one of its application passwords.
// Another account than the caller's own is found where its mailboxes' ACLs let the caller see some
// (view.h), for mail and blobs alone; else not, whoever it belongs to.
#pragma once

#include <string>

#include "api/jmap/call.h"
#include "api/jmap/push.h"
#include "api/jmap/query_cache.h"
#include "api/jmap/slots.h"
#include "api/jmap/view.h"
#include "server/http/router.h"

namespace fumi::jmap {

struct Method;

class JmapApi {
 public:
  explicit JmapApi(JmapHost& host);

  // The object must outlive the router.
  void add_routes(http::Router& router);

  // Ends all push connections: call it before the listeners drain. Any thread.
  void stop_push() { push_.close(); }

  // The methods of one request, for whatever carried it. `caller` has been authenticated.
  Task<Response> process(Caller caller, Request request);
  // The same within the account's limit of requests at a time; nullopt: it is reached.
  Task<std::optional<Response>> process_in_turn(Caller caller, Request request);
  // Whether the account may still be used: connections outlive a login.
  Task<Result<bool>> is_active(Caller caller);
  // Basic now; bearer tokens will be told by their scheme.
  Task<Result<Caller>> authenticate(const http::RequestContext& context);
  [[nodiscard]] static http::Response unauthorized(const Error& error);
  [[nodiscard]] std::vector<std::string> capabilities() const;
  // Emails that filters of queries were asked about, ever: for metrics.
  [[nodiscard]] std::uint64_t emails_judged() const { return queries_.emails_judged(); }

 private:
  Task<http::Reply> session(http::RequestContext& context);
  Task<http::Reply> call(http::RequestContext& context);
  Task<http::Reply> upload(http::RequestContext& context);
  Task<http::Reply> download(http::RequestContext& context);
  Task<http::Reply> events(http::RequestContext& context);
  Task<http::Reply> socket(http::RequestContext& context);
  Task<void> invoke(Call& call, const Method& method, const Invocation& invocation,
                    Response& response);
  Task<std::optional<MethodError>> refuse_foreign(Call& call, const Method& method,
                                                  std::string account);
  Task<std::unique_ptr<PushHub::Connection>> open_push(Caller caller);
  using Shared = std::vector<SharedAccount>;
  Task<Result<Shared>> shared_with(Caller caller);
  // Whether the caller sees anything of that account, by its id.
  Task<Result<bool>> may_see(Caller caller, std::string account);
  [[nodiscard]] Json session_json(const Caller& caller, const Shared& shared,
                                  const http::RequestContext& context) const;

  JmapHost& host_;
  QueryCache queries_;
  PushHub push_;
  Slots requests_;
  Slots uploads_;
  Slots downloads_;
};

}  // namespace fumi::jmap
