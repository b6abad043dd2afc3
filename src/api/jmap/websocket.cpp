#include "api/jmap/websocket.h"

#include "base/ascii.h"
#include "codec/base64.h"
#include "crypto/sha1.h"
#include "net/stream.h"
#include "net/task_scope.h"
#include "proto/http/websocket.h"

namespace fumi::jmap {
namespace {

constexpr std::size_t kReadOctets = 16 * 1024;
constexpr Duration kWriteTime = std::chrono::minutes(2);
constexpr Duration kIdleTime = std::chrono::minutes(30);
constexpr Duration kFarewell = std::chrono::seconds(2);
constexpr std::uint16_t kGoingAway = 1001;
constexpr std::uint16_t kPolicy = 1008;

class Session final : public http::Upgrade {
 public:
  Session(JmapHost& host, JmapApi& api, Caller caller,
          std::unique_ptr<PushHub::Connection> connection)
      : host_(host),
        api_(api),
        caller_(std::move(caller)),
        connection_(std::move(connection)),
        reader_(limits_of(host.options).request_octets_max) {}

  Task<void> run(net::Stream& stream, std::string already_read) override {
    reader_.feed(already_read);
    for (;;) {
      http::WsStep step = reader_.next();
      bool more = true;
      if (auto* message = std::get_if<http::WsMessage>(&step)) {
        more = co_await on_message(stream, std::move(message->text));
      } else if (auto* ping = std::get_if<http::WsPing>(&step)) {
        std::string pong = http::write_frame(http::WsOpcode::pong, ping->payload);
        more = co_await send(stream, std::move(pong));
      } else if (auto* close = std::get_if<http::WsClose>(&step)) {
        std::string farewell = http::write_close(close->code);
        [[maybe_unused]] const bool said = co_await send(stream, std::move(farewell));
        more = false;
      } else {
        more = co_await wait(stream);
      }
      if (!more) break;
    }
  }

 private:
  // For input or a change of state, whichever comes first.
  Task<bool> wait(net::Stream& stream) {
    PushSignal& signal = connection_->signal();
    stream.set_deadline(kIdleTime);
    const Result<net::Wake> woken = co_await stream.readable_or(signal.event);
    if (signal.closing || (!woken && woken.error().code == Code::cancelled)) {
      co_await net::allow_farewell();
      stream.set_deadline(kFarewell);
      const std::string farewell = http::write_close(kGoingAway);
      [[maybe_unused]] const Status said = co_await stream.write_all(farewell);
      co_return false;
    }
    if (!woken) co_return false;
    if (*woken == net::Wake::event) co_return co_await push(stream);
    std::string buffer(kReadOctets, '\0');
    const std::span<char> room(buffer);
    const Result<std::size_t> got = co_await stream.read_some(room);
    if (!got || *got == 0) co_return false;
    reader_.feed(std::string_view(buffer).substr(0, *got));
    co_return true;
  }

  Task<bool> push(net::Stream& stream) {
    if (!pushing_) co_return true;
    Result<Json> change =
        co_await take_state_change(host_, caller_, connection_->signal(), options_);
    if (!change) co_return false;
    if (change->is_null()) co_return true;
    co_return co_await send_json(stream, std::move(*change));
  }

  Task<bool> send(net::Stream& stream, std::string frame) {
    stream.set_deadline(kWriteTime);
    const Status sent = co_await stream.write_all(frame);
    co_return sent.has_value();
  }

  Task<bool> send_json(net::Stream& stream, Json value) {
    std::string frame = http::write_frame(http::WsOpcode::text, codec::write_json(value));
    co_return co_await send(stream, std::move(frame));
  }

  Task<bool> on_message(net::Stream& stream, std::string text) {
    stream.clear_deadline();
    const Result<bool> allowed = co_await api_.is_active(caller_);
    if (!allowed || !*allowed) {
      std::string farewell = http::write_close(kPolicy);
      [[maybe_unused]] const bool said = co_await send(stream, std::move(farewell));
      co_return false;
    }
    const Result<Json> json = codec::parse_json(text);
    if (!json) {
      Json problem = error_json({"notJSON", json.error().detail, "", 400}, nullptr);
      co_return co_await send_json(stream, std::move(problem));
    }
    const Json* given = json->find("id");
    const Json id = given == nullptr ? Json() : *given;
    const std::string_view type = json->text("@type");
    if (type == "Request") co_return co_await on_request(stream, *json, id);
    if (type == "WebSocketPushEnable") {
      enable(*json);
      co_return true;
    }
    if (type == "WebSocketPushDisable") {
      pushing_ = false;
      co_return true;
    }
    Json problem = error_json({"notRequest", "the @type isn't known", "", 400}, id);
    co_return co_await send_json(stream, std::move(problem));
  }

  Task<bool> on_request(net::Stream& stream, const Json& json, Json id) {
    auto request = read_request(json, limits_of(host_.options), api_.capabilities());
    Json answer;
    if (!request) {
      answer = error_json(request.error(), std::move(id));
    } else {
      const Request::CreatedIds tell = request->answer_created_ids;
      const std::optional<Response> response =
          co_await api_.process_in_turn(caller_, std::move(*request));
      if (!response) {
        answer = error_json(
            {"limit", "too many requests at the same time", "maxConcurrentRequests", 429},
            std::move(id));
      } else {
        answer = response->json(tell);
        answer.set("@type", "Response");
        answer.set("requestId", std::move(id));
      }
    }
    co_return co_await send_json(stream, std::move(answer));
  }

  void enable(const Json& json) {
    pushing_ = true;
    options_.types.reset();
    const Json* types = json.find("dataTypes");
    if (types == nullptr || types->array() == nullptr) return;
    options_.types.emplace();
    for (const Json& each : *types->array())
      if (each.string() != nullptr) options_.types->insert(*each.string());
  }

  static Json error_json(const RequestError& error, Json id) {
    Json out = error.json();
    out.set("@type", "RequestError");
    out.set("requestId", std::move(id));
    return out;
  }

  JmapHost& host_;
  JmapApi& api_;
  Caller caller_;
  std::unique_ptr<PushHub::Connection> connection_;
  http::WebSocketReader reader_;
  bool pushing_ = false;
  PushOptions options_;
};

// "https://mail.example" is the origin of a page that our host served.
bool is_own_origin(std::string_view origin, std::string_view host, const std::string& url) {
  const std::size_t scheme = origin.find("://");
  if (scheme == std::string_view::npos) return false;
  return ascii::iequals(origin.substr(scheme + 3), host) || (!url.empty() && origin == url);
}

}  // namespace

std::optional<http::Response> refuse_websocket(const http::Request& request,
                                               const JmapOptions& options) {
  const http::Fields& headers = request.headers;
  if (!headers.has_token("Upgrade", "websocket") || !headers.has_token("Connection", "Upgrade")) {
    http::Response response = http::plain_problem(426, "this path speaks WebSocket");
    response.headers.set("Upgrade", "websocket");
    return response;
  }
  if (headers.value("Sec-WebSocket-Version") != "13") {
    http::Response response = http::plain_problem(426, "WebSocket version 13 is spoken here");
    response.headers.set("Sec-WebSocket-Version", "13");
    return response;
  }
  const auto key = codec::base64_decode(headers.value("Sec-WebSocket-Key"));
  if (!key || key->size() != 16) return http::plain_problem(400, "Sec-WebSocket-Key is wrong");
  if (!headers.has_token("Sec-WebSocket-Protocol", "jmap"))
    return http::plain_problem(400, "the subprotocol is jmap (RFC 8887)");
  const std::string* origin = headers.find("Origin");
  if (origin != nullptr && !is_own_origin(*origin, headers.value("Host"), options.url))
    return http::plain_problem(403, "not for pages of other origins");
  return std::nullopt;
}

http::Response accept_websocket(const http::Request& request) {
  const std::string key(request.headers.value("Sec-WebSocket-Key"));
  http::Response response;
  response.status = 101;
  response.headers.set("Upgrade", "websocket");
  response.headers.set("Connection", "Upgrade");
  // RFC 6455 §4.2.2.
  response.headers.set(
      "Sec-WebSocket-Accept",
      codec::base64_encode(crypto::sha1(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
  response.headers.set("Sec-WebSocket-Protocol", "jmap");
  return response;
}

std::unique_ptr<http::Upgrade> websocket_session(JmapHost& host, JmapApi& api, Caller caller,
                                                 std::unique_ptr<PushHub::Connection> connection) {
  return std::make_unique<Session>(host, api, std::move(caller), std::move(connection));
}

}  // namespace fumi::jmap
