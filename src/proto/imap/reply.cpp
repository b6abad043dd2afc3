#include "proto/imap/reply.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace fumi::imap {
namespace code {

std::string_view name(Plain plain) {
  static constexpr std::array<std::string_view, 32> kNames{"ALERT",
                                                           "ALREADYEXISTS",
                                                           "AUTHENTICATIONFAILED",
                                                           "AUTHORIZATIONFAILED",
                                                           "CANNOT",
                                                           "CLIENTBUG",
                                                           "CLOSED",
                                                           "COMPRESSIONACTIVE",
                                                           "CONTACTADMIN",
                                                           "CORRUPTION",
                                                           "EXPIRED",
                                                           "EXPUNGEISSUED",
                                                           "HASCHILDREN",
                                                           "INUSE",
                                                           "LIMIT",
                                                           "NOMODSEQ",
                                                           "NOPERM",
                                                           "NONEXISTENT",
                                                           "NOTSAVED",
                                                           "OVERQUOTA",
                                                           "PARSE",
                                                           "PRIVACYREQUIRED",
                                                           "READ-ONLY",
                                                           "READ-WRITE",
                                                           "SERVERBUG",
                                                           "TOOBIG",
                                                           "TRYCREATE",
                                                           "UIDNOTSTICKY",
                                                           "UIDREQUIRED",
                                                           "UNAVAILABLE",
                                                           "UNKNOWN-CTE",
                                                           "USEATTR"};
  static_assert(kNames.size() == static_cast<std::size_t>(Plain::use_attr) + 1);
  return kNames[static_cast<std::size_t>(plain)];
}

ResponseCode plain(Plain plain) { return {std::string(name(plain))}; }
ResponseCode bad_charset() { return {"BADCHARSET (US-ASCII UTF-8)"}; }
ResponseCode uid_next(Uid uid) { return {"UIDNEXT " + std::to_string(uid.value)}; }
ResponseCode uid_validity(UidValidity v) { return {"UIDVALIDITY " + std::to_string(v.value)}; }
ResponseCode unseen(SeqNumber first) { return {"UNSEEN " + std::to_string(first.value)}; }

ResponseCode append_uid(UidValidity validity, const SeqSet& uids) {
  return {"APPENDUID " + std::to_string(validity.value) + ' ' + uids.text()};
}

ResponseCode copy_uid(UidValidity validity, const SeqSet& from, const SeqSet& to) {
  if (from.empty()) return {};  // RFC 4315 §3: nothing was copied, so there is nothing to name
  return {"COPYUID " + std::to_string(validity.value) + ' ' + from.text() + ' ' + to.text()};
}

ResponseCode highest_modseq(ModSeq modseq) {
  return {"HIGHESTMODSEQ " + std::to_string(modseq.value)};
}
ResponseCode modified(const SeqSet& set) { return {"MODIFIED " + set.text()}; }
ResponseCode bad_url(std::string_view url) {
  std::string text = ascii::printable(url, 1'000);
  std::ranges::replace(text, ']', '?');  // url-resp-text excludes it
  return {"BADURL " + text};
}
ResponseCode in_progress(std::string_view tag, std::uint64_t done, std::uint64_t total) {
  return {"INPROGRESS (\"" + std::string(tag) + "\" " + std::to_string(done) + ' ' +
          std::to_string(total) + ')'};
}
ResponseCode message_limit(std::uint64_t most, std::optional<Uid> lowest) {
  std::string text = "MESSAGELIMIT " + std::to_string(most);
  if (lowest) text += ' ' + std::to_string(lowest->value);
  return {std::move(text)};
}
ResponseCode mailbox_id(std::string_view id) { return {"MAILBOXID (" + std::string(id) + ")"}; }
ResponseCode capability(std::string_view list) { return {"CAPABILITY " + std::string(list)}; }

}  // namespace code

Reply ok(std::string text, ResponseCode code) {
  return {Reply::Status::ok, std::move(code), std::move(text)};
}
Reply no(std::string text, ResponseCode code) {
  return {Reply::Status::no, std::move(code), std::move(text)};
}
Reply no(std::string text, code::Plain plain) { return no(std::move(text), code::plain(plain)); }
Reply bad(std::string text, ResponseCode code) {
  return {Reply::Status::bad, std::move(code), std::move(text)};
}

}  // namespace fumi::imap
