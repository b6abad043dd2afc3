// FETCH's arguments, and the sections they name cut out of a message made of the same octets. What
// is written is one response that our own client can read.
#include <cstdlib>

#include "proto/imap/client_reader.h"
#include "proto/imap/detail/commands.h"
#include "proto/imap/fetch_writer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fumi::imap;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Limits limits;
  Features features;
  features.qresync = size % 2 == 1;
  detail::Parser p(text, features, limits);
  const auto step = detail::parse_uid_fetch(p);
  if (!step) return 0;
  const fumi::mime::Summary summary = fumi::mime::parse(text);
  Writer writer(limits);
  writer.set_features(features);
  FetchWriter line(writer, SeqNumber{1}, Uid{1});
  line.envelope(summary.envelope).body_structure(summary.root);
  for (const FetchItem& item : std::get<Fetch>(*step).items) {
    const std::string wire = item.section.wire();
    detail::Parser again(wire, features, limits);
    if (detail::section(again) != item.section) std::abort();
    (void)line.section(item, text, summary);
  }
  line.end();
  ClientLimits as_much;
  as_much.line_octets = as_much.literal_octets = SIZE_MAX;
  as_much.depth = 200;
  ClientReader reader(as_much);
  reader.feed(writer.output().take());
  const auto response = reader.next();
  if (!response || !*response || (*response)->name != "FETCH" || reader.holds_input()) std::abort();
  return 0;
}
