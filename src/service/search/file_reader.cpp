#include "service/search/file_reader.h"

#include <algorithm>

#include "base/log.h"
#include "mime/body.h"

namespace fumi::service {
namespace {

using Outcome = ExtractedText::Outcome;

constexpr Duration kLease = std::chrono::minutes(10);
constexpr Duration kPauseAfterFailure = std::chrono::minutes(1);
constexpr Duration kTimePerMail = std::chrono::minutes(1);  // then no more of its files is begun
constexpr std::uint32_t kMailsAtATime = 2;
constexpr std::uint32_t kAccountsAtATime = 200;
constexpr std::uint32_t kAttemptsMax = 20;
constexpr std::size_t kFilesMax = 50;  // of a mail

// Of this machine or this process, not of what was to be read.
bool ends_the_turn(Code code) {
  return code == Code::cancelled || code == Code::unavailable || code == Code::rate_limited;
}

ExtractedText not_read(Outcome outcome, const char* reason) {
  ExtractedText text;
  text.outcome = outcome;
  text.reason = reason;
  return text;
}

}  // namespace

struct FileReader::Mail {
  BlobRef blob;
  mime::Summary summary;
  std::string raw;
  std::vector<const mime::Part*> files;  // of `summary`
  enum class State : std::uint8_t { gone, without_files, unreadable, open } state = State::gone;
};

FileReader::FileReader(Platform& platform, Store& store, BlobStore& blobs, Runtime& runtime,
                       TextExtractor& extractor, const Clock& clock, SearchIndexOptions options)
    : platform_(platform),
      store_(store),
      blobs_(blobs),
      runtime_(runtime),
      extractor_(extractor),
      clock_(clock),
      options_(options) {}

void FileReader::start(std::uint32_t workers) {
  if (options_.attachment_text_max.octets == 0) return;
  for (std::uint32_t i = 0; i < workers; ++i)
    runtime_.spawn("attached files", run());
}

Task<void> FileReader::run() {
  Duration pause = options_.interval;
  for (;;) {
    const Status slept = co_await runtime_.sleep_for(pause);
    if (!slept) co_return;
    const Status read = co_await read_all();
    pause = read ? options_.interval : std::max(options_.interval, kPauseAfterFailure);
    if (read) continue;
    if (read.error().code == Code::cancelled) co_return;
    log::warning("search", "attached files not read", {{"why", read.error().text()}});
  }
}

// Until nothing waits that could be read now.
Task<Status> FileReader::read_all() {
  for (;;) {
    auto read = co_await read_some_of_each();
    if (!read) co_return std::unexpected(std::move(read).error());
    if (*read == 0) co_return Status();
  }
}

// One turn: some mails of every account that has any waiting.
Task<Result<std::uint64_t>> FileReader::read_some_of_each() {
  SearchBacklog after{};
  std::uint64_t count = 0;
  std::uint64_t accounts = 0;
  Duration lag{};
  for (;;) {
    auto look = [&](PlatformTx& tx) {
      return tx.platform().attachment_backlog(after, clock_.now(), kAccountsAtATime);
    };
    auto backlog = co_await platform_.read(std::move(look));
    if (!backlog) co_return std::unexpected(std::move(backlog).error());
    for (const AttachmentBacklog& next : *backlog)
      lag = std::max(lag, clock_.now() - next.since);
    accounts += backlog->size();
    accounts_waiting_ = accounts;
    lag_ = lag.count();
    for (const AttachmentBacklog& next : *backlog) {
      after = {next.tenant, next.account};
      MailAccount who;
      who.scope.tenant = next.tenant;
      who.account = next.account;
      auto read_here = co_await read(who);
      if (read_here) {
        count += *read_here;
        continue;
      }
      const Code code = read_here.error().code;
      // A tenant whose key is gone has nothing to be read.
      if (code == Code::not_found) continue;
      // What is amiss with one account keeps no other's files waiting.
      if (!ends_the_turn(code)) {
        log::warning("search", "an account's attached files not read",
                     {{"account", next.account.text()}, {"why", read_here.error().text()}});
        continue;
      }
      co_return std::unexpected(std::move(read_here).error());
    }
    if (backlog->size() < kAccountsAtATime) co_return count;
  }
}

Task<Result<std::uint64_t>> FileReader::read(MailAccount who) {
  std::vector<AttachmentTask> tasks;
  auto claim = [&](Tx& tx) -> Status {
    const Instant now = clock_.now();
    FUMI_TRY(tasks, tx.attachment_texts().claim(who.account, now, now + kLease, kMailsAtATime));
    return {};
  };
  const Status claimed = co_await store_.write(who.scope, std::move(claim));
  if (!claimed) co_return std::unexpected(claimed.error());
  for (const AttachmentTask& task : tasks) {
    const Status read = co_await read_mail(who, task);
    if (!read) co_return std::unexpected(read.error());
  }
  co_return tasks.size();
}

Task<Status> FileReader::read_mail(MailAccount who, AttachmentTask task) {
  if (task.attempts > kAttemptsMax + 1) co_return co_await give_up(who, task.email);
  Mail mail;
  const Status opened = co_await open(who, task.email, mail);
  if (!opened) co_return opened;
  if (mail.state == Mail::State::gone) co_return Status();
  if (mail.state == Mail::State::without_files) {
    const Status dismissed = co_await dismiss(who, task.email);
    co_return dismissed;
  }
  std::vector<FileText> files;
  std::uint64_t left = options_.attachment_text_max.octets;
  const Instant begun = clock_.now();
  AttachmentText kept;
  for (const mime::Part* part : mail.files) {
    FileText file;
    file.file = std::uint32_t(files.size());
    if (files.size() == kFilesMax) {
      kept.unread = std::uint32_t(mail.files.size() - kFilesMax);
      break;
    }
    if (task.attempts > kAttemptsMax) {
      file.text = not_read(Outcome::unsupported, "can't be read here");
    } else if (left == 0) {
      file.text = not_read(Outcome::over_limit, "too much text before it");
    } else if (clock_.now() - begun > kTimePerMail) {
      file.text = not_read(Outcome::over_limit, "files before it took too long");
    } else {
      auto text = co_await read_file(who, mail, *part, left);
      if (!text) co_return std::unexpected(std::move(text).error());
      file.text = std::move(*text);
    }
    left -= std::min<std::uint64_t>(left, file.text.text.size());
    ++files_.at(static_cast<std::size_t>(file.text.outcome));
    files.push_back(std::move(file));
  }
  const auto whole = [](const FileText& file) { return file.text.outcome == Outcome::whole; };
  kept.unread += std::uint32_t(files.size() - std::size_t(std::ranges::count_if(files, whole)));
  kept.body = encode_file_texts(files);
  auto put = [&](Tx& tx) { return tx.attachment_texts().put(who.account, task.email, kept); };
  co_return co_await store_.write(who.scope, std::move(put));
}

Task<Status> FileReader::open(MailAccount who, EmailId id, Mail& mail) {
  auto find = [&](Tx& tx) -> Status {
    mail.state = Mail::State::gone;
    FUMI_TRY(const auto email, tx.mailboxes().email(who.account, id));
    if (!email) return {};
    auto summary = mime::decode(email->summary);
    mail.state = Mail::State::unreadable;
    if (!summary) return {};
    mail.summary = std::move(*summary);
    mail.files = files_of(mail.summary.root);
    mail.state = mail.files.empty() ? Mail::State::without_files : Mail::State::open;
    mail.blob = email->blob;
    return {};
  };
  const Status found = co_await store_.read(who.scope, std::move(find));
  if (!found && found.error().code == Code::corrupt) {
    mail.state = Mail::State::unreadable;  // searches tell of it
    mail.files.clear();
    co_return Status();
  }
  if (!found || mail.state != Mail::State::open) co_return found;
  auto bytes = co_await blobs_.get(who.scope, mail.blob);
  if (bytes) {
    mail.raw = std::move(*bytes);
  } else if (bytes.error().code == Code::not_found) {
    mail.state = Mail::State::gone;  // expunged meanwhile
  } else if (bytes.error().code == Code::corrupt) {
    mail.state = Mail::State::unreadable;  // whoever opens the mail tells of it
    mail.files.clear();
  } else {
    co_return std::unexpected(std::move(bytes).error());
  }
  co_return Status();
}

// Of mail that can't even be opened to see what files it has.
Task<Status> FileReader::give_up(MailAccount who, EmailId id) {
  AttachmentText nothing;
  nothing.body = encode_file_texts({});
  nothing.unread = 1;
  log::warning("search", "attached files given up",
               {{"account", who.account.text()}, {"email", id.text()}});
  auto put = [&](Tx& tx) { return tx.attachment_texts().put(who.account, id, nothing); };
  co_return co_await store_.write(who.scope, std::move(put));
}

Task<Status> FileReader::dismiss(MailAccount who, EmailId id) {
  auto drop = [&](Tx& tx) { return tx.attachment_texts().dismiss(who.account, id); };
  co_return co_await store_.write(who.scope, std::move(drop));
}

Task<Result<ExtractedText>> FileReader::read_file(MailAccount who, const Mail& mail,
                                                  const mime::Part& part,
                                                  std::uint64_t octets_max) {
  AttachedFile file;
  file.type = part.type + "/" + part.subtype;
  std::function<void()> decode = [&] {
    file.name = mime::file_name(part);
    file.bytes = mime::content(part, mail.raw);
  };
  const Status decoded = co_await runtime_.offload_background(std::move(decode));
  if (!decoded) co_return std::unexpected(decoded.error());
  co_return co_await extractor_.extract(who.scope, std::move(file), octets_max);
}

}  // namespace fumi::service
