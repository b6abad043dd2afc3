// A connection in each state: the first octet chooses the state and the chunking, the rest is the
// client. Two chunkings must be answered alike, and memory is bounded.
#include <algorithm>
#include <cstdlib>

#include "proto/pop3/fake_host.h"

namespace {

using namespace fumi::pop3;

std::string talk(std::string_view client, unsigned state, std::size_t chunk) {
  auto options = std::make_shared<Options>();
  options->mechanisms = {"PLAIN", "LOGIN"};
  options->limits.line_octets = 300;
  options->limits.auth_octets = 600;
  options->limits.input_octets = 5'000;
  options->limits.output_octets = 200;
  auto account = std::make_shared<fake::Account>();
  if (state == 3) account->utf8_headers = fake::Utf8Headers::refuse;
  fake::Session session(account, options, state == 0 ? Channel::clear : Channel::tls);
  std::string said = session.talk("");
  if (state == 2 || state == 3) said += session.talk("USER alice@a.example\r\nPASS secret\r\n");
  if (state == 4) said += session.talk("AUTH PLAIN\r\n");
  for (std::size_t at = 0; at < client.size() && !session.closed(); at += chunk) {
    said += session.talk(client.substr(at, chunk));
    if (session.engine().heap_octets() > 20'000) std::abort();
  }
  return said + std::to_string(account->messages.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view client(reinterpret_cast<const char*>(data) + 1, size - 1);
  const unsigned state = data[0] % 5U;
  const std::size_t chunk = data[0] / 5U % 16U + 1;
  const std::string whole = talk(client, state, size);
  // Under STLS what lies behind the command is thrown away, so that there chunking does matter.
  if (state != 0 && whole != talk(client, state, chunk)) std::abort();
  // Lines that the server speaks end with CRLF, and nothing else does.
  if (std::ranges::count(whole, '\n') != std::ranges::count(whole, '\r')) std::abort();
  return 0;
}
