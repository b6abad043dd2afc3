#include "mime/report.h"

#include <array>

#include "base/ascii.h"
#include "codec/base64.h"
#include "codec/date.h"
#include "codec/utf8.h"
#include "mime/header.h"
#include "mime/writer.h"

namespace fumi::mime {
namespace {

std::unexpected<Error> invalid(std::string why) {
  return fail(Code::invalid, "writing a delivery status notification", std::move(why));
}

struct Wording {
  DsnAction action;
  const char* keyword;
  const char* subject;
  const char* japanese;
  const char* english;
};
constexpr std::array kWordings{
    Wording{DsnAction::failed, "failed", "配信できませんでした / Undelivered mail",
            "次の宛先にメールを配信できませんでした。再送は行われません。",
            "Your message could not be delivered to the following recipients. It will not be tried "
            "again."},
    Wording{DsnAction::delayed, "delayed", "配信が遅れています / Delayed mail",
            "次の宛先への配信が遅れています。自動的に再送しますので、操作は不要です。",
            "Delivery to the following recipients is delayed. We keep trying; you need not do "
            "anything."},
    Wording{DsnAction::delivered, "delivered", "配信しました / Delivered",
            "次の宛先にメールを配信しました。",
            "Your message was delivered to the following recipients."},
    Wording{DsnAction::relayed, "relayed", "中継しました / Relayed",
            "次の宛先へのメールを、配信通知に対応していないサーバーに中継しました。",
            "Your message was relayed to a server that does not report deliveries."},
    Wording{DsnAction::expanded, "expanded", "配送リストに展開しました / Expanded",
            "次の宛先は複数の宛先に展開されました。",
            "The following recipients were expanded to several others."},
};

struct Reason {
  std::string_view suffix;  // of the status, behind its class
  const char* japanese;
  const char* english;
};
constexpr std::array kReasons{
    Reason{"1.1", "宛先のメールアドレスが存在しません。", "The address does not exist."},
    Reason{"1.2", "宛先のドメインが存在しません。", "The domain does not exist."},
    Reason{"1.10", "宛先のドメインはメールを受信しません。", "The domain accepts no mail."},
    Reason{"2.1", "宛先のメールボックスは無効になっています。", "The mailbox is disabled."},
    Reason{"2.2", "宛先のメールボックスがいっぱいです。", "The mailbox is full."},
    Reason{"2.3", "メールが宛先の許すサイズを超えています。",
           "The message is too large for the recipient."},
    Reason{"3.4", "メールが受信サーバーの許すサイズを超えています。",
           "The message is too large for the server."},
    Reason{"4.1", "受信サーバーが応答しません。", "The receiving server does not answer."},
    Reason{"4.4", "受信サーバーが見つかりません。", "The receiving server can't be found."},
    Reason{"4.7", "期限内に配信できませんでした。", "The message could not be delivered in time."},
    Reason{"7.1", "受信側の方針により拒否されました。",
           "The receiving side refused the message by its policy."},
};

const Wording& wording(DsnAction action) {
  for (const Wording& row : kWordings) {
    if (row.action == action) return row;
  }
  return kWordings.front();
}

// RFC 3463 §2: class "." subject "." detail
bool is_status(std::string_view text) {
  const auto parts = ascii::split(text, '.');
  if (parts.size() != 3) return false;
  for (const std::string_view part : parts) {
    if (part.empty() || part.size() > 3) return false;
    for (const char c : part) {
      if (!ascii::is_digit(c)) return false;
    }
  }
  return parts[0] == "2" || parts[0] == "4" || parts[0] == "5";
}

// A peer's text on one line: controls become spaces, long words are cut so that they can be folded.
std::string cleaned(std::string_view text, std::size_t octets_max) {
  std::string out;
  std::size_t word = 0;
  const std::string valid = codec::to_valid_utf8(codec::utf8_prefix(text, octets_max));
  for (const char c : valid) {
    const auto octet = static_cast<unsigned char>(c);
    const bool space = octet <= ' ' || octet == 0x7f;
    if (space && (out.empty() || out.back() == ' ')) continue;
    if (!space && word >= 500 && (octet & 0xc0U) != 0x80U) {
      out += ' ';
      word = 0;
    }
    out += space ? ' ' : c;
    word = space ? 0 : word + 1;
  }
  while (out.ends_with(' '))
    out.pop_back();
  return out;
}

class Report {
 public:
  explicit Report(const Dsn& dsn) : dsn_(dsn) {
    for (const DsnRecipient& recipient : dsn.recipients) {
      utf8_ = utf8_ || !codec::is_ascii(recipient.final_recipient) ||
              !codec::is_ascii(recipient.original_recipient);
    }
  }

  Result<std::string> run() {
    if (dsn_.recipients.empty()) return invalid("no recipient");
    if (dsn_.boundary_seed.size() < 16)
      return invalid("fewer than 16 random octets for the boundary");
    if (dsn_.reporting_mta.empty()) return invalid("no reporting MTA");
    const std::string boundary = "=_" + ascii::to_hex(dsn_.boundary_seed.substr(0, 16));
    FUMI_TRY(std::string out, header(boundary));
    FUMI_TRY(const std::string machine, status());
    const std::string delimiter = "--" + boundary;
    out += "\r\n" + delimiter + "\r\n" + human() + "\r\n" + delimiter + "\r\n" + machine;
    if (!dsn_.original.empty()) out += "\r\n" + delimiter + "\r\n" + original();
    out += "\r\n" + delimiter + "--\r\n";
    return out;
  }

 private:
  Result<std::string> header(const std::string& boundary) const {
    HeaderWriter writer;
    FUMI_CHECK(writer.structured("Date", codec::write_date(dsn_.date, dsn_.zone)));
    FUMI_CHECK(writer.mailboxes("From", std::span(&dsn_.from, 1)));
    FUMI_CHECK(writer.mailboxes("To", std::span(&dsn_.to, 1)));
    FUMI_CHECK(writer.unstructured("Subject", wording(main_action()).subject));
    if (!dsn_.message_id.empty()) FUMI_CHECK(writer.structured("Message-ID", dsn_.message_id));
    if (const auto id = find_field(dsn_.original, "message-id")) {
      const std::string reference = cleaned(*id, 900);
      if (codec::is_ascii(reference) && reference.starts_with('<')) {
        FUMI_CHECK(writer.structured("References", reference));
      }
    }
    FUMI_CHECK(writer.structured("Auto-Submitted", "auto-replied"));  // RFC 3834 §5
    FUMI_CHECK(writer.structured("MIME-Version", "1.0"));
    const std::array parameters{Parameter{"report-type", "delivery-status"},
                                Parameter{"boundary", boundary}};
    FUMI_CHECK(writer.parameterized("Content-Type", "multipart/report", parameters));
    return writer.take();
  }

  // The worst that happened names the report.
  [[nodiscard]] DsnAction main_action() const {
    for (const DsnAction action : {DsnAction::failed, DsnAction::delayed}) {
      for (const DsnRecipient& recipient : dsn_.recipients) {
        if (recipient.action == action) return action;
      }
    }
    return dsn_.recipients.front().action;
  }

  [[nodiscard]] std::string human() const {
    std::string japanese;
    std::string english;
    for (const Wording& row : kWordings) {
      bool opened = false;
      for (const DsnRecipient& recipient : dsn_.recipients) {
        if (recipient.action != row.action) continue;
        if (!opened) {
          japanese += std::string(row.japanese) + "\r\n\r\n";
          english += std::string(row.english) + "\r\n\r\n";
        }
        opened = true;
        describe(recipient, japanese, english);
      }
    }
    const std::string host = cleaned(dsn_.reporting_mta, 255);
    const std::string text = host + " からの自動通知です。\r\n\r\n" + japanese +
                             "\r\n----\r\n\r\nThis is an automatic message from " + host +
                             ".\r\n\r\n" + english;
    return "Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
           codec::base64_encode_lines(text);
  }

  static void describe(const DsnRecipient& recipient, std::string& japanese, std::string& english) {
    const std::string address = "  <" + cleaned(recipient.final_recipient, 400) + ">\r\n";
    japanese += address;
    english += address;
    const std::string_view status = recipient.status;
    for (const Reason& reason : kReasons) {
      const bool bad =
          recipient.action == DsnAction::failed || recipient.action == DsnAction::delayed;
      if (!bad || status.substr(std::min<std::size_t>(2, status.size())) != reason.suffix) continue;
      japanese += std::string("    ") + reason.japanese + "\r\n";
      english += std::string("    ") + reason.english + "\r\n";
    }
    if (!recipient.diagnostic_code.empty()) {
      const std::string answer = cleaned(recipient.diagnostic_code, 1000);
      const std::string host =
          recipient.remote_mta.empty() ? "" : cleaned(recipient.remote_mta, 255) + ": ";
      japanese += "    " + host + answer + "\r\n";
      english += "    " + host + answer + "\r\n";
    }
    japanese += "\r\n";
    english += "\r\n";
  }

  // RFC 3464 §2.2 and §2.3; RFC 6533 §3 for the address type utf-8.
  Result<std::string> status() const {
    HeaderWriter writer;
    if (!dsn_.envelope_id.empty()) {
      FUMI_CHECK(writer.structured("Original-Envelope-Id", dsn_.envelope_id));
    }
    FUMI_CHECK(writer.structured("Reporting-MTA", "dns; " + dsn_.reporting_mta));
    if (!dsn_.received_from_mta.empty()) {
      FUMI_CHECK(
          writer.structured("Received-From-MTA", "dns; " + cleaned(dsn_.received_from_mta, 255)));
    }
    if (dsn_.arrival) {
      FUMI_CHECK(writer.structured("Arrival-Date", codec::write_date(*dsn_.arrival, dsn_.zone)));
    }
    std::string fields = writer.take();
    for (const DsnRecipient& recipient : dsn_.recipients) {
      FUMI_CHECK(recipient_fields(writer, recipient));
      fields += "\r\n" + writer.take();
    }
    const bool eight_bit = !codec::is_ascii(fields);
    const std::string type =
        utf8_ || eight_bit ? "message/global-delivery-status" : "message/delivery-status";
    return "Content-Type: " + type + (eight_bit ? "\r\nContent-Transfer-Encoding: 8bit" : "") +
           "\r\n\r\n" + fields;
  }

  Status recipient_fields(HeaderWriter& writer, const DsnRecipient& recipient) const {
    if (!is_status(recipient.status)) return invalid("malformed status");
    if (recipient.final_recipient.empty()) return invalid("no final recipient");
    if (!recipient.original_recipient.empty()) {
      const std::size_t semicolon = recipient.original_recipient.find(';');
      if (semicolon == std::string::npos)
        return invalid("original recipient without an address type");
      FUMI_CHECK(writer.structured("Original-Recipient",
                                   recipient.original_recipient.substr(0, semicolon) + "; " +
                                       recipient.original_recipient.substr(semicolon + 1)));
    }
    const bool ascii = codec::is_ascii(recipient.final_recipient);
    FUMI_CHECK(writer.structured("Final-Recipient",
                                 (ascii ? "rfc822; " : "utf-8; ") + recipient.final_recipient));
    FUMI_CHECK(writer.structured("Action", wording(recipient.action).keyword));
    FUMI_CHECK(writer.structured("Status", recipient.status));
    if (!recipient.remote_mta.empty()) {
      FUMI_CHECK(writer.structured("Remote-MTA", "dns; " + cleaned(recipient.remote_mta, 255)));
    }
    if (!recipient.diagnostic_code.empty()) {
      std::string answer = cleaned(recipient.diagnostic_code, 1000);
      if (!utf8_) {
        for (char& c : answer)
          c = static_cast<unsigned char>(c) < 0x80 ? c : '?';
      }
      FUMI_CHECK(writer.structured("Diagnostic-Code", "smtp; " + answer));
    }
    if (recipient.last_attempt) {
      FUMI_CHECK(writer.structured("Last-Attempt-Date",
                                   codec::write_date(*recipient.last_attempt, dsn_.zone)));
    }
    if (!recipient.final_log_id.empty())
      FUMI_CHECK(writer.structured("Final-Log-ID", recipient.final_log_id));
    if (recipient.will_retry_until && recipient.action == DsnAction::delayed) {
      FUMI_CHECK(writer.structured("Will-Retry-Until",
                                   codec::write_date(*recipient.will_retry_until, dsn_.zone)));
    }
    return {};
  }

  [[nodiscard]] std::string original() const {
    const std::string_view head = dsn_.original.substr(0, body_offset(dsn_.original));
    const bool full =
        dsn_.content == DsnReturn::full && dsn_.original.size() <= kDsnOriginalOctetsMax;
    const bool global = !codec::is_ascii(head);
    std::string type = full ? "message/rfc822" : "text/rfc822-headers";
    if (global) type = full ? "message/global" : "message/global-headers";
    const std::string body = to_crlf(full ? dsn_.original : head);
    const char* encoding = codec::is_ascii(body) ? "7bit" : "8bit";
    return "Content-Type: " + type + "\r\nContent-Transfer-Encoding: " + encoding + "\r\n\r\n" +
           body;
  }

  const Dsn& dsn_;
  bool utf8_ = false;
};

}  // namespace

Result<std::string> write_dsn(const Dsn& dsn) { return Report(dsn).run(); }

}  // namespace fumi::mime
