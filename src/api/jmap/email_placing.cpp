// One email's coming, changing and going, by the rights that the caller has where it lies.
#include <algorithm>

#include "api/jmap/blobs.h"
#include "api/jmap/compose.h"
#include "api/jmap/email_set.h"
#include "api/jmap/email_view.h"
#include "proto/jmap/patch.h"
#include "service/mailbox/rights.h"

namespace fumi::jmap {
namespace {

constexpr std::uint32_t kTakeAway = Rights::mark_deleted | Rights::expunge;

bool holds(const std::vector<MailboxId>& mailboxes, MailboxId id) {
  return std::ranges::find(mailboxes, id) != mailboxes.end();
}

std::vector<MailboxId> mailboxes_of(const std::vector<Place>& places) {
  std::vector<MailboxId> out;
  for (const Place& place : places)
    if (!holds(out, place.mailbox)) out.push_back(place.mailbox);
  return out;
}

SetResult<std::vector<MailboxId>> known_mailboxes(Call& call, Tx& tx,
                                                  const std::vector<std::string>& ids) {
  std::vector<MailboxId> out;
  for (const std::string& text : ids) {
    const auto id = id_of<MailboxId>(text);
    if (!id) return invalid_property("mailboxIds", "there is no such mailbox");
    auto mailbox = call.view.mailbox(tx, *id);
    if (!mailbox) return std::unexpected(to_set_error(mailbox.error()));
    if (!*mailbox) return invalid_property("mailboxIds", "there is no such mailbox");
    out.push_back(*id);
  }
  return out;
}

// Where the email lies beyond what the caller sees.
Result<std::vector<MailboxId>> hidden_mailboxes(Call& call, Tx& tx, EmailId id,
                                                const std::vector<Place>& visible) {
  if (call.view.is_own()) return std::vector<MailboxId>();
  FUMI_TRY(const auto whole, tx.emails().find(call.account(), {id}));
  if (whole.empty()) return std::vector<MailboxId>();
  std::vector<MailboxId> hidden = mailboxes_of(whole.front().places);
  const std::vector<MailboxId> seen = mailboxes_of(visible);
  std::erase_if(hidden, [&](MailboxId one) { return holds(seen, one); });
  return hidden;
}

// RFC 8621 §2: maySetSeen is of \Seen alone, maySetKeywords of all others.
SetResult<void> set_keywords(Call& call, Tx& tx, EmailId id, const std::vector<Place>& places,
                             const Flags& wanted) {
  if (call.view.is_own()) {
    const Status done = tx.emails().set_flags(call.account(), id, wanted);
    if (!done) return std::unexpected(to_set_error(done.error()));
    return {};
  }
  for (const Place& place : places) {
    Flags to = wanted;
    to.bits |= place.flags.bits & Flags::deleted;
    if (to == place.flags) continue;
    const std::uint32_t differing = to.bits ^ place.flags.bits;
    std::uint32_t needed = 0;
    if ((differing & Flags::seen) != 0) needed |= Rights::seen;
    const bool others = (differing & ~Flags::seen) != 0 || to.keywords != place.flags.keywords;
    if (others) needed |= Rights::write;
    if (!call.view.may(place.mailbox, needed)) return refuse_object("forbidden");
    const StoreFlags change{{place.uid}, FlagsOperation::replace, std::move(to), std::nullopt};
    const auto stored = tx.mailboxes().store_flags(call.account(), place.mailbox, change);
    if (!stored) return std::unexpected(to_set_error(stored.error()));
  }
  return {};
}

SetResult<void> set_mailboxes(Call& call, Tx& tx, EmailId id, const std::vector<Place>& places,
                              std::vector<MailboxId> wanted) {
  const std::vector<MailboxId> now = mailboxes_of(places);
  for (const MailboxId one : wanted)
    if (!holds(now, one) && !call.view.may(one, Rights::insert)) return refuse_object("forbidden");
  for (const MailboxId one : now)
    if (!holds(wanted, one) && !call.view.may(one, kTakeAway)) return refuse_object("forbidden");
  const auto hidden = hidden_mailboxes(call, tx, id, places);
  if (!hidden) return std::unexpected(to_set_error(hidden.error()));
  for (const MailboxId one : *hidden)
    if (!holds(wanted, one)) wanted.push_back(one);
  const Status done = tx.emails().set_mailboxes(call.account(), id, wanted);
  if (!done) return std::unexpected(to_set_error(done.error()));
  return {};
}

}  // namespace

SetResult<Json> put_email(Call& call, Tx& tx, const NewEmail& email) {
  auto mailboxes = known_mailboxes(call, tx, email.mailboxes);
  if (!mailboxes) return std::unexpected(std::move(mailboxes).error());
  Rights rights = Rights::all();
  for (const MailboxId one : *mailboxes)
    rights.bits &= call.view.rights(one).bits;
  if (!rights.has(Rights::insert)) return refuse_object("forbidden");
  const Flags flags = service::permitted(email.flags, rights);
  auto made = tx.mailboxes().append(call.account(), mailboxes->front(), email.content, flags);
  if (!made) return std::unexpected(to_set_error(made.error()));
  if (mailboxes->size() > 1) {
    const Status placed = tx.emails().set_mailboxes(call.account(), made->email, *mailboxes);
    if (!placed) return std::unexpected(to_set_error(placed.error()));
  }
  auto stored = tx.mailboxes().email(call.account(), made->email);
  if (!stored) return std::unexpected(to_set_error(stored.error()));
  return Json(JsonObject{{"id", made->email.text()},
                         {"blobId", email_blob_id(made->email)},
                         {"threadId", (*stored)->thread.text()},
                         {"size", std::int64_t(email.content.octets)}});
}

SetResult<void> update_email(Call& call, Tx& tx, const std::string& text, const Json& patch,
                             const CreatedIds& created) {
  const auto id = id_of<EmailId>(text);
  if (!id) return refuse_object("notFound");
  auto found = call.view.find(tx, {*id});
  if (!found) return std::unexpected(to_set_error(found.error()));
  if (found->empty()) return refuse_object("notFound");
  const std::vector<Place>& places = found->front().places;
  Json now = JsonObject{{"keywords", keywords_json(places)}};
  Json ids = JsonObject{};
  for (const Place& place : places)
    ids.set(place.mailbox.text(), true);
  now.set("mailboxIds", std::move(ids));
  SetResult<Json> wanted = apply_patch(now, patch);
  if (!wanted) return std::unexpected(std::move(wanted).error());
  for (const JsonMember& member : *wanted->object()) {
    if (member.name != "keywords" && member.name != "mailboxIds")
      return invalid_property(member.name, "an email can't be changed in that");
  }
  if (wanted->find("keywords")->is_null()) wanted->set("keywords", JsonObject{});
  Composition placement;
  SetResult<void> done = read_placement(*wanted, created, placement);
  if (!done) return done;
  auto mailboxes = known_mailboxes(call, tx, placement.mailboxes);
  if (!mailboxes) return std::unexpected(std::move(mailboxes).error());
  if (*wanted->find("keywords") != *now.find("keywords"))
    done = set_keywords(call, tx, *id, places, placement.flags);
  if (done && *wanted->find("mailboxIds") != *now.find("mailboxIds"))
    done = set_mailboxes(call, tx, *id, places, std::move(*mailboxes));
  return done;
}

SetResult<void> destroy_email(Call& call, Tx& tx, const std::string& text) {
  const auto id = id_of<EmailId>(text);
  if (!id) return refuse_object("notFound");
  Status done;
  if (call.view.is_own()) {
    done = tx.emails().destroy(call.account(), *id);
  } else {
    const auto found = call.view.find(tx, {*id});
    if (!found) return std::unexpected(to_set_error(found.error()));
    if (found->empty()) return refuse_object("notFound");
    const std::vector<Place>& places = found->front().places;
    for (const Place& place : places)
      if (!call.view.may(place.mailbox, kTakeAway)) return refuse_object("forbidden");
    const auto hidden = hidden_mailboxes(call, tx, *id, places);
    if (!hidden) return std::unexpected(to_set_error(hidden.error()));
    done = hidden->empty() ? tx.emails().destroy(call.account(), *id)
                           : tx.emails().set_mailboxes(call.account(), *id, *hidden);
  }
  if (!done) return std::unexpected(to_set_error(done.error()));
  return {};
}

}  // namespace fumi::jmap
