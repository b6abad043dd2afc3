// The server engine, driven to a state chosen by the first octet, then fed the rest in pieces whose
// size the second octet chooses. The host answers by the octets that it sees.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "proto/smtp/server.h"

using namespace fumi;
using namespace fumi::smtp;

namespace {

constexpr std::string_view kPreludes[] = {
    "",
    "EHLO x\r\n",
    "EHLO x\r\nMAIL FROM:<a@b>\r\n",
    "EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n",
    "EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n",
    "EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 10\r\n",
    "EHLO x\r\nAUTH LOGIN\r\n",
    "EHLO x\r\nSTARTTLS\r\n",
};

// False when the session is over.
bool pump(Server& server, unsigned& choice) {
  for (int steps = 0;; ++steps) {
    if (steps > 1'000'000) std::abort();
    ServerStep step = server.next();
    const std::string_view output = server.output();
    if (!output.empty() && !output.ends_with("\r\n")) std::abort();
    server.sent(output.size());
    choice = choice * 5 + 1;
    if (std::holds_alternative<Need>(step)) return true;
    if (std::holds_alternative<Close>(step)) return false;
    if (std::holds_alternative<StartTls>(step)) {
      server.tls_started();
    } else if (std::holds_alternative<AuthStart>(step) && choice % 2 == 0) {
      server.challenge("x");
    } else if (std::holds_alternative<DataChunk>(step) || std::holds_alternative<Reset>(step)) {
    } else if (choice % 7 == 3) {
      server.answer({550, {5, 7, 1}, "no\nno"});
    } else {
      server.accept();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  auto options = std::make_shared<ServerOptions>();
  options->hostname = "mx";
  options->tls = TlsPolicy::offered;
  options->clear_auth = ClearAuth::allowed;
  options->mechanisms = "PLAIN LOGIN";
  options->size_max = 2000;
  options->size_slack = 3000;
  options->bare_ends = (data[0] & 0x40U) != 0 ? BareEnds::passed : BareEnds::refused;
  Server server(options, TlsState::plain);
  // The low bits of the choice are such that the prelude is accepted.
  unsigned choice = 0;
  const std::string_view prelude = kPreludes[data[0] % 8];
  if (server.feed(prelude) != prelude.size()) std::abort();
  bool open = pump(server, choice);
  choice = data[0];
  std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  while (open && !rest.empty()) {
    const std::string_view part = rest.substr(0, 1U + data[1]);
    if (server.feed(part) != part.size()) std::abort();
    rest.remove_prefix(part.size());
    open = pump(server, choice);
  }
  server.shut_down({421, {4, 3, 2}, "bye"});
  if (!std::holds_alternative<Close>(server.next())) std::abort();
  return 0;
}
