// Sending: one message from a program's request (C-01): composes it and hands it to intake.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "base/time.h"
#include "service/access/principal.h"
#include "service/intake/intake.h"

namespace fumi::service {

struct Party {
  std::string name;     // display name in UTF-8; may be empty
  std::string address;  // as typed
};

struct SendHeader {
  std::string name;
  std::string value;  // UTF-8
};

struct SendFile {
  std::string name;  // UTF-8
  std::string type;  // media type; empty: application/octet-stream
  std::string bytes;
};

enum class SendCharset : std::uint8_t { utf8, iso_2022_jp };

struct SendRequest {
  Party from;
  std::vector<Party> to, cc, bcc;
  std::optional<Party> reply_to;
  std::string envelope_from;  // empty: the From address
  std::vector<SendHeader> headers;
  SendCharset charset = SendCharset::utf8;
  std::string subject;
  std::optional<std::string> text, html;
  std::vector<SendFile> files;
};

struct SendFault {
  enum class Kind : std::uint8_t {
    wrong,      // the parameter `field` can't be used; detail says why
    no_dkim,    // the From domain has no DKIM keys (13-006)
    refused,    // a rule of ours or the recipient's existence: detail is the SMTP answer
    temporary,  // a failure of ours: try again
  };
  Kind kind = Kind::temporary;
  std::string field;
  std::string detail;
};

class Sending {
 public:
  Sending(Intake& intake, Signer& signer, const Clock& clock, std::string hostname)
      : intake_(intake), signer_(signer), clock_(clock), hostname_(std::move(hostname)) {}

  // The Message-ID, with angle brackets, once the message is durable.
  Task<std::expected<std::string, SendFault>> send(Principal who, std::string client_ip,
                                                   SendRequest request);

 private:
  Intake& intake_;
  Signer& signer_;
  const Clock& clock_;
  std::string hostname_;
};

}  // namespace fumi::service
