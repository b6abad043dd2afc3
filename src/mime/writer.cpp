#include "mime/writer.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "codec/base64.h"
#include "codec/charset.h"
#include "codec/quoted_printable.h"
#include "codec/utf8.h"
#include "mime/address.h"

namespace fumi::mime {
namespace {

constexpr std::size_t kLineOctetsMax = 998;
constexpr std::size_t kSeedOctetsMin = 16;

std::unexpected<Error> invalid(std::string_view what, std::string why) {
  return fail(Code::invalid, "writing " + std::string(what), std::move(why));
}

bool lines_fit(std::string_view text) {
  while (!text.empty()) {
    const std::size_t at = text.find('\n');
    const std::size_t octets = at == std::string_view::npos ? text.size() : at;
    if (octets > kLineOctetsMax) return false;
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  }
  return true;
}

bool is_seven_bit(std::string_view text) {
  return codec::is_ascii(text) && text.find('\0') == std::string_view::npos && lines_fit(text);
}

std::string with_last_line_end(std::string text) {
  if (!text.empty() && !text.ends_with("\r\n")) text += "\r\n";
  return text;
}

class Composer {
 public:
  explicit Composer(const Draft& draft) : draft_(draft), charset_(draft.charset) {}

  Result<std::string> run() {
    if (draft_.attachments.size() > kAttachmentsMax) {
      return fail(Code::too_large, "writing attachments", "more than 1000");
    }
    FUMI_TRY(std::string head, header());
    FUMI_TRY(const std::string body, mixed());
    return head + body;
  }

 private:
  Result<std::string> header() {
    HeaderWriter writer(charset_);
    if (draft_.from.empty()) return invalid("header field From", "no address");
    FUMI_CHECK(writer.structured("Date", codec::write_date(draft_.date, draft_.zone)));
    FUMI_CHECK(writer.mailboxes("From", draft_.from));
    if (draft_.sender) FUMI_CHECK(writer.mailboxes("Sender", std::span(&*draft_.sender, 1)));
    FUMI_CHECK(writer.mailboxes("Reply-To", draft_.reply_to));
    FUMI_CHECK(writer.mailboxes("To", draft_.to));
    FUMI_CHECK(writer.mailboxes("Cc", draft_.cc));
    FUMI_CHECK(writer.unstructured("Subject", draft_.subject));
    if (!draft_.message_id.empty()) {
      FUMI_CHECK(ids(writer, "Message-ID", std::span(&draft_.message_id, 1)));
    }
    if (!draft_.in_reply_to.empty()) {
      FUMI_CHECK(ids(writer, "In-Reply-To", std::span(&draft_.in_reply_to, 1)));
    }
    FUMI_CHECK(ids(writer, "References", draft_.references));
    for (const RawField& field : draft_.extra) {
      if (is_ours(field.name)) return invalid("header field " + field.name, "not a custom field");
      FUMI_CHECK(writer.unstructured(field.name, field.value));
    }
    FUMI_CHECK(writer.structured("MIME-Version", "1.0"));
    return writer.take();
  }

  static bool is_ours(std::string_view name) {
    static constexpr std::array<std::string_view, 12> kOurs{
        "from", "sender",     "reply-to",    "to",         "cc",           "bcc",
        "date", "message-id", "in-reply-to", "references", "mime-version", "subject"};
    return ascii::istarts_with(name, "content-") ||
           std::ranges::any_of(kOurs,
                               [name](std::string_view own) { return ascii::iequals(own, name); });
  }

  static Status ids(HeaderWriter& writer, std::string_view name,
                    std::span<const std::string> list) {
    if (list.empty()) return {};
    std::string value;
    for (const std::string& id : list) {
      const auto parsed = parse_message_ids(id);
      if (parsed.size() != 1 || parsed.front() != id) {
        return invalid("header field " + std::string(name), "not a message-id");
      }
      if (!value.empty()) value += ' ';
      value += id;
    }
    return writer.structured(name, value);
  }

  // An entity is its Content-* fields, an empty line, and its body.
  Result<std::string> mixed() {
    FUMI_TRY(std::string first, related());
    std::vector<std::string> parts;
    for (const Attachment& attachment : draft_.attachments) {
      if (is_related(attachment)) continue;
      if (parts.empty()) parts.push_back(std::move(first));
      FUMI_TRY(std::string part, file(attachment));
      parts.push_back(std::move(part));
    }
    if (parts.empty()) return first;
    return multipart("multipart/mixed", parts);
  }

  Result<std::string> related() {
    FUMI_TRY(std::string first, alternative());
    std::vector<std::string> parts;
    for (const Attachment& attachment : draft_.attachments) {
      if (!is_related(attachment)) continue;
      if (parts.empty()) parts.push_back(std::move(first));
      FUMI_TRY(std::string part, file(attachment));
      parts.push_back(std::move(part));
    }
    if (parts.empty()) return first;
    return multipart("multipart/related", parts);
  }

  Result<std::string> alternative() {
    if (!draft_.html) return text("text/plain", draft_.text.value_or(""));
    FUMI_TRY(std::string html, text("text/html", *draft_.html));
    if (!draft_.text) return html;
    FUMI_TRY(std::string plain, text("text/plain", *draft_.text));
    std::vector<std::string> parts{std::move(plain), std::move(html)};
    return multipart("multipart/alternative", parts);
  }

  [[nodiscard]] bool is_related(const Attachment& attachment) const {
    return draft_.html.has_value() && attachment.placement == Placement::inline_ &&
           !attachment.content_id.empty();
  }

  // "=_" occurs in no base64 and no quoted-printable text, so that only 7bit text leaves anything
  // to the random bytes.
  Result<std::string> multipart(std::string_view type, const std::vector<std::string>& parts) {
    if (draft_.boundary_seed.size() < kSeedOctetsMin) {
      return invalid("a multipart boundary", "fewer than 16 random octets");
    }
    const std::string seed = draft_.boundary_seed.substr(0, kSeedOctetsMin);
    const std::string boundary = "=_" + ascii::to_hex(seed) + '_' + std::to_string(++boundaries_);
    HeaderWriter writer;
    const std::array parameters{Parameter{"boundary", boundary}};
    FUMI_CHECK(writer.parameterized("Content-Type", type, parameters));
    std::string out = writer.take() + "\r\n";
    std::size_t octets = out.size();
    for (const std::string& part : parts)
      octets += part.size() + boundary.size() + 6;
    out.reserve(octets + boundary.size() + 8);
    for (const std::string& part : parts) {
      out += "--" + boundary + "\r\n";
      out += part;
      out += "\r\n";
    }
    return out + "--" + boundary + "--\r\n";
  }

  Result<std::string> text(std::string_view type, std::string_view value) {
    if (!codec::is_utf8(value)) return invalid(type, "the text is not UTF-8");
    const std::string lines = with_last_line_end(to_crlf(value));
    std::string charset = "UTF-8";
    std::string encoding = "7bit";
    std::string body = lines;
    if (charset_ == TextCharset::iso_2022_jp) {
      const auto jis = codec::from_utf8(lines, "iso-2022-jp");
      if (jis && jis->unmappable.empty()) {
        charset = "ISO-2022-JP";
        body = jis->bytes;
      }
    }
    if (!is_seven_bit(body)) {
      const bool base64 =
          charset != "UTF-8" || codec::quoted_printable_octets(body) > body.size() * 78 / 57;
      encoding = base64 ? "base64" : "quoted-printable";
      body = base64 ? codec::base64_encode_lines(body)
                    : codec::quoted_printable_encode(body, codec::LineEnds::text);
    }
    HeaderWriter writer;
    const std::array parameters{Parameter{"charset", charset}};
    FUMI_CHECK(writer.parameterized("Content-Type", type, parameters));
    FUMI_CHECK(writer.structured("Content-Transfer-Encoding", encoding));
    return writer.take() + "\r\n" + body;
  }

  Result<std::string> file(const Attachment& attachment) {
    for (const char c : attachment.file_name) {
      const auto octet = static_cast<unsigned char>(c);
      if (octet < ' ' || octet == 0x7f)
        return invalid("an attachment's file name", "control character");
    }
    std::string type = ascii::to_lower(attachment.type);
    const std::size_t slash = type.find('/');
    const bool shaped =
        slash != std::string::npos && slash > 0 && slash + 1 < type.size() &&
        std::ranges::all_of(type, [](char c) {
          return ascii::is_alnum(c) || c == '/' || c == '-' || c == '+' || c == '.' || c == '_';
        });
    if (!shaped || type.find('/', slash + 1) != std::string::npos ||
        type.starts_with("multipart/")) {
      return invalid("an attachment's Content-Type", ascii::printable(type, 80));
    }
    std::string encoding = "base64";
    std::string body;
    if (type.starts_with("message/")) {  // RFC 2046 §5.2.1: never encoded
      body = with_last_line_end(to_crlf(attachment.bytes));
      const bool clean = body.find('\0') == std::string::npos && lines_fit(body);
      encoding = codec::is_ascii(body) ? "7bit" : "8bit";
      if (!clean || type != "message/rfc822") {
        type = "application/octet-stream";
        encoding = "base64";
      }
    }
    if (encoding == "base64") body = codec::base64_encode_lines(attachment.bytes);
    HeaderWriter writer(charset_);
    std::vector<Parameter> name;
    if (!attachment.file_name.empty()) name.push_back({"name", attachment.file_name});
    FUMI_CHECK(writer.parameterized("Content-Type", type, name, ParameterStyle::encoded_word));
    FUMI_CHECK(writer.structured("Content-Transfer-Encoding", encoding));
    if (!name.empty()) name.front().name = "filename";
    const bool inside = attachment.placement == Placement::inline_;
    FUMI_CHECK(writer.parameterized("Content-Disposition", inside ? "inline" : "attachment", name));
    if (!attachment.content_id.empty()) {
      const std::string id = '<' + attachment.content_id + '>';
      FUMI_CHECK(ids(writer, "Content-ID", std::span(&id, 1)));
    }
    return writer.take() + "\r\n" + body;
  }

  const Draft& draft_;
  TextCharset charset_;
  int boundaries_ = 0;
};

}  // namespace

std::string to_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 32);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find_first_of("\r\n", at);
    out += text.substr(at, end - at);
    if (end == std::string_view::npos) break;
    out += "\r\n";
    at = end + (text.substr(end, 2) == "\r\n" ? 2 : 1);
  }
  return out;
}

Result<std::string> write_message(const Draft& draft) { return Composer(draft).run(); }

}  // namespace fumi::mime
