#include "store/mail/detail/canonical.h"

#include <array>

#include "store/mail/detail/wire.h"

namespace fumi::store {
namespace {

// Octets of the UTF-8 sequence at the start of `text`; 0 if there is none.
std::size_t sequence_octets(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  const std::size_t octets = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || octets > text.size()) return 0;
  for (std::size_t i = 1; i < octets; ++i) {
    if ((at(i) & 0xc0U) != 0x80) return 0;
  }
  const unsigned next = at(1);
  const bool overlong = (lead == 0xe0 && next < 0xa0) || (lead == 0xf0 && next < 0x90);
  const bool outside = (lead == 0xed && next > 0x9f) || (lead == 0xf4 && next > 0x8f);
  return overlong || outside ? 0 : octets;
}

void append_text(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out.append(",\"").append(name).append("\":");
  append_json_string(out, value);
}

void append_number(std::string& out, std::string_view name, std::uint64_t value) {
  if (value == 0) return;
  out.append(",\"").append(name).append("\":").append(std::to_string(value));
}

std::string_view actor_kind(Actor::Kind kind) {
  constexpr std::array<std::string_view, 7> kNames{"system", "operator", "account", "api_user",
                                                   "peer",   "admin",    "token"};
  const auto at = static_cast<std::size_t>(kind);
  return at < kNames.size() ? kNames[at] : "unknown";
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text.front());
    const std::size_t octets = sequence_octets(text);
    if (octets == 0) {
      out += "\xef\xbf\xbd";
      text.remove_prefix(1);
      continue;
    }
    if (c < 0x20 || c == 0x7f) {
      out.append("\\u00") += kHex[c >> 4U];
      out += kHex[c & 15U];
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out.append(text.substr(0, octets));
    }
    text.remove_prefix(octets);
  }
  out += '"';
}

std::string canonical_record(const Record& record, std::uint64_t number) {
  std::string out = "{\"n\":" + std::to_string(number);
  out.append(",\"id\":\"").append(record.id.text());
  out.append("\",\"at\":").append(std::to_string(to_micros(record.at)));
  out.append(",\"kind\":\"").append(to_string(record.kind)).append("\"");
  if (record.message) append_text(out, "message", record.message.text());
  append_text(out, "actor", actor_kind(record.actor.kind));
  append_number(out, "actor_id", record.actor.id);
  append_text(out, "from", record.from);
  append_text(out, "to", record.to);
  append_text(out, "header_from", record.header_from);
  append_text(out, "subject", record.subject);
  append_text(out, "message_id", record.message_id);
  append_text(out, "answer", record.answer);
  append_text(out, "protocol", record.protocol);
  append_text(out, "client_ip", record.client_ip);
  append_text(out, "host", record.host);
  append_text(out, "api_data", record.api_data);
  append_text(out, "detail", record.detail);
  append_number(out, "octets", record.octets);
  out += '}';
  return out;
}

crypto::Digest256 chain_hash(const crypto::Digest256& previous, std::string_view canonical) {
  return crypto::sha256({crypto::view(previous), canonical});
}

std::string encode_record(const Record& record) {
  return WireWriter()
      .number(static_cast<std::uint64_t>(record.actor.kind))
      .number(record.actor.id)
      .text(record.from)
      .text(record.to)
      .text(record.header_from)
      .text(record.subject)
      .text(record.message_id)
      .text(record.answer)
      .text(record.protocol)
      .text(record.client_ip)
      .text(record.host)
      .text(record.api_data)
      .text(record.detail)
      .number(record.octets)
      .take();
}

Status decode_record(std::string_view bytes, Record& into) {
  WireReader reader(bytes);
  into.actor.kind = static_cast<Actor::Kind>(reader.number());
  into.actor.id = reader.number();
  for (std::string* field :
       {&into.from, &into.to, &into.header_from, &into.subject, &into.message_id, &into.answer,
        &into.protocol, &into.client_ip, &into.host, &into.api_data, &into.detail}) {
    *field = reader.text();
  }
  into.octets = reader.number();
  return reader.done("reading a record");
}

}  // namespace fumi::store
