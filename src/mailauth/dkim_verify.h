// Verifying DKIM signatures (RFC 6376 §6, RFC 8301, RFC 8463), sans-I/O: the caller looks up the
// key records and hands them in.
//
//   DkimVerifier verifier(message);
//   for (std::size_t i = 0; i < verifier.signatures().size(); ++i) {
//     look up TXT of verifier.signatures()[i].key_name(), then
//     DkimResult result = verifier.verify(i, answer, now);
//   }
// A signature with a `problem` needs no look-up: any answer gives permerror or policy.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "mailauth/dkim_canonical.h"
#include "mailauth/dkim_sign.h"

namespace fumi::mailauth {

enum class DkimVerdict { pass, fail, policy, neutral, temperror, permerror };  // RFC 8601 §2.7.1
[[nodiscard]] std::string_view to_string(DkimVerdict verdict);

struct DkimSignature {
  DkimAlgorithm algorithm = DkimAlgorithm::rsa_sha256;
  Canonicalization header_form = Canonicalization::simple;
  Canonicalization body_form = Canonicalization::simple;
  std::string domain;                        // d=, lower-case
  std::string selector;                      // s=
  std::string identity;                      // i=, or "@" and the domain
  std::vector<std::string> fields;           // h=, lower-case
  std::string signature;                     // b=, decoded
  std::string body_hash;                     // bh=, decoded
  std::optional<std::uint64_t> body_octets;  // l=
  std::optional<std::int64_t> signed_at_s;   // t=
  std::optional<std::int64_t> expires_at_s;  // x=
  std::string problem;                       // why it can't be verified; empty: it can
  DkimVerdict problem_verdict = DkimVerdict::permerror;

  [[nodiscard]] std::string key_name() const { return selector + "._domainkey." + domain; }
};

// What the DNS said about key_name().
struct DkimKeyAnswer {
  enum class Kind { found, none, failed } kind = Kind::none;
  std::vector<std::string> records;  // each TXT record with its strings joined
};

struct DkimResult {
  DkimVerdict verdict = DkimVerdict::permerror;
  std::string reason;          // fit for Authentication-Results; empty on pass
  bool test_mode = false;      // the key says t=y: a failure must not count against the sender
  bool body_appended = false;  // l= covers less than the body: unsigned text follows
};

inline constexpr std::size_t kDkimSignaturesMax = 10;  // of a message; further ones are ignored

// Holds a view of the message, which must outlive it. Not thread-safe; linear in the message.
class DkimVerifier {
 public:
  explicit DkimVerifier(std::string_view message);

  [[nodiscard]] const std::vector<DkimSignature>& signatures() const { return signatures_; }
  // Index into signatures(). A second signature over the same body costs no second hash.
  [[nodiscard]] DkimResult verify(std::size_t index, const DkimKeyAnswer& answer, Instant now);

 private:
  [[nodiscard]] std::string header_digest(std::size_t index) const;
  // lint: bool-ok a result, not a switch
  [[nodiscard]] std::string body_digest(const DkimSignature& signature, bool& appended);

  struct Body {
    std::string digest;
    bool appended = false;
  };
  std::string_view body_;
  std::vector<std::string_view> raw_fields_;                           // with CRLF
  std::unordered_map<std::string, std::vector<std::size_t>> by_name_;  // lower-case, in order
  std::vector<DkimSignature> signatures_;
  std::vector<std::size_t> signature_fields_;  // index into raw_fields_
  std::map<std::pair<Canonicalization, std::optional<std::uint64_t>>, Body> bodies_;
};

// A tag list (RFC 6376 §3.2), values without white space at their ends; nullopt if malformed, if a
// name occurs twice or if there are over 100 tags.
[[nodiscard]] std::optional<std::map<std::string, std::string>> parse_tag_list(
    std::string_view text);

}  // namespace fumi::mailauth
