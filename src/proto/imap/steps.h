// What the engine asks of its host. Each command is one struct; the tag stays in the engine, which
// has one command in flight. A step marked (answer) must be ended by Engine::finish(); what is
// marked (note) needs nothing. Mailbox names are UTF-8 and canonical; flags are canonical
// ("\\Seen").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/secret.h"
#include "base/time.h"
#include "proto/imap/acl.h"
#include "proto/imap/append.h"
#include "proto/imap/fetch.h"
#include "proto/imap/list.h"
#include "proto/imap/metadata.h"
#include "proto/imap/notify.h"
#include "proto/imap/search.h"
#include "proto/imap/seq_set.h"
#include "proto/imap/sort.h"
#include "proto/imap/thread.h"
#include "proto/imap/types.h"

namespace fumi::imap {

// Flush, then read more. Also given while a command waits for its answer.
struct NeedInput {};
// Flush, then close the connection.
struct Disconnect {
  enum class Reason : std::uint8_t { logout, abuse, host } reason = Reason::logout;
};

// any state
struct Noop {};           // (answer)
struct StartCompress {};  // (note) from here on both directions are compressed (RFC 4978 §3)
struct StopCompress {};   // (note) not any more (RFC 8437 §4.1)
struct Id {               // (answer) write id() first
  std::vector<std::pair<std::string, std::optional<std::string>>> fields;  // RFC 2971 §3.1
};

// not authenticated
struct StartTls {};       // (note) flush, shake hands, then Engine::tls_started()
struct AuthStart {        // (answer, or Engine::challenge())
  std::string mechanism;  // upper-case; one that the engine announces
  std::optional<Secret> initial;
};
struct AuthResponse {
  Secret bytes;
};  // (answer, or Engine::challenge())
struct AuthCancelled {};  // (note) the client sent "*": forget the exchange
struct Login {
  std::string user;
  Secret password;
};  // (answer)

// authenticated: (answer), all of them
struct Unauthenticate {};  // RFC 8437
struct Enable {
  Features newly;
};  // already written; for the host to act on
struct NamespaceQuery {};
struct Subscribe {
  std::string mailbox;
};
struct Unsubscribe {
  std::string mailbox;
};
struct Create {
  std::string mailbox;
  std::vector<std::string> special_use;
};  // RFC 6154 §3
struct Delete {
  std::string mailbox;
};
struct Rename {
  std::string from, to;
};
struct Status {
  std::string mailbox;
  StatusItems items;
};
struct QResync {  // RFC 7162 §3.2.5
  UidValidity uid_validity;
  ModSeq modseq;
  std::optional<SeqSet> known_uids;
  std::optional<std::pair<SeqSet, SeqSet>> seq_match;  // sequence numbers and their UIDs
};
struct Select {
  enum class Access : std::uint8_t { read_write, read_only };
  std::string mailbox;
  Access access = Access::read_write;
  std::optional<QResync> qresync;
};

struct Idle {};      // (note) send updates until IdleDone comes; RFC 2177
struct IdleDone {};  // (answer)
struct GetQuota {
  std::string root;
};  // RFC 9208 §4.1
struct GetQuotaRoot {
  std::string mailbox;
};
struct SetQuota {
  std::string root;
  std::vector<std::pair<std::string, std::uint64_t>> limits;
};

// selected: (answer), all of them
struct Check {};
struct CloseMailbox {};  // expunges without telling, then leaves
struct Unselect {};
struct Expunge {
  std::optional<SeqSet> uids;
};  // UID EXPUNGE: only these
struct Store {
  enum class Change : std::uint8_t { replace, add, remove };
  enum class Silent : std::uint8_t { no, yes };
  By by = By::seq;
  SeqSet set;
  Change change = Change::replace;
  Silent silent = Silent::no;
  std::vector<std::string> flags;
  std::optional<ModSeq> unchanged_since;  // RFC 7162 §3.1.3
};
struct Copy {
  By by = By::seq;
  SeqSet set;
  std::string mailbox;
};
struct Move {
  By by = By::seq;
  SeqSet set;
  std::string mailbox;
};

using Step =
    std::variant<NeedInput, Disconnect, StartCompress, StopCompress, Noop, Id, StartTls, AuthStart,
                 AuthResponse, AuthCancelled, Login, Unauthenticate, Enable, NamespaceQuery, List,
                 Lsub, Subscribe, Unsubscribe, Create, Delete, Rename, Status, Select, Idle,
                 IdleDone, GetQuota, GetQuotaRoot, SetQuota, GetMetadata, SetMetadata, Notify,
                 SetAcl, DeleteAcl, GetAcl, ListRights, MyRights, AppendBegin, AppendChunk,
                 AppendEnd, AppendFinish, AppendAbort, Catenate, Check, CloseMailbox, Unselect,
                 Expunge, Search, MultiSearch, Sort, Thread, Fetch, Store, Copy, Move>;

}  // namespace fumi::imap
