// What an IMAP server says, as those who fetch mail from it read it, in each state of theirs:
// whole, and octet by octet.
#include <algorithm>
#include <cstdlib>

#include "proto/imap/client.h"

namespace {

struct Told {
  std::size_t events = 0, octets = 0;
  bool failed = false;
};

using namespace fumi::imap;

enum class State : std::uint8_t { connected, greeted, waiting, challenged };

void enter(Client& client, State state) {
  if (state == State::connected) return;
  client.feed("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n");
  if (!client.next()) std::abort();
  if (state == State::greeted) return;
  (void)client.begin(state == State::waiting ? "NOOP" : "AUTHENTICATE PLAIN");
  if (state == State::waiting) return;
  client.feed("+ eA==\r\n");
  if (!client.next()) std::abort();
}

Told run(std::string_view bytes, std::size_t piece, State state) {
  ClientLimits limits;
  limits.line_octets = 4096;
  limits.literal_octets = 1024;
  Client client(limits);
  enter(client, state);
  Told told;
  while (!bytes.empty() && !told.failed) {
    client.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (;;) {
      auto event = client.next();
      told.failed = !event.has_value();
      if (!event || !*event) break;
      ++told.events;
      ServerResponse& response = (*event)->response;
      if (const auto name = listed_mailbox(response, NameCharset::modified_utf7))
        told.octets += name->name.size();
      if (const auto spaces = namespaces(response)) told.octets += spaces->personal.size();
      if (const auto mail = fetched_message(std::move(response))) told.octets += mail->bytes.size();
    }
  }
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const State state : {State::connected, State::greeted, State::waiting, State::challenged}) {
    const Told whole = run(bytes, SIZE_MAX, state);
    const Told cut = run(bytes, 1, state);
    if (whole.events != cut.events || whole.octets != cut.octets || whole.failed != cut.failed)
      std::abort();
  }
  return 0;
}
