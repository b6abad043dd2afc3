// A connection in each state: the first octet chooses the state and the chunking, the rest is the
// client. The host answers everything; two chunkings must say the same, and what is said is
// something that our own client can read.
#include <array>
#include <cstdlib>

#include "proto/imap/client_reader.h"
#include "proto/imap/engine.h"

namespace {

using namespace fumi::imap;

enum class Host : std::uint8_t { prompt, late };  // late: answers when everything has been said

struct Start {
  Channel channel = Channel::tls;
  std::string_view said;  // by the client, to get into the state
  LiteralCapability literals = LiteralCapability::plus;
  Host host = Host::prompt;
};

#define LOGIN "a LOGIN a b\r\n"
#define SELECTED LOGIN "b ENABLE QRESYNC IMAP4rev2\r\nc SELECT INBOX\r\n"

// The first octet of an input below kFewOctets chooses among the first kFew, so that old inputs
// keep their meaning; what is added goes behind them.
constexpr std::size_t kFew = 5;
constexpr unsigned kFewOctets = 80;
constexpr std::array kStarts{
    Start{Channel::tls, ""},        // not authenticated
    Start{Channel::tls, LOGIN},     // authenticated
    Start{Channel::tls, SELECTED},  // selected
    Start{Channel::tls, SELECTED "d IDLE\r\n"},
    Start{Channel::clear, ""},                        // before STARTTLS
    Start{Channel::tls, "a AUTHENTICATE PLAIN\r\n"},  // in an exchange
    Start{Channel::tls, "a LOGIN {20+}\r\n"},         // in a literal, a stranger
    Start{Channel::tls, LOGIN "b SETMETADATA INBOX (/private/a {20}\r\n"},  // in a literal, a user
    Start{Channel::tls, LOGIN "b APPEND INBOX (\\Seen) {40}\r\n"},          // in a message
    Start{Channel::tls, LOGIN "b APPEND INBOX {1+}\r\nx"},                  // behind a message
    Start{Channel::tls, LOGIN "b APPEND no {50+}\r\n"},  // in one that is refused
    Start{Channel::tls, LOGIN "b APPEND INBOX CATENATE (TEXT {20+}\r\n"},
    Start{Channel::tls, LOGIN "b COMPRESS DEFLATE\r\n"},  // inflated already
    Start{Channel::tls, SELECTED "d ENABLE UIDONLY\r\ne NOTIFY SET (SELECTED (MessageNew "
                                 "MessageExpunge FlagChange)) (PERSONAL (MailboxName))\r\n"},
    Start{Channel::tls, LOGIN "c SELECT INBOX\r\n", LiteralCapability::minus},
    Start{Channel::tls, SELECTED, LiteralCapability::plus, Host::late},
};

struct AnyHost {
  Engine& engine;
  std::string& out;
  Host manner;
  std::uint64_t appended = 0;
  bool compressed = false;  // once: what lies behind COMPRESS is thrown away
  bool owes = false;

  void answer(Step& step) {
    if (std::holds_alternative<StartCompress>(step) || std::holds_alternative<StopCompress>(step)) {
      compressed = true;
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
               !std::holds_alternative<AppendAbort>(step) && !std::holds_alternative<Idle>(step)) {
      if (manner == Host::late) {
        owes = true;
      } else {
        engine.finish(ok("Done"));
      }
    }
  }

  // False once the connection is over.
  bool run() {
    for (;;) {
      Step step = engine.next();
      out += engine.writer().output().take();
      if (std::holds_alternative<NeedInput>(step)) return true;
      if (std::holds_alternative<Disconnect>(step)) return false;
      answer(step);
      out += engine.writer().output().take();
    }
  }

  void settle() {
    while (std::exchange(owes, false)) {
      engine.finish(ok("Done, at last"));
      if (!run()) return;
    }
  }
};

struct Talk {
  std::string said;
  bool compressed = false;
};

// Every line of the server is a response; the last one may still be under way.
void read_back(std::string_view said) {
  ClientReader reader;
  reader.feed(said);
  for (;;) {
    const auto response = reader.next();
    if (!response) std::abort();
    if (!*response) break;
  }
  if (!said.empty() && !said.ends_with("\r\n")) std::abort();
}

Talk talk(std::string_view client, const Start& start, std::size_t chunk) {
  auto options = std::make_shared<Options>();
  options->literals = start.literals;
  options->limits.line_octets = 2'000;
  options->limits.line_octets_preauth = 1'000;
  options->limits.literal_octets = 500;
  options->limits.append_octets = 1'000;
  Engine engine(options, start.channel);
  std::string out;
  AnyHost host{engine, out, Host::prompt};
  engine.feed(start.said);
  bool open = host.run();
  host.compressed = false;
  host.manner = start.host;
  for (std::size_t at = 0; open && at < client.size(); at += chunk) {
    engine.feed(client.substr(at, chunk));
    open = host.run();
    if (!open || engine.updates_allowed() == Updates::none) continue;
    engine.writer().exists(3);  // as a host does that tells of news
    (void)engine.writer().output().take();
  }
  host.settle();
  if (engine.heap_octets() > 64'000 + 2 * client.size()) std::abort();
  read_back(out);
  return {out + std::to_string(host.appended), host.compressed};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view client(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool few = data[0] < kFewOctets;
  const unsigned octet = few ? data[0] : data[0] - kFewOctets;
  const std::size_t states = few ? kFew : kStarts.size() - kFew;
  const Start& start = kStarts[octet % states + (few ? 0 : kFew)];
  const std::size_t chunk = octet / states % 16U + 1;
  // What lies behind STARTTLS or COMPRESS is thrown away, so that there chunking does matter.
  const Talk whole = talk(client, start, size);
  const Talk pieces = talk(client, start, chunk);
  const bool same = whole.said == pieces.said;
  const bool may_differ = start.channel == Channel::clear || whole.compressed || pieces.compressed;
  if (!same && !may_differ) std::abort();
  return 0;
}
