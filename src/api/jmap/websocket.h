// JMAP over WebSocket (RFC 8887): requests, responses and pushed changes on one connection.
#pragma once

#include <memory>
#include <string>

#include "api/jmap/jmap_api.h"

namespace fumi::jmap {

// What stands in the way of an upgrade, as a response; nullopt: nothing. Checks RFC 6455 §4.2.1,
// the subprotocol "jmap", and that a browser asks from our own origin: cookies and remembered
// passwords would let any site in otherwise.
[[nodiscard]] std::optional<http::Response> refuse_websocket(const http::Request& request,
                                                             const JmapOptions& options);
// 101 with the headers of the handshake.
[[nodiscard]] http::Response accept_websocket(const http::Request& request);

[[nodiscard]] std::unique_ptr<http::Upgrade> websocket_session(
    JmapHost& host, JmapApi& api, Caller caller, std::unique_ptr<PushHub::Connection> connection);

}  // namespace fumi::jmap
