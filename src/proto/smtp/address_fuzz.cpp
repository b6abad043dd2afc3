// Addresses, xtext and parameters: what is accepted must survive being written and read again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "proto/line/utf8.h"
#include "proto/smtp/address.h"
#include "proto/smtp/parameters.h"

using namespace fumi::smtp;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto mailbox = parse_mailbox(text)) {
    if (parse_mailbox(to_text(*mailbox)) != mailbox) std::abort();
  }
  std::string_view reverse = text;
  std::string_view forward = text;
  (void)reverse_path(reverse);
  if (const auto path = forward_path(forward); path && !path->mailbox.domain.empty()) {
    const bool clean =
        fumi::line::is_utf8(text) && to_text(*path).find_first_of("\r\n\t") == std::string::npos;
    std::string again = to_text(*path);
    std::string_view view = again;
    if (clean && again.size() <= kPathOctetsMax && forward_path(view) != path) std::abort();
  }
  if (const auto octets = xtext_decode(text)) {
    if (xtext_decode(xtext_encode(*octets)) != octets) std::abort();
  }
  const Extensions all{0xffff};
  if (const auto mail = mail_parameters(text, all)) {
    std::string again;
    append(again, *mail, all);
    if (mail_parameters(again, all) != mail) std::abort();
  }
  if (const auto rcpt = rcpt_parameters(text, all)) {
    std::string again;
    append(again, *rcpt, all);
    if (rcpt_parameters(again, all) != rcpt) std::abort();
  }
  return 0;
}
