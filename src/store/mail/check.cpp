#include "store/mail/check.h"

#include "store/mail/detail/tx.h"
#include "store/sql/row_security.h"

namespace fumi::store {
namespace {

using sql::Row;
using sql::Statement;

constexpr Statement kSizes{
    "SELECT (SELECT count(*) FROM entries WHERE tenant_id = $1),"
    " (SELECT count(*) FROM emails WHERE tenant_id = $1),"
    " (SELECT count(*) FROM queue_messages WHERE tenant_id = $1)"};

// Each gives the ids of what is wrong: up to three numbers that name the row.
struct Rule {
  const char* name;
  Statement statement;
};
constexpr Rule kRules[]{
    {"mailbox-uid-next",
     "SELECT e.account_id, e.mailbox_id, e.uid FROM entries e JOIN mailboxes m"
     " ON m.tenant_id = e.tenant_id AND m.account_id = e.account_id"
     " AND m.mailbox_id = e.mailbox_id WHERE e.tenant_id = $1 AND e.uid >= m.uid_next"},
    {"mailbox-modseq",
     "SELECT e.account_id, e.mailbox_id, e.uid FROM entries e JOIN mailboxes m"
     " ON m.tenant_id = e.tenant_id AND m.account_id = e.account_id"
     " AND m.mailbox_id = e.mailbox_id JOIN accounts a ON a.tenant_id = e.tenant_id"
     " AND a.account_id = e.account_id"
     " WHERE e.tenant_id = $1 AND (e.modseq > m.modseq OR m.modseq > a.change)"},
    {"mailbox-modseq",
     "SELECT b.account_id, b.mailbox_id, b.block FROM entry_blocks b JOIN mailboxes m"
     " ON m.tenant_id = b.tenant_id AND m.account_id = b.account_id"
     " AND m.mailbox_id = b.mailbox_id WHERE b.tenant_id = $1 AND b.modseq > m.modseq"},
    {"entry-blocks",
     "SELECT b.account_id, b.mailbox_id, b.block FROM entry_blocks b LEFT JOIN mailboxes m"
     " ON m.tenant_id = b.tenant_id AND m.account_id = b.account_id"
     " AND m.mailbox_id = b.mailbox_id WHERE b.tenant_id = $1 AND m.mailbox_id IS NULL"},
    {"entry-blocks",
     "SELECT f.account_id, f.mailbox_id, f.block FROM entry_facts f LEFT JOIN entry_blocks b"
     " ON b.tenant_id = f.tenant_id AND b.account_id = f.account_id"
     " AND b.mailbox_id = f.mailbox_id AND b.block = f.block"
     " WHERE f.tenant_id = $1 AND (b.block IS NULL OR b.sealed = 0)"},
    {"account-used",
     "SELECT a.account_id, a.used_octets, 0 FROM accounts a LEFT JOIN (SELECT account_id,"
     " sum(octets) AS octets FROM emails WHERE tenant_id = $1 GROUP BY account_id) AS e"
     " ON e.account_id = a.account_id WHERE a.tenant_id = $1"
     " AND a.used_octets <> coalesce(e.octets, 0)"},
    {"account-inbox",
     "SELECT a.account_id, a.inbox_id, 0 FROM accounts a WHERE a.tenant_id = $1 AND NOT EXISTS"
     " (SELECT 1 FROM mailboxes m WHERE m.tenant_id = $1 AND m.account_id = a.account_id"
     " AND m.mailbox_id = a.inbox_id AND m.role = 1)"},
    {"entry-mailbox",
     "SELECT e.account_id, e.mailbox_id, e.uid FROM entries e LEFT JOIN mailboxes m"
     " ON m.tenant_id = e.tenant_id AND m.account_id = e.account_id"
     " AND m.mailbox_id = e.mailbox_id WHERE e.tenant_id = $1 AND m.mailbox_id IS NULL"},
    {"entry-email",
     "SELECT e.account_id, e.mailbox_id, e.uid FROM entries e LEFT JOIN emails m"
     " ON m.tenant_id = e.tenant_id AND m.account_id = e.account_id AND m.email_id = e.email_id"
     " WHERE e.tenant_id = $1 AND m.email_id IS NULL"},
    {"entry-place",
     "SELECT e.account_id, e.mailbox_id, e.uid FROM entries e JOIN emails m"
     " ON m.tenant_id = e.tenant_id AND m.account_id = e.account_id AND m.email_id = e.email_id"
     " WHERE e.tenant_id = $1 AND e.copied = 0"
     " AND (m.first_mailbox <> e.mailbox_id OR m.first_uid <> e.uid)"},
    {"email-entries",
     "SELECT m.account_id, m.email_id, 0 FROM emails m LEFT JOIN (SELECT DISTINCT account_id,"
     " email_id FROM entries WHERE tenant_id = $1)"
     " AS e ON e.account_id = m.account_id AND e.email_id = m.email_id WHERE m.tenant_id = $1"
     " AND e.email_id IS NULL"},
    {"queue-recipients",
     "SELECT m.queue_id, m.recipients, 0 FROM queue_messages m LEFT JOIN (SELECT queue_id,"
     " count(*) AS n FROM queue_recipients WHERE tenant_id = $1 GROUP BY queue_id) AS r"
     " ON r.queue_id = m.queue_id WHERE m.tenant_id = $1 AND m.recipients <> coalesce(r.n, 0)"},
    {"queue-recipients",
     "SELECT r.queue_id, r.number, 0 FROM queue_recipients r LEFT JOIN queue_messages m"
     " ON m.tenant_id = r.tenant_id AND m.queue_id = r.queue_id"
     " WHERE r.tenant_id = $1 AND m.queue_id IS NULL"},
    {"queue-waiting",
     "SELECT m.queue_id, m.waiting, 0 FROM queue_messages m LEFT JOIN (SELECT queue_id,"
     " count(*) AS n FROM queue_recipients WHERE tenant_id = $1 AND state = 0 GROUP BY queue_id)"
     " AS r ON r.queue_id = m.queue_id WHERE m.tenant_id = $1"
     " AND (m.waiting <> coalesce(r.n, 0) OR m.waiting = 0)"},
};

constexpr Statement kEmails{
    "SELECT account_id, email_id, blob, summary FROM emails WHERE tenant_id = $1"
    " AND (account_id, email_id) > ($2, $3) ORDER BY account_id, email_id LIMIT 1000"};
constexpr Statement kQueue{
    "SELECT queue_id, blob FROM queue_messages WHERE tenant_id = $1 AND queue_id > $2"
    " ORDER BY queue_id LIMIT 1000"};
constexpr Statement kAccounts{
    "SELECT account_id FROM accounts WHERE tenant_id = $1 AND account_id > $2"
    " ORDER BY account_id LIMIT 1000"};
constexpr int kPage = 1000;

std::string ids(std::initializer_list<std::int64_t> values) {
  std::string out;
  for (const std::int64_t value : values)
    out += (out.empty() ? "" : " ") + std::to_string(value);
  return out;
}

class Check {
 public:
  Check(SqlPlatformTx& tx, const BlobExists& exists, CheckReport& report)
      : tx_(tx), exists_(exists), report_(report) {}

  Status run() {
    TenantId after;
    for (;;) {
      FUMI_TRY(const auto page, tx_.platform().tenants(after, kPage));
      if (page.empty()) return {};
      after = page.back().id;
      for (const Tenant& tenant : page)
        FUMI_CHECK(check(tenant));
    }
  }

 private:
  void found(const char* name, std::string detail) {
    ++report_.findings_total;
    if (report_.findings.size() < kFindingsMax) {
      report_.findings.push_back({name, tenant_, std::move(detail)});
    }
  }

  Status check(const Tenant& tenant) {
    tenant_ = tenant.id;
    ++report_.tenants;
    SqlTx& tx = tx_.tx({tenant.id, {}});
    Context& context = tx.context();
    FUMI_CHECK(context.query(kSizes, [&](const Row& row) {
      report_.entries += static_cast<std::uint64_t>(row.int64(0));
      report_.emails += static_cast<std::uint64_t>(row.int64(1));
      report_.queued += static_cast<std::uint64_t>(row.int64(2));
    }));
    for (const Rule& rule : kRules) {
      FUMI_CHECK(context.query(rule.statement, [&](const Row& row) {
        found(rule.name, ids({row.int64(0), row.int64(1), row.int64(2)}));
      }));
    }
    // Without its key (a tenant that was removed) nothing sealed can be looked at.
    if (!context.keys()) {
      if (tenant.status != TenantStatus::terminated) found("sealed", "the tenant's key is missing");
      return {};
    }
    FUMI_CHECK(emails(context));
    FUMI_CHECK(queue(tx));
    FUMI_CHECK(accounts(tx));
    Status chains = tx.sql_records().verify([&](std::string what) { found("chain", what); });
    return note(std::move(chains), "sealed", "records");
  }

  // Turns damage into a finding; anything else ends the check.
  Status note(Status status, const char* name, std::string detail) {
    if (status || status.error().code != Code::corrupt) return status;
    found(name, std::move(detail));
    return {};
  }

  Status blob(const char* name, std::string_view bytes, std::string detail) {
    const auto reference = BlobRef::decode(bytes);
    if (!reference) {
      found(name, std::move(detail));
      return {};
    }
    if (!exists_) return {};
    FUMI_TRY(const bool there, exists_(tenant_, *reference));
    if (!there) found(name, std::move(detail));
    return {};
  }

  Status emails(Context& context) {
    std::int64_t account = 0;
    std::int64_t email = 0;
    for (int rows = kPage; rows == kPage;) {
      rows = 0;
      auto each = [&](const Row& row) -> Status {
        ++rows;
        account = row.int64(0);
        email = row.int64(1);
        FUMI_CHECK(blob("email-blob", row.blob(2), ids({account, email})));
        if (!context.open(purpose::kSummary, row.blob(3), Aad(account, email))) {
          found("sealed", "email " + ids({account, email}));
        }
        return {};
      };
      FUMI_CHECK(context.query(kEmails, each, account, email));
    }
    return {};
  }

  Status queue(SqlTx& tx) {
    std::int64_t last = 0;
    for (int rows = kPage; rows == kPage;) {
      rows = 0;
      std::vector<QueueId> page;
      auto each = [&](const Row& row) -> Status {
        ++rows;
        last = row.int64(0);
        page.push_back(row.id<QueueId>(0));
        return blob("queue-blob", row.blob(1), ids({last}));
      };
      FUMI_CHECK(tx.context().query(kQueue, each, last));
      for (const QueueId id : page) {
        auto message = tx.queue().message(id);
        Status status = message ? Status() : std::unexpected(message.error());
        FUMI_CHECK(note(std::move(status), "sealed", "queue message " + id.text()));
      }
    }
    return {};
  }

  Status accounts(SqlTx& tx) {
    std::int64_t last = 0;
    for (int rows = kPage; rows == kPage;) {
      rows = 0;
      std::vector<AccountId> page;
      auto each = [&](const Row& row) {
        ++rows;
        last = row.int64(0);
        page.push_back(row.id<AccountId>(0));
      };
      FUMI_CHECK(tx.context().query(kAccounts, each, last));
      for (const AccountId id : page) {
        const std::string which = "account " + id.text();
        auto account = tx.directory().account(id);
        FUMI_CHECK(note(account ? Status() : std::unexpected(account.error()), "sealed", which));
        auto boxes = tx.mailboxes().mailboxes(id);
        FUMI_CHECK(note(boxes ? Status() : std::unexpected(boxes.error()), "sealed", which));
        if (!boxes) continue;
        for (const Mailbox& box : *boxes)
          FUMI_CHECK(note(entries(tx, id, box), "sealed", which + " mailbox " + box.id.text()));
      }
    }
    return {};
  }

  // The counts of a mailbox, and that its blocks say what its rows do, no more and no less.
  Status entries(SqlTx& tx, AccountId account, const Mailbox& mailbox) {
    const std::string which =
        ids({std::int64_t(account.value()), std::int64_t(mailbox.id.value())});
    std::vector<IndexedEntry> indexed;
    auto keep = [&](const IndexedEntry& entry) -> Status {
      indexed.push_back(entry);
      indexed.back().keywords = nullptr;  // gone after the call
      return {};
    };
    const Status readable = tx.mailboxes().visit_index(account, mailbox.id, keep);
    if (!readable) {
      FUMI_CHECK(note(readable, "entry-blocks", which));
      indexed.clear();
    }
    Mailbox counted;
    auto entry_at = indexed.begin();
    bool same = true;
    auto count = [&](const Entry& entry) -> Status {
      ++counted.total;
      counted.unseen += entry.flags.has(Flags::seen) ? 0 : 1;
      counted.deleted += entry.flags.has(Flags::deleted) ? 1 : 0;
      counted.octets += entry.octets;
      same = same && entry_at != indexed.end() && agree(entry, *entry_at);
      if (entry_at != indexed.end()) ++entry_at;
      return {};
    };
    FUMI_CHECK(tx.mailboxes().visit_entries(account, mailbox.id, Uid{0}, count));
    if (readable && (!same || entry_at != indexed.end())) found("entry-blocks", which);
    if (counted.total != mailbox.total || counted.unseen != mailbox.unseen ||
        counted.deleted != mailbox.deleted || counted.octets != mailbox.octets) {
      found("mailbox-counts", which);
    }
    return {};
  }
  static bool agree(const Entry& entry, const IndexedEntry& indexed) {
    return entry.uid == indexed.uid && entry.flags.bits == indexed.bits &&
           entry.modseq == indexed.modseq && entry.octets == indexed.octets &&
           entry.email == indexed.email &&
           std::chrono::floor<std::chrono::seconds>(entry.received) ==
               std::chrono::floor<std::chrono::seconds>(indexed.received);
  }

  SqlPlatformTx& tx_;
  const BlobExists& exists_;
  CheckReport& report_;
  TenantId tenant_;
};

}  // namespace

// The one friend of SqlStore: gives the check the session that the ports hide.
class SqlCheck {
 public:
  static Result<CheckReport> run(SqlStore& store, const BlobExists& blob_exists) {
    Shared& shared = *store.shared_;
    CheckReport report;
    FUMI_CHECK(shared.parts.database.read_blocking([&](sql::Session& session) -> Status {
      report = CheckReport();
      Effects effects;
      FUMI_CHECK(sql::enter_platform(session));
      SqlPlatformTx tx(shared, session, effects);
      return Check(tx, blob_exists, report).run();
    }));
    return report;
  }
};

Result<CheckReport> check_store(SqlStore& store, const BlobExists& blob_exists) {
  return SqlCheck::run(store, blob_exists);
}

}  // namespace fumi::store
