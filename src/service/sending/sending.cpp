#include "service/sending/sending.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "crypto/random.h"
#include "mime/writer.h"

namespace fumi::service {
namespace {

constexpr std::size_t kSeedOctets = 16;

SendFault wrong(std::string field, std::string detail) {
  return {SendFault::Kind::wrong, std::move(field), std::move(detail)};
}

// RFC 9562 §5.4, in lower case.
std::string random_uuid() {
  std::string bytes = crypto::random_bytes(16);
  bytes[6] = char((static_cast<unsigned char>(bytes[6]) & 0x0fU) | 0x40U);
  bytes[8] = char((static_cast<unsigned char>(bytes[8]) & 0x3fU) | 0x80U);
  std::string text = ascii::to_hex(bytes);
  for (const std::size_t at : {8U, 13U, 18U, 23U})
    text.insert(at, 1, '-');
  return text;
}

// What a client says of a file is a hint: anything that is no plain media type is an octet-stream.
bool is_leaf_type(std::string_view type) {
  const std::size_t slash = type.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == type.size()) return false;
  if (ascii::istarts_with(type, "multipart/") || ascii::istarts_with(type, "message/"))
    return false;
  return std::ranges::all_of(
      type, [](char c) { return ascii::is_alnum(c) || std::string_view("/-+._").contains(c); });
}

bool is_ascii(const EmailAddress& address) {
  const auto plain = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  return std::ranges::all_of(address.local, plain) && std::ranges::all_of(address.domain, plain);
}

struct Parsed {
  EmailAddress from;
  EmailAddress envelope_from;
  std::vector<EmailAddress> recipients;
};

std::optional<SendFault> take_list(const std::vector<Party>& list, const char* field,
                                   std::vector<mime::Mailbox>* shown, Parsed& parsed) {
  for (const Party& party : list) {
    const auto address = EmailAddress::parse(party.address);
    if (!address) return wrong(field, ascii::printable(party.address) + " is no mail address");
    if (shown != nullptr) shown->push_back({party.name, address->local, address->domain});
    // Named twice is meant once.
    const auto same = [&](const EmailAddress& other) {
      return other.exact_key() == address->exact_key();
    };
    if (std::ranges::none_of(parsed.recipients, same)) parsed.recipients.push_back(*address);
  }
  return std::nullopt;
}

// Fills what is shown in the header and what stands on the envelope.
std::optional<SendFault> take_addresses(const SendRequest& request, mime::Draft& draft,
                                        Parsed& parsed) {
  const auto from = EmailAddress::parse(request.from.address);
  if (!from) return wrong("from", ascii::printable(request.from.address) + " is no mail address");
  parsed.from = *from;
  draft.from = {{request.from.name, from->local, from->domain}};
  if (auto fault = take_list(request.to, "to", &draft.to, parsed)) return fault;
  if (auto fault = take_list(request.cc, "cc", &draft.cc, parsed)) return fault;
  if (auto fault = take_list(request.bcc, "bcc", nullptr, parsed)) return fault;
  if (request.reply_to) {
    const auto reply = EmailAddress::parse(request.reply_to->address);
    if (!reply) {
      return wrong("replyto", ascii::printable(request.reply_to->address) + " is no mail address");
    }
    draft.reply_to = {{request.reply_to->name, reply->local, reply->domain}};
  }
  parsed.envelope_from = parsed.from;
  if (!request.envelope_from.empty()) {
    const auto path = EmailAddress::parse(request.envelope_from);
    if (!path) {
      return wrong("envfrom", ascii::printable(request.envelope_from) + " is no mail address");
    }
    parsed.envelope_from = *path;
  }
  return std::nullopt;
}

// The writer names the header field that it refuses; the caller knows parameters.
std::string parameter_of(const std::string& doing) {
  const std::string lower = ascii::to_lower(doing);
  for (const std::string_view name : {"subject", "from", "to", "cc", "reply-to"}) {
    if (lower.ends_with(name)) return name == "reply-to" ? "replyto" : std::string(name);
  }
  return "headers";
}

SendFault fault_of(const Refusal& refusal) {
  const bool temporary = refusal.code < 500;
  return {temporary ? SendFault::Kind::temporary : SendFault::Kind::refused,
          {},
          std::to_string(refusal.code) + " " + refusal.enhanced + " " + refusal.text};
}

}  // namespace

Task<std::expected<std::string, SendFault>> Sending::send(Principal who, std::string client_ip,
                                                          SendRequest request) {
  mime::Draft draft;
  Parsed parsed;
  if (auto fault = take_addresses(request, draft, parsed)) {
    co_return std::unexpected(std::move(*fault));
  }
  Result<bool> signs = co_await signer_.has_key(who.scope(), parsed.from.domain);
  if (!signs) {
    co_return std::unexpected(SendFault{SendFault::Kind::temporary, {}, signs.error().text()});
  }
  if (!*signs) {
    co_return std::unexpected(SendFault{SendFault::Kind::no_dkim, {}, parsed.from.text()});
  }
  const std::string message_id = "<" + random_uuid() + "@" + hostname_ + ">";
  draft.subject = std::move(request.subject);
  draft.date = clock_.now();
  draft.message_id = message_id;
  for (SendHeader& header : request.headers) {
    draft.extra.push_back({std::move(header.name), std::move(header.value)});
  }
  draft.text = std::move(request.text);
  draft.html = std::move(request.html);
  for (SendFile& file : request.files) {
    mime::Attachment attachment;
    attachment.file_name = std::move(file.name);
    if (is_leaf_type(file.type)) attachment.type = std::move(file.type);
    attachment.bytes = std::move(file.bytes);
    draft.attachments.push_back(std::move(attachment));
  }
  if (request.charset == SendCharset::iso_2022_jp) draft.charset = mime::TextCharset::iso_2022_jp;
  draft.boundary_seed = crypto::random_bytes(kSeedOctets);
  Result<std::string> written = mime::write_message(draft);
  if (!written) {
    const Error& error = written.error();
    co_return std::unexpected(wrong(parameter_of(error.doing), error.text()));
  }
  Arrival arrival;
  arrival.door = Door::api;
  arrival.protocol = "HTTP";
  arrival.client_ip = std::move(client_ip);
  arrival.principal = who;
  arrival.tenant = who.tenant;
  Envelope envelope;
  envelope.sender.reverse_path = parsed.envelope_from;
  // RFC 6531 §3.2: an address beyond ASCII makes the message one for SMTPUTF8.
  envelope.sender.smtputf8 = !is_ascii(parsed.envelope_from) || !is_ascii(parsed.from) ||
                             !std::ranges::all_of(parsed.recipients, is_ascii);
  Verdict<void> allowed = co_await intake_.check_sender(arrival, envelope.sender);
  if (!allowed) co_return std::unexpected(fault_of(allowed.error()));
  for (EmailAddress& address : parsed.recipients) {
    Recipient recipient;
    recipient.address = std::move(address);
    Verdict<void> taken = co_await intake_.check_recipient(arrival, envelope, recipient);
    if (!taken) co_return std::unexpected(fault_of(taken.error()));
    envelope.recipients.push_back(std::move(recipient));
  }
  service::Draft received = intake_.begin(arrival, envelope, written->size());
  received.bytes += *written;
  Verdict<QueueId> accepted =
      co_await intake_.accept(arrival, std::move(envelope), std::move(received));
  if (!accepted) co_return std::unexpected(fault_of(accepted.error()));
  co_return message_id;
}

}  // namespace fumi::service
