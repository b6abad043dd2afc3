// Verifies an exported record stream (docs/audit-format.md): finds a changed octet, records that
// were taken out, doubled or put in another order, and names each.
//
//   AuditVerifier verifier;
//   while (next(line)) verifier.line(line);       // without the line end
//   const AuditReport report = verifier.finish();
//
// What it can't know: whether the whole export, header to trailer, was made anew by someone who can
// compute SHA-256. Compare `last` with a value kept elsewhere (a later export's `previous`, the
// server's own).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace fumi {

struct AuditFinding {
  std::uint64_t line = 0;    // counted from 1; 0: the export as a whole
  std::uint64_t record = 0;  // its number `n`; 0: not about one record
  std::string what;
};

struct AuditReport {
  std::string header;  // as it stands, for showing
  std::string last;    // hash of the last record, hex
  std::uint64_t records = 0;
  std::vector<AuditFinding> findings;  // at most kAuditFindingsMax
  [[nodiscard]] bool intact() const { return findings.empty(); }
};

inline constexpr std::size_t kAuditFindingsMax = 1000;
inline constexpr std::size_t kAuditLineOctetsMax = 4 << 20;

// Memory grows with the number of gaps in the numbering only. One thread.
class AuditVerifier {
 public:
  void line(std::string_view text);
  [[nodiscard]] AuditReport finish();

 private:
  // A record line, taken apart: `body` is what was hashed.
  struct Line {
    std::uint64_t at = 0;
    std::uint64_t number = 0;
    std::string body;
    std::string hash;  // as it stands, hex
  };
  // A run of numbers that hasn't come: the hash before it, and the line that came behind it.
  struct Gap {
    std::uint64_t last = 0;
    std::string previous;           // hex; empty if unknown
    std::string computed_previous;  // by the line's content, where its stated hash is wrong
    Line follower;
  };

  void header(std::string_view text);
  void record(std::string_view text);
  void trailer(std::string_view text);
  void in_order(Line line);
  void out_of_order(Line line);
  // Checks the line against the hash before it; gives the hash that its content has.
  std::string check(const Line& line, const std::string& previous, const std::string& computed);
  void find(std::uint64_t line, std::uint64_t record, std::string what);

  AuditReport report_;
  std::uint64_t lines_ = 0;
  std::uint64_t next_ = 0;             // the number that comes next
  std::string previous_;               // stated hash of the record before
  std::string computed_;               // the hash that its content has, if that is another
  std::map<std::uint64_t, Gap> gaps_;  // by first missing number
  bool ended_ = false;
};

[[nodiscard]] AuditReport verify_audit(const std::vector<std::string>& lines);

}  // namespace fumi
