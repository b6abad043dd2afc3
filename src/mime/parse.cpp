// parse(): one walk over the header of each part, one search for each boundary.
#include <algorithm>
#include <cstring>

#include "base/ascii.h"
#include "codec/utf8.h"
#include "mime/address.h"
#include "mime/header.h"
#include "mime/structure.h"

namespace fumi::mime {
namespace {

constexpr std::uint32_t kDepthMax = 100;         // recursion, whatever the caller asks for
constexpr std::size_t kBoundaryOctetsMax = 200;  // RFC 2046 §5.1.1 says 70

struct Range {
  std::size_t begin;
  std::size_t end;
};

void append(std::vector<Address>& list, std::string_view body) {
  if (list.size() >= kAddressesMax) return;
  std::vector<Address> more = parse_addresses(body, kAddressesMax - list.size());
  if (list.empty()) {
    list = std::move(more);
  } else {
    std::ranges::move(more, std::back_inserter(list));
  }
}

void set_once(std::string& to, std::string_view body) {
  if (to.empty()) to = unfold(body);
}

void set_once(std::vector<Address>& to, std::string_view body) {
  if (to.empty()) to = parse_addresses(body);
}

// Of fields that may stand once (RFC 5322 §3.6) the first counts; recipients add up.
void read_envelope_field(Envelope& out, const HeaderField& field) {
  const std::string_view name = field.name;
  const auto is = [name](std::string_view wanted) { return ascii::iequals(name, wanted); };
  switch (name.size()) {
    case 2:
      if (is("to")) return append(out.to, field.body);
      if (is("cc")) return append(out.cc, field.body);
      return;
    case 3:
      if (is("bcc")) return append(out.bcc, field.body);
      return;
    case 4:
      if (is("from")) return set_once(out.from, field.body);
      if (is("date")) return set_once(out.date, field.body);
      return;
    case 6:
      if (is("sender")) return set_once(out.sender, field.body);
      return;
    case 7:
      if (is("subject")) return set_once(out.subject, field.body);
      return;
    case 8:
      if (is("reply-to")) return set_once(out.reply_to, field.body);
      return;
    case 10:
      if (is("message-id") && out.message_id.empty()) {
        const auto ids = parse_message_ids(field.body);
        if (!ids.empty()) out.message_id = ids.front();
      }
      return;
    case 11:
      if (is("in-reply-to")) return set_once(out.in_reply_to, field.body);
      return;
    default:
      return;
  }
}

struct ContentSeen {
  bool type = false;
};

void read_type(Part& part, std::string_view body) {
  Parameterized parsed = parse_parameterized(body);
  const std::size_t slash = parsed.value.find('/');
  const auto token = [](std::string_view text) {
    return !text.empty() && text.size() <= 127 && std::ranges::all_of(text, [](char c) {
      return c > ' ' && c <= '~' &&
             std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
    });
  };
  if (slash == std::string::npos ||
      !token(ascii::trim(std::string_view(parsed.value).substr(0, slash))) ||
      !token(ascii::trim(std::string_view(parsed.value).substr(slash + 1)))) {
    // RFC 2045 §5.2: a broken Content-Type is treated as text/plain; "text" alone is common.
    part.type = "text";
    part.subtype = "plain";
  } else {
    part.type = ascii::trim(std::string_view(parsed.value).substr(0, slash));
    part.subtype = ascii::trim(std::string_view(parsed.value).substr(slash + 1));
  }
  part.parameters = std::move(parsed.parameters);
}

void read_content_field(Part& part, ContentSeen& seen, const HeaderField& field) {
  if (!ascii::istarts_with(field.name, "content-")) return;
  const std::string_view name = field.name.substr(8);
  const auto is = [name](std::string_view wanted) { return ascii::iequals(name, wanted); };
  if (is("type")) {
    if (!seen.type) read_type(part, field.body);
    seen.type = true;
  } else if (is("transfer-encoding")) {
    std::string value = parse_parameterized(field.body).value;
    if (!value.empty() && codec::is_ascii(value)) part.encoding = std::move(value);
  } else if (is("disposition")) {
    if (!part.disposition.empty()) return;
    Parameterized parsed = parse_parameterized(field.body);
    part.disposition = std::move(parsed.value);
    part.disposition_parameters = std::move(parsed.parameters);
  } else if (is("id")) {
    set_once(part.id, field.body);
  } else if (is("description")) {
    set_once(part.description, field.body);
  } else if (is("md5")) {
    set_once(part.md5, field.body);
  } else if (is("location")) {
    set_once(part.location, field.body);
  } else if (is("language") && part.language.empty()) {
    const std::string value = parse_parameterized(field.body).value;
    for (const std::string_view tag : ascii::split(value, ',')) {
      if (!ascii::trim(tag).empty() && part.language.size() < 100) {
        part.language.emplace_back(ascii::trim(tag));
      }
    }
  }
}

void make_opaque(Part& part) {
  part.type = "application";
  part.subtype = "octet-stream";
  part.children.clear();
  part.envelope.reset();
}

class Parser {
 public:
  Parser(std::string_view raw, const ParseLimits& limits) : raw_(raw), limits_(limits) {
    limits_.depth_max = std::min(limits_.depth_max, kDepthMax);
  }

  // A message: its root part, the envelope, and where the caller wants it, the thread's ids.
  Part message(Range range, std::uint32_t depth, Envelope& envelope, std::string* references) {
    Part part;
    HeaderReader reader = header(part, range, [&](const HeaderField& field) {
      read_envelope_field(envelope, field);
      if (references != nullptr && ascii::iequals(field.name, "references")) {
        references->append(field.body).append(" ");
      }
    });
    finish(part, range, reader, depth);
    return part;
  }

 private:
  template <class Visit>
  HeaderReader header(Part& part, Range range, Visit visit) {
    HeaderReader reader(raw_.substr(range.begin, range.end - range.begin),
                        limits_.header_octets_max);
    ContentSeen seen;
    for (HeaderField field; reader.next(field);) {
      read_content_field(part, seen, field);
      visit(field);
    }
    return reader;
  }

  Part entity(Range range, std::uint32_t depth, bool in_digest) {
    Part part;
    if (in_digest) {  // RFC 2046 §5.1.5
      part.type = "message";
      part.subtype = "rfc822";
    }
    HeaderReader reader = header(part, range, [](const HeaderField&) {});
    finish(part, range, reader, depth);
    return part;
  }

  void finish(Part& part, Range range, const HeaderReader& reader, std::uint32_t depth) {
    ++parts_;
    part.header_begin = range.begin;
    part.body_begin = range.begin + reader.body_offset();
    part.body_end = range.end;
    const auto* const body = raw_.data() + part.body_begin;
    part.lines = std::uint32_t(std::min<std::ptrdiff_t>(
        std::count(body, raw_.data() + part.body_end, '\n'), std::ptrdiff_t(UINT32_MAX)));
    const Range inside{std::size_t(part.body_begin), range.end};
    if (part.is_multipart()) {
      multipart(part, inside, depth);
    } else if (part.is_message()) {
      encapsulated(part, inside, depth);
    }
  }

  [[nodiscard]] bool at_limit(std::uint32_t depth) const {
    return depth >= limits_.depth_max || parts_ >= limits_.parts_max;
  }

  void encapsulated(Part& part, Range inside, std::uint32_t depth) {
    const bool plain =
        part.encoding == "7bit" || part.encoding == "8bit" || part.encoding == "binary";
    if (!plain || at_limit(depth)) return make_opaque(part);
    part.envelope = std::make_unique<Envelope>();
    part.children.push_back(message(inside, depth + 1, *part.envelope, nullptr));
  }

  void multipart(Part& part, Range inside, std::uint32_t depth) {
    std::string_view boundary;
    for (const Parameter& parameter : part.parameters) {
      if (parameter.name == "boundary") boundary = parameter.value;
    }
    if (at_limit(depth)) return make_opaque(part);
    std::vector<Range> ranges;
    if (!boundary.empty() && boundary.size() <= kBoundaryOctetsMax) {
      ranges = split(inside, "--" + std::string(boundary));
    }
    if (ranges.empty()) {  // nothing to take apart: shown as what it looks like
      part.type = "text";
      part.subtype = "plain";
      part.parameters.clear();
      return;
    }
    const bool digest = part.subtype == "digest";
    for (const Range& range : ranges) {
      if (parts_ >= limits_.parts_max) break;
      part.children.push_back(entity(range, depth + 1, digest));
    }
  }

  // RFC 2046 §5.1.1: delimiter := CRLF "--" boundary; the line end before it belongs to it. A
  // multipart without a closing delimiter ends with what holds it.
  std::vector<Range> split(Range inside, const std::string& delimiter) const {
    constexpr std::size_t kNone = std::string_view::npos;
    std::vector<Range> ranges;
    std::size_t open = kNone;
    for (std::size_t at = inside.begin; (at = find(delimiter, at, inside.end)) != kNone;) {
      std::size_t end = at + delimiter.size();
      const bool at_line = at == inside.begin || raw_[at - 1] == '\n';
      const bool close = raw_.substr(end, std::min<std::size_t>(2, inside.end - end)) == "--";
      if (close) end += 2;
      while (end < inside.end && (raw_[end] == ' ' || raw_[end] == '\t' || raw_[end] == '\r'))
        ++end;
      if (!at_line || (end < inside.end && raw_[end] != '\n')) {
        const void* lf = std::memchr(raw_.data() + at, '\n', inside.end - at);
        if (lf == nullptr) break;
        at = std::size_t(static_cast<const char*>(lf) - raw_.data()) + 1;
        continue;
      }
      end = std::min(end + 1, inside.end);
      if (open != kNone) ranges.push_back({open, before_line_end(open, at)});
      open = close ? kNone : end;
      if (close || ranges.size() >= limits_.parts_max) break;
      at = end;
    }
    if (open != kNone && ranges.size() < limits_.parts_max) ranges.push_back({open, inside.end});
    return ranges;
  }

  [[nodiscard]] std::size_t find(const std::string& needle, std::size_t from,
                                 std::size_t end) const {
    if (from >= end) return std::string_view::npos;
    const void* found = memmem(raw_.data() + from, end - from, needle.data(), needle.size());
    if (found == nullptr) return std::string_view::npos;
    return std::size_t(static_cast<const char*>(found) - raw_.data());
  }

  [[nodiscard]] std::size_t before_line_end(std::size_t begin, std::size_t at) const {
    if (at > begin && raw_[at - 1] == '\n') --at;
    if (at > begin && raw_[at - 1] == '\r') --at;
    return at;
  }

  std::string_view raw_;
  ParseLimits limits_;
  std::uint32_t parts_ = 0;
};

enum class Within { ordinary, related, report };

// A user's idea of "has an attachment": not the picture inside the HTML, not a signature, not the
// machine-readable half of a delivery report.
bool holds_attachment(const Part& part, Within within, bool root) {
  if (part.disposition == "attachment") return true;
  if (part.is_multipart()) {
    Within inner = within;
    if (part.subtype == "related") inner = Within::related;
    if (part.subtype == "report") inner = Within::report;
    return std::ranges::any_of(part.children, [inner](const Part& child) {
      return holds_attachment(child, inner, false);
    });
  }
  if (within == Within::report || part.type == "text" || part.disposition == "inline") return false;
  const bool signature = part.type == "application" &&
                         (part.subtype == "pgp-signature" || part.subtype == "pkcs7-signature" ||
                          part.subtype == "x-pkcs7-signature");
  if (signature && !root) return false;
  return within != Within::related;
}

std::vector<std::string> thread_ids(std::string_view references, std::string_view in_reply_to) {
  std::vector<std::string> ids;
  for (const std::string_view body : {references, in_reply_to}) {
    for (std::string& id : parse_message_ids(body)) {
      if (std::ranges::find(ids, id) == ids.end()) ids.push_back(std::move(id));
    }
  }
  return ids;
}

}  // namespace

Summary parse(std::string_view raw, const ParseLimits& limits) {
  Summary out;
  std::string references;
  Parser parser(raw, limits);
  out.root = parser.message({0, raw.size()}, 1, out.envelope, &references);
  out.references = thread_ids(references, out.envelope.in_reply_to);
  out.size = raw.size();
  out.has_attachment = holds_attachment(out.root, Within::ordinary, true);
  return out;
}

const Part* find_part(const Part& root, const std::vector<std::uint32_t>& section) {
  const Part* part = &root;
  bool at_root = true;
  for (const std::uint32_t number : section) {
    if (!at_root && part->is_message()) {
      if (part->children.empty()) return nullptr;
      part = &part->children.front();
      at_root = true;
    }
    if (part->is_multipart()) {
      if (number == 0 || number > part->children.size()) return nullptr;
      part = &part->children[number - 1];
    } else if (!at_root || number != 1) {
      return nullptr;
    }
    at_root = false;
  }
  return part;
}

}  // namespace fumi::mime
