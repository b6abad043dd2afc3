// All of an account's mail on its way out.
#include <algorithm>
#include <optional>
#include <utility>

#include "service/tenancy/operation.h"
#include "service/transfer/transfers.h"

namespace fumi::service {
namespace {

constexpr const char* kExporting = "exporting mail";
constexpr std::size_t kPageUids = 200;
constexpr Uid kFirst{1};

Result<Account> account_of(Tx& tx, AccountId id) {
  FUMI_TRY(auto account, tx.directory().account(id));
  if (!account) return fail(Code::not_found, kExporting, "there is no such account");
  return std::move(*account);
}

}  // namespace

class Transfers::Export final : public MailExport {
 public:
  Export(Transfers& transfers, MailAccount who, std::vector<Mailbox> mailboxes)
      : transfers_(transfers), who_(who), mailboxes_(std::move(mailboxes)) {}

  Task<Result<std::optional<MailItem>>> next() override {
    while (page_at_ >= page_.size()) {
      if (at_ == 0 || uid_at_ >= uids_.size()) {
        if (at_ >= mailboxes_.size()) {
          Status recorded = co_await record();
          if (!recorded) co_return std::unexpected(std::move(recorded).error());
          co_return std::optional<MailItem>();
        }
        Result<MailItem> folder = co_await open(mailboxes_[at_++]);
        if (!folder) co_return std::unexpected(std::move(folder).error());
        co_return std::optional<MailItem>(std::move(*folder));
      }
      Status filled = co_await fill();
      if (!filled) co_return std::unexpected(std::move(filled).error());
    }
    const EntryEmail found = page_[page_at_++];
    const Mailbox& mailbox = mailboxes_[at_ - 1];
    Result<std::string> body = co_await transfers_.mailboxes_.body(who_, found.second.blob);
    if (!body) co_return std::unexpected(std::move(body).error());
    MailItem item;
    item.folder = mailbox.name;
    item.role = mailbox.role;
    item.flags = found.first.flags;
    item.received = found.first.received;
    item.bytes = std::move(*body);
    ++count_;
    octets_ += item.bytes.size();
    co_return std::optional<MailItem>(std::move(item));
  }

 private:
  Task<Result<MailItem>> open(const Mailbox& mailbox) {
    uids_.clear();
    uid_at_ = 0;
    const MailboxId id = mailbox.id;
    Result<std::vector<Entry>> entries = co_await transfers_.mailboxes_.entries(who_, id, kFirst);
    // A mailbox that is removed meanwhile is left out like its messages.
    if (!entries && entries.error().code != Code::not_found)
      co_return std::unexpected(std::move(entries).error());
    if (entries)
      for (const Entry& entry : *entries)
        uids_.push_back(entry.uid);
    MailItem item;
    item.folder = mailbox.name;
    item.role = mailbox.role;
    co_return item;
  }

  Task<Status> fill() {
    const std::size_t end = std::min(uids_.size(), uid_at_ + kPageUids);
    std::vector<Uid> uids(uids_.begin() + std::ptrdiff_t(uid_at_),
                          uids_.begin() + std::ptrdiff_t(end));
    uid_at_ = end;
    const MailboxId id = mailboxes_[at_ - 1].id;
    Result<std::vector<EntryEmail>> page =
        co_await transfers_.mailboxes_.emails(who_, id, std::move(uids));
    page_.clear();
    page_at_ = 0;
    if (!page && page.error().code != Code::not_found)
      co_return std::unexpected(std::move(page).error());
    if (page) page_ = std::move(*page);
    co_return Status();
  }

  Task<Status> record() {
    auto work = [&](Tx& tx) -> Status {
      FUMI_TRY(const Account account, account_of(tx, who_.account));
      return tx.records().append(operation(
          who_.scope.actor, transfers_.clock_.now(), "mail.export", account.address.text(),
          {{"mails", std::to_string(count_)}, {"octets", std::to_string(octets_)}}));
    };
    co_return co_await transfers_.store_.write(who_.scope, std::move(work));
  }

  Transfers& transfers_;
  MailAccount who_;
  std::vector<Mailbox> mailboxes_;
  std::size_t at_ = 0;  // the mailbox after the open one
  std::vector<Uid> uids_;
  std::size_t uid_at_ = 0;
  std::vector<EntryEmail> page_;
  std::size_t page_at_ = 0;
  std::uint64_t count_ = 0, octets_ = 0;
};

Task<Result<std::unique_ptr<MailExport>>> Transfers::export_mail(MailAccount who,
                                                                 std::string folder) {
  auto work = [&](Tx& tx) -> Result<std::vector<Mailbox>> {
    FUMI_TRY(const Account account, account_of(tx, who.account));
    if (folder.empty()) return tx.mailboxes().mailboxes(account.id);
    FUMI_TRY(auto one, tx.mailboxes().mailbox_by_name(account.id, folder));
    if (!one) return fail(Code::not_found, kExporting, "there is no such mailbox");
    return std::vector<Mailbox>{std::move(*one)};
  };
  Result<std::vector<Mailbox>> mailboxes = co_await store_.read(who.scope, std::move(work));
  if (!mailboxes) co_return std::unexpected(std::move(mailboxes).error());
  co_return std::make_unique<Export>(*this, who, std::move(*mailboxes));
}

}  // namespace fumi::service
