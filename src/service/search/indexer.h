// SearchIndexer: keeps the search index of all accounts behind the mail, in the background.
//
// Nothing waits for it: what isn't indexed yet is read by searches. It works on one account at a
// time, in batches of bounded memory, and rests between them. Deleted mail leaves the index when
// segments are merged. Text of attached files (file_reader.h) comes later than the mail itself, as
// a second document of the same mail: a merge makes them one. On several nodes an account is worked
// on by one at a time, by lease.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/task.h"
#include "config/values.h"
#include "domain/ports/blob_store.h"
#include "domain/ports/runtime.h"
#include "domain/ports/store.h"
#include "service/mailbox/mailboxes.h"

namespace fumi::config {
template <class T>
class Schema;
}

namespace fumi::service {

struct SearchIndexOptions {
  Duration interval = std::chrono::seconds(5);  // how often new mail is looked for
  std::uint32_t share = 50;                     // percent of the time that it works when it has to
  std::uint32_t batch_mails = 512;              // of one segment when it is new
  // Text of attached files that is kept of a mail; 0: none is extracted.
  config::ByteCount attachment_text_max = config::mib(1);
};

void describe(config::Schema<SearchIndexOptions>& s);

struct SearchIndexStatus {
  std::uint64_t mails = 0;    // in the account
  std::uint64_t indexed = 0;  // of them
  std::uint32_t segments = 0;
  std::uint64_t octets = 0;         // of the index
  std::uint64_t files_waiting = 0;  // mails whose attached files' text isn't in it yet
  std::uint64_t files_unread = 0;   // attached files that couldn't be read wholly
};

class SearchIndexer {
 public:
  SearchIndexer(Platform& platform, Store& store, BlobStore& blobs, Runtime& runtime,
                const Clock& clock, SearchIndexOptions options);
  ~SearchIndexer();

  void start();

  // Indexes what is new of one account, and tidies up; gives the number of mails. 0 too when
  // another node is at it. conflict: it was taken away meanwhile (rebuild).
  Task<Result<std::uint64_t>> index(MailAccount who);
  Task<Result<SearchIndexStatus>> status(MailAccount who);  // not_found: no such account
  // Forgets the account's index; it is made anew in the background.
  Task<Status> rebuild(MailAccount who);

  // For metrics.
  [[nodiscard]] std::uint64_t mails_indexed() const { return mails_indexed_.load(); }
  [[nodiscard]] std::uint64_t accounts_waiting() const { return accounts_waiting_.load(); }

 private:
  struct Batch;
  Task<void> run();
  Task<bool> index_all();
  Task<Result<std::uint64_t>> index_claimed(MailAccount who, SearchClaim& claim);
  Task<Result<bool>> next_batch(MailAccount who, Batch& batch);
  Task<Status> cut(MailAccount who, Batch& batch);
  Task<Result<bool>> index_files(MailAccount who, SearchClaim& claim);
  Task<Status> write(MailAccount who, SearchClaim& claim, Batch& batch);
  Task<Status> merge_all(MailAccount who, SearchClaim& claim);
  Task<Result<bool>> merge_some(MailAccount who, SearchClaim& claim);
  Task<Status> rest(Duration worked);

  Platform& platform_;
  Store& store_;
  BlobStore& blobs_;
  Runtime& runtime_;
  const Clock& clock_;
  SearchIndexOptions options_;
  std::atomic<std::uint64_t> mails_indexed_{0};
  std::atomic<std::uint64_t> accounts_waiting_{0};
};

}  // namespace fumi::service
