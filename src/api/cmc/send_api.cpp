#include "api/cmc/send_api.h"

#include "api/json.h"
#include "base/ascii.h"
#include "base/log.h"

namespace fumi::cmc {

// One of the requests that an API user may have under way at once.
class SendApi::Turn {
 public:
  Turn(SendApi& api, std::string user) : api_(api), user_(std::move(user)) {
    const std::scoped_lock lock(api_.mutex_);
    std::uint32_t& count = api_.at_work_[user_];
    taken_ = count < api_.options_.connections_per_user_max;
    if (taken_) ++count;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    if (!taken_) return;
    const std::scoped_lock lock(api_.mutex_);
    const auto found = api_.at_work_.find(user_);
    if (--found->second == 0) api_.at_work_.erase(found);
  }
  [[nodiscard]] bool taken() const { return taken_; }

 private:
  SendApi& api_;
  std::string user_;
  bool taken_ = false;
};

void SendApi::add_routes(http::Router& router) {
  http::RouteOptions options;
  options.body_octets_max = options_.body_octets_max;
  const auto json = [this](http::RequestContext& context) { return send(context, Format::json); };
  const auto xml = [this](http::RequestContext& context) { return send(context, Format::xml); };
  for (const std::string version : {"v1", "v2"}) {
    router.add(http::Method::post, "/api/" + version + "/emails/send.json", json, options);
    router.add(http::Method::post, "/api/" + version + "/emails/send.xml", xml, options);
  }
}

Task<http::Reply> SendApi::send(http::RequestContext& context, Format format) {
  const bool japanese =
      http::prefers_language(context.request.headers.value("Accept-Language"), "ja", "en");
  const Language language = japanese ? Language::ja : Language::en;
  std::expected<std::string, Fault> id = co_await handle(context);
  http::Response response;
  response.headers.set("Content-Type", format == Format::json ? "application/json; charset=utf-8"
                                                              : "application/xml; charset=utf-8");
  if (!id) {
    response.status = id.error().http_status();
    response.body = write_fault(id.error(), language, format);
    co_return http::Reply(std::move(response));
  }
  if (format == Format::json) {
    api::Json answer;
    answer.set("id", *id);
    response.body = api::write_json(answer, api::Layout::compact, api::Angles::escaped);
  } else {
    response.body = R"(<?xml version="1.0" encoding="UTF-8" standalone="yes"?>)"
                    "<email><id>" +
                    xml_escape(*id) + "</id></email>";
  }
  co_return http::Reply(std::move(response));
}

Task<std::expected<std::string, Fault>> SendApi::handle(http::RequestContext& context) {
  Parsed<Parameters> parameters = read_parameters(context.request);
  if (!parameters) co_return std::unexpected(std::move(parameters).error());
  const std::string user = parameters->text("api_user");
  Secret key(parameters->text("api_key"));
  if (user.empty()) co_return std::unexpected(Fault{Fault::Kind::missing, "api_user", {}});
  if (key.empty()) co_return std::unexpected(Fault{Fault::Kind::missing, "api_key", {}});
  const Turn turn(*this, ascii::to_lower(user));
  if (!turn.taken()) {
    const std::string limit = std::to_string(options_.connections_per_user_max);
    co_return std::unexpected(Fault{Fault::Kind::too_busy, "", limit});
  }
  const service::LoginAttempt attempt{"api", context.client_ip, user};
  const service::LoginKinds programs{service::LoginKinds::Accounts::no,
                                     service::LoginKinds::ApiUsers::http};
  Result<service::Principal> who = co_await access_.password(attempt, std::move(key), programs);
  if (!who) {
    const Code code = who.error().code;
    const bool wrong = code == Code::unauthenticated || code == Code::rate_limited;
    const auto kind = wrong                  ? Fault::Kind::unauthenticated
                      : code == Code::denied ? Fault::Kind::not_permitted
                                             : Fault::Kind::temporary;
    co_return std::unexpected(Fault{kind, "", {}});
  }
  Parsed<service::SendRequest> request = read_send_request(std::move(*parameters));
  if (!request) co_return std::unexpected(std::move(request).error());
  auto sent = co_await sending_.send(*who, context.client_ip, std::move(*request));
  if (sent) co_return std::move(*sent);
  const service::SendFault& problem = sent.error();
  switch (problem.kind) {
    case service::SendFault::Kind::wrong:
      co_return std::unexpected(Fault{Fault::Kind::wrong_format, problem.field, problem.detail});
    case service::SendFault::Kind::no_dkim:
      co_return std::unexpected(Fault{Fault::Kind::no_dkim, "", problem.detail});
    case service::SendFault::Kind::refused:
      co_return std::unexpected(Fault{Fault::Kind::refused, "", problem.detail});
    case service::SendFault::Kind::temporary:
      break;
  }
  log::warning("api", "message not taken", {{"why", problem.detail}});
  co_return std::unexpected(Fault{Fault::Kind::temporary, "", {}});
}

}  // namespace fumi::cmc
