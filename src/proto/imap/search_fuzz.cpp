// SEARCH's arguments: a tree within its limits, or a refusal; and its answer, of numbers that the
// same octets make, is one response that our own client can read.
#include <algorithm>
#include <cstdlib>

#include "proto/imap/client_reader.h"
#include "proto/imap/detail/commands.h"
#include "proto/imap/writer.h"

namespace {

using namespace fumi::imap;

std::size_t depth_of(const SearchKey& key) {
  std::size_t most = 0;
  for (const auto& child : key.children)
    most = std::max(most, depth_of(child));
  return most + 1;
}

void read_back(Writer& writer, std::size_t responses_max) {
  ClientReader reader;
  reader.feed(writer.output().take());
  std::size_t count = 0;
  for (;;) {
    const auto response = reader.next();
    if (!response) std::abort();
    if (!*response) break;
    ++count;
  }
  if (count > responses_max || reader.holds_input()) std::abort();
}

void answer(const Search& asked, std::string_view text, const Limits& limits) {
  std::vector<std::uint32_t> hits;
  for (const char c : text.substr(0, 200))
    hits.push_back((hits.empty() ? 0 : hits.back()) + static_cast<unsigned char>(c) % 4U + 1U);
  const auto kept = kept_hits(asked.wanted, hits);
  if (!std::ranges::includes(hits, kept)) std::abort();
  SearchResult result;
  result.hits = hits;
  if (asked.uses_modseq) result.modseq = ModSeq{text.size()};
  Writer writer(limits);
  writer.set_tag(text.substr(0, text.size() / 2));
  writer.search(asked, result);
  read_back(writer, 1);
  writer.search_in(text, UidValidity{1}, asked, result);
  read_back(writer, 1);
  std::ranges::reverse(hits);
  writer.sort(asked, result);
  read_back(writer, 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Limits limits;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  detail::Parser p(text, {}, limits);
  const auto step = detail::parse_search(p);
  if (!step && p.reply().status == Reply::Status::ok) std::abort();
  if (!step) return 0;
  const Search& search = std::get<Search>(*step);
  if (depth_of(search.program) > 2 * limits.depth + 2) std::abort();
  answer(search, text, limits);
  return 0;
}
