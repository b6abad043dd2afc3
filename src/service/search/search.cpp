#include "service/search/search.h"

#include <algorithm>
#include <tuple>

#include "mime/structure.h"
#include "service/search/detail/entry_cache.h"
#include "service/search/detail/lookup.h"
#include "service/search/detail/program.h"

namespace fumi::service {
namespace {

using detail::Candidate;
using detail::EmailFacts;
using detail::Place;
using detail::Program;
using detail::Truth;

constexpr const char* kDoing = "searching";
// Mail that is read and looked into in one go.
constexpr std::size_t kMailsAtATime = 32;
constexpr std::size_t kEntriesKept = 1'000'000;  // of all mailboxes that were searched lately
constexpr std::uint64_t kOctetsAtATime = 8 * 1024 * 1024;

// One message to decide on: places [first, first + count).
struct Item {
  EmailId email;
  std::size_t first = 0;
  std::size_t count = 0;
  Truth found = Truth::unknown;
};

}  // namespace

struct Search::Job {
  Job(MailAccount asking, SearchScope where, SearchQuery query, detail::EntryCache& cache)
      : who(asking),
        scope(std::move(where)),
        program(std::move(query)),
        lookup(program.texts()),
        entry_cache(cache) {}

  [[nodiscard]] Candidate candidate(const Item& item) const {
    Candidate candidate;
    candidate.email = item.email;
    candidate.places = std::span(places).subspan(item.first, item.count);
    return candidate;
  }
  Status survey(Tx& tx);
  Status read_places(Tx& tx);
  void make_items();
  Status decide_by_index(Tx& tx);
  Status decide_segment(Tx& tx, const SearchSegment& segment,
                        std::span<const std::pair<EmailId, std::size_t>> by_email);

  MailAccount who;
  SearchScope scope;
  Program program;
  detail::Lookup lookup;
  detail::EntryCache& entry_cache;
  std::vector<detail::EntryCache::Entries> entries;  // what places point into
  std::vector<Place> places;
  std::vector<Item> items;
};

// Runs in the store, more than once perhaps.
Status Search::Job::survey(Tx& tx) {
  FUMI_CHECK(read_places(tx));
  make_items();
  bool open = false;
  for (Item& item : items) {
    item.found = program.truth(candidate(item));
    open = open || item.found == Truth::unknown;
  }
  return open && program.asks_mail() ? decide_by_index(tx) : Status();
}

Status Search::Job::read_places(Tx& tx) {
  std::vector<MailboxId> mailboxes = scope.mailboxes;
  if (mailboxes.empty()) {
    FUMI_TRY(const std::vector<Mailbox> all, tx.mailboxes().mailboxes(who.account));
    Gate gate(tx, who);
    for (const Mailbox& mailbox : all)
      if (gate.check(mailbox.id, Rights::read)) mailboxes.push_back(mailbox.id);
  }
  places.clear();
  entries.clear();
  std::uint32_t rank = 0;
  Gate gate(tx, who);
  for (const MailboxId id : mailboxes) {
    FUMI_CHECK(gate.check(id, Rights::read));
    FUMI_TRY(auto list, entry_cache.get(tx, who.account, id));
    for (const Entry& entry : *list) {
      if (scope.emails && !std::ranges::binary_search(*scope.emails, entry.email)) continue;
      places.push_back({id, &entry, rank});
    }
    entries.push_back(std::move(list));
    ++rank;
  }
  return {};
}

void Search::Job::make_items() {
  items.clear();
  const bool once = scope.unit == SearchScope::Unit::email;
  if (once) {
    std::ranges::sort(places, {}, [](const Place& place) {
      return std::tuple(place.entry->email, place.rank, place.entry->uid);
    });
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    const EmailId email = places[i].entry->email;
    if (once && !items.empty() && items.back().email == email) {
      ++items.back().count;
    } else {
      items.push_back({email, i, 1, Truth::unknown});
    }
  }
}

// What no segment knows stays unknown, and is read.
Status Search::Job::decide_by_index(Tx& tx) {
  FUMI_TRY(const std::vector<SearchSegment> segments, tx.search().segments(who.account));
  if (segments.empty()) return {};
  std::vector<std::pair<EmailId, std::size_t>> by_email;
  for (std::size_t i = 0; i < items.size(); ++i)
    if (items[i].found == Truth::unknown) by_email.emplace_back(items[i].email, i);
  if (!std::ranges::is_sorted(by_email)) std::ranges::sort(by_email);
  FUMI_CHECK(lookup.prepare(tx.search(), who.account));
  for (const SearchSegment& segment : segments)
    FUMI_CHECK(decide_segment(tx, segment, by_email));
  return {};
}

Status Search::Job::decide_segment(Tx& tx, const SearchSegment& segment,
                                   std::span<const std::pair<EmailId, std::size_t>> by_email) {
  FUMI_TRY(const auto documents, detail::decode_documents(segment.list));
  const std::size_t texts = program.texts().size();
  std::vector<Truth> said(documents.size() * texts, Truth::no);
  if (texts > 0) {
    FUMI_TRY(const auto answers, lookup.ask(tx.search(), who.account, segment.id));
    for (std::size_t k = 0; k < texts; ++k) {
      const bool nothing_known = answers[k].of == detail::Lookup::Said::Of::nothing_known;
      for (std::size_t i = 0; nothing_known && i < documents.size(); ++i)
        said[i * texts + k] = Truth::unknown;
      for (const auto& [document, truth] : answers[k].documents)
        if (document < documents.size()) said[document * texts + k] = truth;
    }
  }
  auto next = by_email.begin();
  for (std::size_t i = 0; i < documents.size(); ++i) {
    while (next != by_email.end() && next->first < documents[i].email)
      ++next;
    for (; next != by_email.end() && next->first == documents[i].email; ++next) {
      Item& item = items[next->second];
      Candidate known = candidate(item);
      known.facts = &documents[i].facts;
      known.texts = std::span(said).subspan(i * texts, texts);
      item.found = program.truth(known);
    }
  }
  return {};
}

Search::Search(Store& store, BlobStore& blobs, Runtime& runtime, SearchLimits limits)
    : store_(store),
      blobs_(blobs),
      runtime_(runtime),
      limits_(limits),
      entries_(std::make_unique<detail::EntryCache>(kEntriesKept)) {}

Search::~Search() = default;

Task<Result<std::vector<SearchHit>>> Search::run(MailAccount who, SearchScope scope,
                                                 SearchQuery query, Progress progress) {
  const Status checked = check(query, limits_);
  if (!checked) co_return std::unexpected(checked.error());
  Job job(who, std::move(scope), std::move(query), *entries_);
  if (job.program.asks_uids() &&
      (job.scope.mailboxes.size() != 1 || job.scope.unit != SearchScope::Unit::entry)) {
    co_return fail(Code::invalid, kDoing, "UIDs are of one mailbox");
  }
  auto survey = [&job](Tx& tx) { return job.survey(tx); };
  const Status surveyed = co_await store_.read(who.scope, std::move(survey));
  if (!surveyed) co_return std::unexpected(surveyed.error());
  const Status looked = co_await look_into(job, progress);
  if (!looked) co_return std::unexpected(looked.error());
  std::vector<SearchHit> hits;
  for (const Item& item : job.items) {
    if (item.found != Truth::yes) continue;
    const Place& place = job.places[item.first];
    hits.push_back({place.mailbox, *place.entry});
  }
  co_return hits;
}

// Decides on all that are still unknown.
Task<Status> Search::look_into(Job& job, const Progress& progress) {
  std::vector<std::size_t> unknown;
  for (std::size_t i = 0; i < job.items.size(); ++i) {
    if (job.items[i].found == Truth::unknown) unknown.push_back(i);
  }
  for (std::size_t read = 0; read < unknown.size();) {
    if (progress) {
      const bool goes_on = co_await progress(read, unknown.size());
      if (!goes_on) co_return fail(Code::peer_gone, kDoing, "nobody waits for the answer");
    }
    std::vector<std::size_t> some;
    std::uint64_t octets = 0;
    while (read < unknown.size() && some.size() < kMailsAtATime && octets < kOctetsAtATime) {
      some.push_back(unknown[read++]);
      octets += job.places[job.items[some.back()].first].entry->octets;
    }
    const Status looked = co_await look_into_some(job, std::move(some));
    if (!looked) co_return looked;
  }
  co_return Status();
}

namespace {

struct Reading {
  std::size_t item = 0;
  BlobRef blob;
  mime::Summary summary;
  EmailFacts facts;
  std::string raw;
};

}  // namespace

Task<Status> Search::look_into_some(Job& job, std::vector<std::size_t> items) {
  std::vector<Reading> readings;
  auto read = [&](Tx& tx) -> Status {
    readings.clear();
    for (const std::size_t i : items) {
      Item& item = job.items[i];
      FUMI_TRY(const auto email, tx.mailboxes().email(job.who.account, item.email));
      item.found = Truth::no;
      if (!email) continue;  // expunged meanwhile
      auto summary = mime::decode(email->summary);
      if (!summary) return fail(Code::corrupt, kDoing, "a summary can't be read");
      Reading reading{i, email->blob, std::move(*summary), {}, {}};
      reading.facts = detail::facts_of(reading.summary, email->thread);
      Candidate candidate = job.candidate(item);
      candidate.facts = &reading.facts;
      item.found = job.program.truth(candidate);
      if (item.found == Truth::unknown) readings.push_back(std::move(reading));
    }
    return {};
  };
  const Status got = co_await store_.read(job.who.scope, std::move(read));
  if (!got) co_return got;
  for (Reading& reading : readings) {
    auto bytes = co_await blobs_.get(job.who.scope, reading.blob);
    if (bytes) {
      reading.raw = std::move(*bytes);
    } else if (bytes.error().code == Code::not_found) {
      job.items[reading.item].found = Truth::no;  // expunged meanwhile, and its blob collected
    } else {
      co_return std::unexpected(std::move(bytes).error());
    }
  }
  std::erase_if(readings, [&job](const Reading& reading) {
    return job.items[reading.item].found == Truth::no;
  });
  if (readings.empty()) co_return Status();
  mails_read_ += readings.size();
  std::function<void()> look = [&job, &readings] {
    DocumentOptions options;
    options.wanted = job.program.wanted();
    for (const Reading& reading : readings) {
      const SearchDocument document = read_document(reading.raw, reading.summary.root, options);
      Candidate candidate = job.candidate(job.items[reading.item]);
      candidate.facts = &reading.facts;
      candidate.document = &document;
      job.items[reading.item].found = job.program.truth(candidate);
    }
  };
  co_return co_await runtime_.offload(std::move(look));
}

}  // namespace fumi::service
