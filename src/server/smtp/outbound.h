// SmtpOutbound: the Outbound port over SMTP. One object serves all deliveries of a node.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "domain/ports/outbound.h"
#include "net/connector.h"
#include "net/stream.h"
#include "net/tls.h"
#include "server/smtp/options.h"

namespace fumi::server {

class SmtpOutbound final : public Outbound {
 public:
  // How a connection is made: net::connect(), or a pipe in tests.
  using Connector =
      std::function<Task<Result<std::unique_ptr<net::Stream>>>(Endpoint, net::ConnectOptions)>;

  // `tls` must outlive it.
  SmtpOutbound(net::TlsClientContext& tls, SmtpOptions options, std::string hello_name,
               Connector connector = net::connect)
      : tls_(tls),
        options_(std::move(options)),
        hello_name_(std::move(hello_name)),
        connector_(std::move(connector)) {}

  // Opportunistic: when a handshake fails the host is tried once more in clear (RFC 7435).
  // Required: the host's certificate must be valid for its name, or nothing is said to it.
  Task<Result<std::unique_ptr<OutboundConnection>>> connect(OutboundHost host,
                                                            OutboundTls tls) override;

 private:
  Task<Result<std::unique_ptr<OutboundConnection>>> attempt(OutboundHost host, OutboundTls tls);

  net::TlsClientContext& tls_;
  SmtpOptions options_;
  std::string hello_name_;
  Connector connector_;
};

}  // namespace fumi::server
