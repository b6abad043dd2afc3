// Every response of an IMAP server, one function each (RFC 9051 §7). The host writes untagged data
// while its command runs; Engine::finish() writes the tagged end. Large answers: after each item
// the host asks should_flush() and, if so, sends output() before it goes on.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "proto/imap/acl.h"
#include "proto/imap/list.h"
#include "proto/imap/metadata.h"
#include "proto/imap/options.h"
#include "proto/imap/output.h"
#include "proto/imap/reply.h"
#include "proto/imap/search.h"
#include "proto/imap/types.h"

namespace fumi::imap {

// What SELECT answers (RFC 9051 §6.3.2).
struct SelectedInfo {
  std::string mailbox;
  std::vector<std::string> flags;  // that messages have or may have
  std::vector<std::string>
      permanent_flags;  // "\\*": the client may make keywords; empty: read-only
  std::uint32_t exists = 0;
  std::uint32_t recent = 0;               // told to IMAP4rev1 clients only
  std::optional<SeqNumber> first_unseen;  // likewise
  UidValidity uid_validity;
  Uid uid_next;
  std::optional<ModSeq> highest_modseq;  // nullopt: NOMODSEQ
  std::string mailbox_id;                // empty: none
  std::vector<std::string> list_attributes;
};

struct SearchResult {
  std::span<const std::uint32_t> hits;  // sequence numbers or UIDs as was asked; ascending
  std::optional<ModSeq> modseq;         // highest of the hits, if Search::uses_modseq
};

struct NamespaceEntry {
  std::string prefix;
};
struct QuotaResource {
  std::string name;  // "STORAGE" (in units of 1024 octets), "MESSAGE"
  std::uint64_t usage = 0, limit = 0;
};

enum class Vanished : std::uint8_t { now, earlier };

class Writer {
 public:
  explicit Writer(const Limits& limits) : limits_(limits) {}

  // status: "* OK [code] text"
  void status_ok(std::string_view text, const ResponseCode& code = {});
  void status_no(std::string_view text, const ResponseCode& code = {});
  void status_bad(std::string_view text);
  void bye(std::string_view text, const ResponseCode& code = {});
  void tagged(std::string_view tag, const Reply& reply);
  void continuation(std::string_view text);  // "+ text"
  // server data
  void capability(std::string_view list);
  void enabled(Features newly);
  void jmap_access(std::string_view url);                                // RFC 9698 §3
  void id(std::span<const std::pair<std::string, std::string>> fields);  // empty: NIL
  void namespaces(std::span<const NamespaceEntry> personal, std::span<const NamespaceEntry> others,
                  std::span<const NamespaceEntry> shared);
  // mailbox data
  void list(const ListEntry& entry);
  void lsub(const ListEntry& entry);
  void status(std::string_view mailbox, StatusItems items, const StatusData& data);
  void selected(const SelectedInfo& info);
  void flags(std::span<const std::string> flags);
  void permanent_flags(std::span<const std::string> flags);
  void exists(std::uint32_t count);
  void recent(std::uint32_t count);  // nothing once IMAP4rev2 is enabled
  void search(const Search& asked, const SearchResult& result);  // SEARCH or ESEARCH
  // ESEARCH of one mailbox, to a MultiSearch (RFC 7377 §2.1).
  void search_in(std::string_view mailbox, UidValidity validity, const Search& asked,
                 const SearchResult& result);
  void sort(const Search& asked, const SearchResult& result);  // SORT or ESEARCH; hits as sorted
  void thread(std::string_view forest);                        // ThreadForest::text()
  void metadata(std::string_view mailbox, const std::vector<MetadataValue>& values);  // if any
  // METADATA with the names alone (RFC 5464 §4.4.2)
  void metadata_changed(std::string_view mailbox, std::span<const std::string> entries);
  void acl(std::string_view mailbox, const AclPairs& entries);
  // `always`: what the identifier has in any case; each other right may be granted by itself.
  void list_rights(std::string_view mailbox, const AclIdentifier& identifier,
                   std::string_view always);
  void my_rights(std::string_view mailbox, std::string_view rights);
  void quota(std::string_view root, std::span<const QuotaResource> resources);
  void quota_root(std::string_view mailbox, std::span<const std::string> roots);
  // message data; FETCH: see fetch_writer.h
  void expunge(SeqNumber number);
  void vanished(const SeqSet& uids, Vanished when = Vanished::now);

  [[nodiscard]] Output& output() { return out_; }
  [[nodiscard]] const Output& output() const { return out_; }
  [[nodiscard]] bool should_flush() const { return out_.size() > limits_.output_octets; }
  [[nodiscard]] Features features() const { return features_; }
  [[nodiscard]] const Limits& limits() const { return limits_; }

  // Productions that several responses share.
  void put(std::string_view text) { out_.put(text); }
  void put_number(std::uint64_t number);
  void put_string(std::string_view text);   // quoted if it can be, else a literal
  void put_nstring(std::string_view text);  // NIL if empty
  void put_astring(std::string_view text);
  void put_mailbox(std::string_view utf8);
  void put_flag_list(std::span<const std::string> flags);
  void put_literal(std::string_view octets);  // large ones are spliced, not copied

  // For the engine: what the client enabled, and the tag that ESEARCH repeats.
  void set_features(Features features) { features_ = features; }
  void set_tag(std::string_view tag) { tag_ = tag; }

 private:
  void status_line(std::string_view lead, std::string_view kind, const ResponseCode& code,
                   std::string_view text);
  void list_line(std::string_view kind, const ListEntry& entry);
  void esearch(std::string_view correlator, const Search& asked, const SearchResult& result);
  void put_namespace(std::span<const NamespaceEntry> entries);

  const Limits& limits_;
  Output out_;
  Features features_;
  std::string tag_;
};

}  // namespace fumi::imap
