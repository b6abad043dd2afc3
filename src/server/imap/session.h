// ImapSession: one IMAP connection. Connects the engine, the stream and the mailbox service.
//
// session.cpp: the loop, login, IDLE · mailboxes.cpp: commands on mailboxes · messages.cpp:
// commands on messages · fetch.cpp: FETCH · notify.cpp: NOTIFY · search_run.cpp: SEARCH · sort.cpp:
// SORT, THREAD · extensions.cpp: where other steps go · limits.cpp: MESSAGELIMIT. What changed in
// the selected mailbox comes in by sync().
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "mime/structure.h"
#include "net/stream.h"
#include "net/timer.h"
#include "obs/metrics.h"
#include "proto/imap/engine.h"
#include "proto/imap/message_url.h"
#include "proto/imap/view.h"
#include "server/auth/login.h"
#include "server/imap/notifier.h"
#include "server/imap/options.h"
#include "service/mailbox/mailboxes.h"
#include "service/search/search.h"

namespace fumi::server {

struct ImapMetrics {
  obs::Counter connections, logins, commands;
};

// What all sessions share; outlives them.
struct ImapHost {
  std::shared_ptr<const imap::Options> engine;
  ImapOptions options;
  service::Mailboxes& mailboxes;
  LoginHost& login;
  net::TlsServerContext& tls;
  ImapMetrics metrics;
  service::Search& search;
};

struct FetchPlan;  // detail/fetch_chunk.h
struct FetchLane;

[[nodiscard]] imap::SeqSet both(const imap::SeqSet& a, const imap::SeqSet& b);  // resolved sets

class ImapSession {
 public:
  ImapSession(ImapHost& host, std::unique_ptr<net::Stream> stream, imap::Channel channel);
  Task<void> run();

 private:
  // The selected mailbox as this client knows it.
  struct Selected {
    MailboxId id;
    AccountId owner;
    Rights rights;  // as last told of; each command's own are asked anew
    std::string name;
    imap::SelectedView view;
    std::shared_ptr<service::MailboxIndex> index;  // shared with all who have it selected
    service::Mailboxes::Snapshot now;              // what the view has heard of
    std::vector<ModSeq> told;  // our own changes, told in their command's answer
    imap::SeqSet own_new;      // that this client put there, for NOTIFY
    bool stale = false;        // changes could not be read: try again
    imap::Select::Access asked = imap::Select::Access::read_write;   // SELECT or EXAMINE
    imap::Select::Access access = imap::Select::Access::read_write;  // what the rights leave of it
    ChangeBus::Subscription owners;  // to the owner's changes, if that is somebody else
  };
  // Pieces that output() still points to.
  using Held = std::deque<std::string>;

  Task<bool> flush();
  Task<bool> fill();
  bool say_farewell(const Error& error);
  Task<bool> act(imap::Step& step);
  Task<bool> act_extension(imap::Step& step);
  Task<void> act_authenticated(imap::Step& step);
  Task<void> act_selected(imap::Step& step);
  Task<bool> on_starttls();
  Task<void> on_login(imap::Login login);
  Task<void> on_auth(LoginStep step);
  void logged_in(const service::Principal& principal);
  void log_out();

  // Ends the command: first what changed meanwhile, then the tagged answer.
  Task<void> finish(imap::Reply reply);
  Task<void> tell_news();
  Task<void> sync(service::Mailboxes::Freshness freshness = service::Mailboxes::Freshness::told);
  // What has changed meanwhile, if anything has: before an answer is made from `now`.
  Task<void> catch_up();
  Task<Status> follow_rights();
  void take_rights(Rights now);
  void not_synced(const Error& why);
  // OK with HIGHESTMODSEQ where QRESYNC asks for it (RFC 7162 §3.2.7 and on). After tell_news().
  [[nodiscard]] imap::Reply expunged_ok(std::string text) const;
  Task<void> tell(imap::Updates allowed);
  [[nodiscard]] static imap::Reply to_imap(const Error& error);

  // NOTIFY (notify.cpp).
  Task<void> on_notify(imap::Notify notify);
  [[nodiscard]] ChangeBus::Subscription hear_account(AccountId account,
                                                     std::shared_ptr<ChangedMailboxes> changed);
  void hear_others();
  void hear_mailbox();
  void leave_mailbox();
  void stop_notify();
  void overflow();
  Task<void> tell_unasked();
  Task<void> tell_notices();
  Task<Result<Sight>> read_watched(imap::Notify::Reach reach, const imap::NotifyTable* before);
  Task<Result<Sight>> read_some(std::vector<service::MailboxOf> some);
  [[nodiscard]] std::vector<service::MailboxOf> rung_mailboxes(
      const ChangedMailboxes::Taken& taken) const;
  Task<void> tell_new(std::uint32_t count);
  Task<Status> tell_annotations(ChangedMailboxes::Taken taken, const std::vector<Mailbox>& all);
  Task<void> write_notices(std::vector<imap::Notice> notices, const std::vector<Mailbox>& all);
  void own_messages(const std::string& mailbox, const std::vector<Uid>& uids);
  void own_name(const std::string& name, imap::NotifyTable::Own what);
  void own_annotations(const imap::SetMetadata& set);

  Task<void> on_list(imap::List list);
  Task<void> on_lsub(imap::Lsub lsub);
  Task<void> on_status(imap::Status status);
  Task<Result<imap::StatusData>> status_of(const Mailbox& mailbox, imap::StatusItems asked);
  Task<void> on_select(imap::Select select);
  Task<Result<imap::SeqSet>> vanished_since(ModSeq since);
  Task<Status> tell_resync(imap::QResync resync, const Mailbox& mailbox);
  Task<void> on_create(imap::Create create);
  Task<bool> act_on_rights(imap::Step& step);
  void list_levels(const imap::List& list, const std::vector<service::VisibleMailbox>& all);
  [[nodiscard]] static std::vector<std::string> permanent_flags(const Flags& used, Rights rights);
  Task<void> on_quota(std::string root, std::optional<std::string> mailbox);
  Task<Result<AccountId>> owner_of_root(std::string root);
  Task<void> on_append_begin(imap::AppendBegin begin);
  Task<void> on_append_finish();

  Task<void> on_fetch(imap::Fetch fetch);
  using Items = std::vector<imap::SelectedView::Item>;
  [[nodiscard]] Items changed_items(const std::vector<imap::SelectedView::Span>& spans,
                                    const imap::Fetch& fetch) const;
  // The UIDs whose \Seen this FETCH sets, ascending.
  Task<Result<std::vector<Uid>>> mark_seen(const imap::Fetch& fetch, const Items& items);
  Task<Status> answer_fetch(const imap::Fetch& fetch, const Items& items,
                            const std::vector<Uid>& marked, imap::Reply& reply);
  Task<Status> fetch_emails(const FetchPlan& plan, const Items& items, imap::Reply& reply);
  Task<Status> fetch_few(const FetchPlan& plan, const Items& items, imap::Reply& reply);
  void take_lane(FetchLane& lane, imap::By by, imap::Reply& reply);
  Task<Status> fetch_rows(const imap::Fetch& fetch, const Items& items, imap::Reply& reply);
  Task<void> on_store(imap::Store store);
  Task<Status> tell_stored(const imap::Store& store, const Items& items, const StoreFlags& change,
                           const StoredFlags& stored, service::Mailboxes::Snapshot before);
  Task<void> on_copy(imap::Copy copy);
  Task<void> on_move(imap::Move move);
  Task<void> on_expunge(std::optional<imap::SeqSet> uids);
  Task<void> on_close();
  Task<void> on_search(imap::Search search);
  // The entries that the client sees and that match, by UID.
  Task<Result<std::vector<Entry>>> hits_of(const imap::SearchKey& program);
  Task<Result<std::vector<Entry>>> hits_in(const imap::SearchKey& program,
                                           service::MailAccount whose, MailboxId mailbox,
                                           const imap::SelectedView& view);
  Task<Result<std::vector<Uid>>> matching(const imap::SearchKey& program);
  void keep_result(const imap::Search& search, const std::vector<std::uint32_t>& numbers);
  Task<void> on_multi_search(imap::MultiSearch multi);
  Task<Status> search_mailbox(const imap::Search& search, std::string name);
  Task<bool> start_replace(imap::AppendBegin::Replaces replaces);
  Task<void> finish_replace();
  Task<void> on_catenate(imap::Catenate catenate);
  Task<Status> add_url(std::string text, std::string& into);
  Task<Result<service::EntryEmail>> message_at(imap::MessageUrl url);
  Task<void> on_get_metadata(imap::GetMetadata get);
  Task<void> on_set_metadata(imap::SetMetadata set);
  Task<void> tell_metadata(std::string mailbox, imap::MetadataQuery query, imap::Reply& reply);
  // Tells a client that waits long how far its command is; false: it has gone.
  Task<bool> tell_progress(std::uint64_t done, std::uint64_t total);
  Task<void> on_sort(imap::Sort sort);
  Task<void> on_thread(imap::Thread thread);
  using SummaryReader =
      std::function<void(std::uint32_t number, const Entry& entry, const mime::Summary& summary)>;
  Task<Status> read_summaries(std::vector<Uid> uids, imap::By by, SummaryReader reader);
  // What MESSAGELIMIT leaves of a command's messages (limits.cpp); the code for its answer.
  using Cut = std::optional<imap::ResponseCode>;
  [[nodiscard]] Cut keep_highest(Items& items) const;
  [[nodiscard]] Cut keep_highest(std::vector<Uid>& uids) const;
  [[nodiscard]] Cut keep_highest(std::vector<Entry>& hits) const;
  [[nodiscard]] Cut keep_highest_deleted(std::vector<Uid>& uids) const;
  [[nodiscard]] std::optional<imap::Reply> too_many_to_save(std::size_t count) const;
  // The messages that a set names; nullopt: a number beyond the mailbox.
  [[nodiscard]] std::optional<Items> items_of(const imap::SeqSet& set, imap::By by) const;
  [[nodiscard]] std::optional<std::vector<Uid>> uids_of(const imap::SeqSet& set, imap::By by) const;
  [[nodiscard]] service::MailAccount who() const {
    return {principal_->scope(), principal_->account};
  }
  [[nodiscard]] service::MailAccount who(AccountId owner) const {
    return {principal_->scope(), owner};
  }
  // Who acts on the selected mailbox.
  [[nodiscard]] service::MailAccount whose() const { return who(selected_->owner); }

  ImapHost& host_;
  std::unique_ptr<net::Stream> stream_;
  imap::Engine engine_;
  std::optional<service::Principal> principal_;
  service::LiveSessions::Ticket ticket_;  // while somebody is logged in
  std::unique_ptr<Login> login_;
  std::optional<Selected> selected_;
  ChangeBus::Subscription subscription_;
  std::shared_ptr<net::AsyncEvent> changed_;  // shared with the subscriptions' listeners
  std::unique_ptr<Notifier> notify_;          // once NOTIFY was given
  std::vector<service::NewMessage> appending_;
  std::string append_mailbox_;
  std::optional<Uid> replaced_;      // of the selected mailbox, by the APPEND in work (REPLACE)
  net::SteadyPoint progress_at_;     // when tell_progress() speaks next
  std::uint64_t append_octets_ = 0;  // of all messages of the command
  Held held_;
};

// "Other Users" and the like: levels of LIST and LSUB that are no mailboxes (acl.cpp).
enum class Counted : std::uint8_t { all, subscribed };
[[nodiscard]] std::vector<std::string> levels_without_mailbox(
    const std::vector<service::VisibleMailbox>& all, const std::vector<std::string>& patterns,
    Counted counted);

// A session from its first octet to its last: what a listener starts for each connection.
Task<void> serve_imap(ImapHost& host, std::unique_ptr<net::Stream> stream, imap::Channel channel);

// What the rights leave of SELECT or EXAMINE (RFC 4314 §5.1.1); what FLAGS says.
[[nodiscard]] imap::Select::Access access_by(Rights rights, imap::Select::Access asked);
[[nodiscard]] Flags used_flags(const service::MailboxSnapshot& now);

// "\\Seen" and the like <-> Flags. Unknown system flags are dropped.
[[nodiscard]] Flags flags_of(const std::vector<std::string>& names);
[[nodiscard]] std::vector<std::string> names_of(const Flags& flags);

}  // namespace fumi::server
