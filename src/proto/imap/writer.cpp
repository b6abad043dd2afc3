#include "proto/imap/writer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.h"
#include "codec/utf7.h"
#include "codec/utf8.h"

namespace fumi::imap {
namespace {

constexpr std::size_t kQuotedOctetsMax = 1'024;  // longer strings go as literals

// What decides how a string is written, of all its octets: without branches, eight at a time or
// more, because FETCH of a large mailbox asks it of every string of every envelope.
struct Octets {
  bool control = false;
  bool eight_bit = false;
  bool special = false;  // needs a backslash
};

Octets look_at(std::string_view text) {
  unsigned control = 0;
  unsigned all = 0;
  unsigned special = 0;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    control |= static_cast<unsigned char>((octet < 0x20) | (octet == 0x7f));
    special |= static_cast<unsigned char>((octet == '"') | (octet == '\\'));
    all |= octet;
  }
  return {control != 0, all >= 0x80, special != 0};
}

// Names that came in through this engine are UTF-8; others are made so.
std::string wire_name(std::string_view utf8) {
  auto name = codec::to_modified_utf7(utf8);
  return name ? std::move(*name) : *codec::to_modified_utf7(codec::to_valid_utf8(utf8));
}

bool is_astring(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c <= '~' && std::string_view("(){%*\"\\").find(c) == std::string_view::npos;
  }) && !ascii::iequals(text, "NIL");
}

}  // namespace

void Writer::put_number(std::uint64_t number) {
  std::array<char, 20> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out_.put(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

void Writer::put_literal(std::string_view octets) {
  out_.put('{');
  put_number(octets.size());
  out_.put("}\r\n");
  if (octets.size() >= limits_.splice_octets) {
    out_.splice(octets);
  } else {
    out_.put(octets);
  }
}

void Writer::put_string(std::string_view text) {
  const Octets octets = text.size() > kQuotedOctetsMax ? Octets{true} : look_at(text);
  if (!octets.control && (!octets.eight_bit || (features_.utf8() && codec::is_utf8(text)))) {
    out_.put('"');
    if (!octets.special) {
      out_.put(text);
      out_.put('"');
      return;
    }
    for (;;) {
      const std::size_t special = text.find_first_of("\"\\");
      out_.put(text.substr(0, special));
      if (special == std::string_view::npos) break;
      out_.put('\\');
      out_.put(text[special]);
      text.remove_prefix(special + 1);
    }
    out_.put('"');
    return;
  }
  // CHAR8 excludes NUL (RFC 9051 §9); the text may be a temporary, so it is copied, not spliced.
  std::string clean(text);
  std::erase(clean, '\0');
  out_.put('{');
  put_number(clean.size());
  out_.put("}\r\n");
  out_.put(clean);
}

void Writer::put_nstring(std::string_view text) {
  if (text.empty()) {
    out_.put("NIL");
  } else {
    put_string(text);
  }
}

void Writer::put_astring(std::string_view text) {
  if (is_astring(text)) {
    out_.put(text);
  } else {
    put_string(text);
  }
}

void Writer::put_mailbox(std::string_view utf8) {
  if (features_.utf8()) {
    put_astring(utf8);
  } else {
    put_astring(wire_name(utf8));
  }
}

void Writer::put_flag_list(std::span<const std::string> flags) {
  out_.put('(');
  for (std::size_t i = 0; i < flags.size(); ++i) {
    if (i > 0) out_.put(' ');
    out_.put(flags[i]);
  }
  out_.put(')');
}

void Writer::status_line(std::string_view lead, std::string_view kind, const ResponseCode& code,
                         std::string_view text) {
  out_.put(lead);
  out_.put(' ');
  out_.put(kind);
  out_.put(' ');
  if (!code.text.empty()) {
    out_.put('[');
    out_.put(code.text);
    out_.put("] ");
  }
  out_.put(text.empty() ? std::string("Done") : ascii::printable(text, 1'000));
  out_.put("\r\n");
}

void Writer::status_ok(std::string_view text, const ResponseCode& code) {
  status_line("*", "OK", code, text);
}
void Writer::status_no(std::string_view text, const ResponseCode& code) {
  status_line("*", "NO", code, text);
}
void Writer::status_bad(std::string_view text) { status_line("*", "BAD", {}, text); }
void Writer::bye(std::string_view text, const ResponseCode& code) {
  status_line("*", "BYE", code, text);
}

void Writer::tagged(std::string_view tag, const Reply& reply) {
  const std::string_view kind = reply.status == Reply::Status::ok   ? "OK"
                                : reply.status == Reply::Status::no ? "NO"
                                                                    : "BAD";
  status_line(tag, kind, reply.code, reply.text);
}

void Writer::continuation(std::string_view text) {
  out_.put("+ ");
  out_.put(text);
  out_.put("\r\n");
}

void Writer::capability(std::string_view list) {
  out_.put("* CAPABILITY ");
  out_.put(list);
  out_.put("\r\n");
}

void Writer::enabled(Features newly) {
  out_.put("* ENABLED");
  if (newly.condstore && !newly.qresync) out_.put(" CONDSTORE");
  if (newly.qresync) out_.put(" QRESYNC");
  if (newly.utf8_accept) out_.put(" UTF8=ACCEPT");
  if (newly.imap4rev2) out_.put(" IMAP4rev2");
  if (newly.uid_only) out_.put(" UIDONLY");
  out_.put("\r\n");
}

void Writer::jmap_access(std::string_view url) {
  out_.put("* JMAPACCESS ");
  put_string(url);
  out_.put("\r\n");
}

void Writer::id(std::span<const std::pair<std::string, std::string>> fields) {
  out_.put("* ID ");
  if (fields.empty()) {
    out_.put("NIL\r\n");
    return;
  }
  char lead = '(';
  for (const auto& [name, value] : fields) {
    out_.put(lead);
    put_string(name);
    out_.put(' ');
    put_string(value);
    lead = ' ';
  }
  out_.put(")\r\n");
}

void Writer::put_namespace(std::span<const NamespaceEntry> entries) {
  if (entries.empty()) {
    out_.put("NIL");
    return;
  }
  out_.put('(');
  for (const NamespaceEntry& entry : entries) {
    out_.put('(');
    put_string(features_.utf8() ? entry.prefix : wire_name(entry.prefix));
    out_.put(" \"/\")");
  }
  out_.put(')');
}

void Writer::namespaces(std::span<const NamespaceEntry> personal,
                        std::span<const NamespaceEntry> others,
                        std::span<const NamespaceEntry> shared) {
  out_.put("* NAMESPACE ");
  put_namespace(personal);
  out_.put(' ');
  put_namespace(others);
  out_.put(' ');
  put_namespace(shared);
  out_.put("\r\n");
}

void Writer::list_line(std::string_view kind, const ListEntry& entry) {
  out_.put("* ");
  out_.put(kind);
  out_.put(' ');
  put_flag_list(entry.attributes);
  out_.put(" \"/\" ");
  if (entry.name.empty()) {
    out_.put("\"\"");
  } else {
    put_mailbox(entry.name);
  }
  if (entry.child_subscribed || !entry.old_name.empty()) {
    out_.put(" (");
    if (entry.child_subscribed) out_.put("\"CHILDINFO\" (\"SUBSCRIBED\")");
    if (!entry.old_name.empty()) {
      if (entry.child_subscribed) out_.put(' ');
      out_.put("\"OLDNAME\" (");
      put_mailbox(entry.old_name);
      out_.put(')');
    }
    out_.put(')');
  }
  out_.put("\r\n");
}

void Writer::list(const ListEntry& entry) { list_line("LIST", entry); }
void Writer::lsub(const ListEntry& entry) { list_line("LSUB", entry); }

void Writer::status(std::string_view mailbox, StatusItems items, const StatusData& data) {
  out_.put("* STATUS ");
  put_mailbox(mailbox);
  char lead = '(';
  out_.put(' ');
  const auto item = [&](StatusItem which, std::string_view name, std::uint64_t value) {
    if (!items.has(which)) return;
    out_.put(lead);
    lead = ' ';
    out_.put(name);
    out_.put(' ');
    put_number(value);
  };
  item(StatusItem::messages, "MESSAGES", data.messages);
  item(StatusItem::recent, "RECENT", data.recent);
  item(StatusItem::uid_next, "UIDNEXT", data.uid_next.value);
  item(StatusItem::uid_validity, "UIDVALIDITY", data.uid_validity.value);
  item(StatusItem::unseen, "UNSEEN", data.unseen);
  item(StatusItem::deleted, "DELETED", data.deleted);
  item(StatusItem::size, "SIZE", data.size);
  item(StatusItem::deleted_storage, "DELETED-STORAGE", data.deleted_storage);
  item(StatusItem::highest_modseq, "HIGHESTMODSEQ", data.highest_modseq.value);
  const auto text = [&](StatusItem which, std::string_view name, const std::string& value) {
    if (!items.has(which)) return;
    out_.put(lead);
    lead = ' ';
    out_.put(name);
    out_.put(' ');
    out_.put(value);
  };
  text(StatusItem::mailbox_id, "MAILBOXID", '(' + data.mailbox_id + ')');
  text(StatusItem::append_limit, "APPENDLIMIT",
       data.append_limit ? std::to_string(*data.append_limit) : "NIL");
  if (lead == '(') out_.put(lead);
  out_.put(")\r\n");
}

void Writer::flags(std::span<const std::string> flags) {
  out_.put("* FLAGS ");
  put_flag_list(flags);
  out_.put("\r\n");
}

void Writer::exists(std::uint32_t count) {
  out_.put("* ");
  put_number(count);
  out_.put(" EXISTS\r\n");
}

void Writer::recent(std::uint32_t count) {
  if (features_.imap4rev2) return;  // RFC 9051 §7.3.2: gone
  out_.put("* ");
  put_number(count);
  out_.put(" RECENT\r\n");
}

void Writer::permanent_flags(std::span<const std::string> flags) {
  out_.put("* OK [PERMANENTFLAGS ");
  put_flag_list(flags);
  out_.put("] Flags that last\r\n");
}

void Writer::selected(const SelectedInfo& info) {
  flags(info.flags);
  exists(info.exists);
  recent(info.recent);
  if (!features_.imap4rev2 && !features_.uid_only && info.first_unseen) {
    status_ok("First unseen", code::unseen(*info.first_unseen));
  }
  permanent_flags(info.permanent_flags);
  status_ok("UIDs are valid", code::uid_validity(info.uid_validity));
  status_ok("Next UID", code::uid_next(info.uid_next));
  if (info.highest_modseq) {
    status_ok("Highest", code::highest_modseq(*info.highest_modseq));
  } else {
    status_ok("No mod-sequences", code::plain(code::Plain::no_modseq));
  }
  if (!info.mailbox_id.empty()) status_ok("Mailbox", code::mailbox_id(info.mailbox_id));
  // RFC 9051 §6.3.2 requires LIST; IMAP4rev1 clients don't expect it.
  if (features_.imap4rev2) list({info.list_attributes, info.mailbox, false, {}});
}

void Writer::quota(std::string_view root, std::span<const QuotaResource> resources) {
  out_.put("* QUOTA ");
  put_astring(root);
  out_.put(" (");
  for (std::size_t i = 0; i < resources.size(); ++i) {
    if (i > 0) out_.put(' ');
    out_.put(resources[i].name);
    out_.put(' ');
    put_number(resources[i].usage);
    out_.put(' ');
    put_number(resources[i].limit);
  }
  out_.put(")\r\n");
}

void Writer::quota_root(std::string_view mailbox, std::span<const std::string> roots) {
  out_.put("* QUOTAROOT ");
  put_mailbox(mailbox);
  for (const std::string& root : roots) {
    out_.put(' ');
    put_astring(root);
  }
  out_.put("\r\n");
}

void Writer::expunge(SeqNumber number) {
  out_.put("* ");
  put_number(number.value);
  out_.put(" EXPUNGE\r\n");
}

void Writer::vanished(const SeqSet& uids, Vanished when) {
  if (uids.empty()) return;
  out_.put(when == Vanished::earlier ? "* VANISHED (EARLIER) " : "* VANISHED ");
  out_.put(uids.text());
  out_.put("\r\n");
}

}  // namespace fumi::imap
