#include "service/transfer/transfers.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "mime/structure.h"
#include "service/tenancy/operation.h"
#include "service/transfer/origins.h"

namespace fumi::service {
namespace {

constexpr const char* kImporting = "importing mail";
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
  std::optional<Origins> origins;         // the same; read when they are first needed

  void forget() {  // what only a running job needs
    folders.clear();
    origins.reset();
  }
};

// What goes into one mailbox in one transaction.
struct Transfers::Batch {
  Folder* into = nullptr;
  std::vector<NewMessage> messages;
  std::vector<std::optional<MailOrigin>> origins;  // of the messages
  // Of messages that are there already and weren't known by their origins.
  std::vector<std::pair<MailOrigin, Origins::Row>> found;
  std::size_t octets = 0;

  [[nodiscard]] bool is_full() const {
    return messages.size() + found.size() >= kCommitItemsMax || octets >= kCommitOctetsMax;
  }
  [[nodiscard]] bool has(const MailOrigin& origin) const {
    return std::find(origins.begin(), origins.end(), origin) != origins.end() ||
           std::any_of(found.begin(), found.end(),
                       [&](const auto& each) { return each.first == origin; });
  }
  // Origins of one folder go together.
  [[nodiscard]] bool takes(const Folder* folder, const std::optional<MailOrigin>& origin) const {
    if (folder != into || is_full()) return false;
    const MailOrigin* const first = !found.empty()                        ? &found.front().first
                                    : origins.empty() || !origins.front() ? nullptr
                                                                          : &*origins.front();
    const bool none = messages.empty() && found.empty();
    if (none || (first == nullptr && !origin)) return true;
    return first != nullptr && origin && first->folder == origin->folder &&
           first->uid_validity == origin->uid_validity;
  }
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
    other->forget();
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
  if (job->view.state != ImportJob::State::running) job->forget();
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
                                          {"updated", std::to_string(view.updated)},
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
  Batch batch;
  std::vector<MailItem> flags;
  for (MailItem& item : items) {
    if (item.origin) {
      Status loaded = co_await load_origins(who, job);
      if (!loaded) co_return loaded;
    }
    if (item.origin && item.bytes.empty()) {
      flags.push_back(std::move(item));
      continue;
    }
    Status added = co_await add_item(who, job, std::move(item), batch);
    if (!added) co_return added;
  }
  Status done = co_await commit(who, job, batch);
  if (!done || flags.empty()) co_return done;
  co_return co_await sync_flags(who, job, std::move(flags));
}

Task<Status> Transfers::add_item(MailAccount who, Job& job, MailItem item, Batch& batch) {
  if (item.origin && (batch.has(*item.origin) || job.origins->find(*item.origin))) {
    const std::lock_guard lock(mutex_);
    ++job.view.skipped;
    co_return Status();
  }
  Result<Folder*> into = co_await folder(who, job, item);
  if (!into) co_return std::unexpected(std::move(into).error());
  if (!batch.takes(*into, item.origin)) {
    Status done = co_await commit(who, job, batch);
    if (!done) co_return done;
  }
  batch.into = *into;
  if (item.bytes.empty()) co_return Status();
  Result<Uid> there = co_await is_there(who, job, **into, item);
  if (!there) co_return std::unexpected(std::move(there).error());
  item.flags = clean(std::move(item.flags));
  if (*there != Uid()) {
    if (item.origin)
      batch.found.emplace_back(
          *item.origin, Origins::Row{item.origin->uid, *there, Origins::text_of(item.flags)});
    const std::lock_guard lock(mutex_);
    ++job.view.skipped;
    co_return Status();
  }
  batch.octets += item.bytes.size();
  NewMessage message;
  message.bytes = std::move(item.bytes);
  message.flags = std::move(item.flags);
  message.received = item.received;
  batch.messages.push_back(std::move(message));
  batch.origins.push_back(std::move(item.origin));
  co_return Status();
}

Task<Status> Transfers::commit(MailAccount who, Job& job, Batch& batch) {
  Batch now;
  std::swap(now, batch);
  if (now.messages.empty() && now.found.empty()) co_return Status();
  std::vector<std::string> flags;
  for (const NewMessage& message : now.messages)
    flags.push_back(Origins::text_of(message.flags));
  const std::size_t count = now.messages.size();
  Origins::Plan plan;
  std::vector<ObjectId> ids;
  auto keep = [&](Tx& tx, const std::vector<Appended>& appended) -> Status {
    std::vector<Origins::Row> rows;
    const MailOrigin* any = now.found.empty() ? nullptr : &now.found.front().first;
    for (const auto& [origin, row] : now.found)
      rows.push_back(row);
    for (std::size_t i = 0; i < appended.size(); ++i) {
      if (!now.origins[i]) continue;
      any = &*now.origins[i];
      rows.push_back({any->uid, appended[i].uid, flags[i]});
    }
    if (any == nullptr) return {};
    plan = job.origins->add(any->folder, any->uid_validity, now.into->mailbox.id, std::move(rows));
    return job.origins->write(tx, who.account, plan, ids);
  };
  if (count == 0) {
    auto work = [&](Tx& tx) { return keep(tx, {}); };
    Status kept = co_await store_.write(who.scope, std::move(work));
    if (!kept) co_return kept;
  } else {
    std::string name = now.into->mailbox.name;
    Mailboxes::Also also = keep;
    Result<std::vector<Appended>> done =
        co_await mailboxes_.append_and(who, std::move(name), std::move(now.messages), also);
    if (!done) co_return std::unexpected(std::move(done).error());
  }
  if (job.origins) job.origins->apply(std::move(plan), ids);
  const std::lock_guard lock(mutex_);
  job.view.imported += count;
  job.view.octets += now.octets;
  job.view.touched = clock_.now();
  if (job.stop) co_return fail(Code::conflict, kImporting, "another import began");
  co_return Status();
}

Task<Status> Transfers::load_origins(MailAccount who, Job& job) {
  if (job.origins) co_return Status();
  auto work = [&](Tx& tx) { return Origins::read(tx, who.account, job.view.source); };
  Result<Origins> origins = co_await store_.read(who.scope, std::move(work));
  if (!origins) co_return std::unexpected(std::move(origins).error());
  job.origins = std::move(*origins);
  co_return Status();
}

Task<Result<Transfers::Known>> Transfers::known(MailAccount who, ImportId id, std::string folder) {
  Result<JobPtr> job = take(who, id);
  if (!job) co_return std::unexpected(std::move(job).error());
  Status loaded = co_await load_origins(who, **job);
  Known out;
  if (loaded) {
    Origins::Known known = (*job)->origins->known(folder);
    out.uid_validity = known.uid_validity;
    out.uids = std::move(known.uids);
  }
  const Result<ImportJob> back = put_back(*job, std::move(loaded));
  if (!back) co_return std::unexpected(back.error());
  co_return out;
}

// What the source changed since the last time: what has been changed here meanwhile stays.
Task<Status> Transfers::sync_flags(MailAccount who, Job& job, std::vector<MailItem> items) {
  struct Step {
    MailboxId mailbox;
    StoreFlags change;
  };
  std::map<std::string, Step> steps;
  std::map<const Origins::Row*, std::string> rows;
  for (MailItem& item : items) {
    const auto found = job.origins->find(*item.origin);
    if (!found) continue;
    const Flags now = clean(std::move(item.flags));
    const std::string text = Origins::text_of(now);
    if (text == found->row->flags) continue;
    const Flags before = Origins::flags_of(found->row->flags);
    for (const auto& [operation, change] :
         {std::pair(FlagsOperation::add, apply(now, FlagsOperation::remove, before)),
          std::pair(FlagsOperation::remove, apply(before, FlagsOperation::remove, now))}) {
      if (change == Flags()) continue;
      Step& step =
          steps[found->mailbox.text() + std::to_string(int(operation)) + Origins::text_of(change)];
      step.mailbox = found->mailbox;
      step.change.operation = operation;
      step.change.flags = change;
      step.change.uids.push_back(found->row->entry);
    }
    rows.emplace(found->row, text);
  }
  for (auto& [key, step] : steps) {
    std::sort(step.change.uids.begin(), step.change.uids.end());
    const MailboxId mailbox = step.mailbox;
    Result<StoredFlags> stored =
        co_await mailboxes_.store_flags(who, mailbox, std::move(step.change));
    if (!stored && stored.error().code != Code::not_found)  // the mailbox was removed here
      co_return std::unexpected(std::move(stored).error());
  }
  // Behind the flags: a crash between them repeats the change, and nothing else.
  Origins::Plan plan = job.origins->change(rows);
  std::vector<ObjectId> ids;
  auto work = [&](Tx& tx) { return job.origins->write(tx, who.account, plan, ids); };
  Status kept = co_await store_.write(who.scope, std::move(work));
  if (!kept) co_return kept;
  job.origins->apply(std::move(plan), ids);
  const std::lock_guard lock(mutex_);
  job.view.updated += rows.size();
  job.view.touched = clock_.now();
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

Task<Result<Uid>> Transfers::is_there(MailAccount who, Job& job, Folder& folder,
                                      const MailItem& item) {
  if (folder.held.empty()) co_return Uid();
  const std::uint64_t key = key_of(mime::parse(item.bytes).envelope, item.bytes.size());
  const auto first = std::partition_point(folder.held.begin(), folder.held.end(),
                                          [key](const auto& held) { return held.key < key; });
  const MailboxId id = folder.mailbox.id;
  for (auto at = first; at != folder.held.end() && at->key == key; ++at) {
    if (at->taken) continue;
    if (item.origin && job.origins->is_of_another(id, at->uid, *item.origin)) continue;
    std::vector<Uid> uid{at->uid};
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
    co_return at->uid;
  }
  co_return Uid();
}

}  // namespace fumi::service
