#include "service/vacation/reply.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/ascii.h"
#include "mime/address.h"
#include "mime/header.h"
#include "mime/writer.h"

namespace fumi::service {
namespace {

constexpr std::size_t kSubjectOctetsMax = 500;
constexpr std::size_t kReferencesMax = 20;
constexpr std::size_t kAddressesMax = 1'000;  // looked at in one message

// RFC 5230 §4.6 names these; the rest is what machines call themselves.
bool is_robot(std::string_view local) {
  const std::string name = ascii::to_lower(local);
  static constexpr std::array<std::string_view, 8> kNames{"mailer-daemon", "listserv", "majordomo",
                                                          "noreply",       "no-reply", "donotreply",
                                                          "do-not-reply",  "bounce"};
  static constexpr std::array<std::string_view, 6> kPrefixes{"owner-",  "bounce-",  "bounces-",
                                                             "bounce+", "bounces+", "noreply+"};
  if (std::ranges::find(kNames, name) != kNames.end() || name.ends_with("-request")) return true;
  return std::ranges::any_of(kPrefixes, [&](std::string_view p) { return name.starts_with(p); });
}

// RFC 3834 §5: anything but "no" is automatic; parameters may follow.
bool is_automatic(std::string_view body) {
  const std::string_view word = ascii::trim(body.substr(0, body.find(';')));
  return !ascii::iequals(word, "no");
}

bool is_precedence_of_machines(std::string_view body) {
  const std::string_view word = ascii::trim(body);
  return ascii::iequals(word, "bulk") || ascii::iequals(word, "list") ||
         ascii::iequals(word, "junk");
}

// What Microsoft's programs say where they want no answer: MS-OXCMAIL §2.2.3.2.14.
bool suppresses_replies(std::string_view body) {
  return std::ranges::any_of(ascii::split(body, ','), [](std::string_view each) {
    const std::string_view word = ascii::trim(each);
    return ascii::iequals(word, "all") || ascii::iequals(word, "oof") ||
           ascii::iequals(word, "autoreply");
  });
}

bool is_recipient_field(std::string_view name) {
  static constexpr std::array<std::string_view, 6> kFields{"To",        "Cc",        "Bcc",
                                                           "Resent-To", "Resent-Cc", "Resent-Bcc"};
  return std::ranges::any_of(kFields, [&](std::string_view f) { return ascii::iequals(f, name); });
}

struct Seen {
  std::optional<EmailAddress> sender;  // of the Return-Path that stands first
  bool automatic = false;
  bool list = false;
  std::optional<EmailAddress> own;
};

void look_for_own(std::string_view body, const std::vector<EmailAddress>& own, Seen& seen) {
  for (const mime::Address& each : mime::parse_addresses(body, kAddressesMax)) {
    if (seen.own) return;
    if (each.kind != mime::Address::Kind::mailbox || each.domain.empty()) continue;
    const std::string key = EmailAddress{each.local, ascii::to_lower(each.domain)}.lookup_key();
    for (const EmailAddress& address : own)
      if (address.lookup_key() == key) seen.own = address;
  }
}

Seen look(std::string_view header, const std::vector<EmailAddress>& own) {
  Seen seen;
  mime::HeaderReader reader(header);
  mime::HeaderField field;
  for (bool first = true; reader.next(field); first = false) {
    const std::string_view name = field.name;
    const std::string body = mime::unfold(field.body);
    if (first && ascii::iequals(name, "Return-Path")) {
      std::string_view path = ascii::trim(body);
      if (path.starts_with('<') && path.ends_with('>'))
        seen.sender = EmailAddress::parse(path.substr(1, path.size() - 2));
    } else if (ascii::iequals(name, "Auto-Submitted")) {
      seen.automatic |= is_automatic(body);
    } else if (ascii::iequals(name, "X-Auto-Response-Suppress")) {
      seen.automatic |= suppresses_replies(body);
    } else if (ascii::iequals(name, "Content-Type")) {
      seen.automatic |= ascii::istarts_with(ascii::trim(body), "multipart/report");
    } else if (ascii::iequals(name, "Precedence")) {
      seen.list |= is_precedence_of_machines(body);
    } else if (ascii::istarts_with(name, "List-")) {  // RFC 2369, RFC 2919
      seen.list = true;
    } else if (is_recipient_field(name)) {
      look_for_own(body, own, seen);
    }
  }
  return seen;
}

std::string subject_of(const mime::Summary& original, const Absence& absence) {
  std::string subject;
  if (absence.subject) {
    subject = *absence.subject;
  } else {
    const std::string theirs = mime::decode_unstructured(original.envelope.subject);
    subject = theirs.empty() ? "Auto: 不在のお知らせ / Out of office" : "Auto: " + theirs;
  }
  for (char& c : subject)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  if (subject.size() <= kSubjectOctetsMax) return subject;
  std::size_t end = kSubjectOctetsMax;
  while (end > 0 && (static_cast<unsigned char>(subject[end]) & 0xc0U) == 0x80)
    --end;
  return subject.substr(0, end);
}

bool is_message_id(std::string_view id) {
  return id.size() > 4 && id.size() < 250 && id.starts_with('<') && id.ends_with('>') &&
         std::ranges::all_of(id, [](char c) { return c > 0x20 && c < 0x7f; });
}

constexpr const char* kText =
    "ただいま不在にしております。いただいたメールは戻り次第拝見いたします。\n\n"
    "I am away at the moment and will read your message when I am back.\n";

}  // namespace

std::string_view to_string(Decision decision) {
  switch (decision) {
    case Decision::reply:
      return "reply";
    case Decision::not_away:
      return "not away";
    case Decision::null_sender:
      return "null sender";
    case Decision::own_sender:
      return "own sender";
    case Decision::robot_sender:
      return "robot";
    case Decision::automatic:
      return "automatic";
    case Decision::list:
      return "list";
    case Decision::not_addressed:
      return "not addressed";
  }
  return "";
}

Judgement decide(const Incoming& incoming, const Absence& absence,
                 const std::vector<EmailAddress>& own) {
  Judgement out;
  if (!absence.covers(incoming.received)) return out;
  Seen seen = look(incoming.header, own);
  const auto verdict = [&]() -> Decision {
    if (!seen.sender || seen.sender->is_null()) return Decision::null_sender;
    const std::string key = seen.sender->lookup_key();
    const auto same = [&](const EmailAddress& each) { return each.lookup_key() == key; };
    if (std::ranges::any_of(own, same)) return Decision::own_sender;
    if (is_robot(seen.sender->local)) return Decision::robot_sender;
    if (seen.automatic) return Decision::automatic;
    if (seen.list) return Decision::list;
    return seen.own ? Decision::reply : Decision::not_addressed;
  };
  out.decision = verdict();
  if (seen.sender) out.sender = std::move(*seen.sender);
  if (seen.own) out.own = std::move(*seen.own);
  return out;
}

Result<std::string> write_reply(const mime::Summary& original, const Absence& absence,
                                const ReplyFacts& facts) {
  mime::Draft draft;
  draft.from.push_back({facts.from_name, facts.from.local, facts.from.domain});
  draft.to.push_back({"", facts.to.local, facts.to.domain});
  draft.subject = subject_of(original, absence);
  draft.date = facts.date;
  draft.message_id = facts.message_id;
  draft.boundary_seed = facts.boundary_seed;
  const std::string& id = original.envelope.message_id;
  if (is_message_id(id)) draft.in_reply_to = id;
  std::vector<std::string> references = original.references;
  std::erase_if(references,
                [&](const std::string& each) { return !is_message_id(each) || each == id; });
  if (references.size() >
      kReferencesMax)  // RFC 5322 §3.6.4: the first and the last are what counts
    references.erase(references.begin() + 1, references.end() - (kReferencesMax - 1));
  if (is_message_id(id)) references.push_back(id);
  draft.references = std::move(references);
  draft.extra.push_back({"Auto-Submitted", "auto-replied"});
  draft.extra.push_back({"X-Auto-Response-Suppress", "All"});
  draft.text = absence.text;
  draft.html = absence.html;
  if (!draft.text && !draft.html) draft.text = kText;
  return mime::write_message(draft);
}

}  // namespace fumi::service
