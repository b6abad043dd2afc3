#include "service/intake/facts.h"

#include "base/ascii.h"
#include "mime/header.h"

namespace fumi::service {
namespace {

constexpr std::size_t kSubjectOctetsMax = 512;
constexpr std::size_t kApiDataOctetsMax = 512;

// Cuts at a character, not in one.
std::string cut(std::string text, std::size_t octets_max) {
  if (text.size() <= octets_max) return text;
  std::size_t end = octets_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80)
    --end;
  text.resize(end);
  return text;
}

}  // namespace

HeaderFacts read_facts(std::string_view bytes) {
  HeaderFacts facts;
  facts.summary = mime::parse(bytes);
  for (const mime::Address& address : facts.summary.envelope.from) {
    if (address.kind != mime::Address::Kind::mailbox || address.domain.empty()) continue;
    facts.from.push_back({address.local, ascii::to_lower(address.domain)});
  }
  if (!facts.from.empty()) facts.from_text = facts.from.front().text();
  facts.subject = cut(mime::decode_unstructured(facts.summary.envelope.subject), kSubjectOctetsMax);
  mime::HeaderReader reader(bytes);
  mime::HeaderField field;
  while (reader.next(field)) {
    if (ascii::iequals(field.name, "Received")) {
      ++facts.received;
    } else if (ascii::iequals(field.name, "From")) {
      ++facts.from_fields;
    } else if (ascii::iequals(field.name, "Date")) {
      facts.has_date = true;
    } else if (ascii::iequals(field.name, "Message-ID")) {
      facts.has_message_id = true;
    } else if (ascii::iequals(field.name, "X-Api-Data")) {
      facts.api_data = cut(mime::decode_unstructured(field.body), kApiDataOctetsMax);
    }
  }
  return facts;
}

}  // namespace fumi::service
