#include "service/search/detail/segment.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>

#include "service/search/detail/short_pieces.h"

namespace fumi::service::detail {
namespace {

TEST_CASE("documents are read as they were written") {
  CHECK(rc::check("documents", [] {
    std::vector<Document> documents;
    std::uint64_t id = 0;
    const auto count = *rc::gen::inRange(0, 50);
    for (int i = 0; i < count; ++i) {
      id += *rc::gen::inRange<std::uint64_t>(1, 1ULL << 50U);
      Document document;
      document.email = EmailId(id);
      document.facts.thread = ThreadId(*rc::gen::inRange<std::uint64_t>(1, 1ULL << 62U));
      if (*rc::gen::arbitrary<bool>()) {
        document.facts.sent = SearchQuery::Day(std::chrono::days(*rc::gen::inRange(-1000, 40'000)));
      }
      if (*rc::gen::arbitrary<bool>()) document.facts.attachment = EmailFacts::Attachment::some;
      documents.push_back(document);
    }
    const auto read = decode_documents(encode_documents(documents));
    RC_ASSERT(read.has_value());
    RC_ASSERT(read->size() == documents.size());
    for (std::size_t i = 0; i < documents.size(); ++i) {
      RC_ASSERT(read->at(i).email == documents[i].email);
      RC_ASSERT(read->at(i).facts.thread == documents[i].facts.thread);
      RC_ASSERT(read->at(i).facts.sent == documents[i].facts.sent);
      RC_ASSERT(read->at(i).facts.attachment == documents[i].facts.attachment);
    }
  }));
}

std::map<std::uint64_t, std::vector<Posting>> any_postings() {
  std::map<std::uint64_t, std::vector<Posting>> terms;
  const auto count = *rc::gen::inRange(1, 60);
  for (int i = 0; i < count; ++i) {
    std::vector<Posting>& postings = terms[*rc::gen::inRange<std::uint64_t>(1, 1ULL << 63U)];
    std::uint32_t document = 0;
    const auto length = *rc::gen::inRange(1, 600);
    for (int k = 0; k < length; ++k) {
      document += *rc::gen::inRange<std::uint32_t>(1, 100);
      postings.push_back({document, std::uint8_t(k % 3 == 0 ? 64 : *rc::gen::inRange(1, 256))});
    }
  }
  return terms;
}

TEST_CASE("postings are found in the page that must have them") {
  CHECK(rc::check("pages", [] {
    const auto terms = any_postings();
    PageWriter writer;
    for (const auto& [term, postings] : terms)
      writer.add(SearchTerm(term), postings);
    writer.finish();
    const std::vector<SearchPage> pages = writer.take();
    std::uint64_t octets = 0;
    for (const SearchPage& page : pages)
      octets += page.body.size();
    RC_ASSERT(octets == writer.octets());
    const auto page_of = [&](std::uint64_t term) {
      const auto after = std::ranges::upper_bound(pages, SearchTerm(term), {}, &SearchPage::first);
      RC_ASSERT(after != pages.begin());
      return *(after - 1);
    };
    for (const auto& [term, postings] : terms) {
      const auto found = find_postings(page_of(term), SearchTerm(term));
      RC_ASSERT(found.has_value());
      RC_ASSERT(*found == postings);
      if (terms.contains(term + 1)) continue;
      const auto none = find_postings(page_of(term + 1), SearchTerm(term + 1));
      RC_ASSERT(none.has_value() && none->empty());
    }
  }));
}

TEST_CASE("damage is found or harmless, never a crash") {
  CHECK(rc::check("damage", [] {
    const auto terms = any_postings();
    PageWriter writer;
    for (const auto& [term, postings] : terms)
      writer.add(SearchTerm(term), postings);
    writer.finish();
    SearchPage page = writer.take().front();
    const auto at = *rc::gen::inRange<std::size_t>(0, page.body.size());
    page.body[at] = char(*rc::gen::arbitrary<char>());
    if (*rc::gen::arbitrary<bool>()) page.body.resize(at);
    PageReader reader(page);
    for (;;) {
      const auto more = reader.next();
      if (!more || !*more) break;
      static_cast<void>(reader.postings());
    }
    static_cast<void>(decode_documents(page.body));
  }));
  CHECK(find_postings({SearchTerm(1), ""}, SearchTerm(1)).error().code == Code::corrupt);
  CHECK(find_postings({SearchTerm(1), "\x02"}, SearchTerm(1)).error().code == Code::corrupt);
  CHECK(decode_documents("").error().code == Code::corrupt);
  CHECK(decode_documents(std::string("\x01\x7f", 2)).error().code == Code::corrupt);
}

TEST_CASE("short pieces keep the number that they were first given, as a map does") {
  CHECK(rc::check("short pieces", [] {
    ShortPieces pieces;
    std::map<std::pair<char, std::string>, std::uint32_t> model;
    const auto count = *rc::gen::inRange(0, 4'000);
    const auto letters = *rc::gen::inRange(2, 255);
    for (int i = 0; i < count; ++i) {
      std::string piece(*rc::gen::inRange<std::size_t>(0, ShortPieces::kOctetsMax + 1), '\0');
      for (char& octet : piece)
        octet = char(*rc::gen::inRange(0, letters));  // zeros too
      const char kind = *rc::gen::elementOf(std::string("gwn"));
      const auto next = std::uint32_t(model.size());
      const auto known = model.emplace(std::pair(kind, piece), next).first;
      const auto number = pieces.find_or_add(ShortPieces::key_of(kind, piece), next);
      RC_ASSERT(number == known->second);
    }
  }));
  // Whatever their order, and while the table grows.
  ShortPieces many;
  for (std::uint32_t round = 0; round < 2; ++round) {
    for (std::uint32_t i = 0; i < 100'000; ++i) {
      const std::string piece(reinterpret_cast<const char*>(&i), sizeof i);
      REQUIRE(many.find_or_add(ShortPieces::key_of('g', piece), i) == i);
    }
  }
  CHECK(many.octets() < 100'000 * 64);
}

}  // namespace
}  // namespace fumi::service::detail
