#include <doctest/doctest.h>

#include "net/deflate_stream.h"
#include "server/imap/testing.h"

namespace fumi::server {
namespace {

using testing::ImapClient;
using testing::ImapFixture;

TEST_CASE("COMPRESS: everything behind the OK is DEFLATE, IDLE too; UNAUTHENTICATE ends it") {
  ImapFixture f;
  f.deliver(2);
  ImapClient a = f.logged_in();
  CHECK(a("COMPRESS DEFLATE").contains("x OK"));
  const net::DeflateOptions options;
  a.peer.wrap([&](auto inner) { return net::make_deflate(std::move(inner), options); });
  CHECK(a("SELECT INBOX").contains("* 2 EXISTS"));
  CHECK(a("FETCH 1:2 (BODY.PEEK[])").contains("The text."));
  CHECK(a("COMPRESS DEFLATE").contains("x BAD [COMPRESSIONACTIVE]"));
  a.peer.say("i IDLE\r\n");
  CHECK(a.peer.until("+ ").contains("+ idling"));
  f.deliver(1, 3);
  CHECK(a.peer.until("* 3 EXISTS").contains("* 3 EXISTS"));
  a.peer.say("DONE\r\n");
  CHECK(a.peer.until("i ") == "i OK IDLE done\r\n");
  CHECK(a("UNAUTHENTICATE").contains("x OK"));
  a.peer.wrap([](auto stream) { return net::end_deflate(std::move(stream)); });
  CHECK(a("LOGIN hanako@acme.example \"correct horse battery\"").contains("x OK"));
  CHECK(a("COMPRESS DEFLATE").contains("x OK"));
  a.peer.say("this is not DEFLATE\r\n");
  CHECK(a.peer.rest().empty());
}

}  // namespace
}  // namespace fumi::server
