// The command table: verbs, the states they are legal in, and who reads their arguments. One
// parse_*.cpp a command group; adding a command is a row here, a struct in steps.h and a parse
// function.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "proto/imap/detail/parser.h"
#include "proto/imap/steps.h"

namespace fumi::imap::detail {

using Parsed = std::optional<Step>;

// What an OK does to the state (RFC 9051 §3).
enum class OnOk : std::uint8_t { stay, authenticated, selected, leave_mailbox, not_authenticated };

struct Rule {
  std::string_view verb;
  std::uint8_t states;  // bits of 1 << State
  Updates updates;      // what may be sent while it runs
  OnOk on_ok;
  std::string_view rfc;
  Parsed (*parse)(Parser&);  // nullptr: the engine does it itself
};

// `verb` upper-case; "UID FETCH" and the like are verbs of their own. nullptr: unknown.
[[nodiscard]] const Rule* find_rule(std::string_view verb);
[[nodiscard]] std::span<const Rule> all_rules();
// Whether its arguments or its answers name messages by sequence numbers: refused once UIDONLY is
// enabled (RFC 9586 §3).
[[nodiscard]] bool names_by_number(const Rule& rule);

// any state, and authentication: parse_session.cpp
Parsed parse_empty_noop(Parser& p);
Parsed parse_id(Parser& p);
Parsed parse_login(Parser& p);
Parsed parse_authenticate(Parser& p);
Parsed parse_enable(Parser& p);
Parsed parse_compress(Parser& p);
Parsed parse_unauthenticate(Parser& p);
// mailboxes: parse_mailbox.cpp
Parsed parse_namespace(Parser& p);
Parsed parse_subscribe(Parser& p);
Parsed parse_unsubscribe(Parser& p);
Parsed parse_create(Parser& p);
Parsed parse_delete(Parser& p);
Parsed parse_rename(Parser& p);
Parsed parse_status(Parser& p);
Parsed parse_select(Parser& p);
Parsed parse_examine(Parser& p);
Parsed parse_idle(Parser& p);
std::optional<StatusItems> status_att_list(Parser& p);
// LIST: parse_list.cpp
Parsed parse_list(Parser& p);
Parsed parse_lsub(Parser& p);
// annotations: parse_metadata.cpp
Parsed parse_getmetadata(Parser& p);
Parsed parse_setmetadata(Parser& p);
std::optional<std::vector<std::string>> metadata_entries(Parser& p);
// rights: parse_acl.cpp
Parsed parse_setacl(Parser& p);
Parsed parse_deleteacl(Parser& p);
Parsed parse_getacl(Parser& p);
Parsed parse_listrights(Parser& p);
Parsed parse_myrights(Parser& p);
// quota: parse_quota.cpp
Parsed parse_getquota(Parser& p);
Parsed parse_getquotaroot(Parser& p);
Parsed parse_setquota(Parser& p);
// messages: parse_message.cpp
Parsed parse_check(Parser& p);
Parsed parse_close(Parser& p);
Parsed parse_unselect(Parser& p);
Parsed parse_expunge(Parser& p);
Parsed parse_uid_expunge(Parser& p);
Parsed parse_store(Parser& p);
Parsed parse_uid_store(Parser& p);
Parsed parse_copy(Parser& p);
Parsed parse_uid_copy(Parser& p);
Parsed parse_move(Parser& p);
Parsed parse_uid_move(Parser& p);
// FETCH: parse_fetch.cpp
Parsed parse_fetch(Parser& p);
Parsed parse_uid_fetch(Parser& p);
std::optional<Section> section(Parser& p);
bool fetch_att_list(Parser& p, std::vector<FetchItem>& out);  // none of them sets \Seen
// SEARCH: parse_search.cpp
Parsed parse_search(Parser& p);
Parsed parse_uid_search(Parser& p);
bool search_return_opts(Parser& p, SearchReturn& out);  // behind "RETURN"
bool search_program(Parser& p, Search& out);
bool known_charset(Parser& p, std::string_view name);
bool take_word(Parser& p, std::string_view word);
std::optional<PartialRange> partial_range(Parser& p);
bool charset(Parser& p);  // behind "CHARSET"
// ESEARCH: parse_esearch.cpp
Parsed parse_esearch(Parser& p);
std::optional<MailboxFilter> filter_mailboxes(Parser& p);
// NOTIFY: parse_notify.cpp
Parsed parse_notify(Parser& p);
// SORT and THREAD: parse_sort.cpp
Parsed parse_sort(Parser& p);
Parsed parse_uid_sort(Parser& p);
Parsed parse_thread(Parser& p);
Parsed parse_uid_thread(Parser& p);

// What is read of APPEND before a message's literal (engine_append.cpp):
//   SP mailbox [SP flag-list] [SP date-time] SP [ "UTF8" SP "(" ]
// at_name: the text ended where the mailbox name's own literal stands.
struct AppendHead {
  AppendBegin begin;
  enum class Ends : std::uint8_t { at_message, at_name } ends = Ends::at_message;
};
// REPLACE and UID REPLACE (RFC 8508 §5) have SP seq-number in front of it.
[[nodiscard]] std::optional<AppendBegin::Replaces> parse_replaced(Parser& p, By by);
[[nodiscard]] std::optional<AppendHead> parse_append_mailbox(Parser& p);
// Takes flags, date and "CATENATE (" off the front; false: it is not that form, or not legal.
[[nodiscard]] bool at_catenate(Parser& p, AppendBegin& out);
Parsed parse_catenate(Parser& p);  // the whole command
[[nodiscard]] bool parse_append_message(Parser& p, AppendBegin& out);

}  // namespace fumi::imap::detail
