// How a message comes to us, and what its envelope says.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "domain/queue.h"
#include "service/access/principal.h"
#include "service/tenancy/routing.h"

namespace fumi::service {

enum class Door : std::uint8_t {
  mx,          // port 25: for our recipients only
  submission,  // people's mail programs, authenticated
  relay,       // programs (C-03): authenticated, or from a trusted address
  api,         // emails/send
};

[[nodiscard]] std::string_view to_string(Door door);

struct Arrival {
  Door door = Door::mx;
  std::string protocol;  // RFC 3848 keyword for Received: "ESMTPSA"; "HTTP" for the API
  std::string client_ip;
  std::string client_name;  // EHLO argument, as given
  std::string tls;          // "TLSv1.3 cipher …"; empty: in clear
  std::optional<Principal> principal;
  TenantId tenant;  // who answers for mail that leaves: the principal's or trusted address's
};

// A refusal in SMTP's terms; the API maps it to its own.
struct Refusal {
  int code = 451;
  std::string enhanced = "4.3.0";
  std::string text;
};

template <class T>
using Verdict = std::expected<T, Refusal>;

struct Sender {
  EmailAddress reverse_path;
  std::uint64_t declared_octets = 0;
  bool eight_bit = false;
  bool binary = false;
  bool smtputf8 = false;
  bool require_tls = false;
  DsnReturn dsn_return = DsnReturn::unspecified;
  std::string envid;
  // RFC 4865: nobody gets it before; it can be called back until then. In the past: at once.
  std::optional<Instant> hold_until;
};

struct Recipient {
  EmailAddress address;
  DsnNotify notify;
  std::string orcpt;
  Route route;
};

struct Envelope {
  Sender sender;
  std::vector<Recipient> recipients;
};

}  // namespace fumi::service
