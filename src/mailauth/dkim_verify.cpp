#include "mailauth/dkim_verify.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "codec/base64.h"
#include "mailauth/detail/public_key.h"
#include "mailauth/detail/sha256.h"
#include "mailauth/detail/split.h"

namespace fumi::mailauth {
namespace {

constexpr std::size_t kTagsMax = 100;
constexpr std::size_t kNone = std::string_view::npos;
using Tags = std::map<std::string, std::string>;

std::string without_space(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (!ascii::is_space(c)) out += c;
  }
  return out;
}

// Header and key records fold base64 as they like.
std::optional<std::string> base64_tag(const Tags& tags, const char* name) {
  const auto found = tags.find(name);
  if (found == tags.end()) return std::nullopt;
  return codec::base64_decode(without_space(found->second));
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good =
      error == std::errc{} && end == text.data() + text.size() && value >= 0 && text.size() <= 15;
  return good ? std::optional(value) : std::nullopt;
}

std::optional<Canonicalization> form(std::string_view text) {
  if (text == "simple") return Canonicalization::simple;
  if (text == "relaxed") return Canonicalization::relaxed;
  return std::nullopt;
}

bool is_below(std::string_view name, std::string_view domain) {
  if (name.size() < domain.size() ||
      !ascii::iequals(name.substr(name.size() - domain.size()), domain))
    return false;
  return name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.';
}

// Reads the optional tags; answers why they can't be used.
const char* read_optional(const Tags& tags, DkimSignature& out) {
  const auto get = [&tags](const char* name) {
    const auto found = tags.find(name);
    return found == tags.end() ? std::optional<std::string_view>() : found->second;
  };
  if (const auto c = get("c")) {
    const std::size_t slash = c->find('/');
    const auto header = form(c->substr(0, slash));
    const auto body = slash == kNone ? Canonicalization::simple : form(c->substr(slash + 1));
    if (!header || !body) return "unknown canonicalization";
    out.header_form = *header;
    out.body_form = *body;
  }
  if (const auto l = get("l")) {
    const auto octets = number(*l);
    if (!octets) return "malformed l=";
    out.body_octets = std::uint64_t(*octets);
  }
  if (const auto t = get("t"); t && !(out.signed_at_s = number(*t))) return "malformed t=";
  if (const auto x = get("x"); x && !(out.expires_at_s = number(*x))) return "malformed x=";
  if (out.signed_at_s && out.expires_at_s && *out.expires_at_s <= *out.signed_at_s)
    return "x= is not after t=";
  if (const auto q = get("q"); q && q->find("dns/txt") == kNone) return "unknown query method";
  if (const auto i = get("i")) {
    const std::size_t at = i->rfind('@');
    if (at == kNone || !is_below(i->substr(at + 1), out.domain)) return "i= is outside d=";
    out.identity = *i;
  } else {
    out.identity = '@' + out.domain;
  }
  return nullptr;
}

// RFC 6376 §6.1.1. Answers why the signature can't be verified.
const char* read_signature(const Tags& tags, DkimSignature& out) {
  const auto get = [&tags](const char* name) {
    const auto found = tags.find(name);
    return found == tags.end() ? std::string_view() : std::string_view(found->second);
  };
  out.domain = ascii::to_lower(get("d"));
  out.selector = get("s");
  if (!is_dns_name(out.domain)) return "malformed d=";
  if (!is_dns_name(out.selector)) return "malformed s=";
  if (get("v") != "1") return "incompatible version";
  const std::string_view algorithm = get("a");
  if (algorithm == "ed25519-sha256") {
    out.algorithm = DkimAlgorithm::ed25519_sha256;
  } else if (algorithm == "rsa-sha1") {
    out.problem_verdict = DkimVerdict::policy;
    return "rsa-sha1 is not accepted";  // RFC 8301 §3.1
  } else if (algorithm != "rsa-sha256") {
    return "unknown algorithm";
  }
  const auto signature = base64_tag(tags, "b");
  const auto body_hash = base64_tag(tags, "bh");
  if (!signature || signature->empty()) return "malformed b=";
  if (!body_hash || body_hash->size() != 32) return "malformed bh=";
  out.signature = *signature;
  out.body_hash = *body_hash;
  const std::string names = ascii::to_lower(without_space(get("h")));
  for (const std::string_view name : ascii::split(names, ':')) {
    if (name.empty()) return "malformed h=";
    out.fields.emplace_back(name);
  }
  if (std::ranges::find(out.fields, "from") == out.fields.end()) return "From is not signed";
  return read_optional(tags, out);
}

// §3.7: the field with the value of b= taken out, nothing else changed.
std::string without_signature(std::string_view field) {
  std::size_t at = field.find(':') + 1;
  while (at < field.size()) {
    const std::size_t end = std::min(field.find(';', at), field.size());
    const std::size_t equals = field.find('=', at);
    if (equals < end && ascii::trim(field.substr(at, equals - at)) == "b") {
      return std::string(field.substr(0, equals + 1)) + std::string(field.substr(end));
    }
    at = end + 1;
  }
  return std::string(field);
}

bool lists(const Tags& tags, const char* name, std::string_view wanted,
           std::string_view wildcard = {}) {
  const auto found = tags.find(name);
  if (found == tags.end()) return true;
  const std::string values = without_space(found->second);
  for (const std::string_view value : ascii::split(values, ':')) {
    if (ascii::iequals(value, wanted) || (!wildcard.empty() && value == wildcard)) return true;
  }
  return false;
}

bool has_flag(const Tags& tags, std::string_view flag) {
  return tags.contains("t") && lists(tags, "t", flag);
}

// RFC 6376 §3.6.1. Answers why the record can't be used for this signature.
const char* check_record(const Tags& tags, const DkimSignature& signature) {
  const auto k = tags.find("k");
  const std::string_view type =
      k == tags.end() ? std::string_view("rsa") : std::string_view(k->second);
  const std::string_view wanted =
      signature.algorithm == DkimAlgorithm::rsa_sha256 ? "rsa" : "ed25519";
  if (!ascii::iequals(type, wanted)) return "the key is for another algorithm";
  if (!lists(tags, "h", "sha256")) return "the key does not allow SHA-256";
  if (!lists(tags, "s", "email", "*")) return "the key is not for mail";
  const std::size_t at = signature.identity.rfind('@');
  if (has_flag(tags, "s") && !ascii::iequals(signature.identity.substr(at + 1), signature.domain)) {
    return "the key does not allow subdomains in i=";
  }
  return nullptr;
}

// The first record that is a DKIM key; v=, where it stands, comes first and is DKIM1.
std::optional<Tags> key_record(const std::vector<std::string>& records) {
  for (const std::string& record : records) {
    if (record.size() > 16'384) continue;
    const auto tags = parse_tag_list(record);
    if (!tags || !tags->contains("p")) continue;
    const auto version = tags->find("v");
    if (version == tags->end()) return tags;
    const std::string_view first =
        ascii::trim(std::string_view(record).substr(0, record.find('=')));
    if (version->second == "DKIM1" && first == "v") return tags;
  }
  return std::nullopt;
}

DkimResult result(DkimVerdict verdict, std::string reason = {}) {
  return {.verdict = verdict, .reason = std::move(reason)};
}

}  // namespace

std::string_view to_string(DkimVerdict verdict) {
  switch (verdict) {
    case DkimVerdict::pass:
      return "pass";
    case DkimVerdict::fail:
      return "fail";
    case DkimVerdict::policy:
      return "policy";
    case DkimVerdict::neutral:
      return "neutral";
    case DkimVerdict::temperror:
      return "temperror";
    case DkimVerdict::permerror:
      return "permerror";
  }
  return "permerror";
}

std::optional<Tags> parse_tag_list(std::string_view text) {
  Tags tags;
  while (!text.empty()) {
    const std::size_t end = text.find(';');
    const std::string_view spec = ascii::trim(text.substr(0, end));
    text.remove_prefix(end == kNone ? text.size() : end + 1);
    if (spec.empty()) {
      if (ascii::trim(text).empty()) break;  // a last semicolon
      return std::nullopt;
    }
    const std::size_t equals = spec.find('=');
    if (equals == kNone) return std::nullopt;
    const std::string_view name = ascii::trim(spec.substr(0, equals));
    if (name.empty() || !ascii::is_alpha(name.front())) return std::nullopt;
    for (const char c : name) {
      if (!ascii::is_alnum(c) && c != '_') return std::nullopt;
    }
    if (!tags.emplace(name, ascii::trim(spec.substr(equals + 1))).second) return std::nullopt;
    if (tags.size() > kTagsMax) return std::nullopt;
  }
  return tags;
}

DkimVerifier::DkimVerifier(std::string_view message) {
  const SplitMessage split = split_message(message);
  body_ = split.body;
  for (std::size_t i = 0; i < split.fields.size(); ++i) {
    raw_fields_.push_back(split.fields[i].text);
    std::string name = ascii::to_lower(split.fields[i].name);
    const bool is_signature = name == "dkim-signature";
    by_name_[std::move(name)].push_back(i);
    if (!is_signature || signatures_.size() >= kDkimSignaturesMax) continue;
    const std::string_view field = raw_fields_[i];
    DkimSignature signature;
    if (const auto tags = parse_tag_list(field.substr(field.find(':') + 1))) {
      if (const char* problem = read_signature(*tags, signature)) signature.problem = problem;
    } else {
      signature.problem = "malformed tag list";
    }
    signatures_.push_back(std::move(signature));
    signature_fields_.push_back(i);
  }
}

std::string DkimVerifier::header_digest(std::size_t index) const {
  const DkimSignature& signature = signatures_[index];
  std::string input;
  std::unordered_map<std::string_view, std::size_t> taken;
  for (const std::string& name : signature.fields) {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) continue;
    const std::size_t used = taken[name]++;
    if (used >= found->second.size())
      continue;  // §5.4.2: a field that isn't there is the empty string
    const std::size_t field = found->second[found->second.size() - 1 - used];
    input += canonical_field(raw_fields_[field], signature.header_form);
  }
  const std::string stripped = without_signature(raw_fields_[signature_fields_[index]]);
  std::string own = canonical_field(stripped, signature.header_form);
  if (own.ends_with("\r\n")) own.resize(own.size() - 2);
  return sha256(input + own);
}

std::string DkimVerifier::body_digest(const DkimSignature& signature, bool& appended) {
  Body& body = bodies_[{signature.body_form, signature.body_octets}];
  if (body.digest.empty()) {
    const std::string canonical = canonical_body(body_, signature.body_form);
    const std::uint64_t octets = signature.body_octets.value_or(canonical.size());
    body = {sha256(std::string_view(canonical).substr(0, octets)), octets < canonical.size()};
  }
  appended = body.appended;
  return body.digest;
}

DkimResult DkimVerifier::verify(std::size_t index, const DkimKeyAnswer& answer, Instant now) {
  if (index >= signatures_.size()) return result(DkimVerdict::permerror, "no such signature");
  const DkimSignature& signature = signatures_[index];
  if (!signature.problem.empty()) return result(signature.problem_verdict, signature.problem);
  if (signature.expires_at_s && *signature.expires_at_s < to_micros(now) / 1'000'000) {
    return result(DkimVerdict::permerror, "the signature has expired");
  }
  if (answer.kind == DkimKeyAnswer::Kind::failed)
    return result(DkimVerdict::temperror, "the key can't be looked up");
  const auto record =
      answer.kind == DkimKeyAnswer::Kind::found ? key_record(answer.records) : std::nullopt;
  if (!record) return result(DkimVerdict::permerror, "no key");
  DkimResult out;
  out.test_mode = has_flag(*record, "y");
  const auto finish = [&out](DkimVerdict verdict, const char* reason) {
    out.verdict = verdict;
    out.reason = reason;
    return out;
  };
  if (const char* problem = check_record(*record, signature))
    return finish(DkimVerdict::permerror, problem);
  if (record->at("p").empty()) return finish(DkimVerdict::permerror, "the key is revoked");
  const auto key = base64_tag(*record, "p");
  if (!key) return finish(DkimVerdict::permerror, "malformed key");
  if (body_digest(signature, out.body_appended) != signature.body_hash) {
    return finish(DkimVerdict::fail, "the body hash does not match");
  }
  switch (check_signature(signature.algorithm, *key, header_digest(index), signature.signature)) {
    case KeyCheck::good:
      return finish(DkimVerdict::pass, "");
    case KeyCheck::bad_key:
      return finish(DkimVerdict::permerror, "malformed key");
    case KeyCheck::weak_key:
      return finish(DkimVerdict::policy, "an RSA key under 1024 bits");
    case KeyCheck::bad_signature:
      break;
  }
  return finish(DkimVerdict::fail, "the signature does not match");
}

}  // namespace fumi::mailauth
