#include "app/cli/imap_source.h"

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <csignal>
#include <deque>
#include <set>
#include <thread>
#include <utility>

#include "api/mail_stream.h"
#include "base/ascii.h"
#include "codec/date.h"
#include "codec/utf8.h"
#include "net/task_scope.h"
#include "proto/imap/seq_set.h"

namespace fumi::app {
namespace {

using imap::FetchedMessage;
using imap::ListedMailbox;
using imap::SeqSet;
using imap::ServerResponse;
using Steady = std::chrono::steady_clock;

constexpr const char* kDoing = "importing from an IMAP server";
constexpr std::size_t kNameOctetsMax = 1000;
constexpr std::size_t kKeywordsMax = 64;
constexpr std::size_t kKeywordOctetsMax = 64;
constexpr std::size_t kKnownRangesMax = 5'000'000;
constexpr std::uint32_t kLastUid = UINT32_MAX;
// Over it, whatever sizes the server told before: the rest of the batch is asked for one by one.
constexpr std::uint64_t kHeldOctetsMax = 128U << 20U;

template <class T>
Task<void> keep(Task<T> task, std::optional<T>& into) {
  T value = co_await std::move(task);
  into.emplace(std::move(value));
}

// What runs one coroutine at a time, to its end; a session lives in it from one to the next.
class Loop {
 public:
  template <class T>
  T run(Task<T> task) {
    std::optional<T> outcome;
    net::TaskScope scope;
    scope.spawn("imap", context_.get_executor(), keep(std::move(task), outcome));
    context_.restart();
    while (scope.size() > 0)
      context_.run_one();
    return std::move(*outcome);
  }

 private:
  boost::asio::io_context context_{1};
};

MailboxRole role_of(const ListedMailbox& mailbox, const std::string& name) {
  static constexpr std::array<std::pair<std::string_view, MailboxRole>, 5> kRoles{
      {{"\\drafts", MailboxRole::drafts},
       {"\\sent", MailboxRole::sent},
       {"\\trash", MailboxRole::trash},
       {"\\junk", MailboxRole::junk},
       {"\\archive", MailboxRole::archive}}};  // RFC 6154 §2
  for (const auto& [attribute, role] : kRoles)
    if (mailbox.has(attribute)) return role;
  return role_of_name(name);
}

Flags flags_of(const std::vector<std::string>& words) {
  static constexpr std::array<std::pair<std::string_view, std::uint32_t>, 5> kFlags{
      {{"\\seen", Flags::seen},
       {"\\answered", Flags::answered},
       {"\\flagged", Flags::flagged},
       {"\\deleted", Flags::deleted},
       {"\\draft", Flags::draft}}};
  Flags out;
  for (const std::string& word : words) {
    for (const auto& [name, bit] : kFlags)
      if (ascii::iequals(word, name)) out.bits |= bit;
    if (!word.starts_with('\\') && word.size() <= kKeywordOctetsMax &&
        out.keywords.size() < kKeywordsMax && codec::is_ascii(word))
      out.keywords.push_back(word);
  }
  return out;
}

bool is_broken_connection(const Error& error) {
  return error.code == Code::peer_gone || error.code == Code::timeout ||
         error.code == Code::unavailable;
}

class Source final : public ImapSource {
 public:
  Source(ImapImport import, AskKnown known)
      : import_(std::move(import)), known_(std::move(known)) {}

  Status begin() {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to the socket itself
    FUMI_CHECK(connect());
    FUMI_TRY(auto all, loop_.run(session_->mailboxes()));
    std::set<std::string> names;
    for (ListedMailbox& mailbox : all) {
      names.insert(mailbox.name);
      if (is_wanted(mailbox.name)) mailboxes_.push_back(std::move(mailbox));
    }
    for (const std::string& wanted : import_.only)
      if (!names.contains(wanted))
        return fail(Code::not_found, kDoing, "the server has no mailbox " + wanted);
    // INBOX first: it is what a person looks for.
    std::stable_partition(mailboxes_.begin(), mailboxes_.end(), [](const ListedMailbox& mailbox) {
      return ascii::iequals(mailbox.name, "INBOX");
    });
    return {};
  }

  Result<std::optional<MailItem>> next() override {
    for (;;) {
      if (!ready_.empty()) {
        MailItem item = std::move(ready_.front());
        ready_.pop_front();
        if (!item.bytes.empty()) hold_back();
        return std::optional<MailItem>(std::move(item));
      }
      if (!batches_.empty()) {
        FUMI_CHECK(fetch());
        continue;
      }
      if (at_ >= mailboxes_.size()) return std::optional<MailItem>();
      FUMI_CHECK(open_mailbox(mailboxes_[at_++]));
    }
  }

  [[nodiscard]] std::uint64_t too_large() const override { return too_large_; }
  [[nodiscard]] const std::vector<Problem>& problems() const override { return problems_; }
  [[nodiscard]] std::uint64_t problem_count() const override { return problem_count_; }
  [[nodiscard]] Position position() const override {
    return {folder_.folder, at_, mailboxes_.size(), done_, mails_};
  }

 private:
  struct Row {
    std::uint32_t uid = 0;
    std::uint64_t size = 0;
  };
  using Batch = std::vector<std::uint32_t>;

  [[nodiscard]] bool is_wanted(const std::string& name) const {
    const auto has = [&](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), name) != list.end();
    };
    return (import_.only.empty() || has(import_.only)) && !has(import_.except);
  }

  Status connect() {
    session_.reset();
    begun_ = false;
    FUMI_TRY(session_, loop_.run(ImapSession::open(import_.server)));
    return {};
  }
  // After `why`; the mailbox is open again. What was on its way is still in batches_.
  Status reconnect(const Error& why) {
    Error last = why;
    for (; reconnects_ < kReconnectsMax; ++reconnects_) {
      std::this_thread::sleep_for(std::chrono::seconds(reconnects_ == 0 ? 0 : 1 << reconnects_));
      Status connected = connect();
      if (!connected) {
        last = connected.error();
        if (!is_broken_connection(last)) break;
        continue;
      }
      auto examined = loop_.run(session_->examine(wire_));
      if (examined && examined->uid_validity == validity_) {
        ++reconnects_;
        return {};
      }
      last = examined ? Error{Code::conflict, kDoing, "the mailbox was replaced meanwhile"}
                      : examined.error();
      if (!is_broken_connection(last)) break;
    }
    return std::unexpected(last);
  }

  void problem(std::uint32_t uid, std::string why) {
    ++problem_count_;
    if (problems_.size() < kProblemsMax)
      problems_.push_back({folder_.folder, uid, ascii::printable(why)});
  }

  // At most mails_per_second, from one message to the next.
  void hold_back() {
    if (import_.mails_per_second == 0) return;
    const auto step = std::chrono::duration_cast<Steady::duration>(std::chrono::seconds(1)) /
                      import_.mails_per_second;
    due_ = std::max(due_ + step, Steady::now());
    std::this_thread::sleep_until(due_);
  }

  Status open_mailbox(const ListedMailbox& mailbox) {
    const std::string own = name_of_mailbox(mailbox, session_->personal_prefix());
    const auto mapped = import_.map.find(mailbox.name);
    folder_ = {};
    folder_.folder = mapped == import_.map.end() ? own : mapped->second;
    folder_.role = role_of(mailbox, own);
    source_name_ = mailbox.name;
    wire_ = mailbox.wire;
    done_ = mails_ = 0;
    if (folder_.folder.size() > kNameOctetsMax || source_name_.size() > kNameOctetsMax) {
      problem(0, "the mailbox's name is too long");
      return {};
    }
    auto examined = loop_.run(session_->examine(wire_));
    if (!examined && examined.error().code == Code::not_found) {
      problem(0, examined.error().detail);
      return {};
    }
    if (!examined) return std::unexpected(examined.error());
    validity_ = examined->uid_validity;
    FUMI_TRY(const KnownUids known, known_(source_name_));
    SeqSet had;
    if (known.uid_validity == validity_ && !known.uids.empty()) {
      const auto parsed = SeqSet::parse(known.uids, kKnownRangesMax);
      if (!parsed) return fail(Code::invalid, kDoing, "the Fumi server tells wrong UIDs");
      had = parsed->resolve(kLastUid);
    }
    ready_.push_back(folder_);
    if (examined->messages == 0) return {};
    return plan(had);
  }

  // Which messages are to come, by their numbers and sizes alone.
  Status plan(const SeqSet& had) {
    const bool sync = import_.flags == ImapImport::Flags::sync;
    std::vector<Row> rows;
    std::set<std::uint32_t> large;
    const auto take = [&](ServerResponse response) -> Status {
      auto message = imap::fetched_message(std::move(response));
      if (!message || !message->flags) return {};
      if (rows.size() >= kMessagesMax)
        return fail(Code::too_large, kDoing, "the mailbox has too many messages");
      if (!had.contains(message->uid)) {
        rows.push_back({message->uid, message->size.value_or(0)});
      } else if (sync) {
        MailItem item = folder_;
        item.flags = flags_of(*message->flags);
        item.origin = MailOrigin{source_name_, validity_, message->uid};
        ready_.push_back(std::move(item));
      }
      return {};
    };
    FUMI_TRY(const ServerResponse answer,
             loop_.run(session_->command("UID FETCH 1:* (UID FLAGS RFC822.SIZE)", take)));
    if (answer.name != "OK") problem(0, "the server doesn't list its messages: " + answer.text);
    std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.uid < b.uid; });
    const auto same = std::unique(rows.begin(), rows.end(),
                                  [](const Row& a, const Row& b) { return a.uid == b.uid; });
    rows.erase(same, rows.end());
    std::uint64_t octets = 0;
    for (const Row& row : rows) {
      if (row.size > api::kMailOctetsMax) {
        ++too_large_;
        problem(row.uid, "over 64 MiB");
        continue;
      }
      if (batches_.empty() || batches_.back().size() >= kBatchMails || octets > kBatchOctets) {
        batches_.emplace_back();
        octets = 0;
      }
      batches_.back().push_back(row.uid);
      octets += row.size;
      ++mails_;
    }
    return {};
  }

  Status ask(const Batch& batch) {
    SeqSet uids;
    for (const std::uint32_t uid : batch)
      uids.add(uid);
    begun_ = true;
    return loop_.run(
        session_->begin("UID FETCH " + uids.text() + " (UID FLAGS INTERNALDATE BODY.PEEK[])"));
  }

  // The first batch; the next one is asked for at once, so that the server works while we store.
  Status fetch() {
    for (;;) {
      std::map<std::uint32_t, MailItem> got;
      auto answer = fetch_once(got);
      if (!answer && is_broken_connection(answer.error())) {
        FUMI_CHECK(reconnect(answer.error()));
        continue;
      }
      if (!answer) return std::unexpected(answer.error());
      finish_batch(std::move(got), *answer);
      if (batches_.empty()) return {};
      // A connection that breaks here is found when the answer is read.
      static_cast<void>(ask(batches_.front()));
      return {};
    }
  }

  Result<ServerResponse> fetch_once(std::map<std::uint32_t, MailItem>& got) {
    const Batch& batch = batches_.front();
    if (!begun_) FUMI_CHECK(ask(batch));
    refused_.clear();
    held_octets_ = 0;
    const auto take = [&](ServerResponse response) -> Status {
      auto message = imap::fetched_message(std::move(response));
      if (!message || !std::binary_search(batch.begin(), batch.end(), message->uid)) return {};
      take_message(std::move(*message), got);
      return {};
    };
    auto answer = loop_.run(session_->finish(take));
    begun_ = false;
    if (answer) reconnects_ = 0;
    return answer;
  }

  void take_message(FetchedMessage message, std::map<std::uint32_t, MailItem>& got) {
    if (message.body == FetchedMessage::Body::absent) return;  // flags that changed meanwhile
    if (message.body == FetchedMessage::Body::too_large) {
      refused_[message.uid] = "over 64 MiB";
      return;
    }
    if (message.bytes.empty()) {
      refused_[message.uid] = "the server gives no octets of it";
      return;
    }
    held_octets_ += message.bytes.size();
    if (held_octets_ > kHeldOctetsMax && batches_.front().size() > 1) return;
    MailItem item = folder_;
    item.flags = flags_of(message.flags.value_or(std::vector<std::string>()));
    const auto date = codec::parse_internal_date(message.internal_date);
    if (date) item.received = date->at;
    item.origin = MailOrigin{source_name_, validity_, message.uid};
    item.bytes = std::move(message.bytes);
    got.insert_or_assign(message.uid, std::move(item));
  }

  // A batch that the server didn't give whole is asked for again, message by message.
  void finish_batch(std::map<std::uint32_t, MailItem> got, const ServerResponse& answer) {
    const Batch batch = std::move(batches_.front());
    batches_.pop_front();
    const bool alone = batch.size() == 1;
    std::vector<Batch> again;
    for (const std::uint32_t uid : batch) {
      const auto found = got.find(uid);
      if (found != got.end()) {
        ready_.push_back(std::move(found->second));
        ++done_;
      } else if (refused_.contains(uid)) {
        if (refused_[uid].starts_with("over")) ++too_large_;
        problem(uid, refused_[uid]);
        ++done_;
      } else if (!alone) {
        again.push_back({uid});
      } else {
        if (answer.name != "OK") problem(uid, answer.name + " " + answer.text);
        ++done_;  // OK and nothing: it was removed meanwhile
      }
    }
    batches_.insert(batches_.begin(), again.begin(), again.end());
  }

  ImapImport import_;
  AskKnown known_;
  Loop loop_;
  std::unique_ptr<ImapSession> session_;
  std::vector<ListedMailbox> mailboxes_;
  std::size_t at_ = 0;  // the mailbox after the open one
  MailItem folder_;     // of the open one, without bytes
  std::string source_name_, wire_;
  std::uint32_t validity_ = 0;
  std::deque<Batch> batches_;
  std::deque<MailItem> ready_;
  bool begun_ = false;  // the first batch has been asked for
  std::map<std::uint32_t, std::string> refused_;
  std::uint64_t held_octets_ = 0;  // of the batch
  int reconnects_ = 0;             // without a batch between them
  std::uint64_t done_ = 0, mails_ = 0, too_large_ = 0, problem_count_ = 0;
  std::vector<Problem> problems_;
  Steady::time_point due_;
};

}  // namespace

std::string name_of_mailbox(const imap::ListedMailbox& mailbox,
                            const std::string& personal_prefix) {
  std::string_view name = mailbox.name;
  // The prefix is on the wire's side; it is ASCII wherever it is used.
  if (!personal_prefix.empty() && name.size() > personal_prefix.size() &&
      name.starts_with(personal_prefix))
    name.remove_prefix(personal_prefix.size());
  std::string out(name);
  if (mailbox.separator != '/' && mailbox.separator != '\0') {
    std::replace(out.begin(), out.end(), '/', '_');
    std::replace(out.begin(), out.end(), mailbox.separator, '/');
  }
  if (mailbox.separator == '\0') std::replace(out.begin(), out.end(), '/', '_');
  return ascii::iequals(out, "INBOX") ? "INBOX" : out;
}

Result<std::unique_ptr<ImapSource>> ImapSource::open(ImapImport import, AskKnown known) {
  auto source = std::make_unique<Source>(std::move(import), std::move(known));
  FUMI_CHECK(source->begin());
  return source;
}

}  // namespace fumi::app
