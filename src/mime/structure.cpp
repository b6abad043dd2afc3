// encode() and decode(): the stored form of a summary.
//
//   summary = version:octet size flags envelope references part
// Numbers are LEB128. A string is its length times two, then its octets; or, for what every mail
// says, a number of kCommon times two plus one. Offsets of a part count from its parent's.
#include <array>

#include "mime/structure.h"

namespace fumi::mime {
namespace {

constexpr char kVersion = 1;
constexpr char kWithPreview = 2;  // as 1, with the preview behind it
constexpr std::uint32_t kDepthMax = 110;

// Append only: the place of a word is part of the stored form.
constexpr std::array<std::string_view, 32> kCommon{"text",
                                                   "plain",
                                                   "html",
                                                   "7bit",
                                                   "8bit",
                                                   "base64",
                                                   "quoted-printable",
                                                   "multipart",
                                                   "mixed",
                                                   "alternative",
                                                   "related",
                                                   "boundary",
                                                   "charset",
                                                   "utf-8",
                                                   "UTF-8",
                                                   "us-ascii",
                                                   "iso-2022-jp",
                                                   "ISO-2022-JP",
                                                   "name",
                                                   "filename",
                                                   "attachment",
                                                   "inline",
                                                   "image",
                                                   "jpeg",
                                                   "png",
                                                   "application",
                                                   "octet-stream",
                                                   "pdf",
                                                   "message",
                                                   "rfc822",
                                                   "binary",
                                                   "format"};

class Writer {
 public:
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U)
      out_ += char(0x80U | (value & 0x7fU));
    out_ += char(value);
  }

  void text(std::string_view value) {
    for (std::size_t i = 0; i < kCommon.size() && value.size() >= 3 && value.size() <= 16; ++i) {
      if (value == kCommon[i]) return number(i * 2 + 1);
    }
    number(value.size() * 2);
    out_ += value;
  }

  void texts(const std::vector<std::string>& list) {
    number(list.size());
    for (const std::string& value : list)
      text(value);
  }

  void parameters(const std::vector<Parameter>& list) {
    number(list.size());
    for (const Parameter& parameter : list) {
      text(parameter.name);
      text(parameter.value);
    }
  }

  void addresses(const std::vector<Address>& list) {
    number(list.size());
    for (const Address& address : list) {
      number(std::uint64_t(address.kind));
      text(address.name);
      text(address.local);
      text(address.domain);
    }
  }

  void envelope(const Envelope& value) {
    text(value.date);
    text(value.subject);
    for (const auto* list :
         {&value.from, &value.sender, &value.reply_to, &value.to, &value.cc, &value.bcc}) {
      addresses(*list);
    }
    text(value.in_reply_to);
    text(value.message_id);
  }

  void part(const Part& value, std::uint64_t base) {
    text(value.type);
    text(value.subtype);
    parameters(value.parameters);
    text(value.id);
    text(value.description);
    text(value.encoding);
    text(value.md5);
    text(value.disposition);
    parameters(value.disposition_parameters);
    texts(value.language);
    text(value.location);
    number(value.header_begin - base);
    number(value.body_begin - value.header_begin);
    number(value.body_end - value.body_begin);
    number(value.lines);
    number(value.children.size() * 2 + (value.envelope ? 1 : 0));
    if (value.envelope) envelope(*value.envelope);
    for (const Part& child : value.children)
      part(child, value.body_begin);
  }

  std::string take() { return std::move(out_); }

  void octet(char value) { out_ += value; }

 private:
  std::string out_;
};

// Every read checks what is left; after the first failure all further reads give nothing.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool at_end() const { return good_ && rest_.empty(); }

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 63 && !rest_.empty(); shift += 7) {
      const auto octet = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= std::uint64_t(octet & 0x7fU) << shift;
      if (octet < 0x80) return value;
    }
    spoil();
    return 0;
  }

  // A count of things that take at least `octets` each.
  std::size_t count(std::size_t octets) {
    const std::uint64_t value = number();
    if (value > rest_.size() / octets) spoil();
    return good_ ? std::size_t(value) : 0;
  }

  std::string text() { return std::string(view()); }

  std::string_view view() {
    const std::uint64_t head = number();
    if ((head & 1U) != 0) {
      if (head / 2 < kCommon.size()) return kCommon[head / 2];
      spoil();
      return {};
    }
    if (head / 2 > rest_.size()) spoil();
    if (!good_) return {};
    const std::string_view value = rest_.substr(0, head / 2);
    rest_.remove_prefix(head / 2);
    return value;
  }

  std::vector<std::string> texts() {
    std::vector<std::string> list(count(1));
    for (std::string& value : list)
      value = text();
    return list;
  }

  std::vector<Parameter> parameters() {
    std::vector<Parameter> list(count(2));
    for (Parameter& parameter : list) {
      parameter.name = text();
      parameter.value = text();
    }
    return list;
  }

  std::vector<Address> addresses() {
    std::vector<Address> list(count(4));
    for (Address& address : list) {
      address.kind = kind();
      address.name = text();
      address.local = text();
      address.domain = text();
    }
    return list;
  }

  Envelope envelope() {
    Envelope value;
    value.date = text();
    value.subject = text();
    for (auto* list :
         {&value.from, &value.sender, &value.reply_to, &value.to, &value.cc, &value.bcc}) {
      *list = addresses();
    }
    value.in_reply_to = text();
    value.message_id = text();
    return value;
  }

  void envelope(EnvelopeView& into) {
    into.date = view();
    into.subject = view();
    for (auto* list : {&into.from, &into.sender, &into.reply_to, &into.to, &into.cc, &into.bcc}) {
      list->resize(count(4));
      for (AddressView& address : *list) {
        address.kind = kind();
        address.name = view();
        address.local = view();
        address.domain = view();
      }
    }
    into.in_reply_to = view();
    into.message_id = view();
  }

  // `begin` and `end` are what the parent's body covers.
  Part part(std::uint64_t begin, std::uint64_t end, std::uint32_t depth) {
    Part value;
    if (depth > kDepthMax) spoil();
    if (!good_) return value;
    value.type = text();
    value.subtype = text();
    value.parameters = parameters();
    value.id = text();
    value.description = text();
    value.encoding = text();
    value.md5 = text();
    value.disposition = text();
    value.disposition_parameters = parameters();
    value.language = texts();
    value.location = text();
    value.header_begin = advance(begin, end);
    value.body_begin = advance(value.header_begin, end);
    value.body_end = advance(value.body_begin, end);
    const std::uint64_t lines = number();
    if (lines > UINT32_MAX) spoil();
    value.lines = std::uint32_t(lines);
    const std::uint64_t head = number();
    if ((head & 1U) != 0) value.envelope = std::make_unique<Envelope>(envelope());
    if (head / 2 > rest_.size()) spoil();
    for (std::uint64_t i = 0; good_ && i < head / 2; ++i) {
      value.children.push_back(part(value.body_begin, value.body_end, depth + 1));
    }
    if (!shape_holds(value)) spoil();
    return value;
  }

 private:
  void spoil() {
    good_ = false;
    rest_ = {};
  }

  Address::Kind kind() {
    const std::uint64_t value = number();
    if (value > std::uint64_t(Address::Kind::group_end)) spoil();
    return good_ ? Address::Kind(value) : Address::Kind::mailbox;
  }

  std::uint64_t advance(std::uint64_t from, std::uint64_t end) {
    const std::uint64_t by = number();
    if (by > end - from) spoil();
    return good_ ? from + by : from;
  }

  static bool shape_holds(const Part& part) {
    if (part.is_message()) return part.children.size() == 1 && part.envelope != nullptr;
    if (part.is_multipart()) return !part.children.empty() && part.envelope == nullptr;
    return part.children.empty() && part.envelope == nullptr;
  }

  std::string_view rest_;
  bool good_ = true;
};

}  // namespace

std::string encode(const Summary& summary) { return encode(summary, summary.preview); }

std::string encode(const Summary& summary, std::optional<std::string_view> preview) {
  Writer writer;
  writer.octet(preview ? kWithPreview : kVersion);
  writer.number(summary.size);
  writer.number(summary.has_attachment ? 1 : 0);
  writer.envelope(summary.envelope);
  writer.texts(summary.references);
  writer.part(summary.root, 0);
  if (preview) writer.text(*preview);
  return writer.take();
}

std::optional<Summary> decode(std::string_view bytes) {
  if (bytes.empty()) return std::nullopt;
  const char version = bytes.front();
  if (version != kVersion && version != kWithPreview) return std::nullopt;
  Reader reader(bytes.substr(1));
  Summary out;
  out.size = reader.number();
  const std::uint64_t flags = reader.number();
  if (!reader.good() || flags > 1) return std::nullopt;
  out.has_attachment = flags == 1;
  out.envelope = reader.envelope();
  out.references = reader.texts();
  out.root = reader.part(0, out.size, 1);
  if (version == kWithPreview) out.preview = reader.text();
  if (!reader.at_end()) return std::nullopt;
  return out;
}

namespace {

// Stands before the envelope.
bool skip_to_envelope(Reader& reader) {
  static_cast<void>(reader.number());  // size
  static_cast<void>(reader.number());  // flags
  return reader.good();
}

bool is_known(std::string_view bytes) {
  return !bytes.empty() && (bytes.front() == kVersion || bytes.front() == kWithPreview);
}

}  // namespace

bool read_envelope(std::string_view bytes, EnvelopeView& into) {
  if (is_known(bytes)) {
    Reader reader(bytes.substr(1));
    if (skip_to_envelope(reader)) reader.envelope(into);
    if (reader.good()) return true;
  }
  into = EnvelopeView();
  return false;
}

}  // namespace fumi::mime
