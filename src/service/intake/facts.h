// What intake needs to know of a message's header before it takes responsibility.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "domain/address.h"
#include "mime/structure.h"

namespace fumi::service {

struct HeaderFacts {
  mime::Summary summary;           // of the bytes as given
  std::vector<EmailAddress> from;  // mailboxes of From that are addresses
  std::string from_text;           // first of them, for records
  std::string subject;             // decoded, cut to 512 octets
  std::string api_data;            // X-Api-Data (C-03)
  std::uint32_t received = 0;      // Received fields
  std::uint32_t from_fields = 0;   // RFC 5322 §3.6: exactly one
  bool has_date = false;
  bool has_message_id = false;
};

[[nodiscard]] HeaderFacts read_facts(std::string_view bytes);

}  // namespace fumi::service
