#include "service/tenancy/operation.h"

#include "base/ascii.h"

namespace fumi::service {
namespace {

void quote(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00" + ascii::to_hex(std::string_view(&c, 1));
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

Record operation(Actor actor, Instant at, std::string_view verb, std::string object,
                 Details details) {
  Record record;
  record.at = at;
  record.kind = RecordKind::operation;
  record.actor = actor;
  record.from = verb;
  record.to = std::move(object);
  record.detail = "{";
  for (const auto& [name, value] : details) {
    if (record.detail.size() > 1) record.detail += ',';
    quote(record.detail, name);
    record.detail += ':';
    quote(record.detail, value);
  }
  record.detail += '}';
  return record;
}

}  // namespace fumi::service
