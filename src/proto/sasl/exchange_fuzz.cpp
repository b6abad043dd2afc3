// The first octet chooses mechanism and side; the rest is messages, each ended by octet 0xff.
#include <cstdint>
#include <string>

#include "proto/sasl/client_exchange.h"
#include "proto/sasl/server_exchange.h"

using namespace fumi;
using namespace fumi::sasl;

namespace {

std::string_view next_message(std::string_view& rest) {
  const std::size_t end = rest.find('\xff');
  const std::string_view message = rest.substr(0, end);
  rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  return message;
}

void server(Mechanism mechanism, std::string_view rest) {
  ServerConfig config;
  config.nonce = "N";
  config.fake_salt_key = Secret("k");
  config.bindings = {"exporter", "end-point"};
  ServerExchange exchange(std::move(config));
  ServerStep step = exchange.start(mechanism, next_message(rest));
  for (;;) {
    if (std::holds_alternative<Challenge>(step)) {
      step = exchange.respond(next_message(rest));
    } else if (std::holds_alternative<NeedPassword>(step)) {
      step = exchange.answer_password(PasswordVerdict::correct);
    } else if (std::holds_alternative<NeedVerifier>(step)) {
      step = exchange.answer_verifier(
          ScramVerifier{"salt", 4096, std::string(32, 'a'), std::string(32, 'b')});
    } else {
      return;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto mechanism = Mechanism(data[0] % 5);
  if ((data[0] & 0x80U) == 0) {
    server(mechanism, rest);
    return 0;
  }
  ClientExchange client(mechanism, {"", "user", Secret("pencil")}, {"exporter", ""}, "N");
  (void)client.initial();
  while (!rest.empty()) {
    const auto answer = client.respond(next_message(rest));
    if (!answer) break;
  }
  (void)client.ensure_complete();
  return 0;
}
