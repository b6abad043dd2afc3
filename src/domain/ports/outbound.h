// Outbound: connections to remote mail hosts, as the deliver service sees them. The adapter speaks
// SMTP (RFC 5321) over the network; the service decides where to, when and what a failure means.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "domain/queue.h"

namespace fumi {

struct OutboundHost {
  std::string name;     // MX host name, for TLS and records; the literal for [address]
  std::string address;  // IP
  std::uint16_t port = 25;
};

enum class OutboundTls : std::uint8_t { opportunistic, required, never };

// One SMTP answer, classified by its first digit only; policy is the service's.
struct OutboundReply {
  int code = 0;      // 0: no answer came (connection lost, timeout)
  std::string text;  // "250 2.0.0 Ok ..." on one line
  [[nodiscard]] bool positive() const { return code >= 200 && code < 300; }
  [[nodiscard]] bool permanent() const { return code >= 500 && code < 600; }
};

struct OutboundTransaction {
  const QueueMessage* message = nullptr;
  std::vector<const QueueRecipient*> recipients;
  std::string_view body;  // RFC 5322 bytes with CRLF line ends
};

struct OutboundResult {
  std::vector<OutboundReply> recipients;  // pairwise with the transaction's
  bool connection_usable = false;         // another transaction may follow
  bool passes_dsn_on = false;             // the peer took NOTIFY and the like (RFC 3461 §5.2.2)
};

class OutboundConnection {
 public:
  virtual ~OutboundConnection() = default;
  // "mx1.example [192.0.2.1]:25", for records.
  [[nodiscard]] virtual std::string peer() const = 0;
  [[nodiscard]] virtual bool tls() const = 0;
  // Never fails as a whole: what failed stands in each recipient's reply.
  virtual Task<OutboundResult> send(OutboundTransaction transaction) = 0;
  // QUIT and close; best effort.
  virtual Task<void> quit() = 0;
};

class Outbound {
 public:
  virtual ~Outbound() = default;
  // Connects, greets, EHLO, STARTTLS as asked. unavailable/timeout/peer_gone: try the next host;
  // denied: the host refused us with a 5yz greeting (detail holds the answer).
  virtual Task<Result<std::unique_ptr<OutboundConnection>>> connect(OutboundHost host,
                                                                    OutboundTls tls) = 0;
};

}  // namespace fumi
