// Annotations (RFC 5464): whose they are and how many there may be.
#include <algorithm>
#include <iterator>

#include "base/ascii.h"
#include "service/mailbox/mailboxes.h"

namespace fumi::service {
namespace {

// Where the annotations of a mailbox are, or of the account itself (mailbox 0): shared ones are the
// owner's, private ones each reader's own (RFC 5464 §3.2). not_found, denied: as the Gate says.
struct Place {
  AccountId owner, reader;
  MailboxId mailbox;
  [[nodiscard]] AccountId keeper(const std::string& entry) const {
    return ascii::istarts_with(entry, "/shared/") ? owner : reader;
  }
};

Result<Place> annotated(Tx& tx, const MailAccount& who, const std::string& name,
                        std::uint32_t needed) {
  Gate gate(tx, who);
  if (name.empty()) {
    FUMI_TRY(const auto found, tx.directory().account(gate.home()));
    if (!found) return fail(Code::not_found, "looking up annotations", "no such account");
    return Place{gate.home(), gate.home(), MailboxId()};
  }
  FUMI_TRY(const Permit permit, gate.by_name(name, needed));
  const AccountId owner = permit.mailbox.owner;
  return Place{owner, gate.is_own(owner) ? owner : gate.home(), permit.mailbox.id};
}

// By entry.
Result<std::vector<Metadata>> all_at(Tx& tx, const Place& at) {
  FUMI_TRY(auto found, tx.metadata().metadata(at.owner, at.mailbox));
  if (at.reader == at.owner) return found;
  std::erase_if(found, [&](const Metadata& one) { return at.keeper(one.entry) != at.owner; });
  FUMI_TRY(auto own, tx.metadata().metadata(at.reader, at.mailbox));
  std::ranges::move(own, std::back_inserter(found));
  std::ranges::sort(found, {}, &Metadata::entry);
  return found;
}

// nullopt: not there, or not for the actor to read.
Result<std::optional<Place>> annotated_by_id(Tx& tx, const MailAccount& who, const MailboxOf& one) {
  const MailAccount owner{who.scope, one.owner};
  Gate gate(tx, owner);
  const AccountId home = Gate(tx, who).home();
  if (one.mailbox == MailboxId()) return Place{home, home, MailboxId()};
  const auto permit = gate.by_id(one.mailbox, Rights::read);
  if (permit) return Place{one.owner, gate.is_own(one.owner) ? one.owner : home, one.mailbox};
  const Code code = permit.error().code;
  if (code == Code::not_found || code == Code::denied) return std::nullopt;
  return std::unexpected(permit.error());
}

}  // namespace

Task<Result<std::vector<Metadata>>> Mailboxes::metadata(MailAccount who, std::string mailbox) {
  auto work = [&](Tx& tx) -> Result<std::vector<Metadata>> {
    FUMI_TRY(const Place at, annotated(tx, who, mailbox, Rights::read));
    return all_at(tx, at);
  };
  co_return co_await store_.read(who.scope, std::move(work));
}

Task<Result<Mailboxes::Annotated>> Mailboxes::annotations(MailAccount who,
                                                          std::vector<MailboxOf> mailboxes) {
  auto work = [&](Tx& tx) -> Result<Annotated> {
    Annotated out;
    for (const MailboxOf& one : mailboxes) {
      FUMI_TRY(const auto at, annotated_by_id(tx, who, one));
      if (!at) continue;
      FUMI_TRY(auto all, all_at(tx, *at));
      out.emplace_back(one.mailbox, std::move(all));
    }
    return out;
  };
  co_return co_await store_.read(who.scope, std::move(work));
}

Task<Status> Mailboxes::set_metadata(MailAccount who, std::string mailbox,
                                     MetadataChanges changes) {
  constexpr const char* kDoing = "setting annotations";
  std::uint32_t needed = Rights::read;
  for (const auto& [entry, value] : changes) {
    if (ascii::istarts_with(entry, "/shared/")) needed |= Rights::write;
    if (value && value->size() > kMetadataOctetsMax) co_return fail(Code::too_large, kDoing);
    if (mailbox.empty() && ascii::istarts_with(entry, "/shared/")) {
      co_return fail(Code::denied, kDoing, "shared annotations are the administrator's");
    }
  }
  auto work = [&](Tx& tx) -> Status {
    FUMI_TRY(const Place at, annotated(tx, who, mailbox, needed));
    for (const auto& [entry, value] : changes)
      FUMI_CHECK(tx.metadata().set_metadata(at.keeper(entry), at.mailbox, entry, value));
    for (const AccountId keeper : {at.owner, at.reader}) {
      FUMI_TRY(const auto all, tx.metadata().metadata(keeper, at.mailbox));
      if (all.size() > kMetadataMax) return fail(Code::quota, kDoing, "too many");
    }
    return {};
  };
  co_return co_await store_.write(who.scope, std::move(work));
}

}  // namespace fumi::service
