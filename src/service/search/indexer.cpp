#include "service/search/indexer.h"

#include <algorithm>
#include <bit>

#include "base/log.h"
#include "mime/structure.h"
#include "service/search/detail/builder.h"
#include "service/search/file_text.h"

namespace fumi::service {
namespace {

using detail::Document;
using detail::SegmentBuilder;

constexpr Duration kLease = std::chrono::minutes(10);
// Ids of other nodes may be older than what is indexed already, by their clocks and by the length
// of a transaction.
constexpr Duration kLateness = std::chrono::minutes(10);
constexpr std::uint32_t kEmailsAtATime = 10'000;
constexpr std::size_t kMailsAtATime = 32;  // read and cut in one go
constexpr std::uint64_t kOctetsAtATime = 8 * 1024 * 1024;
constexpr std::uint64_t kBuilderOctetsMax = 64 * 1024 * 1024;
constexpr std::size_t kMergeAtATime = 8;  // segments of about one size
constexpr std::uint32_t kMergedDocumentsMax = 65'536;
constexpr std::uint32_t kPagesAtATime = 32;  // of one segment, in a merge
constexpr std::uint32_t kSweepPages = 500;   // a transaction
constexpr std::uint32_t kBacklogAtATime = 200;
constexpr std::uint64_t kFileTextAtATime = 4 * 1024 * 1024;

// Emails of the account that no segment has, oldest first.
Result<std::vector<EmailId>> unindexed(Tx& tx, AccountId account, std::size_t most) {
  FUMI_TRY(const auto segments, tx.search().segments(account));
  std::vector<EmailId> known;
  for (const SearchSegment& segment : segments) {
    FUMI_TRY(const auto documents, detail::decode_documents(segment.list));
    for (const Document& document : documents)
      known.push_back(document.email);
  }
  std::ranges::sort(known);
  EmailId after;
  if (!known.empty()) {
    const Instant newest = IdGenerator::made_at(known.back().value());
    after = EmailId(IdGenerator::first_at(newest - kLateness));
  }
  std::vector<EmailId> out;
  for (;;) {
    FUMI_TRY(const auto emails, tx.search().emails(account, after, kEmailsAtATime));
    for (const EmailId email : emails) {
      if (!std::ranges::binary_search(known, email)) out.push_back(email);
      if (out.size() == most) return out;
    }
    if (emails.size() < kEmailsAtATime) return out;
    after = emails.back();
  }
}

struct Reading {
  Document document;
  BlobRef blob;
  std::uint64_t octets = 0;
  mime::Summary summary;
  std::string raw;
};

}  // namespace

struct SearchIndexer::Batch {
  std::vector<Reading> readings;  // ascending by email
  SegmentBuilder builder;
  std::vector<SearchTerm> terms;
  std::vector<SearchPage> pages;
  std::uint64_t octets = 0;
  std::vector<EmailId> with_files;  // whose files' text is wanted from now on
  std::vector<EmailId> files_of;    // whose files' text is in here
};

SearchIndexer::SearchIndexer(Platform& platform, Store& store, BlobStore& blobs, Runtime& runtime,
                             const Clock& clock, SearchIndexOptions options)
    : platform_(platform),
      store_(store),
      blobs_(blobs),
      runtime_(runtime),
      clock_(clock),
      options_(options) {}

SearchIndexer::~SearchIndexer() = default;

void SearchIndexer::start() { runtime_.spawn("search index", run()); }

Task<void> SearchIndexer::run() {
  for (;;) {
    const Status slept = co_await runtime_.sleep_for(options_.interval);
    if (!slept) co_return;
    const bool goes_on = co_await index_all();
    if (!goes_on) co_return;
  }
}

// Every account that has something new. False: we were asked to stop.
Task<bool> SearchIndexer::index_all() {
  SearchBacklog after{};
  std::uint64_t waiting = 0;
  for (;;) {
    auto look = [&](PlatformTx& tx) {
      return tx.platform().search_backlog(after, kBacklogAtATime);
    };
    auto backlog = co_await platform_.read(std::move(look));
    if (!backlog) {
      log::warning("search", "backlog not read", {{"why", backlog.error().text()}});
      co_return backlog.error().code != Code::cancelled;
    }
    waiting += backlog->size();
    accounts_waiting_ = waiting;
    for (const SearchBacklog& next : *backlog) {
      after = next;
      MailAccount who;
      who.scope.tenant = next.tenant;
      who.account = next.account;
      auto indexed = co_await index(who);
      if (indexed) continue;
      const Code code = indexed.error().code;
      if (code == Code::cancelled) co_return false;
      // A tenant whose key is gone can't be indexed, and needn't be.
      if (code == Code::conflict || code == Code::not_found) continue;
      log::warning("search", "account not indexed",
                   {{"account", next.account.text()}, {"why", indexed.error().text()}});
    }
    if (backlog->size() < kBacklogAtATime) break;
  }
  accounts_waiting_ = 0;
  co_return true;
}

Task<Result<std::uint64_t>> SearchIndexer::index(MailAccount who) {
  std::optional<SearchClaim> claim;
  auto take = [&](Tx& tx) -> Status {
    const Instant now = clock_.now();
    FUMI_TRY(claim, tx.search().claim(who.account, now, now + kLease));
    return {};
  };
  const Status taken = co_await store_.write(who.scope, std::move(take));
  if (!taken) co_return std::unexpected(taken.error());
  if (!claim) co_return 0;
  auto indexed = co_await index_claimed(who, *claim);
  std::optional<ModSeq> up_to;
  if (indexed) up_to = claim->change;
  auto give_back = [&](Tx& tx) { return tx.search().release(*claim, up_to); };
  const Status released = co_await store_.write(who.scope, std::move(give_back));
  if (indexed && !released) co_return std::unexpected(released.error());
  co_return indexed;
}

Task<Result<std::uint64_t>> SearchIndexer::index_claimed(MailAccount who, SearchClaim& claim) {
  std::uint64_t count = 0;
  for (;;) {
    const Instant begun = clock_.now();
    Batch batch;
    auto more = co_await next_batch(who, batch);
    if (!more) co_return std::unexpected(std::move(more).error());
    if (!*more) break;
    Status done = co_await cut(who, batch);
    if (done && batch.builder.documents().empty()) break;  // gone meanwhile
    if (done) done = co_await write(who, claim, batch);
    if (!done) co_return std::unexpected(std::move(done).error());
    count += batch.builder.documents().size();
    mails_indexed_ += batch.builder.documents().size();
    const Status merged = co_await merge_all(who, claim);
    if (!merged) co_return std::unexpected(merged.error());
    const Status rested = co_await rest(clock_.now() - begun);
    if (!rested) co_return std::unexpected(rested.error());
  }
  bool more = true;
  while (more) {
    const Instant begun = clock_.now();
    auto indexed = co_await index_files(who, claim);
    if (!indexed) co_return std::unexpected(std::move(indexed).error());
    more = *indexed;
    const Status rested = co_await rest(clock_.now() - begun);
    if (!rested) co_return std::unexpected(rested.error());
  }
  more = true;
  while (more) {
    auto sweep = [&](Tx& tx) -> Result<bool> { return tx.search().sweep(claim, kSweepPages); };
    auto swept = co_await store_.write(who.scope, std::move(sweep));
    if (!swept) co_return std::unexpected(std::move(swept).error());
    more = *swept;
  }
  co_return count;
}

// What is to be indexed next; false: nothing.
Task<Result<bool>> SearchIndexer::next_batch(MailAccount who, Batch& batch) {
  auto read = [&](Tx& tx) -> Result<bool> {
    batch.readings.clear();
    FUMI_TRY(const auto emails, unindexed(tx, who.account, options_.batch_mails));
    for (const EmailId id : emails) {
      FUMI_TRY(const auto email, tx.mailboxes().email(who.account, id));
      if (!email) continue;
      auto summary = mime::decode(email->summary);
      if (!summary) continue;  // searches will tell of it
      Reading reading;
      reading.document = {id, detail::facts_of(*summary, email->thread)};
      reading.blob = email->blob;
      reading.octets = email->octets;
      reading.summary = std::move(*summary);
      batch.readings.push_back(std::move(reading));
    }
    return !batch.readings.empty();
  };
  co_return co_await store_.read(who.scope, std::move(read));
}

// Reads the mails and cuts them into the builder, until that is full.
Task<Status> SearchIndexer::cut(MailAccount who, Batch& batch) {
  for (std::size_t at = 0; at < batch.readings.size();) {
    if (batch.builder.octets() > kBuilderOctetsMax) break;  // the others come with the next batch
    std::vector<Reading*> some;
    std::uint64_t octets = 0;
    while (at < batch.readings.size() && some.size() < kMailsAtATime && octets < kOctetsAtATime) {
      Reading& reading = batch.readings[at++];
      octets += reading.octets;
      auto bytes = co_await blobs_.get(who.scope, reading.blob);
      if (!bytes && bytes.error().code == Code::not_found) continue;  // expunged meanwhile
      if (!bytes && bytes.error().code == Code::corrupt) continue;    // searches will tell of it
      if (!bytes) co_return std::unexpected(std::move(bytes).error());
      reading.raw = std::move(*bytes);
      some.push_back(&reading);
    }
    std::function<void()> work = [&batch, &some] {
      DocumentOptions options;
      options.form = DocumentOptions::Form::keeping_kana;
      for (Reading* reading : some) {
        batch.builder.add(reading->document,
                          read_document(reading->raw, reading->summary.root, options));
        reading->raw = std::string();
        if (!files_of(reading->summary.root).empty()) {
          batch.with_files.push_back(reading->document.email);
        }
      }
    };
    const Status done = co_await runtime_.offload_background(std::move(work));
    if (!done) co_return done;
  }
  co_return Status();
}

// Text of attached files that has come since their mails were indexed; false: there is none.
Task<Result<bool>> SearchIndexer::index_files(MailAccount who, SearchClaim& claim) {
  Batch batch;
  std::vector<std::vector<FileText>> texts;
  auto read = [&](Tx& tx) -> Status {
    batch.readings.clear();
    batch.files_of.clear();
    texts.clear();
    std::uint64_t octets = 0;
    FUMI_TRY(const auto emails, tx.attachment_texts().unindexed(who.account, options_.batch_mails));
    for (const EmailId id : emails) {
      if (octets > kFileTextAtATime) break;
      batch.files_of.push_back(id);
      FUMI_TRY(const auto email, tx.mailboxes().email(who.account, id));
      const auto summary = email ? mime::decode(email->summary) : std::nullopt;
      if (!summary) continue;
      FUMI_TRY(auto files, kept_file_texts(tx.attachment_texts(), who.account, id));
      if (files.empty()) continue;
      for (const FileText& file : files)
        octets += file.text.text.size();
      Reading reading;
      reading.document = {id, detail::facts_of(*summary, email->thread)};
      batch.readings.push_back(std::move(reading));
      texts.push_back(std::move(files));
    }
    return {};
  };
  const Status got = co_await store_.read(who.scope, std::move(read));
  if (!got) co_return std::unexpected(got.error());
  if (batch.files_of.empty()) co_return false;
  std::function<void()> work = [&] {
    for (std::size_t i = 0; i < texts.size(); ++i) {
      SearchDocument document;
      add_file_texts(document, texts[i], DocumentOptions::Form::keeping_kana);
      texts[i].clear();
      batch.builder.add(batch.readings[i].document, std::move(document));
    }
  };
  const Status cut = co_await runtime_.offload_background(std::move(work));
  if (!cut) co_return std::unexpected(cut.error());
  if (texts.empty()) {
    auto mark = [&](Tx& tx) {
      return tx.attachment_texts().mark_indexed(who.account, batch.files_of);
    };
    const Status marked = co_await store_.write(who.scope, std::move(mark));
    if (!marked) co_return std::unexpected(marked.error());
    co_return true;
  }
  const Status written = co_await write(who, claim, batch);
  if (!written) co_return std::unexpected(written.error());
  const Status merged = co_await merge_all(who, claim);
  if (!merged) co_return std::unexpected(merged.error());
  co_return true;
}

Task<Status> SearchIndexer::write(MailAccount who, SearchClaim& claim, Batch& batch) {
  auto blind = [&](Tx& tx) -> Status {
    FUMI_TRY(batch.terms, tx.search().terms(who.account, batch.builder.pieces()));
    return {};
  };
  const Status blinded = co_await store_.read(who.scope, std::move(blind));
  if (!blinded) co_return blinded;
  std::function<void()> work = [&batch] {
    detail::PageWriter pages;
    batch.builder.write(batch.terms, pages);
    batch.pages = pages.take();
    batch.octets = pages.octets();
  };
  const Status written = co_await runtime_.offload_background(std::move(work));
  if (!written) co_return written;
  SearchSegment segment;
  segment.id = claim.next_segment;
  segment.documents = std::uint32_t(batch.builder.documents().size());
  segment.octets = batch.octets;
  segment.list = detail::encode_documents(batch.builder.documents());
  auto store = [&](Tx& tx) -> Result<SearchClaim> {
    FUMI_CHECK(tx.search().begin_segment(claim));
    FUMI_CHECK(tx.search().add_pages(claim, batch.pages));
    if (options_.attachment_text_max.octets > 0) {
      FUMI_CHECK(tx.attachment_texts().want(who.account, batch.with_files));
    }
    FUMI_CHECK(tx.attachment_texts().mark_indexed(who.account, batch.files_of));
    return tx.search().commit(claim, segment, {}, clock_.now() + kLease);
  };
  auto next = co_await store_.write(who.scope, std::move(store));
  if (!next) co_return std::unexpected(std::move(next).error());
  claim = *next;
  co_return Status();
}

namespace {

// Segments of one size class, if there are enough of them to be merged.
std::vector<detail::Merge::Input> to_merge(const std::vector<SearchSegment>& segments) {
  for (unsigned size_class = 0; size_class < 6; ++size_class) {
    std::vector<const SearchSegment*> some;
    std::uint64_t documents = 0;
    for (const SearchSegment& segment : segments) {
      if ((std::bit_width(segment.documents) + 2U) / 3U != size_class) continue;
      some.push_back(&segment);
      documents += segment.documents;
      if (some.size() == kMergeAtATime) break;
    }
    if (some.size() < kMergeAtATime || documents > kMergedDocumentsMax) continue;
    std::vector<detail::Merge::Input> out;
    for (const SearchSegment* segment : some) {
      auto list = detail::decode_documents(segment->list);
      if (!list) return {};  // what is damaged isn't merged; searches tell of it
      out.push_back({segment->id, std::move(*list)});
    }
    return out;
  }
  return {};
}

// Of the emails in these segments, those that are still there.
Result<std::vector<EmailId>> live_emails(Tx& tx, AccountId account,
                                         const std::vector<detail::Merge::Input>& inputs) {
  EmailId least(UINT64_MAX);
  EmailId most;
  for (const auto& input : inputs) {
    if (input.documents.empty()) continue;
    least = std::min(least, input.documents.front().email);
    most = std::max(most, input.documents.back().email);
  }
  std::vector<EmailId> out;
  if (!most) return out;
  EmailId after(least.value() - 1);
  while (after < most) {
    FUMI_TRY(const auto emails, tx.search().emails(account, after, kEmailsAtATime));
    out.insert(out.end(), emails.begin(), emails.end());
    if (emails.size() < kEmailsAtATime) break;
    after = emails.back();
  }
  return out;
}

}  // namespace

Task<Status> SearchIndexer::merge_all(MailAccount who, SearchClaim& claim) {
  bool more = true;
  while (more) {
    const Instant begun = clock_.now();
    auto merged = co_await merge_some(who, claim);
    if (!merged) co_return std::unexpected(std::move(merged).error());
    more = *merged;
    if (!more) break;
    const Status rested = co_await rest(clock_.now() - begun);
    if (!rested) co_return rested;
  }
  co_return Status();
}

// One merge; false: there is none to do.
Task<Result<bool>> SearchIndexer::merge_some(MailAccount who, SearchClaim& claim) {
  std::optional<detail::Merge> merge;
  auto choose = [&](Tx& tx) -> Status {
    merge.reset();
    FUMI_TRY(const auto segments, tx.search().segments(who.account));
    auto inputs = to_merge(segments);
    if (inputs.empty()) return {};
    FUMI_TRY(const auto live, live_emails(tx, who.account, inputs));
    merge.emplace(std::move(inputs), live);
    return {};
  };
  const Status chosen = co_await store_.read(who.scope, std::move(choose));
  if (!chosen) co_return std::unexpected(chosen.error());
  if (!merge) co_return false;
  auto begin = [&](Tx& tx) { return tx.search().begin_segment(claim); };
  const Status begun = co_await store_.write(who.scope, std::move(begin));
  if (!begun) co_return std::unexpected(begun.error());
  for (;;) {
    const auto needs = merge->needs();
    if (needs.empty()) break;
    std::vector<std::vector<SearchPage>> pages;
    auto read = [&](Tx& tx) -> Status {
      pages.clear();
      for (const auto& need : needs) {
        FUMI_TRY(auto some,
                 tx.search().pages(who.account, need.segment, need.after, kPagesAtATime));
        pages.push_back(std::move(some));
      }
      return {};
    };
    const Status got = co_await store_.read(who.scope, std::move(read));
    if (!got) co_return std::unexpected(got.error());
    Status advanced;
    std::function<void()> work = [&] {
      for (std::size_t i = 0; i < needs.size(); ++i)
        merge->feed(needs[i].input, std::move(pages[i]));
      advanced = merge->advance();
    };
    const Status worked = co_await runtime_.offload_background(std::move(work));
    if (!worked) co_return std::unexpected(worked.error());
    if (!advanced) co_return std::unexpected(advanced.error());
    const std::vector<SearchPage> out = merge->out().take();
    if (out.empty()) continue;
    auto add = [&](Tx& tx) { return tx.search().add_pages(claim, out); };
    const Status added = co_await store_.write(who.scope, std::move(add));
    if (!added) co_return std::unexpected(added.error());
  }
  merge->out().finish();
  const std::vector<SearchPage> last = merge->out().take();
  SearchSegment segment;
  segment.id = claim.next_segment;
  segment.documents = std::uint32_t(merge->documents().size());
  segment.octets = merge->out().octets();
  segment.list = detail::encode_documents(merge->documents());
  const std::vector<SearchSegmentId> replaced = merge->replaced();
  auto commit = [&](Tx& tx) -> Result<SearchClaim> {
    FUMI_CHECK(tx.search().add_pages(claim, last));
    return tx.search().commit(claim, segment, replaced, clock_.now() + kLease);
  };
  auto next = co_await store_.write(who.scope, std::move(commit));
  if (!next) co_return std::unexpected(std::move(next).error());
  claim = *next;
  co_return true;
}

Task<Status> SearchIndexer::rest(Duration worked) {
  const Duration pause = worked * (100 - options_.share) / options_.share;
  if (pause <= Duration::zero()) co_return Status();
  co_return co_await runtime_.sleep_for(pause);
}

Task<Result<SearchIndexStatus>> SearchIndexer::status(MailAccount who) {
  auto read = [&](Tx& tx) -> Result<SearchIndexStatus> {
    SearchIndexStatus status;
    FUMI_TRY([[maybe_unused]] const auto progress, tx.search().progress(who.account));
    FUMI_TRY(const auto segments, tx.search().segments(who.account));
    std::vector<EmailId> known;
    for (const SearchSegment& segment : segments) {
      FUMI_TRY(const auto documents, detail::decode_documents(segment.list));
      for (const Document& document : documents)
        known.push_back(document.email);
      status.octets += segment.octets + segment.list.size();
      ++status.segments;
    }
    FUMI_TRY(const auto files, tx.attachment_texts().progress(who.account));
    status.files_waiting = files.waiting;
    status.files_unread = files.unread;
    std::ranges::sort(known);
    EmailId after;
    for (;;) {
      FUMI_TRY(const auto emails, tx.search().emails(who.account, after, kEmailsAtATime));
      status.mails += emails.size();
      for (const EmailId email : emails)
        status.indexed += std::ranges::binary_search(known, email) ? 1 : 0;
      if (emails.size() < kEmailsAtATime) break;
      after = emails.back();
    }
    return status;
  };
  co_return co_await store_.read(who.scope, std::move(read));
}

Task<Status> SearchIndexer::rebuild(MailAccount who) {
  auto reset = [&](Tx& tx) { return tx.search().reset(who.account); };
  co_return co_await store_.write(who.scope, std::move(reset));
}

}  // namespace fumi::service
