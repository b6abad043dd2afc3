// Commands of any state, and those that make or end a session's identity.
#include "base/ascii.h"
#include "codec/base64.h"
#include "proto/imap/detail/commands.h"

namespace fumi::imap::detail {

Parsed parse_empty_noop(Parser& p) { return p.end() ? Parsed(Noop{}) : std::nullopt; }
Parsed parse_unauthenticate(Parser& p) { return p.end() ? Parsed(Unauthenticate{}) : std::nullopt; }

// compress = "COMPRESS" SP algorithm; algorithm = "DEFLATE" (RFC 4978 §5)
Parsed parse_compress(Parser& p) {
  if (!p.sp()) return std::nullopt;
  if (p.keyword() != "DEFLATE") return p.fail("only DEFLATE is known");
  return p.end() ? Parsed(StartCompress{}) : std::nullopt;
}

// RFC 2971 §4: id = "ID" SP id_params_list; id_params_list = "(" *(string SP nstring) ")" / nil
Parsed parse_id(Parser& p) {
  Id id;
  if (!p.sp()) return std::nullopt;
  if (p.take("NIL")) return p.end() ? Parsed(std::move(id)) : std::nullopt;
  if (!p.expect('(')) return std::nullopt;
  while (!p.take(')')) {
    if (!id.fields.empty() && !p.sp()) return std::nullopt;
    if (id.fields.size() == p.limits().id_fields) return p.fail("too many ID fields");
    auto name = p.string();
    if (!name || !p.sp()) return std::nullopt;
    auto value = p.nstring();
    if (!value) return std::nullopt;
    // RFC 2971 §3.3
    if (name->size() > 30 || (*value && (*value)->size() > 1'024)) return p.fail("ID is too long");
    id.fields.emplace_back(std::move(*name), std::move(*value));
  }
  return p.end() ? Parsed(std::move(id)) : std::nullopt;
}

// login = "LOGIN" SP userid SP password
Parsed parse_login(Parser& p) {
  if (!p.sp()) return std::nullopt;
  auto user = p.astring();
  if (!user || !p.sp()) return std::nullopt;
  auto password = p.astring();
  if (!password || !p.end()) return std::nullopt;
  return Login{std::move(*user), Secret(std::move(*password))};
}

// authenticate = "AUTHENTICATE" SP auth-type [SP initial-resp]
Parsed parse_authenticate(Parser& p) {
  if (!p.sp()) return std::nullopt;
  const auto mechanism = p.atom();
  if (!mechanism) return std::nullopt;
  AuthStart start{ascii::to_upper(*mechanism), std::nullopt};
  if (p.take(' ')) {
    if (p.take('=')) {  // an initial response of no octets (RFC 4959 §3)
      start.initial = Secret();
    } else {
      const auto text = p.astring();
      if (!text) return std::nullopt;
      auto bytes = codec::base64_decode(*text);
      if (!bytes || bytes->empty()) return p.fail("initial response is not base64");
      start.initial = Secret(std::move(*bytes));
    }
  }
  if (!p.end()) return std::nullopt;
  return start;
}

// enable = "ENABLE" 1*(SP capability). What is not known is ignored (RFC 5161 §3.1).
Parsed parse_enable(Parser& p) {
  Features newly;
  do {
    if (!p.sp()) return std::nullopt;
    const auto name = p.atom();
    if (!name) return std::nullopt;
    const std::string verb = ascii::to_upper(*name);
    if (verb == "CONDSTORE") newly.condstore = true;
    if (verb == "QRESYNC") newly.qresync = newly.condstore = true;  // RFC 7162 §3.2.3
    if (verb == "UTF8=ACCEPT") newly.utf8_accept = true;
    if (verb == "IMAP4REV2") newly.imap4rev2 = true;
    if (verb == "UIDONLY") newly.uid_only = true;
  } while (!p.at_end());
  return Enable{newly};
}

}  // namespace fumi::imap::detail
