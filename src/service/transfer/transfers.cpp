#include "service/transfer/transfers.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "mime/structure.h"
#include "service/tenancy/operation.h"

namespace fumi::service {
namespace {

constexpr const char* kImporting = "importing mail";
constexpr const char* kExporting = "exporting mail";
constexpr std::size_t kPageUids = 200;
constexpr Uid kFirst{1};

// What two messages that are the same agree in; whether they are is decided by their bytes.
std::uint64_t key_of(const mime::Envelope& envelope, std::uint64_t octets) {
  std::string text = std::to_string(octets);
  for (const std::string* part : {&envelope.message_id, &envelope.date, &envelope.subject}) {
    text += '\n';
    text += *part;
  }
  return std::hash<std::string>()(text);
}

// RFC 9051 §9: flag-keyword is an atom.
bool is_keyword(std::string_view word) {
  if (word.empty() || word.size() > Transfers::kKeywordOctetsMax) return false;
  return std::all_of(word.begin(), word.end(), [](char c) {
    return c > ' ' && c < '\x7f' &&
           std::string_view("(){%*\"\\]").find(c) == std::string_view::npos;
  });
}

// Sorted and unique, without what no client could set.
Flags clean(Flags flags) {
  std::erase_if(flags.keywords, [](const std::string& word) { return !is_keyword(word); });
  if (flags.keywords.size() > Transfers::kKeywordsMax)
    flags.keywords.resize(Transfers::kKeywordsMax);
  return apply(Flags(), FlagsOperation::add, flags);
}

Result<Account> require_account(Tx& tx, AccountId id) {
  FUMI_TRY(auto account, tx.directory().account(id));
  if (!account) return fail(Code::not_found, "looking up an account", "there is no such account");
  return std::move(*account);
}

std::string_view name_of(ImportJob::State state) {
  switch (state) {
    case ImportJob::State::running:
      return "running";
    case ImportJob::State::done:
      return "done";
    case ImportJob::State::failed:
      return "failed";
    case ImportJob::State::cancelled:
      return "cancelled";
  }
  return "running";
}

}  // namespace

// A mailbox that is filled, and what it held before.
struct Transfers::Folder {
  struct Held {
    std::uint64_t key = 0;
    Uid uid;
    bool taken = false;  // stands for a message of the source already
  };
  Mailbox mailbox;
  std::vector<Held> held;  // by key
};

struct Transfers::Job {
  ImportJob view;
  TenantId tenant;
  // Under the mutex.
  bool busy = false;
  bool stop = false;     // another import wants the account
  bool awaited = false;  // and waits for `idle`
  std::unique_ptr<Wakeup> idle;
  std::map<std::string, Folder> folders;  // of the call that made it busy
};

Transfers::Transfers(Store& store, Mailboxes& mailboxes, Runtime& runtime, const Clock& clock,
                     IdGenerator& ids)
    : store_(store), mailboxes_(mailboxes), runtime_(runtime), clock_(clock), ids_(ids) {}
Transfers::~Transfers() = default;

Task<Result<ImportJob>> Transfers::begin(MailAccount who, std::string source) {
  const auto job = std::make_shared<Job>();
  job->view.id = ids_.next<ImportId>();
  job->view.account = who.account;
  job->tenant = who.scope.tenant;
  job->view.source = std::move(source);
  job->view.started = job->view.touched = clock_.now();
  auto work = [&](Tx& tx) -> Status {
    FUMI_TRY(const Account account, require_account(tx, who.account));
    return tx.records().append(
        operation(who.scope.actor, job->view.started, "mail.import.begin", account.address.text(),
                  {{"id", job->view.id.text()}, {"source", job->view.source}}));
  };
  job->busy = true;  // holds the place while the record is written
  job->idle = runtime_.make_wakeup();
  for (;;) {
    Result<JobPtr> before;
    {
      const std::lock_guard lock(mutex_);
      before = make_place(*job);
      if (before && !*before) jobs_.emplace(job->view.id, job);
    }
    if (!before) co_return std::unexpected(std::move(before).error());
    if (!*before) break;
    Status stopped = co_await (*before)->idle->wait_for(kEndMax);
    const std::lock_guard lock(mutex_);
    (*before)->awaited = false;
    if (!stopped && stopped.error().code != Code::timeout)
      co_return std::unexpected(std::move(stopped).error());
    if (!stopped) co_return fail(Code::conflict, kImporting, "an import into this account goes on");
  }
  Status recorded = co_await store_.write(who.scope, std::move(work));
  const std::lock_guard lock(mutex_);
  job->busy = false;
  job->idle->notify();
  if (recorded) co_return job->view;
  jobs_.erase(job->view.id);
  co_return std::unexpected(std::move(recorded).error());
}

Result<Transfers::JobPtr> Transfers::make_place(const Job& job) {
  std::erase_if(jobs_, [&](const auto& each) {
    const Job& other = *each.second;
    return !other.busy && other.view.touched + kIdleMax < job.view.started;
  });
  for (const auto& [id, other] : jobs_) {
    if (other->tenant != job.tenant || other->view.account != job.view.account) continue;
    if (other->view.state != ImportJob::State::running) continue;
    if (other->awaited)
      return fail(Code::conflict, kImporting, "another import into this account is beginning");
    if (other->busy) {
      other->stop = other->awaited = true;
      return other;
    }
    other->view.state = ImportJob::State::cancelled;
    other->view.failure = "another import began";
    other->folders.clear();
  }
  if (jobs_.size() < kJobsMax) return JobPtr();
  auto oldest = jobs_.end();
  for (auto at = jobs_.begin(); at != jobs_.end(); ++at) {
    const Job& other = *at->second;
    if (other.busy || other.view.state == ImportJob::State::running) continue;
    if (oldest == jobs_.end() || other.view.touched < oldest->second->view.touched) oldest = at;
  }
  if (oldest == jobs_.end())
    return fail(Code::rate_limited, kImporting, "too many imports are running");
  jobs_.erase(oldest);
  return JobPtr();
}

Result<Transfers::JobPtr> Transfers::find(const MailAccount& who, ImportId id) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end() || found->second->view.account != who.account ||
      found->second->tenant != who.scope.tenant)
    return fail(Code::not_found, kImporting, "there is no such import");
  return found->second;
}

Result<Transfers::JobPtr> Transfers::take(const MailAccount& who, ImportId id) {
  const std::lock_guard lock(mutex_);
  FUMI_TRY(JobPtr job, find(who, id));
  if (job->view.state != ImportJob::State::running) {
    return fail(Code::conflict, kImporting,
                "the import is over: " + std::string(name_of(job->view.state)));
  }
  if (job->busy) return fail(Code::conflict, kImporting, "the import is busy");
  job->busy = true;
  return job;
}

Result<ImportJob> Transfers::put_back(const JobPtr& job, Status status) {
  const std::lock_guard lock(mutex_);
  job->busy = false;
  job->idle->notify();
  job->view.touched = clock_.now();
  if (job->view.state != ImportJob::State::running) job->folders.clear();
  if (!status) return std::unexpected(std::move(status).error());
  return job->view;
}

Result<ImportJob> Transfers::show(MailAccount who, ImportId id) {
  const std::lock_guard lock(mutex_);
  FUMI_TRY(const JobPtr job, find(who, id));
  return job->view;
}

std::vector<ImportJob> Transfers::list(MailAccount who) {
  const std::lock_guard lock(mutex_);
  std::vector<ImportJob> out;
  for (const auto& [id, job] : jobs_)
    if (job->view.account == who.account && job->tenant == who.scope.tenant)
      out.push_back(job->view);
  return out;
}

Task<Result<ImportJob>> Transfers::finish(MailAccount who, ImportId id) {
  co_return co_await end(who, id, ImportJob::State::done);
}

Task<Result<ImportJob>> Transfers::cancel(MailAccount who, ImportId id) {
  co_return co_await end(who, id, ImportJob::State::cancelled);
}

Task<Result<ImportJob>> Transfers::end(MailAccount who, ImportId id, ImportJob::State state) {
  Result<JobPtr> job = take(who, id);
  if (!job) co_return std::unexpected(std::move(job).error());
  Status recorded = co_await record_end(who, **job, state);
  if (recorded) {
    const std::lock_guard lock(mutex_);
    (*job)->view.state = state;
  }
  co_return put_back(*job, std::move(recorded));
}

Task<Status> Transfers::record_end(MailAccount who, Job& job, ImportJob::State state) {
  const ImportJob view = job.view;
  auto work = [&](Tx& tx) -> Status {
    FUMI_TRY(const Account account, require_account(tx, who.account));
    return tx.records().append(operation(who.scope.actor, clock_.now(), "mail.import",
                                         account.address.text(),
                                         {{"id", view.id.text()},
                                          {"source", view.source},
                                          {"state", std::string(name_of(state))},
                                          {"imported", std::to_string(view.imported)},
                                          {"skipped", std::to_string(view.skipped)},
                                          {"octets", std::to_string(view.octets)}}));
  };
  co_return co_await store_.write(who.scope, std::move(work));
}

Task<Result<ImportJob>> Transfers::add(MailAccount who, ImportId id, std::vector<MailItem> items) {
  if (items.size() > kBatchItemsMax)
    co_return fail(Code::too_large, kImporting, "too many messages at once");
  Result<JobPtr> job = take(who, id);
  if (!job) co_return std::unexpected(std::move(job).error());
  Status added = co_await add_items(who, **job, std::move(items));
  if (!added) {
    // Which of the items are in isn't known to the client: it begins another import, which finds
    // out.
    const Status recorded = co_await record_end(who, **job, ImportJob::State::failed);
    const std::lock_guard lock(mutex_);
    (*job)->view.state = ImportJob::State::failed;
    (*job)->view.failure = added.error().text();
    if (!recorded) (*job)->view.failure += "; " + recorded.error().text();
  }
  co_return put_back(*job, std::move(added));
}

Task<Status> Transfers::add_items(MailAccount who, Job& job, std::vector<MailItem> items) {
  Folder* into = nullptr;
  std::vector<NewMessage> batch;
  std::size_t octets = 0;
  for (MailItem& item : items) {
    Result<Folder*> next = co_await folder(who, job, item);
    if (!next) co_return std::unexpected(std::move(next).error());
    const bool full = batch.size() >= kCommitItemsMax || octets >= kCommitOctetsMax;
    if (into != nullptr && (*next != into || full)) {
      Status done = co_await commit(who, job, *into, std::move(batch));
      if (!done) co_return done;
      batch.clear();
      octets = 0;
    }
    into = *next;
    if (item.bytes.empty()) continue;
    Result<bool> there = co_await is_there(who, *into, item);
    if (!there) co_return std::unexpected(std::move(there).error());
    if (*there) {
      const std::lock_guard lock(mutex_);
      ++job.view.skipped;
      continue;
    }
    octets += item.bytes.size();
    NewMessage message;
    message.bytes = std::move(item.bytes);
    message.flags = clean(std::move(item.flags));
    message.received = item.received;
    batch.push_back(std::move(message));
  }
  if (into == nullptr) co_return Status();
  co_return co_await commit(who, job, *into, std::move(batch));
}

Task<Status> Transfers::commit(MailAccount who, Job& job, Folder& folder,
                               std::vector<NewMessage> batch) {
  if (batch.empty()) co_return Status();
  std::uint64_t octets = 0;
  for (const NewMessage& message : batch)
    octets += message.bytes.size();
  const std::size_t count = batch.size();
  std::string name = folder.mailbox.name;
  Result<std::vector<Appended>> done =
      co_await mailboxes_.append(who, std::move(name), std::move(batch));
  if (!done) co_return std::unexpected(std::move(done).error());
  const std::lock_guard lock(mutex_);
  job.view.imported += count;
  job.view.octets += octets;
  job.view.touched = clock_.now();
  if (job.stop) co_return fail(Code::conflict, kImporting, "another import began");
  co_return Status();
}

// The mailbox by its name, or by what it is for, or a new one.
Task<Result<Transfers::Folder*>> Transfers::folder(MailAccount who, Job& job,
                                                   const MailItem& item) {
  const std::string name = item.folder;
  const auto known = job.folders.find(name);
  if (known != job.folders.end()) co_return &known->second;
  if (job.folders.size() >= kFoldersMax)
    co_return fail(Code::too_large, kImporting, "too many mailboxes");
  Folder opened;
  const MailboxRole role = item.role;
  auto work = [&](Tx& tx) -> Result<Mailbox> {
    FUMI_TRY(auto by_name, tx.mailboxes().mailbox_by_name(who.account, name));
    if (by_name) return std::move(*by_name);
    if (role != MailboxRole::none) {
      FUMI_TRY(auto by_role, tx.mailboxes().mailbox_by_role(who.account, role));
      if (by_role) return std::move(*by_role);
    }
    return tx.mailboxes().create_mailbox(who.account, name, role);
  };
  Result<Mailbox> mailbox = co_await store_.write(who.scope, std::move(work));
  if (!mailbox) co_return std::unexpected(std::move(mailbox).error());
  // Two names of the source may mean one mailbox: "sent" and "Sent Items".
  for (auto& [other, folder] : job.folders)
    if (folder.mailbox.id == mailbox->id) co_return &folder;
  opened.mailbox = std::move(*mailbox);
  const MailboxId id = opened.mailbox.id;
  Result<std::vector<Entry>> entries = co_await mailboxes_.entries(who, id, kFirst);
  if (!entries) co_return std::unexpected(std::move(entries).error());
  opened.held.reserve(entries->size());
  for (std::size_t at = 0; at < entries->size(); at += kPageUids) {
    std::vector<Uid> uids;
    for (std::size_t i = at; i < std::min(at + kPageUids, entries->size()); ++i)
      uids.push_back((*entries)[i].uid);
    Result<std::vector<EntryEmail>> emails = co_await mailboxes_.emails(who, id, std::move(uids));
    if (!emails) co_return std::unexpected(std::move(emails).error());
    for (const auto& [entry, email] : *emails) {
      const auto summary = mime::decode(email.summary);
      if (summary) opened.held.push_back({key_of(summary->envelope, email.octets), entry.uid});
    }
  }
  std::stable_sort(opened.held.begin(), opened.held.end(),
                   [](const auto& a, const auto& b) { return a.key < b.key; });
  co_return &job.folders.emplace(name, std::move(opened)).first->second;
}

Task<Result<bool>> Transfers::is_there(MailAccount who, Folder& folder, const MailItem& item) {
  if (folder.held.empty()) co_return false;
  const std::uint64_t key = key_of(mime::parse(item.bytes).envelope, item.bytes.size());
  const auto first = std::partition_point(folder.held.begin(), folder.held.end(),
                                          [key](const auto& held) { return held.key < key; });
  for (auto at = first; at != folder.held.end() && at->key == key; ++at) {
    if (at->taken) continue;
    std::vector<Uid> uid{at->uid};
    const MailboxId id = folder.mailbox.id;
    Result<std::vector<EntryEmail>> found = co_await mailboxes_.emails(who, id, std::move(uid));
    if (!found) co_return std::unexpected(std::move(found).error());
    if (found->empty()) {  // removed meanwhile
      at->taken = true;
      continue;
    }
    const BlobRef blob = found->front().second.blob;
    Result<std::string> body = co_await mailboxes_.body(who, blob);
    if (!body) co_return std::unexpected(std::move(body).error());
    if (*body != item.bytes) continue;
    at->taken = true;
    co_return true;
  }
  co_return false;
}

class Transfers::Export final : public MailExport {
 public:
  Export(Transfers& transfers, MailAccount who, std::vector<Mailbox> mailboxes)
      : transfers_(transfers), who_(who), mailboxes_(std::move(mailboxes)) {}

  Task<Result<std::optional<MailItem>>> next() override {
    while (page_at_ >= page_.size()) {
      if (at_ == 0 || uid_at_ >= uids_.size()) {
        if (at_ >= mailboxes_.size()) {
          Status recorded = co_await record();
          if (!recorded) co_return std::unexpected(std::move(recorded).error());
          co_return std::optional<MailItem>();
        }
        Result<MailItem> folder = co_await open(mailboxes_[at_++]);
        if (!folder) co_return std::unexpected(std::move(folder).error());
        co_return std::optional<MailItem>(std::move(*folder));
      }
      Status filled = co_await fill();
      if (!filled) co_return std::unexpected(std::move(filled).error());
    }
    const EntryEmail found = page_[page_at_++];
    const Mailbox& mailbox = mailboxes_[at_ - 1];
    Result<std::string> body = co_await transfers_.mailboxes_.body(who_, found.second.blob);
    if (!body) co_return std::unexpected(std::move(body).error());
    MailItem item;
    item.folder = mailbox.name;
    item.role = mailbox.role;
    item.flags = found.first.flags;
    item.received = found.first.received;
    item.bytes = std::move(*body);
    ++count_;
    octets_ += item.bytes.size();
    co_return std::optional<MailItem>(std::move(item));
  }

 private:
  Task<Result<MailItem>> open(const Mailbox& mailbox) {
    uids_.clear();
    uid_at_ = 0;
    const MailboxId id = mailbox.id;
    Result<std::vector<Entry>> entries = co_await transfers_.mailboxes_.entries(who_, id, kFirst);
    // A mailbox that is removed meanwhile is left out like its messages.
    if (!entries && entries.error().code != Code::not_found)
      co_return std::unexpected(std::move(entries).error());
    if (entries)
      for (const Entry& entry : *entries)
        uids_.push_back(entry.uid);
    MailItem item;
    item.folder = mailbox.name;
    item.role = mailbox.role;
    co_return item;
  }

  Task<Status> fill() {
    const std::size_t end = std::min(uids_.size(), uid_at_ + kPageUids);
    std::vector<Uid> uids(uids_.begin() + std::ptrdiff_t(uid_at_),
                          uids_.begin() + std::ptrdiff_t(end));
    uid_at_ = end;
    const MailboxId id = mailboxes_[at_ - 1].id;
    Result<std::vector<EntryEmail>> page =
        co_await transfers_.mailboxes_.emails(who_, id, std::move(uids));
    page_.clear();
    page_at_ = 0;
    if (!page && page.error().code != Code::not_found)
      co_return std::unexpected(std::move(page).error());
    if (page) page_ = std::move(*page);
    co_return Status();
  }

  Task<Status> record() {
    auto work = [&](Tx& tx) -> Status {
      FUMI_TRY(const Account account, require_account(tx, who_.account));
      return tx.records().append(operation(
          who_.scope.actor, transfers_.clock_.now(), "mail.export", account.address.text(),
          {{"mails", std::to_string(count_)}, {"octets", std::to_string(octets_)}}));
    };
    co_return co_await transfers_.store_.write(who_.scope, std::move(work));
  }

  Transfers& transfers_;
  MailAccount who_;
  std::vector<Mailbox> mailboxes_;
  std::size_t at_ = 0;  // the mailbox after the open one
  std::vector<Uid> uids_;
  std::size_t uid_at_ = 0;
  std::vector<EntryEmail> page_;
  std::size_t page_at_ = 0;
  std::uint64_t count_ = 0, octets_ = 0;
};

Task<Result<std::unique_ptr<MailExport>>> Transfers::export_mail(MailAccount who,
                                                                 std::string folder) {
  auto work = [&](Tx& tx) -> Result<std::vector<Mailbox>> {
    FUMI_TRY(const Account account, require_account(tx, who.account));
    if (folder.empty()) return tx.mailboxes().mailboxes(account.id);
    FUMI_TRY(auto one, tx.mailboxes().mailbox_by_name(account.id, folder));
    if (!one) return fail(Code::not_found, kExporting, "there is no such mailbox");
    return std::vector<Mailbox>{std::move(*one)};
  };
  Result<std::vector<Mailbox>> mailboxes = co_await store_.read(who.scope, std::move(work));
  if (!mailboxes) co_return std::unexpected(std::move(mailboxes).error());
  co_return std::make_unique<Export>(*this, who, std::move(*mailboxes));
}

}  // namespace fumi::service
