// JmapWorld: JMAP over services in memory, with two people of two tenants.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "api/jmap/jmap_api.h"
#include "api/jmap/push_sender.h"
#include "base/ascii.h"
#include "codec/base64.h"
#include "proto/http/target.h"
#include "service/tenancy/credential.h"
#include "service/testing/service_world.h"

namespace fumi::jmap::testing {

// A body that comes in pieces, or breaks off behind its octets.
class PiecesOf final : public http::BodyReader {
 public:
  explicit PiecesOf(std::string_view body, std::size_t piece = 10'000,
                    std::optional<Error> error = std::nullopt)
      : body_(body), piece_(piece), error_(std::move(error)) {}
  Task<Result<std::string>> next() override {
    std::string piece(body_.substr(0, piece_));
    body_.remove_prefix(piece.size());
    if (piece.empty() && error_) co_return std::unexpected(*error_);
    co_return piece;
  }

 private:
  std::string_view body_;
  std::size_t piece_;
  std::optional<Error> error_;
};

// Push services: remembers what came, and answers what the test says.
class FakePoster final : public http::Poster {
 public:
  Task<Result<http::PostAnswer>> post(http::PostRequest request) override {
    seen.push_back(std::move(request));
    if (error) co_return std::unexpected(*error);
    co_return answer;
  }
  std::vector<http::PostRequest> seen;
  http::PostAnswer answer{201, std::nullopt};
  std::optional<Error> error;
};

struct JmapWorld : service::testing::ServiceWorld {
  TenantScope acme = tenant("acme.example");
  AccountId hanako = account(acme, "hanako@acme.example");
  TenantScope rival_tenant = tenant("rival.example");
  AccountId rival = account(rival_tenant, "taro@rival.example");
  JmapHost host{(*this)->access, (*this)->intake, (*this)->search, store, blobs,
                world.bus(),     world.ids(),     world.clock(),   {}};
  FakePoster poster;
  PushSender pusher{store,  store,         world.bus(), (*this)->runtime,
                    poster, world.clock(), host.options};
  JmapApi api{host};
  http::Router router;

  JmapWorld() {
    host.push = &pusher;
    api.add_routes(router);
    set_password(acme, hanako);
    set_password(rival_tenant, rival);
  }

  ~JmapWorld() { (*this)->runtime.stop(); }  // tasks of the sender end before it does

  [[nodiscard]] std::string account_id() const { return hanako.text(); }
  [[nodiscard]] Caller caller() const {
    service::Principal who;
    who.tenant = acme.tenant;
    who.account = hanako;
    who.name = EmailAddress::parse("hanako@acme.example").value();
    return {who, "192.0.2.7"};
  }
  [[nodiscard]] Caller rival_caller() const {
    service::Principal who;
    who.tenant = rival_tenant.tenant;
    who.account = rival;
    who.name = EmailAddress::parse("taro@rival.example").value();
    return {who, "192.0.2.8"};
  }

  // Method calls with JSON text for arguments; the account is put in where there is none.
  Json call(const std::vector<std::pair<std::string, std::string>>& calls) {
    Request request = request_of(calls);
    return this->ServiceWorld::call(api.process(caller(), std::move(request)))
        .json(Request::CreatedIds::tell);
  }
  Json one(const std::string& name, const std::string& arguments) {
    return arguments_of(call({{name, with_account(arguments)}}), 0);
  }
  std::string error(const std::string& name, const std::string& arguments) {
    return error_of(call({{name, with_account(arguments)}}), 0);
  }
  Json rivals(const std::string& name, const std::string& arguments) {
    Request request = request_of({{name, arguments}});
    const Json answer = this->ServiceWorld::call(api.process(rival_caller(), std::move(request)))
                            .json(Request::CreatedIds::silent);
    return arguments_of(answer, 0);
  }

  [[nodiscard]] static const Json& response(const Json& answer, std::size_t at) {
    return answer.find("methodResponses")->array()->at(at);
  }
  [[nodiscard]] static std::string name_of(const Json& answer, std::size_t at) {
    return *response(answer, at).array()->at(0).string();
  }
  [[nodiscard]] static Json arguments_of(const Json& answer, std::size_t at) {
    return response(answer, at).array()->at(1);
  }
  [[nodiscard]] static std::string error_of(const Json& answer, std::size_t at) {
    if (name_of(answer, at) != "error") return "no error";
    return std::string(arguments_of(answer, at).text("type"));
  }

  std::string mailbox(const std::string& role) {
    const Json got = one("Mailbox/get", "{}");
    for (const Json& each : *got.find("list")->array())
      if (each.text("role") == role) return std::string(each.text("id"));
    return {};
  }

  // Puts a message into a mailbox of Hanako's as IMAP would; its JMAP id.
  std::string append(const std::string& bytes, const std::string& mailbox = "INBOX",
                     Flags flags = {}) {
    std::vector<service::NewMessage> messages;
    messages.push_back({bytes, std::move(flags), world.clock().now()});
    const service::MailAccount who{acme, hanako};
    auto appended =
        this->ServiceWorld::call((*this)->mailboxes.append(who, mailbox, std::move(messages)));
    FUMI_ASSERT(appended.has_value());
    return appended->front().email.text();
  }

  using Headers = std::vector<std::pair<std::string, std::string>>;
  [[nodiscard]] static Headers login(const std::string& password = "correct horse battery") {
    return basic("hanako@acme.example:" + password);
  }
  [[nodiscard]] static Headers login_of_rival() {
    return basic("taro@rival.example:correct horse battery");
  }

  http::Response http(const std::string& method, const std::string& target, const std::string& body,
                      const Headers& headers) {
    http::RequestContext context;
    context.request.method = *http::method_of(method);
    auto parsed = http::parse_target(target);
    FUMI_ASSERT(parsed.has_value());
    context.request.path = parsed->path;
    context.request.segments = parsed->segments;
    context.request.query = parsed->query;
    context.request.headers.add("Host", "mail.example");
    context.request.headers.add("Content-Type", "application/json");
    for (const auto& [name, value] : headers)
      name == "Content-Type" ? context.request.headers.set(name, value)
                             : context.request.headers.add(name, value);
    PiecesOf pieces(body);
    context.request.body = body;
    context.body = &pieces;
    context.client_ip = "192.0.2.7";
    auto match = router.find(context.request.method, context.request.segments);
    FUMI_ASSERT(match.route != nullptr);
    context.parameters = std::move(match.parameters);
    http::Reply reply = this->ServiceWorld::call(match.route->handler(context));
    if (reply.source && !reply.response.headers.value("Content-Type").starts_with("text/event"))
      reply.response.body = read_out(*reply.source);
    return std::move(reply.response);
  }
  std::string read_out(http::BodySource& source) {
    std::string all;
    for (;;) {
      const Result<std::string> piece = this->ServiceWorld::call(source.next());
      FUMI_ASSERT(piece.has_value());
      if (piece->empty()) return all;
      largest_piece = std::max(largest_piece, piece->size());
      all += *piece;
    }
  }
  std::size_t largest_piece = 0;  // of what was read out

 private:
  [[nodiscard]] static Headers basic(const std::string& words) {
    return {{"Authorization", "Basic " + codec::base64_encode(words)}};
  }
  // A key's hash: as good as a password here, and quick.
  void set_password(const TenantScope& scope, AccountId who) {
    const auto credential = service::make_key_credential(Secret("correct horse battery"));
    FUMI_ASSERT(credential.has_value());
    const Status set = world.write(
        scope, [&](Tx& tx) { return tx.directory().set_account_credential(who, *credential); });
    FUMI_ASSERT(set.has_value());
  }
  [[nodiscard]] std::string with_account(const std::string& arguments) const {
    const std::string rest = arguments.substr(1);
    const bool empty = ascii::trim(rest) == "}";
    return R"({"accountId":")" + account_id() + (empty ? "\"" : "\",") + rest;
  }
  [[nodiscard]] Request request_of(const std::vector<std::pair<std::string, std::string>>& calls) {
    Request request;
    request.uses = api.capabilities();
    int number = 0;
    for (const auto& [name, arguments] : calls) {
      auto json = codec::parse_json(arguments);
      FUMI_ASSERT(json.has_value());
      request.calls.push_back({name, std::move(*json), std::to_string(number++)});
    }
    return request;
  }
};

}  // namespace fumi::jmap::testing
