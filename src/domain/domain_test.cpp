#include <doctest/doctest.h>

#include "domain/address.h"
#include "domain/blob_ref.h"
#include "domain/change_bus.h"
#include "domain/ids.h"
#include "domain/mailbox.h"
#include "domain/ports/blob_store.h"
#include "domain/ports/outbound.h"
#include "domain/ports/resolver.h"
#include "domain/ports/store.h"
#include "domain/record.h"

namespace fumi {
namespace {

TEST_CASE("ids ascend even when the clock steps back, and tell their time") {
  FakeClock clock(from_micros(1'795'392'000'000'000));
  IdGenerator ids(clock, 3);
  std::uint64_t last = 0;
  for (int i = 0; i < 40'000; ++i) {
    if (i == 20'000) clock.advance(-std::chrono::seconds(5));
    const std::uint64_t id = ids.next_value();
    REQUIRE(id > last);
    last = id;
  }
  CHECK((last >> 63U) == 0);
  const Instant made = IdGenerator::made_at(last);
  CHECK(made - from_micros(1'795'392'000'000'000) < std::chrono::seconds(1));
  CHECK(IdGenerator::first_at(made) <= last);
}

TEST_CASE("addresses parse, look up without case or tag, and print quoted where needed") {
  struct Row {
    const char* text;
    const char* printed;  // nullptr: refused
    const char* key;
  };
  const Row rows[] = {
      {"Hanako@Acme.Example", "Hanako@acme.example", "hanako@acme.example"},
      {"a+tag@b.example", "a+tag@b.example", "a@b.example"},
      {"+a@b.example", "+a@b.example", "+a@b.example"},
      {"a..b.@docomo.example", "\"a..b.\"@docomo.example", "a..b.@docomo.example"},
      {"\"a b\"@b.example", "\"a b\"@b.example", "a b@b.example"},
      {"\"a\\\"b\"@b.example", "\"a\\\"b\"@b.example", "a\"b@b.example"},
      {"花子@例え.example", "花子@例え.example", "花子@例え.example"},
      {"no-at.example", nullptr, nullptr},
      {"@b.example", nullptr, nullptr},
      {"a@", nullptr, nullptr},
      {"a@localhost", nullptr, nullptr},
      {"a b@b.example", nullptr, nullptr},
      {"a\r\n@b.example", nullptr, nullptr},
      {"\"open@b.example", nullptr, nullptr},
      {"a@-b.example", nullptr, nullptr},
      {"a@b..example", nullptr, nullptr},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto address = EmailAddress::parse(row.text);
    REQUIRE(address.has_value() == (row.printed != nullptr));
    if (!address) continue;
    CHECK(address->text() == row.printed);
    CHECK(address->lookup_key() == row.key);
  }
  CHECK_FALSE(EmailAddress::parse(std::string(65, 'a') + "@b.example").has_value());
  CHECK(EmailAddress{}.is_null());
}

TEST_CASE("a blob reference survives its encoding; other lengths are refused") {
  BlobRef ref;
  for (std::size_t i = 0; i < ref.hash.size(); ++i)
    ref.hash[i] = std::uint8_t(i * 7);
  ref.octets = 0x0123456789abcdef;
  ref.locator = ~0ULL;
  CHECK(BlobRef::decode(ref.encode()) == ref);
  CHECK_FALSE(BlobRef::decode("short").has_value());
}

TEST_CASE("flag operations keep keywords sorted and unique without regard to case") {
  Flags flags{.bits = Flags::seen, .keywords = {"Blue", "red"}};
  flags = apply(flags, FlagsOperation::add, {.bits = Flags::flagged, .keywords = {"RED", "amber"}});
  CHECK(flags == Flags{Flags::seen | Flags::flagged, {"amber", "Blue", "red"}});
  flags = apply(flags, FlagsOperation::remove, {.bits = Flags::seen, .keywords = {"BLUE"}});
  CHECK(flags == Flags{Flags::flagged, {"amber", "red"}});
  flags = apply(flags, FlagsOperation::replace, {.bits = 0, .keywords = {"b", "a", "B"}});
  CHECK(flags == Flags{0, {"a", "b"}});
  CHECK(keywords_of(keywords_text(flags.keywords)) == flags.keywords);
  CHECK(keywords_of("").empty());
}

TEST_CASE("record kinds have names and streams") {
  for (int kind = 0; kind < 64; ++kind) {
    const auto name = to_string(RecordKind(kind));
    if (name == "unknown") continue;
    CHECK(record_kind(name) == RecordKind(kind));
  }
  CHECK(stream_of(RecordKind::login_failed) == RecordStream::login);
  CHECK(stream_of(RecordKind::bounced) == RecordStream::mail);
}

TEST_CASE("the change bus reaches subscribers of the account until they leave") {
  ChangeBus bus;
  int heard = 0;
  const Change change{TenantId(1), AccountId(2), MailboxId(3)};
  {
    auto subscription = bus.subscribe(AccountId(2), [&](const Change&) { ++heard; });
    const auto other = bus.subscribe(AccountId(9), [&](const Change&) { heard += 100; });
    bus.publish({&change, 1});
    const auto moved = std::move(subscription);
    bus.publish({&change, 1});
  }
  bus.publish({&change, 1});
  CHECK(heard == 2);
}

TEST_CASE("a gap is told to everybody who listens") {
  ChangeBus bus;
  std::vector<Change> heard;
  const auto keep = [&](const Change& change) { heard.push_back(change); };
  const auto one = bus.subscribe(AccountId(2), keep);
  const auto other = bus.subscribe(AccountId(9), keep);
  {
    const auto gone = bus.subscribe(AccountId(4), keep);
  }
  bus.publish_gap();
  REQUIRE(heard.size() == 2);
  CHECK(heard[0].account.value() + heard[1].account.value() == 11);
  CHECK_FALSE(heard[0].mailbox);
}

}  // namespace
}  // namespace fumi
