#include "service/transfer/origins.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "codec/json.h"

namespace fumi::service {
namespace {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;

constexpr const char* kDoing = "reading what was imported";
constexpr std::size_t kRowOctets = 24;  // without flags, about

std::size_t octets_of(const std::vector<Origins::Row>& rows) {
  std::size_t octets = 0;
  for (const Origins::Row& row : rows)
    octets += kRowOctets + row.flags.size();
  return octets;
}

std::string body_of(const std::string& source, const Origins::Chunk& chunk) {
  JsonArray rows;
  for (const Origins::Row& row : chunk.rows) {
    rows.emplace_back(
        JsonArray{std::int64_t(row.uid), std::int64_t(row.entry.value), Json(row.flags)});
  }
  return codec::write_json(JsonObject{{"source", source},
                                      {"folder", chunk.folder},
                                      {"uid_validity", std::int64_t(chunk.uid_validity)},
                                      {"mailbox", chunk.mailbox.text()},
                                      {"rows", std::move(rows)}});
}

// nullopt: it is of another source.
Result<std::optional<Origins::Chunk>> chunk_of(const std::string& source,
                                               const StoredObject& stored) {
  FUMI_TRY(const Json json, codec::parse_json(stored.body));
  if (json.text("source") != source) return std::optional<Origins::Chunk>();
  Origins::Chunk chunk;
  chunk.id = stored.id;
  chunk.folder = json.text("folder");
  chunk.uid_validity = std::uint32_t(json.number("uid_validity"));
  const auto mailbox = MailboxId::parse(json.text("mailbox"));
  const Json* const rows = json.find("rows");
  if (!mailbox || rows == nullptr || rows->array() == nullptr)
    return fail(Code::corrupt, kDoing, "an object has no rows");
  chunk.mailbox = *mailbox;
  for (const Json& row : *rows->array()) {
    const JsonArray* const cells = row.array();
    if (cells == nullptr || cells->size() != 3 || (*cells)[0].integer() == nullptr ||
        (*cells)[1].integer() == nullptr || (*cells)[2].string() == nullptr)
      return fail(Code::corrupt, kDoing, "a row is damaged");
    chunk.rows.push_back({std::uint32_t(*(*cells)[0].integer()),
                          Uid{std::uint32_t(*(*cells)[1].integer())}, *(*cells)[2].string()});
  }
  return std::optional<Origins::Chunk>(std::move(chunk));
}

}  // namespace

Result<Origins> Origins::read(Tx& tx, AccountId account, std::string source) {
  Origins out;
  out.source_ = std::move(source);
  FUMI_TRY(const auto stored, tx.objects().list(account, ObjectKind::import_origins));
  for (const StoredObject& each : stored) {
    FUMI_TRY(auto chunk, chunk_of(out.source_, each));
    if (!chunk) continue;
    const ObjectId id = chunk->id;
    out.index(out.chunks_.insert_or_assign(id, std::move(*chunk)).first->second);
  }
  return out;
}

// Chunks ascend by their ids: the last one has the newest UIDVALIDITY.
void Origins::index(const Chunk& chunk) {
  Folder& folder = folders_[chunk.folder];
  if (folder.uid_validity != chunk.uid_validity) {
    folder.uids.clear();
    folder.uid_validity = chunk.uid_validity;
  }
  folder.last = chunk.id;
  for (const Row& row : chunk.rows) {
    folder.uids[row.uid] = chunk.id;
    entries_[{chunk.mailbox, row.entry}] = chunk.id;
  }
}

std::optional<Origins::Found> Origins::find(const MailOrigin& origin) const {
  const auto folder = folders_.find(origin.folder);
  if (folder == folders_.end() || folder->second.uid_validity != origin.uid_validity)
    return std::nullopt;
  const auto at = folder->second.uids.find(origin.uid);
  if (at == folder->second.uids.end()) return std::nullopt;
  const Chunk& chunk = chunks_.at(at->second);
  for (const Row& row : chunk.rows)
    if (row.uid == origin.uid) return Found{chunk.mailbox, &row};
  return std::nullopt;
}

bool Origins::is_of_another(MailboxId mailbox, Uid entry, const MailOrigin& origin) const {
  const auto at = entries_.find({mailbox, entry});
  if (at == entries_.end()) return false;
  const Chunk& chunk = chunks_.at(at->second);
  return chunk.folder != origin.folder || chunk.uid_validity == origin.uid_validity;
}

Origins::Known Origins::known(const std::string& name) const {
  Known out;
  const auto folder = folders_.find(name);
  if (folder == folders_.end()) return out;
  out.uid_validity = folder->second.uid_validity;
  std::uint32_t first = 0, last = 0;
  const auto close = [&] {
    if (first == 0) return;
    out.uids += (out.uids.empty() ? "" : ",") + std::to_string(first);
    if (last > first) out.uids += ":" + std::to_string(last);
  };
  for (const auto& [uid, id] : folder->second.uids) {
    if (first == 0 || uid != last + 1) {
      close();
      first = uid;
    }
    last = uid;
  }
  close();
  return out;
}

Origins::Plan Origins::add(const std::string& folder, std::uint32_t uid_validity, MailboxId mailbox,
                           std::vector<Row> rows) const {
  Plan plan;
  Chunk chunk;
  chunk.folder = folder;
  chunk.uid_validity = uid_validity;
  chunk.mailbox = mailbox;
  const auto known = folders_.find(folder);
  if (known != folders_.end() && known->second.uid_validity != uid_validity) {
    for (const auto& [id, other] : chunks_)
      if (other.folder == folder) plan.drop.push_back(id);
  } else if (known != folders_.end()) {
    const Chunk& last = chunks_.at(known->second.last);
    if (last.mailbox == mailbox && last.rows.size() + rows.size() <= kObjectRowsMax &&
        octets_of(last.rows) < kObjectOctetsMax)
      chunk = last;
  }
  chunk.rows.insert(chunk.rows.end(), std::make_move_iterator(rows.begin()),
                    std::make_move_iterator(rows.end()));
  plan.write.push_back(std::move(chunk));
  return plan;
}

Origins::Plan Origins::change(const std::map<const Row*, std::string>& flags) const {
  Plan plan;
  for (const auto& [id, chunk] : chunks_) {
    Chunk changed = chunk;
    bool any = false;
    for (std::size_t i = 0; i < chunk.rows.size(); ++i) {
      const auto at = flags.find(&chunk.rows[i]);
      if (at == flags.end()) continue;
      changed.rows[i].flags = at->second;
      any = true;
    }
    if (any) plan.write.push_back(std::move(changed));
  }
  return plan;
}

Status Origins::write(Tx& tx, AccountId account, Plan& plan, std::vector<ObjectId>& ids) const {
  constexpr ObjectKind kKind = ObjectKind::import_origins;
  ids.clear();
  for (const ObjectId& id : plan.drop)
    FUMI_CHECK(tx.objects().remove(account, kKind, id));
  for (const Chunk& chunk : plan.write) {
    const std::string body = body_of(source_, chunk);
    ObjectId id = chunk.id;
    if (id == ObjectId()) {
      FUMI_TRY(id, tx.objects().create(account, kKind, body, kObjectsMax));
    } else {
      FUMI_CHECK(tx.objects().replace(account, kKind, id, body));
    }
    ids.push_back(id);
  }
  return {};
}

void Origins::apply(Plan plan, const std::vector<ObjectId>& ids) {
  for (const ObjectId& id : plan.drop) {
    const auto chunk = chunks_.find(id);
    for (const Row& row : chunk->second.rows)
      entries_.erase({chunk->second.mailbox, row.entry});
    chunks_.erase(chunk);
  }
  for (std::size_t i = 0; i < plan.write.size(); ++i) {
    plan.write[i].id = ids[i];
    index(chunks_.insert_or_assign(ids[i], std::move(plan.write[i])).first->second);
  }
}

std::string Origins::text_of(const Flags& flags) {
  return std::to_string(flags.bits) + ":" + keywords_text(flags.keywords);
}

Flags Origins::flags_of(const std::string& text) {
  Flags out;
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return out;
  std::from_chars(text.data(), text.data() + colon, out.bits);
  out.keywords = keywords_of(std::string_view(text).substr(colon + 1));
  return out;
}

}  // namespace fumi::service
