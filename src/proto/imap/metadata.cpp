#include "proto/imap/metadata.h"

#include <algorithm>

#include "base/ascii.h"
#include "proto/imap/writer.h"

namespace fumi::imap {
namespace {

bool is_asked(const MetadataQuery& query, const std::string& entry, const std::string& name) {
  if (ascii::iequals(entry, name)) return true;
  if (query.depth == MetadataQuery::Depth::zero || !ascii::istarts_with(name, entry + '/')) {
    return false;
  }
  return query.depth == MetadataQuery::Depth::infinity ||
         name.find('/', entry.size() + 1) == std::string::npos;
}

}  // namespace

MetadataAnswer pick_metadata(const MetadataQuery& query,
                             const std::vector<std::pair<std::string, std::string>>& all) {
  MetadataAnswer answer;
  for (const auto& [name, value] : all) {
    const bool asked = std::ranges::any_of(
        query.entries, [&](const std::string& entry) { return is_asked(query, entry, name); });
    if (!asked) continue;
    if (query.octets_max && value.size() > *query.octets_max) {
      answer.longest = std::max<std::uint64_t>(answer.longest, value.size());
    } else {
      answer.values.emplace_back(name, value);
    }
  }
  for (const std::string& entry : query.entries) {
    const bool there = std::ranges::any_of(
        all, [&](const auto& one) { return is_asked(query, entry, one.first); });
    if (!there) answer.values.emplace_back(entry, std::nullopt);
  }
  return answer;
}

void Writer::metadata(std::string_view mailbox, const std::vector<MetadataValue>& values) {
  if (values.empty()) return;
  out_.put("* METADATA ");
  if (mailbox.empty()) {
    out_.put("\"\"");
  } else {
    put_mailbox(mailbox);
  }
  char lead = '(';
  out_.put(' ');
  for (const auto& [entry, value] : values) {
    out_.put(lead);
    lead = ' ';
    put_astring(entry);
    out_.put(' ');
    if (!value) {
      out_.put("NIL");
    } else if (value->find('\0') != std::string::npos) {  // value = nstring / literal8
      out_.put("~{" + std::to_string(value->size()) + "}\r\n" + *value);
    } else {
      put_string(*value);
    }
  }
  out_.put(")\r\n");
}

void Writer::metadata_changed(std::string_view mailbox, std::span<const std::string> entries) {
  if (entries.empty()) return;
  out_.put("* METADATA ");
  if (mailbox.empty()) {
    out_.put("\"\"");
  } else {
    put_mailbox(mailbox);
  }
  for (const std::string& entry : entries) {
    out_.put(' ');
    put_astring(entry);
  }
  out_.put("\r\n");
}

}  // namespace fumi::imap
