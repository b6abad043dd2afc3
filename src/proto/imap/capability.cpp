#include "proto/imap/capability.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace fumi::imap {
namespace {

enum class When : std::uint8_t { always, after_login };

struct Row {
  std::string_view name;
  When when;
  std::string_view rfc;
};

constexpr std::array kRows{
    Row{"IMAP4rev1", When::always, "RFC 3501"},
    Row{"IMAP4rev2", When::always, "RFC 9051"},
    Row{"SASL-IR", When::always, "RFC 4959"},
    Row{"ID", When::always, "RFC 2971"},
    Row{"ENABLE", When::always, "RFC 5161"},
    Row{"IDLE", When::always, "RFC 2177"},
    Row{"ACL", When::after_login, "RFC 4314"},
    Row{"BINARY", When::after_login, "RFC 3516"},
    Row{"CATENATE", When::after_login, "RFC 4469"},
    Row{"CHILDREN", When::after_login, "RFC 3348"},
    Row{"COMPRESS=DEFLATE", When::after_login, "RFC 4978"},
    Row{"CONDSTORE", When::after_login, "RFC 7162"},
    Row{"CREATE-SPECIAL-USE", When::after_login, "RFC 6154"},
    Row{"ESEARCH", When::after_login, "RFC 4731"},
    Row{"ESORT", When::after_login, "RFC 5267"},
    Row{"I18NLEVEL=1", When::after_login, "RFC 5255"},
    Row{"INPROGRESS", When::after_login, "RFC 9585"},
    Row{"LIST-EXTENDED", When::after_login, "RFC 5258"},
    Row{"LIST-METADATA", When::after_login, "RFC 9590"},
    Row{"LIST-MYRIGHTS", When::after_login, "RFC 8440"},
    Row{"LIST-STATUS", When::after_login, "RFC 5819"},
    Row{"METADATA", When::after_login, "RFC 5464"},
    Row{"MOVE", When::after_login, "RFC 6851"},
    Row{"MULTIAPPEND", When::after_login, "RFC 3502"},
    Row{"MULTISEARCH", When::after_login, "RFC 7377"},
    Row{"NAMESPACE", When::after_login, "RFC 2342"},
    Row{"NOTIFY", When::after_login, "RFC 5465"},
    Row{"OBJECTID", When::after_login, "RFC 8474"},
    Row{"PARTIAL", When::after_login, "RFC 9394"},
    Row{"PREVIEW", When::after_login, "RFC 8970"},
    Row{"QRESYNC", When::after_login, "RFC 7162"},
    Row{"QUOTA", When::after_login, "RFC 9208"},
    Row{"QUOTA=RES-MESSAGE", When::after_login, "RFC 9208"},
    Row{"QUOTA=RES-STORAGE", When::after_login, "RFC 9208"},
    Row{"REPLACE", When::after_login, "RFC 8508"},
    Row{"RIGHTS=kxte", When::after_login, "RFC 4314"},
    Row{"SAVEDATE", When::after_login, "RFC 8514"},
    Row{"SEARCH=FUZZY", When::after_login, "RFC 6203"},
    Row{"SEARCHRES", When::after_login, "RFC 5182"},
    Row{"SORT", When::after_login, "RFC 5256"},
    Row{"SORT=DISPLAY", When::after_login, "RFC 5957"},
    Row{"SPECIAL-USE", When::after_login, "RFC 6154"},
    Row{"STATUS=SIZE", When::after_login, "RFC 8438"},
    Row{"THREAD=ORDEREDSUBJECT", When::after_login, "RFC 5256"},
    Row{"THREAD=REFERENCES", When::after_login, "RFC 5256"},
    Row{"UIDONLY", When::after_login, "RFC 9586"},
    Row{"UIDPLUS", When::after_login, "RFC 4315"},
    Row{"UNAUTHENTICATE", When::after_login, "RFC 8437"},
    Row{"UNSELECT", When::after_login, "RFC 3691"},
    Row{"UTF8=ACCEPT", When::after_login, "RFC 6855"},
    Row{"WITHIN", When::after_login, "RFC 5032"},
};

}  // namespace

std::string_view capability_rfc(std::string_view name) {
  static constexpr std::array kOthers{
      Row{"APPENDLIMIT", When::after_login, "RFC 7889"},
      Row{"AUTH", When::always, "RFC 9051"},
      Row{"JMAPACCESS", When::after_login, "RFC 9698"},
      Row{"LITERAL+", When::always, "RFC 7888"},
      Row{"LITERAL-", When::always, "RFC 7888"},
      Row{"LOGINDISABLED", When::always, "RFC 9051"},
      Row{"MESSAGELIMIT", When::after_login, "RFC 9738"},
      Row{"SAVELIMIT", When::after_login, "RFC 9738"},
      Row{"STARTTLS", When::always, "RFC 9051"},
  };
  for (const Row& row : kRows) {
    if (row.name.substr(0, row.name.find('=')) == name) return row.rfc;
  }
  for (const Row& row : kOthers) {
    if (row.name == name) return row.rfc;
  }
  return {};
}

bool passwords_allowed(Channel channel, const Options& options) {
  return channel == Channel::tls || options.plaintext == Plaintext::allow;
}

bool mechanism_known(const std::string& mechanism, const Options& options) {
  return std::ranges::find(options.mechanisms, mechanism) != options.mechanisms.end();
}

bool mechanism_allowed(const std::string& mechanism, Channel channel, const Options& options) {
  const bool shows_password = std::ranges::find(options.mechanisms_plaintext, mechanism) !=
                              options.mechanisms_plaintext.end();
  // RFC 5802 §6: -PLUS binds to the TLS channel, so there must be one.
  const bool binds = mechanism.ends_with("-PLUS");
  return mechanism_known(mechanism, options) && (!binds || channel == Channel::tls) &&
         (!shows_password || passwords_allowed(channel, options));
}

std::string capabilities(State state, Channel channel, const Options& options) {
  std::string out;
  const auto add = [&](std::string_view name) {
    if (std::ranges::find(options.hidden, name) != options.hidden.end()) return;
    if (!out.empty()) out += ' ';
    out += name;
  };
  const bool before = state == State::not_authenticated;
  for (const Row& row : kRows) {
    if (row.when == When::always || !before) add(row.name);
  }
  add(options.literals == LiteralCapability::plus ? "LITERAL+" : "LITERAL-");
  if (before) {
    if (channel == Channel::clear && options.tls == TlsOffer::starttls) add("STARTTLS");
    if (!passwords_allowed(channel, options)) add("LOGINDISABLED");
    for (const std::string& mechanism : options.mechanisms) {
      if (mechanism_allowed(mechanism, channel, options)) add("AUTH=" + mechanism);
    }
  } else {
    add("APPENDLIMIT=" + std::to_string(options.limits.append_octets));
    if (!options.jmap_url.empty()) add("JMAPACCESS");
    if (options.limits.messages != 0) {
      add("MESSAGELIMIT=" + std::to_string(options.limits.messages));
    } else if (options.limits.saved_messages != 0) {
      add("SAVELIMIT=" + std::to_string(options.limits.saved_messages));
    }
  }
  return out;
}

}  // namespace fumi::imap
