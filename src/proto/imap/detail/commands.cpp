#include "proto/imap/detail/commands.h"

#include <algorithm>
#include <array>

namespace fumi::imap::detail {
namespace {

constexpr std::uint8_t bit(State state) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(state));
}
constexpr std::uint8_t kBefore = bit(State::not_authenticated);
constexpr std::uint8_t kSelected = bit(State::selected);
constexpr std::uint8_t kAuth = bit(State::authenticated) | kSelected;
constexpr std::uint8_t kAny = kBefore | kAuth;

using enum Updates;
using enum OnOk;

// Sorted by verb.
// clang-format off
constexpr std::array kRules{
    //   verb             legal in   updates     on OK              text                 arguments
    Rule{"APPEND",         kAuth,     all,        stay,              "RFC 9051 §6.3.12",  nullptr},
    Rule{"AUTHENTICATE",   kBefore,   none,       authenticated,     "RFC 9051 §6.2.2",   parse_authenticate},
    Rule{"CAPABILITY",     kAny,      all,        stay,              "RFC 9051 §6.1.1",   nullptr},
    Rule{"CHECK",          kSelected, all,        stay,              "RFC 3501 §6.4.1",   parse_check},
    Rule{"CLOSE",          kSelected, none,       leave_mailbox,     "RFC 9051 §6.4.1",   parse_close},
    Rule{"COMPRESS",       kAuth,     none,       stay,              "RFC 4978 §3",       parse_compress},
    Rule{"COPY",           kSelected, all,        stay,              "RFC 9051 §6.4.7",   parse_copy},
    Rule{"CREATE",         kAuth,     all,        stay,              "RFC 9051 §6.3.4",   parse_create},
    Rule{"DELETE",         kAuth,     all,        stay,              "RFC 9051 §6.3.5",   parse_delete},
    Rule{"DELETEACL",       kAuth,     all,        stay,              "RFC 4314 §3.2",     parse_deleteacl},
    Rule{"ENABLE",         kAuth,     all,        stay,              "RFC 9051 §6.3.1",   parse_enable},
    Rule{"ESEARCH",        kAuth,     all,        stay,              "RFC 7377 §2.1",     parse_esearch},
    Rule{"EXAMINE",        kAuth,     none,       selected,          "RFC 9051 §6.3.3",   parse_examine},
    Rule{"EXPUNGE",        kSelected, all,        stay,              "RFC 9051 §6.4.3",   parse_expunge},
    Rule{"FETCH",          kSelected, no_expunge, stay,              "RFC 9051 §6.4.5",   parse_fetch},
    Rule{"GETACL",          kAuth,     all,        stay,              "RFC 4314 §3.3",     parse_getacl},
    Rule{"GETJMAPACCESS",  kAuth,     all,        stay,              "RFC 9698 §3",       nullptr},
    Rule{"GETMETADATA",    kAuth,     all,        stay,              "RFC 5464 §4.2",     parse_getmetadata},
    Rule{"GETQUOTA",       kAuth,     all,        stay,              "RFC 9208 §4.1.1",   parse_getquota},
    Rule{"GETQUOTAROOT",   kAuth,     all,        stay,              "RFC 9208 §4.1.2",   parse_getquotaroot},
    Rule{"ID",             kAny,      all,        stay,              "RFC 2971 §3.1",     parse_id},
    Rule{"IDLE",           kAuth,     all,        stay,              "RFC 9051 §6.3.13",  parse_idle},
    Rule{"LIST",           kAuth,     all,        stay,              "RFC 9051 §6.3.9",   parse_list},
    Rule{"LISTRIGHTS",      kAuth,     all,        stay,              "RFC 4314 §3.4",     parse_listrights},
    Rule{"LOGIN",          kBefore,   none,       authenticated,     "RFC 9051 §6.2.3",   parse_login},
    Rule{"LOGOUT",         kAny,      none,       stay,              "RFC 9051 §6.1.3",   nullptr},
    Rule{"LSUB",           kAuth,     all,        stay,              "RFC 3501 §6.3.9",   parse_lsub},
    Rule{"MOVE",           kSelected, all,        stay,              "RFC 9051 §6.4.8",   parse_move},
    Rule{"MYRIGHTS",        kAuth,     all,        stay,              "RFC 4314 §3.5",     parse_myrights},
    Rule{"NAMESPACE",      kAuth,     all,        stay,              "RFC 9051 §6.3.10",  parse_namespace},
    Rule{"NOOP",           kAny,      all,        stay,              "RFC 9051 §6.1.2",   parse_empty_noop},
    Rule{"NOTIFY",         kAuth,     all,        stay,              "RFC 5465 §3.1",     parse_notify},
    Rule{"RENAME",         kAuth,     all,        stay,              "RFC 9051 §6.3.6",   parse_rename},
    Rule{"REPLACE",        kSelected, all,        stay,              "RFC 8508 §3.2",     nullptr},
    Rule{"SEARCH",         kSelected, no_expunge, stay,              "RFC 9051 §6.4.4",   parse_search},
    Rule{"SELECT",         kAuth,     none,       selected,          "RFC 9051 §6.3.2",   parse_select},
    Rule{"SETACL",          kAuth,     all,        stay,              "RFC 4314 §3.1",     parse_setacl},
    Rule{"SETMETADATA",    kAuth,     all,        stay,              "RFC 5464 §4.3",     parse_setmetadata},
    Rule{"SETQUOTA",       kAuth,     all,        stay,              "RFC 9208 §4.1.3",   parse_setquota},
    Rule{"SORT",           kSelected, no_expunge, stay,              "RFC 5256 §3",       parse_sort},
    Rule{"STARTTLS",       kBefore,   none,       stay,              "RFC 9051 §6.2.1",   nullptr},
    Rule{"STATUS",         kAuth,     all,        stay,              "RFC 9051 §6.3.11",  parse_status},
    Rule{"STORE",          kSelected, no_expunge, stay,              "RFC 9051 §6.4.6",   parse_store},
    Rule{"SUBSCRIBE",      kAuth,     all,        stay,              "RFC 9051 §6.3.7",   parse_subscribe},
    Rule{"THREAD",         kSelected, no_expunge, stay,              "RFC 5256 §3",       parse_thread},
    Rule{"UID COPY",       kSelected, all,        stay,              "RFC 9051 §6.4.9",   parse_uid_copy},
    Rule{"UID EXPUNGE",    kSelected, all,        stay,              "RFC 9051 §6.4.9",   parse_uid_expunge},
    Rule{"UID FETCH",      kSelected, all,        stay,              "RFC 9051 §6.4.9",   parse_uid_fetch},
    Rule{"UID MOVE",       kSelected, all,        stay,              "RFC 9051 §6.4.9",   parse_uid_move},
    Rule{"UID REPLACE",    kSelected, all,        stay,              "RFC 8508 §3.3",     nullptr},
    Rule{"UID SEARCH",     kSelected, all,        stay,              "RFC 9051 §6.4.9",   parse_uid_search},
    Rule{"UID SORT",       kSelected, all,        stay,              "RFC 5256 §3",       parse_uid_sort},
    Rule{"UID STORE",      kSelected, all,        stay,              "RFC 9051 §6.4.9",   parse_uid_store},
    Rule{"UID THREAD",     kSelected, all,        stay,              "RFC 5256 §3",       parse_uid_thread},
    Rule{"UNAUTHENTICATE", kAuth,     none,       not_authenticated, "RFC 8437 §2",       parse_unauthenticate},
    Rule{"UNSELECT",       kSelected, none,       leave_mailbox,     "RFC 9051 §6.4.2",   parse_unselect},
    Rule{"UNSUBSCRIBE",    kAuth,     all,        stay,              "RFC 9051 §6.3.8",   parse_unsubscribe},
};
// clang-format on
static_assert(std::ranges::is_sorted(kRules, {}, &Rule::verb));

}  // namespace

const Rule* find_rule(std::string_view verb) {
  const auto at = std::ranges::lower_bound(kRules, verb, {}, &Rule::verb);
  return at != kRules.end() && at->verb == verb ? &*at : nullptr;
}

std::span<const Rule> all_rules() { return kRules; }

bool names_by_number(const Rule& rule) {
  static constexpr std::array<std::string_view, 8> kVerbs{"COPY",   "FETCH", "MOVE",  "REPLACE",
                                                          "SEARCH", "SORT",  "STORE", "THREAD"};
  return std::ranges::binary_search(kVerbs, rule.verb);
}

}  // namespace fumi::imap::detail
