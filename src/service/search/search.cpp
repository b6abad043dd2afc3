#include "service/search/search.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <unordered_map>

#include "mime/structure.h"
#include "service/search/detail/lookup.h"
#include "service/search/detail/program.h"
#include "service/search/file_text.h"

namespace fumi::service {
namespace {

using detail::Candidate;
using detail::EmailFacts;
using detail::Place;
using detail::Program;
using detail::Truth;

constexpr const char* kDoing = "searching";
// Mail that is read and looked into in one go.
constexpr std::size_t kMailsAtATime = 64;
constexpr std::uint64_t kOctetsAtATime = 8 * 1024 * 1024;
// A larger mailbox is gone through by the store's threads.
constexpr std::uint32_t kMailsAtAGlance = 2'048;

// One message to decide on: places [first, first + count).
struct Item {
  EmailId email;
  std::size_t first = 0;
  std::size_t count = 0;
  Truth found = Truth::unknown;
};

// A mail that must be read.
struct Reading {
  std::size_t item = 0;
  BlobRef blob;
  mime::Summary summary;
  EmailId email;
  EmailFacts facts;
  std::string raw;
  std::vector<FileText> files;
};

}  // namespace

struct Search::Job {
  Job(MailAccount asking, SearchScope where, SearchQuery query, Mailboxes& indexes)
      : who(asking),
        scope(std::move(where)),
        program(std::move(query)),
        lookup(program.texts()),
        mailboxes(indexes) {}

  [[nodiscard]] Candidate candidate(const Item& item) const {
    Candidate candidate;
    candidate.email = item.email;
    candidate.places = std::span(places).subspan(item.first, item.count);
    return candidate;
  }
  // What a glance of the store can answer: one mailbox, by what its index says.
  [[nodiscard]] bool is_small() const {
    return scope.mailboxes.size() == 1 && !program.asks_mail() && !program.asks_saved();
  }
  Status survey(Tx& tx);
  Result<bool> survey_small(Tx& tx);  // false: the mailbox is too large for it
  Status read_places(Tx& tx);
  Status add_places(Tx& tx, MailboxId mailbox, std::uint32_t rank);
  Status add_places_of(Tx& tx, Mailboxes::Snapshot snapshot, MailboxId mailbox, std::uint32_t rank);
  void make_items();
  bool decide();
  Status decide_by_index(Tx& tx);
  Status read_summaries(Tx& tx, std::span<const std::size_t> some, std::vector<Reading>& readings);
  Status read_files(Tx& tx, std::vector<Reading>& readings);
  // What the index says: facts of an email, and whether it has each of the texts.
  struct Known {
    EmailId email;
    std::size_t item = 0;
    std::optional<EmailFacts> facts;
  };
  struct Answers {
    std::vector<Known> emails;  // ascending
    std::vector<Truth> texts;   // for each email, one after the other
  };
  Status ask_segment(Tx& tx, const SearchSegment& segment, Answers& answers);

  MailAccount who;
  SearchScope scope;
  Program program;
  detail::Lookup lookup;
  Mailboxes& mailboxes;
  std::vector<Mailboxes::Snapshot> snapshots;  // shared with the indexes; places point into them
  std::vector<Place> places;
  std::vector<Item> items;
};

// Runs in the store, more than once perhaps.
Status Search::Job::survey(Tx& tx) {
  FUMI_CHECK(read_places(tx));
  const bool open = decide();
  return open && program.asks_mail() ? decide_by_index(tx) : Status();
}

Result<bool> Search::Job::survey_small(Tx& tx) {
  const MailboxId mailbox = scope.mailboxes.front();
  FUMI_TRY(auto snapshot, mailboxes.snapshot(tx, who, mailbox, Mailboxes::Effort::small));
  if (snapshot == nullptr || snapshot->size() > kMailsAtAGlance) return false;
  places.clear();
  snapshots.clear();
  FUMI_CHECK(add_places_of(tx, std::move(snapshot), mailbox, 0));
  static_cast<void>(decide());
  return true;
}

// By what is known without any mail; true: something stays unknown.
bool Search::Job::decide() {
  make_items();
  bool open = false;
  for (Item& item : items) {
    item.found = program.truth(candidate(item));
    open = open || item.found == Truth::unknown;
  }
  return open;
}

Status Search::Job::read_places(Tx& tx) {
  std::vector<MailboxId> asked = scope.mailboxes;
  if (asked.empty()) {
    FUMI_TRY(const std::vector<Mailbox> all, tx.mailboxes().mailboxes(who.account));
    Gate gate(tx, who);
    for (const Mailbox& mailbox : all)
      if (gate.check(mailbox.id, Rights::read)) asked.push_back(mailbox.id);
  }
  places.clear();
  snapshots.clear();
  for (std::uint32_t rank = 0; rank < asked.size(); ++rank)
    FUMI_CHECK(add_places(tx, asked[rank], rank));
  return {};
}

Status Search::Job::add_places(Tx& tx, MailboxId mailbox, std::uint32_t rank) {
  FUMI_TRY(auto snapshot, mailboxes.snapshot(tx, who, mailbox));
  return add_places_of(tx, std::move(snapshot), mailbox, rank);
}

Status Search::Job::add_places_of(Tx& tx, Mailboxes::Snapshot snapshot, MailboxId mailbox,
                                  std::uint32_t rank) {
  const bool alone = scope.unit == SearchScope::Unit::entry;
  std::unordered_map<std::uint32_t, Instant> saved;
  if (program.asks_saved()) {
    auto keep = [&](const Entry& entry) -> Status {
      if (entry.saved) saved.emplace(entry.uid.value, *entry.saved);
      return {};
    };
    FUMI_CHECK(tx.mailboxes().visit_entries(who.account, mailbox, Uid{1}, keep));
  }
  Place place{mailbox, nullptr, snapshot.get(), {}, rank};
  Candidate candidate;
  candidate.places = std::span(&place, 1);
  places.reserve(places.size() + snapshot->size());
  for (std::uint32_t at = 0; at < snapshot->size();) {
    const std::span<const IndexRow> rows = snapshot->rows_from(at);
    at += std::uint32_t(rows.size());
    for (const IndexRow& row : rows) {
      if (scope.emails && !std::ranges::binary_search(*scope.emails, row.email)) continue;
      place.row = &row;
      if (!saved.empty()) {
        const auto known = saved.find(row.uid);
        place.saved = known == saved.end() ? std::nullopt : std::optional(known->second);
      }
      // What its flags, size or date rule out is not looked at any more.
      candidate.email = row.email;
      if (alone && program.truth(candidate) == Truth::no) continue;
      places.push_back(place);
    }
  }
  snapshots.push_back(std::move(snapshot));
  return {};
}

void Search::Job::make_items() {
  items.clear();
  const bool once = scope.unit == SearchScope::Unit::email;
  if (once) {
    std::ranges::sort(places, {}, [](const Place& place) {
      return std::tuple(place.row->email, place.rank, place.row->uid);
    });
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    const EmailId email = places[i].row->email;
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
  Answers answers;
  auto& emails = answers.emails;
  for (std::size_t i = 0; i < items.size(); ++i)
    if (items[i].found == Truth::unknown) emails.push_back({items[i].email, i, {}});
  if (!std::ranges::is_sorted(emails, {}, &Known::email)) {
    std::ranges::sort(emails, {}, &Known::email);
  }
  const std::size_t texts = program.texts().size();
  answers.texts.assign(emails.size() * texts, Truth::no);
  FUMI_CHECK(lookup.prepare(tx.search(), who.account));
  for (const SearchSegment& segment : segments)
    FUMI_CHECK(ask_segment(tx, segment, answers));
  for (std::size_t i = 0; i < emails.size(); ++i) {
    if (!emails[i].facts) continue;
    Candidate known = candidate(items[emails[i].item]);
    known.facts = &*emails[i].facts;
    known.texts = std::span(answers.texts).subspan(i * texts, texts);
    items[emails[i].item].found = program.truth(known);
  }
  return {};
}

// An email may be in several segments, with its own text and with its files': it has a text that
// any of them has.
Status Search::Job::ask_segment(Tx& tx, const SearchSegment& segment, Answers& answers) {
  FUMI_TRY(const auto documents, detail::decode_documents(segment.list));
  const std::size_t texts = program.texts().size();
  std::vector<Truth> said(documents.size() * texts, Truth::no);
  if (texts > 0) {
    FUMI_TRY(const auto told, lookup.ask(tx.search(), who.account, segment.id));
    for (std::size_t k = 0; k < texts; ++k) {
      const bool nothing_known = told[k].of == detail::Lookup::Said::Of::nothing_known;
      for (std::size_t i = 0; nothing_known && i < documents.size(); ++i)
        said[i * texts + k] = Truth::unknown;
      for (const auto& [document, truth] : told[k].documents)
        if (document < documents.size()) said[document * texts + k] = truth;
    }
  }
  auto next = answers.emails.begin();
  const auto end = answers.emails.end();
  for (std::size_t i = 0; i < documents.size(); ++i) {
    while (next != end && next->email < documents[i].email)
      ++next;
    for (; next != end && next->email == documents[i].email; ++next) {
      next->facts = documents[i].facts;
      const auto at = std::size_t(next - answers.emails.begin());
      for (std::size_t k = 0; k < texts; ++k) {
        Truth& truth = answers.texts[at * texts + k];
        truth = std::max(truth, said[i * texts + k]);
      }
    }
  }
  return {};
}

namespace {

SearchHit hit_of(const Place& place) {
  SearchHit hit;
  hit.mailbox = place.mailbox;
  hit.entry.uid = Uid{place.row->uid};
  hit.entry.email = place.row->email;
  hit.entry.flags = place.in->flags(*place.row);
  hit.entry.modseq = place.row->changed();
  hit.entry.octets = place.row->octets;
  hit.entry.received = place.row->received();
  hit.entry.saved = place.saved;
  return hit;
}

}  // namespace

Task<Result<std::vector<SearchHit>>> Search::run(MailAccount who, SearchScope scope,
                                                 SearchQuery query, Progress progress) {
  const Status checked = check(query, limits_);
  if (!checked) co_return std::unexpected(checked.error());
  Job job(who, std::move(scope), std::move(query), mailboxes_);
  if (job.program.asks_uids() &&
      (job.scope.mailboxes.size() != 1 || job.scope.unit != SearchScope::Unit::entry)) {
    co_return fail(Code::invalid, kDoing, "UIDs are of one mailbox");
  }
  Result<bool> answered = false;
  if (job.is_small()) {
    auto glance = [&job](Tx& tx) { return job.survey_small(tx); };
    answered = co_await store_.glance(who.scope, std::move(glance));
    if (!answered) co_return std::unexpected(answered.error());
  }
  if (!*answered) {
    auto survey = [&job](Tx& tx) { return job.survey(tx); };
    const Status surveyed = co_await store_.read(who.scope, std::move(survey));
    if (!surveyed) co_return std::unexpected(surveyed.error());
  }
  const Status looked = co_await look_into(job, progress);
  if (!looked) co_return std::unexpected(looked.error());
  std::vector<SearchHit> hits;
  for (const Item& item : job.items) {
    if (item.found != Truth::yes) continue;
    hits.push_back(hit_of(job.places[item.first]));
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
      octets += job.places[job.items[some.back()].first].row->octets;
    }
    const Status looked = co_await look_into_some(job, some);
    if (!looked) co_return looked;
    // For some there may have been no room.
    const auto open = [&](std::size_t i) { return job.items[i].found == Truth::unknown; };
    std::ranges::copy_if(some, std::back_inserter(unknown), open);
  }
  co_return Status();
}

// Reads what the summaries say of the mails, and keeps those that this doesn't decide. In the
// store, more than once perhaps.
Status Search::Job::read_summaries(Tx& tx, std::span<const std::size_t> some,
                                   std::vector<Reading>& readings) {
  readings.clear();
  std::vector<std::pair<EmailId, std::size_t>> by_email;
  for (const std::size_t i : some) {
    items[i].found = Truth::no;  // if it isn't there: expunged meanwhile
    by_email.emplace_back(items[i].email, i);
  }
  std::ranges::sort(by_email);
  std::vector<EmailId> emails;
  for (const auto& [email, item] : by_email)
    emails.push_back(email);
  auto next = by_email.begin();
  auto visit = [&](const StoredSummary& stored) -> Result<Visit> {
    auto summary = mime::decode(stored.summary);
    const auto blob = BlobRef::decode(stored.blob);
    if (!summary || !blob) return fail(Code::corrupt, kDoing, "a summary can't be read");
    const detail::EmailFacts facts = detail::facts_of(*summary, stored.thread);
    while (next != by_email.end() && next->first < stored.id)
      ++next;
    for (; next != by_email.end() && next->first == stored.id; ++next) {
      Reading reading;
      reading.item = next->second;
      reading.email = stored.id;
      reading.blob = *blob;
      reading.facts = facts;
      Item& item = items[next->second];
      Candidate known = candidate(item);
      known.facts = &reading.facts;
      item.found = program.truth(known);
      if (item.found != Truth::unknown) continue;
      if (!summary) summary = mime::decode(stored.summary);  // for a further one of the same mail
      reading.summary = std::move(*summary);
      summary.reset();
      readings.push_back(std::move(reading));
    }
    return Visit::more;
  };
  FUMI_CHECK(tx.emails().visit_summaries(who.account, emails, visit));
  return (program.wanted() & text_class::kBody) != 0 ? read_files(tx, readings) : Status();
}

// The text of attached files may be larger than the mails. Those for which there is no room go out
// of `readings`, and stay unknown.
Status Search::Job::read_files(Tx& tx, std::vector<Reading>& readings) {
  std::uint64_t octets = 0;
  for (std::size_t i = 0; i < readings.size(); ++i) {
    Reading& reading = readings[i];
    if (octets >= kOctetsAtATime) {
      for (std::size_t k = i; k < readings.size(); ++k)
        items[readings[k].item].found = Truth::unknown;
      readings.resize(i);
      break;
    }
    if (files_of(reading.summary.root).empty()) continue;
    FUMI_TRY(reading.files, kept_file_texts(tx.attachment_texts(), who.account, reading.email));
    for (const FileText& file : reading.files)
      octets += file.text.text.size();
  }
  return {};
}

Task<Status> Search::look_into_some(Job& job, std::vector<std::size_t> items) {
  std::vector<Reading> readings;
  auto read = [&](Tx& tx) { return job.read_summaries(tx, items, readings); };
  const Status got = co_await store_.read(job.who.scope, std::move(read));
  if (!got) co_return got;
  std::vector<BlobRef> blobs;
  for (const Reading& reading : readings)
    blobs.push_back(reading.blob);
  Status bodies;
  std::size_t at = 0;
  auto take = [&](Result<std::string> bytes) {
    Reading& reading = readings[at++];
    if (bytes) {
      reading.raw = std::move(*bytes);
    } else if (bytes.error().code == Code::not_found) {
      job.items[reading.item].found = Truth::no;  // expunged meanwhile, and its blob collected
    } else if (bodies) {
      bodies = std::unexpected(std::move(bytes).error());
    }
  };
  if (!blobs.empty()) {
    const Status given = co_await blobs_.get_each(job.who.scope, blobs, take);
    if (!given) co_return given;
  }
  if (!bodies) co_return bodies;
  std::erase_if(readings, [&job](const Reading& reading) {
    return job.items[reading.item].found == Truth::no;
  });
  if (readings.empty()) co_return Status();
  mails_read_ += readings.size();
  std::function<void()> look = [&job, &readings] {
    DocumentOptions options;
    options.wanted = job.program.wanted();
    for (const Reading& reading : readings) {
      SearchDocument document = read_document(reading.raw, reading.summary.root, options);
      add_file_texts(document, reading.files, options.form);
      Candidate candidate = job.candidate(job.items[reading.item]);
      candidate.facts = &reading.facts;
      candidate.document = &document;
      job.items[reading.item].found = job.program.truth(candidate);
    }
  };
  co_return co_await runtime_.offload(std::move(look));
}

}  // namespace fumi::service
