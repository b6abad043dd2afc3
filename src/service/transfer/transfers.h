// Transfers: mail into an account from elsewhere, and all of an account's mail out of it.
//
//   Result<ImportJob> job = co_await transfers.begin(who, "mbox inbox.mbox");
//   job = co_await transfers.add(who, job->id, items);      // durable when it returns; again,
//   again job = co_await transfers.finish(who, job->id);
//
// An import can be repeated after any interruption: a message that its mailbox holds already is
// skipped, byte by byte the same, each of the mailbox's messages for one of the source. So the
// position of an import is the mailbox itself; nothing can disagree with it, and a source that
// changed meanwhile, or came in another format, does no harm. What a person has deleted or moved
// since comes again. A source that holds a message twice leaves it twice.
//
// Messages with an origin (UIDVALIDITY and UID at an IMAP server) are known by that too, under the
// job's `source`, and the account remembers it for good: origins.h. known() tells what need not be
// fetched; an item with an origin and without bytes tells the flags that its message has now at its
// source, and what changed there since the last time is changed here.
//
// Jobs live in memory: what a killed process leaves is the record that one began. An import's
// begin and end, and an export, are operation records with who, what and how many.
// Thread-safe. Limits below; over them Code::too_large or rate_limited.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "domain/mail_item.h"
#include "domain/ports/runtime.h"
#include "service/mailbox/mailboxes.h"

namespace fumi::service {

using ImportId = StrongId<struct ImportTag>;

struct ImportJob {
  enum class State : std::uint8_t { running, done, failed, cancelled };
  ImportId id;
  AccountId account;
  std::string source;  // what the client calls it
  State state = State::running;
  Instant started, touched;
  std::uint64_t imported = 0, skipped = 0, octets = 0;
  std::uint64_t updated = 0;  // messages whose flags had changed at their source
  std::string failure;        // why it failed
};

// One account's mail on its way out, mailbox by mailbox.
class MailExport {
 public:
  virtual ~MailExport() = default;
  // The next message, or a mailbox (without bytes) before its messages; nullopt: all has been
  // given, and that is on record. Messages that are removed meanwhile are left out.
  virtual Task<Result<std::optional<MailItem>>> next() = 0;
};

class Transfers {
 public:
  static constexpr std::size_t kBatchItemsMax = 1000;
  static constexpr std::size_t kCommitItemsMax = 50;
  static constexpr std::size_t kCommitOctetsMax = 8U << 20U;
  static constexpr std::size_t kFoldersMax = 2000;
  static constexpr std::size_t kKeywordsMax = 64;
  static constexpr std::size_t kKeywordOctetsMax = 64;
  static constexpr std::size_t kJobsMax = 256;
  static constexpr Duration kIdleMax = std::chrono::minutes(60);  // then a job is forgotten
  static constexpr Duration kEndMax = std::chrono::seconds(30);   // for the one before to stop

  Transfers(Store& store, Mailboxes& mailboxes, Runtime& runtime, const Clock& clock,
            IdGenerator& ids);
  ~Transfers();

  // Takes the place of a running import into this account, whose client has most likely gone away:
  // waits until that has committed what it is at. conflict: it doesn't stop, or another waits for
  // it too. not_found: no such account. rate_limited: kJobsMax are running.
  Task<Result<ImportJob>> begin(MailAccount who, std::string source);
  // Keywords that are no atoms (RFC 9051 §9) are left out.
  // A failure ends the job, and some of the items may be in: begin another with the whole source.
  // quota: no room. conflict, which ends nothing: the job isn't running, or an add() is.
  Task<Result<ImportJob>> add(MailAccount who, ImportId id, std::vector<MailItem> items);
  // Which UIDs of a source's folder have been imported; of the newest UIDVALIDITY, 0 for none.
  struct Known {
    std::uint32_t uid_validity = 0;
    std::string uids;  // "1:5,9"
  };
  Task<Result<Known>> known(MailAccount who, ImportId id, std::string folder);
  Task<Result<ImportJob>> finish(MailAccount who, ImportId id);
  Task<Result<ImportJob>> cancel(MailAccount who, ImportId id);  // what is in stays
  [[nodiscard]] Result<ImportJob> show(MailAccount who, ImportId id);
  [[nodiscard]] std::vector<ImportJob> list(MailAccount who);

  // One mailbox, or all for an empty name. not_found: no such mailbox or account.
  Task<Result<std::unique_ptr<MailExport>>> export_mail(MailAccount who, std::string folder);

 private:
  struct Folder;
  struct Job;
  struct Batch;
  class Export;
  // Shared by the map and the call that works on it.
  using JobPtr = std::shared_ptr<Job>;

  // Under the mutex. A job that has to stop first, or null.
  [[nodiscard]] Result<JobPtr> make_place(const Job& job);
  [[nodiscard]] Result<JobPtr> find(const MailAccount& who, ImportId id);
  [[nodiscard]] Result<JobPtr> take(const MailAccount& who, ImportId id);  // marks it busy
  [[nodiscard]] Result<ImportJob> put_back(const JobPtr& job, Status status);
  Task<Result<ImportJob>> end(MailAccount who, ImportId id, ImportJob::State state);
  Task<Status> record_end(MailAccount who, Job& job, ImportJob::State state);
  Task<Result<Folder*>> folder(MailAccount who, Job& job, const MailItem& item);
  Task<Status> add_items(MailAccount who, Job& job, std::vector<MailItem> items);
  // The entry that stands for it; 0: none does.
  Task<Result<Uid>> is_there(MailAccount who, Job& job, Folder& folder, const MailItem& item);
  Task<Status> add_item(MailAccount who, Job& job, MailItem item, Batch& batch);
  Task<Status> commit(MailAccount who, Job& job, Batch& batch);
  Task<Status> load_origins(MailAccount who, Job& job);
  Task<Status> sync_flags(MailAccount who, Job& job, std::vector<MailItem> items);

  Store& store_;
  Mailboxes& mailboxes_;
  Runtime& runtime_;
  const Clock& clock_;
  IdGenerator& ids_;
  std::mutex mutex_;
  std::map<ImportId, JobPtr> jobs_;
};

}  // namespace fumi::service
