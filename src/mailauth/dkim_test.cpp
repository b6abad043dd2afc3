#include <doctest/doctest.h>

#include "codec/base64.h"
#include "mailauth/dkim_canonical.h"
#include "mailauth/dkim_sign.h"
#include "mailauth/dkim_verify.h"

namespace fumi::mailauth {
namespace {

constexpr Instant kNow = from_micros(1'795'363'323'000'000);

// RFC 8463 §A.2, §A.3
constexpr std::string_view kEd25519Record =
    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
constexpr std::string_view kRsaRecord =
    "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR"
    "iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC"
    "DfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3"
    "Ip3G+2kryOTIKT+l/K4w3QIDAQAB";
constexpr std::string_view kExample =
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    " subject : date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
    " date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n"
    "From: Joe SixPack <joe@football.example.com>\r\n"
    "To: Suzie Q <suzie@shopping.example.net>\r\n"
    "Subject: Is dinner ready?\r\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    "\r\n"
    "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";

constexpr std::string_view kMessage =
    "Received: from a\r\n\tby b\r\n"
    "From:  Hanako   <hanako@acme.example> \r\n"
    "To: taro@b.example\r\n"
    "Subject: folded\r\n subject\r\n"
    "Subject: second\r\n"
    "\r\n"
    "line  one \t\r\n\r\n last\r\n\r\n\r\n";

DkimKeyAnswer answer(std::string_view record) {
  return {.kind = DkimKeyAnswer::Kind::found, .records = {std::string(record)}};
}

DkimResult verify_first(std::string_view message, const DkimKeyAnswer& key, Instant now = kNow) {
  DkimVerifier verifier(message);
  REQUIRE(verifier.signatures().size() >= 1);
  return verifier.verify(0, key, now);
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out(text);
  const std::size_t at = out.find(from);
  REQUIRE(at != std::string::npos);
  return out.replace(at, from.size(), to);
}

struct Keys {
  DkimKeyPair rsa = make_dkim_key(DkimAlgorithm::rsa_sha256).value();
  DkimKeyPair ed25519 = make_dkim_key(DkimAlgorithm::ed25519_sha256).value();
};

const Keys& keys() {  // made once: an RSA key takes a while
  static const Keys made;
  return made;
}

std::vector<DkimSigner> signers() {
  std::vector<DkimSigner> out;
  out.push_back(
      DkimSigner::open("acme.example", "r1", DkimAlgorithm::rsa_sha256, keys().rsa.private_pem)
          .value());
  out.push_back(DkimSigner::open("acme.example", "e1", DkimAlgorithm::ed25519_sha256,
                                 keys().ed25519.private_pem)
                    .value());
  return out;
}

std::string signed_message(const DkimSignOptions& options = {}) {
  return sign_dkim(kMessage, signers(), kNow, options).value() + std::string(kMessage);
}

TEST_CASE("the example of RFC 8463 §A.3 verifies") {
  DkimVerifier verifier(kExample);
  REQUIRE(verifier.signatures().size() == 2);
  CHECK(verifier.signatures()[0].key_name() == "brisbane._domainkey.football.example.com");
  CHECK(verifier.signatures()[0].algorithm == DkimAlgorithm::ed25519_sha256);
  CHECK(verifier.verify(0, answer(kEd25519Record), kNow).verdict == DkimVerdict::pass);
  CHECK(verifier.verify(1, answer(kRsaRecord), kNow).verdict == DkimVerdict::pass);
  CHECK(verifier.verify(0, answer(kRsaRecord), kNow).verdict == DkimVerdict::permerror);
  CHECK(verifier.verify(2, answer(kRsaRecord), kNow).verdict == DkimVerdict::permerror);
}

TEST_CASE("canonical forms of RFC 6376 §3.4.5") {
  CHECK(canonical_field("A: X\r\n", Canonicalization::relaxed) == "a:X\r\n");
  CHECK(canonical_field("B : Y\t\r\n\tZ  \r\n", Canonicalization::relaxed) == "b:Y Z\r\n");
  CHECK(canonical_field("B : Y\t\r\n\tZ  \r\n", Canonicalization::simple) ==
        "B : Y\t\r\n\tZ  \r\n");
  constexpr std::string_view body = " C \r\nD \t E\r\n\r\n\r\n";
  CHECK(canonical_body(body, Canonicalization::relaxed) == " C\r\nD E\r\n");
  CHECK(canonical_body(body, Canonicalization::simple) == " C \r\nD \t E\r\n");
  CHECK(canonical_body("", Canonicalization::simple) == "\r\n");
  CHECK(canonical_body("\r\n \t\r\n", Canonicalization::relaxed).empty());
  CHECK(canonical_body("no end", Canonicalization::relaxed) == "no end\r\n");
}

TEST_CASE("two signatures are made and both verify") {
  const std::string message = signed_message();
  CHECK(message.starts_with("DKIM-Signature: v=1; a=rsa-sha256;"));
  DkimVerifier verifier(message);
  REQUIRE(verifier.signatures().size() == 2);
  CHECK(verifier.verify(0, answer(keys().rsa.dns_record), kNow).verdict == DkimVerdict::pass);
  CHECK(verifier.verify(1, answer(keys().ed25519.dns_record), kNow).verdict == DkimVerdict::pass);
  for (std::string_view rest = message; rest.find("\r\n") != std::string_view::npos;) {
    CHECK(rest.find("\r\n") <= 78);
    rest.remove_prefix(rest.find("\r\n") + 2);
  }
}

TEST_CASE("what relaxed forms allow passes, any other change fails") {
  const std::string message = signed_message();
  const DkimKeyAnswer key = answer(keys().rsa.dns_record);
  const auto verdict = [&](std::string_view from, std::string_view to) {
    return verify_first(replaced(message, from, to), key).verdict;
  };
  CHECK(verdict("Hanako   <", "Hanako <") == DkimVerdict::pass);
  CHECK(verdict("From:", "FROM :") == DkimVerdict::pass);
  CHECK(verdict("line  one \t\r\n", "line one\r\n") == DkimVerdict::pass);
  CHECK(verdict("last\r\n\r\n\r\n", "last") == DkimVerdict::pass);
  CHECK(verdict("Received: from a", "Received: from c") == DkimVerdict::pass);
  CHECK(verdict("Hanako", "Yoshiko") == DkimVerdict::fail);
  CHECK(verdict("second", "third") == DkimVerdict::fail);
  CHECK(verdict("line  one", "line two") == DkimVerdict::fail);
  CHECK(verdict("To: ", "From: other@x\r\nTo: ") == DkimVerdict::fail);  // oversigned
  CHECK(verdict("To: ", "Subject: third\r\nTo: ") == DkimVerdict::fail);
  CHECK(verdict("s=r1; t=", "s=r2; t=") == DkimVerdict::fail);
  CHECK(
      verify_first(message, answer(make_dkim_key(DkimAlgorithm::rsa_sha256)->dns_record)).verdict ==
      DkimVerdict::fail);
}

TEST_CASE("expiry and the oversigned fields are options") {
  DkimSignOptions options{.expires_in = std::chrono::hours(1), .oversign = {}};
  const std::string message = signed_message(options);
  const DkimKeyAnswer key = answer(keys().rsa.dns_record);
  CHECK(message.find("; t=1795363323; x=1795366923;") != std::string::npos);
  CHECK(verify_first(message, key).verdict == DkimVerdict::pass);
  CHECK(verify_first(message, key, kNow + std::chrono::hours(2)).reason ==
        "the signature has expired");
  CHECK(verify_first(replaced(message, "To: ", "Subject: x\r\nTo: "), key).verdict ==
        DkimVerdict::pass);
  CHECK(verify_first(replaced(message, "To: ", "Cc: x\r\nTo: "), key).verdict == DkimVerdict::pass);
  CHECK(verify_first(replaced(message, "To: ", "From: x@y\r\nTo: "), key).verdict ==
        DkimVerdict::fail);
}

TEST_CASE("signers and messages that can't be used are refused") {
  const auto refused = [](const char* domain, const char* selector, DkimAlgorithm algorithm,
                          const std::string& pem) {
    const auto signer = DkimSigner::open(domain, selector, algorithm, pem);
    REQUIRE_FALSE(signer.has_value());
    CHECK(signer.error().code == Code::invalid);
  };
  const std::string& rsa = keys().rsa.private_pem;
  refused("a.example", "s", DkimAlgorithm::rsa_sha256, "no key");
  refused("a.example", "s", DkimAlgorithm::ed25519_sha256, rsa);
  refused("a.example", "s", DkimAlgorithm::rsa_sha256, keys().ed25519.private_pem);
  refused("a.example;x=1", "s", DkimAlgorithm::rsa_sha256, rsa);
  refused("a..example", "s", DkimAlgorithm::rsa_sha256, rsa);
  refused("a.example", "s\r\nX: y", DkimAlgorithm::rsa_sha256, rsa);
  refused("a.example", "", DkimAlgorithm::rsa_sha256, rsa);
  // a passphrase must not make the process ask for it
  refused("a.example", "s", DkimAlgorithm::rsa_sha256,
          "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
          "00000000000000000000000000000000\n\nAAAAAAAAAAAAAAAAAAAAAA==\n-----END RSA PRIVATE "
          "KEY-----\n");
  CHECK(sign_dkim("To: a@b\r\n\r\nx", signers(), kNow).error().code == Code::invalid);
  CHECK(sign_dkim(kMessage, signers(), kNow, {.expires_in = Duration(1)}).error().code ==
        Code::invalid);
  CHECK(sign_dkim(kMessage, {}, kNow) == std::string());
}

TEST_CASE("key records (RFC 6376 §3.6.1)") {
  const std::string p = std::string(kEd25519Record.substr(kEd25519Record.find("p=")));
  struct Row {
    std::string record;
    DkimVerdict verdict;
  };
  for (const auto& [record, verdict] : {
           Row{"k=ed25519;" + p + ";", DkimVerdict::pass},
           Row{"v=DKIM1; k=ed25519; h=sha1:sha256; s=other:email; t=y:s; n=x; " + p,
               DkimVerdict::pass},
           Row{"v=DKIM1; k=ed25519; s=*; " + p, DkimVerdict::pass},
           Row{"k=ed25519; v=DKIM1; " + p, DkimVerdict::permerror},
           Row{"v=DKIM2; k=ed25519; " + p, DkimVerdict::permerror},
           Row{"v=DKIM1; k=ed25519; h=sha1; " + p, DkimVerdict::permerror},
           Row{"v=DKIM1; k=ed25519; s=tlsrpt; " + p, DkimVerdict::permerror},
           Row{"v=DKIM1; k=ed25519; p=", DkimVerdict::permerror},
           Row{"v=DKIM1; k=ed25519; p=!!", DkimVerdict::permerror},
           Row{"v=DKIM1; k=ed25519; p=AAAA", DkimVerdict::permerror},
           Row{"v=DKIM1; " + p, DkimVerdict::permerror},
           Row{"v=spf1 -all", DkimVerdict::permerror},
           Row{"", DkimVerdict::permerror},
       }) {
    CAPTURE(record);
    CHECK(verify_first(kExample, answer(record)).verdict == verdict);
  }
  CHECK(verify_first(kExample, answer("k=ed25519; t=y; p=")).test_mode);
  CHECK(verify_first(kExample, {.kind = DkimKeyAnswer::Kind::none, .records = {}}).verdict ==
        DkimVerdict::permerror);
  CHECK(verify_first(kExample, {.kind = DkimKeyAnswer::Kind::failed, .records = {}}).verdict ==
        DkimVerdict::temperror);
  const DkimKeyAnswer several{.kind = DkimKeyAnswer::Kind::found,
                              .records = {"junk", "v=spf1 -all", std::string(kEd25519Record)}};
  CHECK(verify_first(kExample, several).verdict == DkimVerdict::pass);
}

TEST_CASE("signatures that can't be verified say why (RFC 6376 §6.1.1)") {
  struct Row {
    const char* from;
    const char* to;
    DkimVerdict verdict;
  };
  for (const auto& [from, to, verdict] : {
           Row{"v=1;", "v=2;", DkimVerdict::permerror},
           Row{"v=1;", "", DkimVerdict::permerror},
           Row{"v=1;", "v=1; v=1;", DkimVerdict::permerror},
           Row{"v=1;", "v=1; garbage;", DkimVerdict::permerror},
           Row{"a=ed25519-sha256", "a=rsa-sha1", DkimVerdict::policy},
           Row{"a=ed25519-sha256", "a=x", DkimVerdict::permerror},
           Row{"c=relaxed/relaxed", "c=relaxed/x", DkimVerdict::permerror},
           Row{"d=football.example.com", "d=foot ball", DkimVerdict::permerror},
           Row{"d=football.example.com", "d=x.football.example.com", DkimVerdict::permerror},
           Row{"s=brisbane", "s=", DkimVerdict::permerror},
           Row{"q=dns/txt", "q=x", DkimVerdict::permerror},
           Row{"t=1528637909", "t=-1", DkimVerdict::permerror},
           Row{"t=1528637909", "t=1528637909; x=1", DkimVerdict::permerror},
           Row{"t=1528637909", "t=1528637909; l=x", DkimVerdict::permerror},
           Row{"h=from : to", "h=to", DkimVerdict::fail},  // still signs From further on
           Row{"h=from : to", "h=from :: to", DkimVerdict::permerror},
           Row{"bh=2jUS", "bh=2jU", DkimVerdict::permerror},
           Row{"b=/gCr", "b=gCr", DkimVerdict::permerror},
       }) {
    CAPTURE(to);
    const DkimResult result = verify_first(replaced(kExample, from, to), answer(kEd25519Record));
    CHECK(result.verdict == verdict);
    CHECK_FALSE(result.reason.empty());
  }
}

TEST_CASE("l= is obeyed and text behind it reported; many signatures are limited") {
  const std::string longer = std::string(kExample) + "appended\r\n";
  CHECK(verify_first(longer, answer(kEd25519Record)).verdict == DkimVerdict::fail);
  const std::string with_length = replaced(longer, "t=1528637909", "t=1528637909; l=54");
  const DkimResult result = verify_first(with_length, answer(kEd25519Record));
  CHECK(result.body_appended);
  CHECK(result.reason ==
        "the signature does not match");  // the body hash did, the field was changed
  std::string many;
  for (int i = 0; i < 50; ++i)
    many += "DKIM-Signature: v=1\r\n";
  CHECK(DkimVerifier(many + "From: a@b\r\n\r\n").signatures().size() == kDkimSignaturesMax);
  CHECK(DkimVerifier("").signatures().empty());
}

TEST_CASE("tag lists") {
  CHECK(parse_tag_list(" a = 1 ; b=\r\n x y ;")->at("b") == "x y");
  CHECK(parse_tag_list("")->empty());
  for (const char* bad : {"a", "a=1;;b=2", "=1", "1a=x", "a=1; a=2", "a b=1"})
    CHECK_FALSE(parse_tag_list(bad));
  std::string many;
  for (int i = 0; i < 101; ++i)
    many += "t" + std::to_string(i) + "=x;";
  CHECK_FALSE(parse_tag_list(many).has_value());
}

}  // namespace
}  // namespace fumi::mailauth
