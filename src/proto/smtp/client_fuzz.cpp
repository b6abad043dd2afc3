// The client engine against a server that says anything. The first octet chooses the plan, the
// second the size of the pieces.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "proto/smtp/client.h"

using namespace fumi;
using namespace fumi::smtp;

namespace {

Transaction transaction(unsigned kind) {
  Transaction made;
  made.from.mailbox = {"a", "b"};
  made.recipients.resize(1 + kind % 3);
  for (Recipient& each : made.recipients)
    each.path.mailbox = {"c", "d"};
  made.parameters.body = kind % 5 == 0 ? Body::eight_bit_mime : Body::seven_bit;
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  SessionPlan plan;
  plan.hello_name = "me";
  plan.tls = SessionPlan::Tls(data[0] % 3);
  plan.nonce = "n";
  plan.outstanding_max = 1 + data[0] / 16;
  plan.chunking = (data[0] & 8U) != 0 ? SessionPlan::Chunking::when_offered
                                      : SessionPlan::Chunking::when_needed;
  plan.clear_passwords = sasl::ClearPasswords::allowed;
  if ((data[0] & 4U) != 0) plan.credentials = sasl::Credentials{"", "user", Secret("pencil")};
  Client client(std::move(plan));
  std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  unsigned transactions = 0;
  unsigned parts = 0;
  for (int steps = 0; steps < 100'000; ++steps) {
    ClientStep step = client.next();
    const std::string_view output = client.output();
    client.sent(output.size());
    if (std::holds_alternative<Closed>(step)) return 0;
    if (auto* done = std::get_if<TransactionDone>(&step)) {
      if (done->recipients.empty()) std::abort();
    } else if (std::holds_alternative<BeginTls>(step)) {
      client.tls_started({});
    } else if (std::holds_alternative<NeedBody>(step)) {
      client.body(".x\r\n", ++parts % 3 == 0 ? BodyPart::last : BodyPart::more);
    } else if (std::holds_alternative<Ready>(step)) {
      if (transactions > 5) {
        client.quit();
        transactions = 0;
      } else {
        client.begin(transaction(transactions++));
      }
    } else {
      if (rest.empty()) {
        client.peer_closed();
        continue;
      }
      const std::string_view part = rest.substr(0, 1U + data[1]);
      if (client.feed(part) != part.size()) std::abort();
      rest.remove_prefix(part.size());
    }
  }
  std::abort();
}
