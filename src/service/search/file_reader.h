// FileReader: has the text of attached files extracted, in the background, and kept for the index.
//
// Mail waits here after it has been indexed for itself, so that no file, however long it takes,
// keeps a mail from being found by the rest. Several workers take turns over the accounts, a few
// mails a turn: one account's thousand hostile files delay others by little. Mail whose worker died
// is taken up again after the lease, and given up after some attempts: no file is tried for ever.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/task.h"
#include "domain/ports/blob_store.h"
#include "domain/ports/runtime.h"
#include "domain/ports/store.h"
#include "domain/ports/text_extractor.h"
#include "service/mailbox/mailboxes.h"
#include "service/search/file_text.h"
#include "service/search/indexer.h"

namespace fumi::service {

class FileReader {
 public:
  FileReader(Platform& platform, Store& store, BlobStore& blobs, Runtime& runtime,
             TextExtractor& extractor, const Clock& clock, SearchIndexOptions options);

  void start(std::uint32_t workers);

  // Some mails of one account; how many. An error is not of a file, and worth another try later.
  Task<Result<std::uint64_t>> read(MailAccount who);

  // Files that ended so, ever: for metrics.
  [[nodiscard]] std::uint64_t files(ExtractedText::Outcome outcome) const {
    return files_.at(static_cast<std::size_t>(outcome)).load();
  }
  // As the last turn found it: accounts with mail that nobody works on yet, and for how long the
  // oldest of it has been waiting.
  [[nodiscard]] std::uint64_t accounts_waiting() const { return accounts_waiting_.load(); }
  [[nodiscard]] Duration lag() const { return Duration(lag_.load()); }

 private:
  struct Mail;
  Task<void> run();
  Task<Status> read_all();
  Task<Result<std::uint64_t>> read_some_of_each();
  Task<Status> read_mail(MailAccount who, AttachmentTask task);
  Task<Status> open(MailAccount who, EmailId id, Mail& mail);
  Task<Status> give_up(MailAccount who, EmailId id);
  Task<Status> dismiss(MailAccount who, EmailId id);
  Task<Result<ExtractedText>> read_file(MailAccount who, const Mail& mail, const mime::Part& part,
                                        std::uint64_t octets_max);

  Platform& platform_;
  Store& store_;
  BlobStore& blobs_;
  Runtime& runtime_;
  TextExtractor& extractor_;
  const Clock& clock_;
  SearchIndexOptions options_;
  std::array<std::atomic<std::uint64_t>, 6> files_{};  // by outcome
  std::atomic<std::uint64_t> accounts_waiting_{0};
  std::atomic<Duration::rep> lag_{0};
};

}  // namespace fumi::service
