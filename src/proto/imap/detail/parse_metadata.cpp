// Annotations (RFC 5464 §5, RFC 9590).
#include "base/ascii.h"
#include "proto/imap/detail/commands.h"

namespace fumi::imap::detail {
namespace {

constexpr std::size_t kEntryOctetsMax = 1'000;

// entry = astring, a path under /private or /shared (RFC 5464 §3.2)
std::optional<std::string> entry(Parser& p) {
  auto name = p.astring();
  if (!name) return std::nullopt;
  const bool known =
      ascii::istarts_with(*name, "/private") || ascii::istarts_with(*name, "/shared");
  if (!known || name->size() > kEntryOctetsMax || name->ends_with('/') ||
      name->find("//") != std::string::npos) {
    return p.fail("bad entry name");
  }
  const std::size_t root = ascii::istarts_with(*name, "/private") ? 8 : 7;
  if (name->size() > root && (*name)[root] != '/') return p.fail("bad entry name");
  for (const char c : *name) {
    if (c <= ' ' || c > '~' || c == '*' || c == '%') return p.fail("bad entry name");
  }
  return name;
}

// The mailbox, or "" for the server
std::optional<std::string> mailbox_or_server(Parser& p) {
  if (p.take("\"\"")) return std::string();
  return p.mailbox();
}

// getmetadata-option = "MAXSIZE" SP number / "DEPTH" SP ("0" / "1" / "infinity")
bool option(Parser& p, MetadataQuery& out) {
  const std::string word = p.keyword();
  if (word == "MAXSIZE") {
    if (!p.sp()) return false;
    out.octets_max = p.number();
    return out.octets_max.has_value();
  }
  if (word != "DEPTH") {
    (void)p.fail("unknown GETMETADATA option");
    return false;
  }
  if (!p.sp()) return false;
  const std::string depth = p.keyword();
  if (depth == "1") {
    out.depth = MetadataQuery::Depth::one;
  } else if (depth == "INFINITY") {
    out.depth = MetadataQuery::Depth::infinity;
  } else if (depth != "0") {
    (void)p.fail("bad DEPTH");
    return false;
  }
  return true;
}

bool options(Parser& p, MetadataQuery& out) {
  if (!p.expect('(')) return false;
  do {
    if (!option(p, out)) return false;
  } while (p.take(' '));
  return p.expect(')') && p.sp();
}

// Whether options follow, as RFC 5464's examples (§4.2.1) have them behind the mailbox.
bool at_options(Parser& p) {
  const std::size_t before = p.position();
  bool found = false;
  if (p.take('(')) {
    const std::string word = p.keyword();
    found = word == "MAXSIZE" || word == "DEPTH";
  }
  p.rewind(before);
  return found;
}

// value = nstring / literal8
bool value(Parser& p, std::optional<std::string>& out) {
  if (p.next_is('~')) {
    out = p.literal8();
    return out.has_value();
  }
  auto text = p.nstring();
  if (!text) return false;
  out = std::move(*text);
  return true;
}

}  // namespace

// entries = entry / "(" entry *(SP entry) ")"
std::optional<std::vector<std::string>> metadata_entries(Parser& p) {
  std::vector<std::string> out;
  const bool several = p.take('(');
  do {
    if (out.size() == p.limits().metadata_entries) return p.fail("too many entries");
    auto name = entry(p);
    if (!name) return std::nullopt;
    out.push_back(std::move(*name));
  } while (several && p.take(' '));
  if (several && !p.expect(')')) return std::nullopt;
  return out;
}

// getmetadata = "GETMETADATA" [SP getmetadata-options] SP mailbox SP entries
Parsed parse_getmetadata(Parser& p) {
  GetMetadata out;
  if (!p.sp()) return std::nullopt;
  if (p.next_is('(') && !options(p, out.query)) return std::nullopt;
  auto name = mailbox_or_server(p);
  if (!name || !p.sp()) return std::nullopt;
  out.mailbox = std::move(*name);
  if (at_options(p) && !options(p, out.query)) return std::nullopt;
  auto entries = metadata_entries(p);
  if (!entries || !p.end()) return std::nullopt;
  out.query.entries = std::move(*entries);
  return out;
}

// setmetadata = "SETMETADATA" SP mailbox SP "(" entry SP value *(SP entry SP value) ")"
Parsed parse_setmetadata(Parser& p) {
  SetMetadata out;
  if (!p.sp()) return std::nullopt;
  auto name = mailbox_or_server(p);
  if (!name || !p.sp() || !p.expect('(')) return std::nullopt;
  out.mailbox = std::move(*name);
  do {
    if (out.values.size() == p.limits().metadata_entries) return p.fail("too many entries");
    auto one = entry(p);
    if (!one || !p.sp()) return std::nullopt;
    if (one->find('/', 1) == std::string::npos) return p.fail("an entry name has two parts");
    std::optional<std::string> text;
    if (!value(p, text)) return std::nullopt;
    if (text && text->size() > p.limits().metadata_octets) {
      const std::string most = std::to_string(p.limits().metadata_octets);
      return p.refuse(no("The value is too large", ResponseCode{"METADATA MAXSIZE " + most}));
    }
    out.values.emplace_back(std::move(*one), std::move(text));
  } while (p.take(' '));
  if (!p.expect(')') || !p.end()) return std::nullopt;
  return out;
}

}  // namespace fumi::imap::detail
