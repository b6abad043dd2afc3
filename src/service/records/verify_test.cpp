#include "service/records/verify.h"

#include <doctest/doctest.h>

#include "base/ascii.h"
#include "crypto/hash.h"

namespace fumi {
namespace {

std::string hex(const crypto::Digest256& digest) { return ascii::to_hex(crypto::view(digest)); }

// An export of `count` records from number `first`, written by the format's page alone.
std::vector<std::string> exported(int count, std::uint64_t first = 1) {
  crypto::Digest256 hash{};
  if (first > 1) hash = crypto::sha256("what came before");
  std::vector<std::string> lines;
  lines.push_back(
      "{\"format\":\"fumi-audit-1\",\"tenant\":\"t1\",\"stream\":\"login\",\"since\":0,"
      "\"until\":99,\"first\":" +
      std::to_string(first) + ",\"previous\":\"" + hex(hash) + "\"}");
  for (int i = 0; i < count; ++i) {
    std::string body = "{\"n\":" + std::to_string(first + std::uint64_t(i)) +
                       ",\"id\":\"a\",\"at\":5,\"kind\":\"login\",\"actor\":\"system\","
                       "\"from\":\"hana \\\"x\\\" " +
                       std::to_string(i) + "\"}";
    hash = crypto::sha256({crypto::view(hash), body});
    body.pop_back();
    lines.push_back(body + ",\"hash\":\"" + hex(hash) + "\"}");
  }
  lines.push_back("{\"count\":" + std::to_string(count) + ",\"last\":\"" + hex(hash) +
                  "\",\"header\":\"" + hex(crypto::sha256(lines[0])) + "\"}");
  return lines;
}

bool mentions(const AuditReport& report, std::string_view text) {
  for (const AuditFinding& finding : report.findings) {
    if (finding.what.contains(text)) return true;
  }
  return false;
}

TEST_CASE("whole exports are intact") {
  for (const int count : {0, 1, 2, 50}) {
    for (const std::uint64_t first : {1U, 7U}) {
      const AuditReport report = verify_audit(exported(count, first));
      CHECK(report.intact());
      CHECK(report.records == std::uint64_t(count));
    }
  }
}

TEST_CASE("every single changed bit is found") {
  const auto good = exported(3);
  for (std::size_t line = 0; line < good.size(); ++line) {
    for (std::size_t at = 0; at < good[line].size(); ++at) {
      for (const int bit : {0, 3, 6}) {
        auto bad = good;
        bad[line][at] = char(bad[line][at] ^ (1 << bit));
        CHECK_MESSAGE(!verify_audit(bad).intact(), "line " << line << " octet " << at);
      }
    }
  }
}

TEST_CASE("a changed record is named, and only it") {
  auto lines = exported(5);
  lines[3].replace(lines[3].find("hana"), 4, "taro");
  const AuditReport report = verify_audit(lines);
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].record == 3);
  CHECK(report.findings[0].line == 4);
}

TEST_CASE("removed lines are named") {
  for (int record = 1; record <= 5; ++record) {
    auto lines = exported(5);
    lines.erase(lines.begin() + record);
    const AuditReport report = verify_audit(lines);
    CHECK(!report.intact());
    if (record < 5) CHECK(mentions(report, "record " + std::to_string(record) + " is missing"));
    CHECK(mentions(report, "the trailer counts 5 records, 4 are here"));
  }
  auto lines = exported(9);
  lines.erase(lines.begin() + 3, lines.begin() + 6);
  CHECK(mentions(verify_audit(lines), "records 3 to 5 are missing"));
}

TEST_CASE("a reordered pair is named, and nothing else") {
  for (int first = 1; first < 5; ++first) {
    auto lines = exported(5);
    std::swap(lines[std::size_t(first)], lines[std::size_t(first) + 1]);
    const AuditReport report = verify_audit(lines);
    REQUIRE(!report.intact());
    CHECK(report.findings[0].record == std::uint64_t(first));
    CHECK(mentions(report, "the order was changed"));
    if (first < 4) CHECK(report.findings.size() == 1);  // at the end the trailer's `last` too
  }
}

TEST_CASE("reordered and changed is both") {
  auto lines = exported(6);
  lines[4].replace(lines[4].find("hana"), 4, "taro");
  std::swap(lines[2], lines[4]);
  const AuditReport report = verify_audit(lines);
  CHECK(mentions(report, "the order was changed"));
  CHECK(mentions(report, "record 4 was changed"));
}

TEST_CASE("doubled, cut off, continued, empty") {
  auto lines = exported(3);
  lines.insert(lines.begin() + 2, lines[1]);
  CHECK(mentions(verify_audit(lines), "record 1 stands twice"));
  lines = exported(3);
  lines.pop_back();
  CHECK(mentions(verify_audit(lines), "the trailer is missing"));
  lines = exported(3);
  lines.push_back(lines[1]);
  CHECK(mentions(verify_audit(lines), "behind the trailer"));
  CHECK(!verify_audit({}).intact());
  CHECK(!verify_audit({"{}", "nonsense", ""}).intact());
}

}  // namespace
}  // namespace fumi
