#include "service/search/detail/segment.h"

namespace fumi::service::detail {
namespace {

constexpr char kVersion = 1;
constexpr const char* kDoing = "reading the search index";
constexpr std::uint32_t kDocumentsMax = 1U << 24U;

void put_number(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(char(value | 0x80U));
    value >>= 7U;
  }
  out.push_back(char(value));
}

// Small numbers of either sign.
std::uint64_t zigzag(std::int64_t value) {
  return (std::uint64_t(value) << 1U) ^ std::uint64_t(value >> 63U);
}
std::int64_t unzigzag(std::uint64_t value) {
  return std::int64_t(value >> 1U) ^ -std::int64_t(value & 1U);
}

// A shortage of octets or a number beyond 64 bits makes it bad; it stays so.
class Numbers {
 public:
  explicit Numbers(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto octet = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= std::uint64_t(octet & 0x7fU) << shift;
      if (octet < 0x80) return value;
    }
    good_ = false;
    return 0;
  }
  std::string_view octets(std::uint64_t count) {
    if (count > rest_.size()) good_ = false;
    const std::string_view out = good_ ? rest_.substr(0, count) : std::string_view();
    rest_.remove_prefix(out.size());
    return out;
  }
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  bool good_ = true;
};

std::unexpected<Error> damaged() { return fail(Code::corrupt, kDoing, "damaged"); }

void put_postings(std::string& out, std::span<const Posting> postings) {
  std::uint32_t next = 0;
  for (const Posting& posting : postings) {
    const bool plain = posting.where == text_class::kBody;
    put_number(out, (std::uint64_t(posting.document - next) << 1U) | (plain ? 0U : 1U));
    if (!plain) out.push_back(char(posting.where));
    next = posting.document + 1;
  }
}

}  // namespace

std::string encode_documents(std::span<const Document> documents) {
  std::string out(1, kVersion);
  put_number(out, documents.size());
  std::uint64_t last = 0;
  for (const auto& [email, facts] : documents) {
    put_number(out, email.value() - last);
    last = email.value();
    put_number(out, zigzag(std::int64_t(email.value() - facts.thread.value())));
    const bool some = facts.attachment == EmailFacts::Attachment::some;
    const std::uint64_t day = facts.sent ? zigzag(facts.sent->time_since_epoch().count()) + 1 : 0;
    put_number(out, (day << 1U) | (some ? 1U : 0U));
  }
  return out;
}

Result<std::vector<Document>> decode_documents(std::string_view list) {
  Numbers in(list);
  if (in.octets(1) != std::string_view(&kVersion, 1)) return damaged();
  const std::uint64_t count = in.number();
  if (count > list.size()) return damaged();
  std::vector<Document> documents(count);
  std::uint64_t last = 0;
  for (auto& [email, facts] : documents) {
    last += in.number();
    email = EmailId(last);
    facts.thread = ThreadId(last - std::uint64_t(unzigzag(in.number())));
    const std::uint64_t rest = in.number();
    if ((rest & 1U) != 0) facts.attachment = EmailFacts::Attachment::some;
    const std::int64_t day = rest >> 1U == 0 ? 0 : unzigzag((rest >> 1U) - 1);
    if (rest >> 1U != 0) facts.sent = SearchQuery::Day(std::chrono::days(int(day)));
  }
  if (!in.good() || !in.rest().empty()) return damaged();
  return documents;
}

void PageWriter::add(SearchTerm term, std::span<const Posting> postings) {
  std::string list;
  put_postings(list, postings);
  if (!page_.body.empty() && page_.body.size() + list.size() > kPageOctets) finish();
  if (page_.body.empty()) {
    page_.first = term;
    page_.body.push_back(kVersion);
    last_ = term;
  }
  put_number(page_.body, term.value() - last_.value());
  put_number(page_.body, list.size());
  page_.body += list;
  last_ = term;
}

void PageWriter::finish() {
  if (page_.body.empty()) return;
  octets_ += page_.body.size();
  done_.push_back(std::move(page_));
  page_ = SearchPage();
}

std::vector<SearchPage> PageWriter::take() { return std::exchange(done_, {}); }

PageReader::PageReader(const SearchPage& page) : rest_(page.body), term_(page.first) {
  if (!rest_.starts_with(kVersion)) {
    state_ = State::bad;
  } else {
    rest_.remove_prefix(1);
  }
}

Result<bool> PageReader::next() {
  if (state_ == State::bad) return damaged();
  if (rest_.empty()) return false;
  Numbers in(rest_);
  const std::uint64_t step = in.number();
  const std::uint64_t octets = in.number();
  postings_ = in.octets(octets);
  // The first term is the page's own; later ones ascend.
  const bool ascends = (step == 0) == (state_ == State::start) && step < (1ULL << 63U);
  if (!in.good() || !ascends) {
    state_ = State::bad;
    return damaged();
  }
  state_ = State::good;
  term_ = SearchTerm(term_.value() + step);
  rest_ = in.rest();
  return true;
}

Result<std::vector<Posting>> PageReader::postings() const {
  std::vector<Posting> out;
  out.reserve(postings_.size());
  Numbers in(postings_);
  std::uint64_t next = 0;
  while (!in.rest().empty()) {
    const std::uint64_t step = in.number();
    next += step >> 1U;
    std::uint8_t where = text_class::kBody;
    if ((step & 1U) != 0) {
      const std::string_view octet = in.octets(1);
      where = octet.empty() ? 0 : std::uint8_t(octet.front());
    }
    if (!in.good() || next >= kDocumentsMax) return damaged();
    out.push_back({std::uint32_t(next), where});
    ++next;
  }
  return out;
}

Result<std::vector<Posting>> find_postings(const SearchPage& page, SearchTerm term) {
  PageReader reader(page);
  for (;;) {
    FUMI_TRY(const bool more, reader.next());
    if (!more || reader.term() > term) return std::vector<Posting>();
    if (reader.term() == term) return reader.postings();
  }
}

}  // namespace fumi::service::detail
