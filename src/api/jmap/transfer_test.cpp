// Uploads and downloads, piece by piece.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "api/jmap/testing/jmap_world.h"
#include "api/jmap/transfer.h"

namespace fumi::jmap::testing {
namespace {

std::string noise(std::size_t octets) {
  std::string out(octets, '\0');
  std::uint64_t state = 88172645463325252ULL;
  for (char& c : out) {
    state ^= state << 13U;
    state ^= state >> 7U;
    state ^= state << 17U;
    c = char(state);
  }
  return out;
}

std::string upload(JmapWorld& w, const std::string& bytes) {
  const http::Response up = w.http("POST", "/jmap/upload/" + w.account_id(), bytes, w.login());
  REQUIRE(up.status == 201);
  const Json told = *codec::parse_json(up.body);
  CHECK(told.number("size") == std::int64_t(bytes.size()));
  return std::string(told.text("blobId"));
}

http::Response download(JmapWorld& w, const std::string& blob,
                        JmapWorld::Headers more = JmapWorld::Headers()) {
  JmapWorld::Headers headers = w.login();
  headers.insert(headers.end(), more.begin(), more.end());
  return w.http("GET", "/jmap/download/" + w.account_id() + "/" + blob + "/x.bin", "", headers);
}

TEST_CASE("what goes up in pieces comes down in pieces, at any size") {
  JmapWorld w;
  for (const std::size_t octets : {std::size_t{0}, std::size_t{1}, std::size_t{kPartOctets},
                                   std::size_t{kPartOctets + 1}, std::size_t{5'000'000}}) {
    CAPTURE(octets);
    const std::string bytes = noise(octets);
    const std::string blob = upload(w, bytes);
    const http::Response down = download(w, blob);
    CHECK(down.status == 200);
    CHECK((down.body == bytes));
    CHECK(down.headers.value("ETag") == "\"" + blob + "\"");
    CHECK(down.headers.value("Accept-Ranges") == "bytes");
  }
  CHECK(w.largest_piece <= kSliceOctets);
}

TEST_CASE("RFC 9110 §14: one range, cut to the blob; 206, 304, 416, and what is ignored") {
  JmapWorld w;
  const std::string bytes = noise(2 * kPartOctets + 500);
  const std::string blob = upload(w, bytes);
  struct Row {
    const char* range;
    int status;
    std::size_t begin, octets;
  };
  const Row rows[] = {
      {"bytes=0-0", 206, 0, 1},
      {"bytes=1048570-1048580", 206, 1048570, 11},  // over the border of two parts
      {"bytes=2097000-", 206, 2097000, 652},
      {"bytes=-10", 206, bytes.size() - 10, 10},
      {"bytes=5-99999999", 206, 5, bytes.size() - 5},
      {"bytes=-99999999", 206, 0, bytes.size()},
      {"bytes=1-2,4-5", 200, 0, bytes.size()},
      {"bytes=9-3", 200, 0, bytes.size()},
      {"lines=1-2", 200, 0, bytes.size()},
      {"bytes=99999999-", 416, 0, 0},
      {"bytes=-0", 416, 0, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.range);
    const http::Response down = download(w, blob, {{"Range", row.range}});
    CHECK(down.status == row.status);
    if (row.status != 416) CHECK((down.body == bytes.substr(row.begin, row.octets)));
    if (row.status == 416) CHECK(down.headers.value("Content-Range") == "bytes */2097652");
  }
  CHECK(download(w, blob, {{"Range", "bytes=1-3"}}).headers.value("Content-Range") ==
        "bytes 1-3/2097652");
  const std::string tag = "\"" + blob + "\"";
  CHECK(download(w, blob, {{"If-None-Match", tag}}).status == 304);
  CHECK(download(w, blob, {{"Range", "bytes=1-3"}, {"If-Range", tag}}).status == 206);
  CHECK(download(w, blob, {{"Range", "bytes=1-3"}, {"If-Range", "\"other\""}}).status == 200);
}

TEST_CASE("parts of large messages are decoded on their way") {
  JmapWorld w;
  const std::string bytes = noise(3'000'001);  // so that padding ends it
  const std::string text(1'500'000, 'a');
  const auto message = [&](const std::string& behind) {
    return "From: a@b.example\r\nSubject: big\r\nMIME-Version: 1.0\r\n"
           "Content-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n"
           "Content-Type: text/plain\r\n\r\n" +
           text +
           "\r\n--bb\r\n"
           "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
           codec::base64_encode_lines(bytes) + behind +
           "\r\n--bb\r\n"
           "Content-Transfer-Encoding: quoted-printable\r\n\r\na=3Db\r\n--bb--\r\n";
  };
  for (const std::string& behind : {std::string(), std::string("___\r\na list's footer\r\n")}) {
    const std::string whole = message(behind);
    const std::string id = w.append(whole);
    CHECK((download(w, "M" + id).body == whole));
    CHECK((download(w, "M" + id + "-1").body == text));
    const http::Response decoded = download(w, "M" + id + "-2", {{"Range", "bytes=0-1"}});
    CHECK(decoded.status == 200);
    CHECK(decoded.headers.value("Accept-Ranges") == "none");
    CHECK((decoded.body == bytes));
    CHECK(download(w, "M" + id + "-3").body == "a=b");
    CHECK(download(w, "M" + id + "-1", {{"Range", "bytes=7-9"}}).body == "aaa");
    CHECK(download(w, "M" + id + "-4").status == 404);
    const std::string theirs = "/jmap/download/" + w.rival.text() + "/M" + id + "-2/x";
    CHECK(w.http("GET", theirs, "", w.login_of_rival()).status == 404);
  }
  CHECK(w.largest_piece <= kSliceOctets);
}

TEST_CASE("an upload that breaks off, or is too much, leaves nothing") {
  JmapWorld w;
  const auto receive = [&](http::BodyReader& body) {
    return w.ServiceWorld::call(receive_upload(w.host, w.caller(), body, "text/plain"));
  };
  const std::string bytes = noise(2'500'000);
  PiecesOf broken(bytes, 60'000, Error{Code::peer_gone, "reading", ""});
  const Result<Upload> gone = receive(broken);
  REQUIRE_FALSE(gone.has_value());
  CHECK(gone.error().code == Code::peer_gone);
  w.host.options.uploads_octets_max = config::ByteCount{4'000'000};
  upload(w, bytes);
  const http::Response over = w.http("POST", "/jmap/upload/" + w.account_id(), bytes, w.login());
  CHECK(over.status >= 400);
  CHECK(over.headers.value("Content-Type") == "application/problem+json");
  w.world.clock().advance(std::chrono::hours(25));
  upload(w, bytes);  // what waited has expired
}

TEST_CASE("an account has so many transfers at a time") {
  JmapWorld w;
  const std::string blob = upload(w, "x");
  Slots slots(2);
  std::vector<std::unique_ptr<Slots::Slot>> held;
  held.push_back(slots.take(w.hanako));
  held.push_back(slots.take(w.hanako));
  CHECK(slots.take(w.hanako) == nullptr);
  CHECK(slots.take(w.rival) != nullptr);
  held.pop_back();
  CHECK(slots.take(w.hanako) != nullptr);
  // A download gives its place back when it ends.
  for (int i = 0; i < 20; ++i)
    CHECK(download(w, blob).status == 200);
}

TEST_CASE("property: a Range field gives a part of the blob or is ignored") {
  rc::check([] {
    const auto octets = *rc::gen::inRange<std::uint64_t>(0, 100);
    const auto text =
        *rc::gen::container<std::string>(rc::gen::element('0', '1', '9', '-', ',', ' '));
    const auto range = byte_range("bytes=" + text, octets);
    if (range) {
      RC_ASSERT(range->begin <= range->end);
      RC_ASSERT(range->end <= octets);
    }
  });
}

}  // namespace
}  // namespace fumi::jmap::testing
