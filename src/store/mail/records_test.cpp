#include "base/ascii.h"
#include "crypto/hash.h"
#include "store/mail/check.h"
#include "store/mail/detail/canonical.h"
#include "store/mail/engines_for_test.h"
#include "store/sql/migrations.h"
#include "store/sql/row_security.h"

namespace fumi::store::testing {
namespace {

using sql::Statement;

Record record(RecordKind kind, const std::string& from = "", const std::string& to = "") {
  Record r;
  r.kind = kind;
  r.from = from;
  r.to = to;
  r.actor = {Actor::Kind::account, 42};
  r.header_from = "花子 <hanako@acme.example>";
  r.subject = "件名 \"x\"\n";
  r.message_id = "<1@x>";
  r.answer = "250 ok";
  r.protocol = "smtp";
  r.client_ip = "192.0.2.9";
  r.host = "mailbox";
  r.api_data = "d";
  r.detail = "{\"a\":1}";
  r.octets = 12345;
  return r;
}

void append(World& world, const TenantScope& scope, const Record& r) {
  ok(world.write(scope, [&](Tx& tx) { return tx.records().append(r); }));
}

std::vector<Record> find(World& world, const TenantScope& scope, const RecordQuery& query) {
  return ok(world.read(scope, [&](Tx& tx) { return tx.records().find(query); }));
}

std::vector<std::string> exported(World& world, const TenantScope& scope, RecordStream stream,
                                  Instant since, Instant until) {
  std::vector<std::string> lines;
  ok(world.read(scope, [&](Tx& tx) -> Status {
    lines.clear();
    return tx.records().export_stream(stream, since, until, [&](std::string_view line) {
      lines.emplace_back(line);
      return Status();
    });
  }));
  return lines;
}

std::uint64_t seal(World& world, Instant before) {
  return ok(world.platform([&](PlatformTx& tx) { return tx.platform().seal_records(before); }));
}

// The chain as docs/audit-format.md has it: the number of the first record that doesn't fit, or 0.
std::uint64_t first_misfit(const std::vector<std::string>& lines) {
  REQUIRE(lines.size() >= 2);
  std::string previous = lines[0].substr(lines[0].find("\"previous\":\"") + 12, 64);
  for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
    const std::string& line = lines[i];
    const std::string hash = line.substr(line.size() - 66, 64);
    const std::string body = line.substr(0, line.size() - 75) + "}";
    const auto expected = crypto::sha256({*ascii::from_hex(previous), body});
    if (ascii::to_hex(crypto::view(expected)) != hash) {
      return std::stoull(line.substr(5));
    }
    previous = hash;
  }
  CHECK(lines.back().contains("\"last\":\"" + previous + "\""));
  CHECK(lines.back().contains(ascii::to_hex(crypto::view(crypto::sha256(lines[0])))));
  return 0;
}

bool has_finding(World& world, std::string_view name, std::string_view detail) {
  for (const Finding& finding : ok(check_store(world.store(), {})).findings) {
    if (finding.name == name && finding.detail.contains(detail)) return true;
  }
  return false;
}

constexpr Statement kTamperLogin{
    "UPDATE chain_records SET body = (SELECT body FROM chain_records WHERE number = 2), hash = hash"
    " WHERE number = 3"};
constexpr Statement kSwapHash{
    "UPDATE chain_records SET hash = (SELECT hash FROM chain_records WHERE number = 1"
    " AND stream = 2) WHERE number = 3"};
constexpr Statement kDeleteThird{"DELETE FROM chain_records WHERE number = 3"};
constexpr Statement kDeleteLast{"DELETE FROM chain_records WHERE number = 5"};

TEST_CASE("canonical form") {
  Record r;
  r.id = RecordId(36);
  r.at = from_micros(7);
  r.kind = RecordKind::login;
  CHECK(canonical_record(r, 3) ==
        "{\"n\":3,\"id\":\"10\",\"at\":7,\"kind\":\"login\",\"actor\":\"system\"}");
  r.from = "a\"\\\x01\x7f\xc3\xa9\xff\xe3\x81";
  r.octets = 5;
  r.message = QueueId(1);
  CHECK(canonical_record(r, 3) ==
        "{\"n\":3,\"id\":\"10\",\"at\":7,\"kind\":\"login\",\"message\":\"1\",\"actor\":\"system\","
        "\"from\":\"a\\\"\\\\\\u0001\\u007f\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\","
        "\"octets\":5}");
  Record back;
  CHECK(decode_record(encode_record(record(RecordKind::accepted, "f", "t")), back).has_value());
  CHECK(back.detail == "{\"a\":1}");
  CHECK(code_of(decode_record("\x01", back)) == Code::corrupt);
}

TEST_CASE("records are found by each filter") {
  on_every_engine([](World& world) {
    const TenantScope acme = world.tenant("acme");
    const Instant start = world.clock().now();
    const auto one = world.ids().next<QueueId>();
    const auto two = world.ids().next<QueueId>();
    auto step = [&](RecordKind kind, QueueId id, const char* from, const char* to) {
      Record r = record(kind, from, to);
      r.message = id;
      append(world, acme, r);
      world.clock().advance(std::chrono::hours(9));  // so that days change
    };
    step(RecordKind::accepted, one, "A@x.example", "b@y.example");
    step(RecordKind::delivered, one, "a@x.example", "b@y.example");
    step(RecordKind::accepted, two, "c@x.example", "d@y.example");
    step(RecordKind::login, QueueId(), "hanako@acme.example", "");
    step(RecordKind::bounced, two, "c@x.example", "d@y.example");
    step(RecordKind::operation, QueueId(), "", "policy");

    const auto all = find(world, acme, {});
    REQUIRE(all.size() == 6);
    CHECK(all[0].kind == RecordKind::accepted);
    CHECK(all[0].tenant == acme.tenant);
    CHECK(all[0].at == start);
    CHECK(all[0].message == one);
    CHECK(all[0].subject == "件名 \"x\"\n");
    CHECK(all[0].header_from == "花子 <hanako@acme.example>");
    CHECK(all[0].actor == Actor{Actor::Kind::account, 42});
    CHECK(all[0].octets == 12345);
    CHECK(all[3].kind == RecordKind::login);
    CHECK(all[3].message == QueueId());
    CHECK(all[5].kind == RecordKind::operation);
    auto count = [&](auto set) {
      RecordQuery query;
      set(query);
      return find(world, acme, query).size();
    };
    CHECK(count([&](RecordQuery& q) { q.message = one; }) == 2);
    CHECK(count([&](RecordQuery& q) { q.from = "a@X.example"; }) == 2);
    CHECK(count([&](RecordQuery& q) { q.from = "hanako@acme.example"; }) == 1);
    CHECK(count([&](RecordQuery& q) { q.to = "d@y.example"; }) == 2);
    CHECK(count([&](RecordQuery& q) {
            q.to = "d@y.example";
            q.kinds = {RecordKind::bounced, RecordKind::login};
          }) == 1);
    CHECK(count([&](RecordQuery& q) { q.kinds = {RecordKind::accepted}; }) == 2);
    CHECK(count([&](RecordQuery& q) { q.stream = RecordStream::mail; }) == 4);
    CHECK(count([&](RecordQuery& q) { q.stream = RecordStream::login; }) == 1);
    CHECK(count([&](RecordQuery& q) { q.stream = RecordStream::operation; }) == 1);
    CHECK(count([&](RecordQuery& q) { q.since = start + std::chrono::hours(9); }) == 5);
    CHECK(count([&](RecordQuery& q) { q.until = start + std::chrono::hours(9); }) == 1);
    CHECK(count([&](RecordQuery& q) { q.after = all[4].id; }) == 1);
    CHECK(count([&](RecordQuery& q) { q.limit = 3; }) == 3);
    RecordQuery newest;
    newest.order = RecordQuery::Order::newest_first;
    newest.limit = 4;
    const auto back = find(world, acme, newest);
    REQUIRE(back.size() == 4);
    for (std::size_t i = 0; i < 4; ++i)
      CHECK(back[i].id == all[5 - i].id);
    for (const std::uint32_t bad : {0U, 1001U}) {
      RecordQuery query;
      query.limit = bad;
      const auto refused = world.read(acme, [&](Tx& tx) { return tx.records().find(query); });
      CHECK(code_of(refused) == Code::invalid);
    }
    CHECK(ok(world.store().drop_mail_records(start + std::chrono::hours(24))) == 1);
    CHECK(find(world, acme, {}).size() < 6);
  });
}

TEST_CASE("login records are chained; tampering shows in the check and in the export") {
  on_every_engine([](World& world) {
    const TenantScope acme = world.tenant("acme");
    const Instant start = world.clock().now();
    for (int i = 0; i < 5; ++i) {
      append(world, acme, record(RecordKind::login_failed, "u" + std::to_string(i)));
      world.clock().advance(std::chrono::seconds(1));
    }
    append(world, acme, record(RecordKind::operation));
    const Instant end = world.clock().now() + std::chrono::hours(1);
    auto lines = exported(world, acme, RecordStream::login, start, end);
    CHECK(lines.size() == 7);
    CHECK(first_misfit(lines) == 0);
    CHECK(first_misfit(exported(world, acme, RecordStream::operation, start, end)) == 0);
    // A part of the stream starts with the hash before it.
    const auto part = exported(world, acme, RecordStream::login, start + std::chrono::seconds(2),
                               start + std::chrono::seconds(4));
    CHECK(part.size() == 4);
    CHECK(part[0].contains("\"first\":3"));
    CHECK(part[1] == lines[3]);
    CHECK(first_misfit(part) == 0);
    CHECK(exported(world, acme, RecordStream::login, end, end).size() == 2);
    const auto refused = world.read(acme, [&](Tx& tx) {
      return tx.records().export_stream(RecordStream::login, end, start,
                                        [](std::string_view) { return Status(); });
    });
    CHECK(code_of(refused) == Code::invalid);
    CHECK(ok(check_store(world.store(), {})).findings.empty());

    auto tamper = [&](const Statement& statement) {
      ok(world.database().write_blocking([&](sql::Session& session) -> Status {
        FUMI_CHECK(sql::enter_platform(session));
        FUMI_TRY(const auto rows, session.execute(statement));
        CHECK(rows == 1);
        return {};
      }));
    };
    tamper(kDeleteLast);
    CHECK(has_finding(world, "chain", "the last login records are missing"));
    tamper(kSwapHash);
    CHECK(has_finding(world, "chain", "login record 3: it was changed"));
    CHECK(has_finding(world, "chain", "login record 4: it was changed"));
    CHECK(first_misfit(exported(world, acme, RecordStream::login, start, end)) == 3);
    tamper(kDeleteThird);
    CHECK(has_finding(world, "chain", "login records 3 to 3 are missing"));
  });
}

TEST_CASE("a record's body opens in its own row only") {
  on_every_engine([](World& world) {
    const TenantScope acme = world.tenant("acme");
    for (int i = 0; i < 3; ++i)
      append(world, acme, record(RecordKind::login, "u"));
    ok(world.database().write_blocking([&](sql::Session& session) -> Status {
      FUMI_CHECK(sql::enter_platform(session));
      FUMI_TRY([[maybe_unused]] const auto rows, session.execute(kTamperLogin));
      return {};
    }));
    const auto found = world.read(acme, [](Tx& tx) { return tx.records().find({}); });
    CHECK(code_of(found) == Code::corrupt);
    CHECK(has_finding(world, "sealed", "records"));
  });
}

TEST_CASE("mail records are sealed in batches of a day") {
  on_every_engine(
      [](World& world) {
        const TenantScope acme = world.tenant("acme");
        const TenantScope other = world.tenant("other");
        const Instant start = world.clock().now();
        for (int i = 0; i < 12; ++i) {
          append(world, acme, record(RecordKind::accepted, "a@x.example", std::to_string(i)));
          append(world, other, record(RecordKind::delivered, "b@x.example"));
          world.clock().advance(std::chrono::hours(5));
        }
        const auto unsealed = exported(world, acme, RecordStream::mail, start, world.clock().now());
        CHECK(unsealed.size() == 14);
        CHECK(first_misfit(unsealed) == 0);
        CHECK(seal(world, start) == 0);
        CHECK(seal(world, start + std::chrono::hours(21)) == 8);  // up to the limit of a call
        CHECK(seal(world, start + std::chrono::hours(21)) == 2);
        CHECK(seal(world, start + std::chrono::hours(21)) == 0);
        std::uint64_t rest = 0;
        while (const std::uint64_t some = seal(world, world.clock().now()))
          rest += some;
        CHECK(rest == 14);
        const auto sealed = exported(world, acme, RecordStream::mail, start, world.clock().now());
        CHECK(sealed == unsealed);
        CHECK(ok(check_store(world.store(), {})).findings.empty());
        const auto part = exported(world, acme, RecordStream::mail, start + std::chrono::hours(12),
                                   start + std::chrono::hours(42));
        CHECK(part.size() == 8);
        CHECK(part[1] == sealed[4]);
        CHECK(first_misfit(part) == 0);

        // Somebody takes a row out of a sealed day.
        ok(world.database().write_blocking([&](sql::Session& session) -> Status {
          FUMI_CHECK(sql::enter_platform(session));
          FUMI_TRY(const auto tables, sql::list_tables(session, "mail_records_"));
          const Statement& one = session.prepare_dynamic(
              "DELETE FROM " + tables.at(1) + " WHERE record_id = (SELECT min(record_id) FROM " +
              tables.at(1) + " WHERE tenant_id = $1)");
          FUMI_TRY(const auto rows, session.execute(one, acme.tenant));
          CHECK(rows == 1);
          return {};
        }));
        CHECK(has_finding(world, "chain", "are there"));
        CHECK(first_misfit(exported(world, acme, RecordStream::mail, start, world.clock().now())) !=
              0);
        // What retention drops as whole days breaks nothing.
        ok(world.store().drop_mail_records(start + std::chrono::hours(48)));
        CHECK(ok(check_store(world.store(), {})).findings.empty());
        CHECK(first_misfit(exported(world, acme, RecordStream::mail, start, world.clock().now())) ==
              0);
      },
      {.seal_batch_max = 8});
}

TEST_CASE("a day's table that was rolled back is made again") {
  on_every_engine([](World& world) {
    const TenantScope acme = world.tenant("acme");
    const auto undone = world.write(acme, [&](Tx& tx) -> Status {
      FUMI_CHECK(tx.records().append(record(RecordKind::accepted)));
      return fail(Code::cancelled, "testing");
    });
    CHECK(code_of(undone) == Code::cancelled);
    CHECK(find(world, acme, {}).empty());
    append(world, acme, record(RecordKind::accepted));
    CHECK(find(world, acme, {}).size() == 1);
  });
}

}  // namespace
}  // namespace fumi::store::testing
