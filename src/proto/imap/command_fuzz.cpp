// A connection in each state: the first octet chooses the state and the chunking, the rest is the
// client. The host answers everything; two chunkings must say the same.
#include <cstdlib>

#include "proto/imap/engine.h"

namespace {

using namespace fumi::imap;

struct AnyHost {
  Engine& engine;
  std::string& out;
  std::uint64_t appended = 0;
  bool compressed = false;  // once: what lies behind COMPRESS is thrown away

  // False once the connection is over.
  bool run() {
    for (;;) {
      Step step = engine.next();
      out += engine.writer().output().take();
      if (std::holds_alternative<NeedInput>(step)) return true;
      if (std::holds_alternative<Disconnect>(step)) return false;
      if (std::holds_alternative<StartCompress>(step)) {
        compressed = true;
      } else if (std::holds_alternative<StopCompress>(step)) {
        // It goes on in clear.
      } else if (std::holds_alternative<StartTls>(step)) {
        engine.tls_started();
      } else if (std::holds_alternative<AppendBegin>(step)) {
        if (std::get<AppendBegin>(step).mailbox == "no") {
          engine.finish(no("Refused"));
        } else {
          engine.accept_append();
        }
      } else if (auto* chunk = std::get_if<AppendChunk>(&step)) {
        appended += chunk->octets.size();
      } else if (std::holds_alternative<AuthStart>(step)) {
        engine.challenge("x");
      } else if (!std::holds_alternative<AuthCancelled>(step) &&
                 !std::holds_alternative<AppendEnd>(step) &&
                 !std::holds_alternative<AppendAbort>(step) &&
                 !std::holds_alternative<Idle>(step)) {
        engine.finish(ok("Done"));
      }
      out += engine.writer().output().take();
    }
  }
};

struct Talk {
  std::string said;
  bool compressed = false;
};

Talk talk(std::string_view client, unsigned state, std::size_t chunk) {
  auto options = std::make_shared<Options>();
  options->limits.line_octets = 2'000;
  options->limits.line_octets_preauth = 1'000;
  options->limits.literal_octets = 500;
  options->limits.append_octets = 1'000;
  Engine engine(options, state == 4 ? Channel::clear : Channel::tls);
  std::string out;
  AnyHost host{engine, out};
  if (state >= 1 && state != 4) engine.feed("a LOGIN a b\r\n");
  if (state >= 2 && state != 4) engine.feed("b ENABLE QRESYNC IMAP4rev2\r\nc SELECT INBOX\r\n");
  if (state == 3) engine.feed("d IDLE\r\n");
  bool open = host.run();
  for (std::size_t at = 0; open && at < client.size(); at += chunk) {
    engine.feed(client.substr(at, chunk));
    open = host.run();
  }
  if (engine.heap_octets() > 64'000 + 2 * client.size()) std::abort();
  return {out + std::to_string(host.appended), host.compressed};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view client(reinterpret_cast<const char*>(data) + 1, size - 1);
  const unsigned state = data[0] % 5U;
  const std::size_t chunk = data[0] / 5U % 16U + 1;
  // What lies behind STARTTLS or COMPRESS is thrown away, so that there chunking does matter.
  const Talk whole = talk(client, state, size);
  const Talk pieces = talk(client, state, chunk);
  const bool same = whole.said == pieces.said;
  if (!same && state != 4 && !whole.compressed && !pieces.compressed) std::abort();
  return 0;
}
