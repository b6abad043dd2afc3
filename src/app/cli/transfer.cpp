// fumi mail import and export
#include <unistd.h>

#include <chrono>

#include "api/mail_stream.h"
#include "app/cli/groups.h"
#include "app/cli/mail_files.h"

namespace fumi::app {
namespace {

using api::Json;

constexpr std::size_t kBatchOctets = 4U << 20U;
constexpr std::size_t kBatchItems = 200;
constexpr Duration kBatchPatience = std::chrono::minutes(10);

// A line about how far it is, once a second, where a person looks on.
class Progress {
 public:
  explicit Progress(Client& client)
      : client_(client), shown_(!client.json() && ::isatty(STDERR_FILENO) != 0) {}

  void mails(std::uint64_t count) {
    if (!shown_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::seconds(1)) return;
    last_ = now;
    const double seconds = std::chrono::duration<double>(now - begun_).count();
    client_.note(std::to_string(count) + " " + client_.word(Text::mails_read) + ", " +
                 std::to_string(std::uint64_t(double(count) / seconds)) + "/s");
  }

 private:
  Client& client_;
  bool shown_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point last_ = begun_;
};

class Import {
 public:
  Import(Client& client, const Commands& c) : client_(client), c_(c), progress_(client) {}

  // Whether all came in; what went wrong was told.
  bool run() {
    auto source =
        c_.mbox.empty() ? open_maildir(c_.maildir, c_.folder) : open_mbox(c_.mbox, c_.folder);
    if (!source) {
      client_.refuse(source.error().text());
      return true;  // nothing has begun
    }
    const std::string kind = c_.mbox.empty() ? "maildir " + c_.maildir : "mbox " + c_.mbox;
    Json body;
    body.set("source", kind.substr(0, 200));
    const auto job = client_.call("POST", path_of("/accounts/", c_.name, "/imports"), body);
    if (!job) return true;
    path_ = path_of("/accounts/", c_.name, "/imports/") + std::string(job->text("id"));
    if (!read(**source)) return false;
    if (!send()) return false;
    const auto done = client_.call("POST", path_ + "/finish");
    if (!done) return false;
    if ((*source)->too_large() > 0)
      client_.refuse(client_.word(Text::mails_too_large) + " " +
                     std::to_string((*source)->too_large()));
    tell(*done);
    return true;
  }

 private:
  bool read(MailSource& source) {
    for (;;) {
      auto item = source.next();
      if (!item) {
        client_.refuse(item.error().text());
        return false;
      }
      if (!*item) return true;
      if (!(*item)->bytes.empty()) ++mails_, ++mails_read_;
      batch_ += api::write_mail_item(**item);
      if (++items_ < kBatchItems && batch_.size() < kBatchOctets) continue;
      if (!send()) return false;
      progress_.mails(mails_read_);
    }
  }
  bool send() {
    if (items_ == 0) return true;
    batch_ += api::write_mail_end(mails_);
    const auto answer =
        client_.upload(path_ + "/mail", std::move(batch_), api::kMailStreamType, kBatchPatience);
    batch_.clear();
    items_ = 0;
    mails_ = 0;
    return answer.has_value();
  }
  void tell(const Json& done) {
    if (client_.json()) return client_.print_json(done);
    client_.print(c_.name + ": " + client_.word(Text::done_imported) + " (" +
                  client_.word(Text::mails_new) + " " + std::to_string(done.number("imported")) +
                  ", " + client_.word(Text::mails_there) + " " +
                  std::to_string(done.number("skipped")) + ")");
  }

  Client& client_;
  const Commands& c_;
  Progress progress_;
  std::string path_, batch_;
  std::size_t items_ = 0;
  std::uint64_t mails_ = 0, mails_read_ = 0;
};

void import_mail(Client& client, const Commands& c) {
  Import import(client, c);
  if (!import.run()) client.note(client.word(Text::mails_repeat));
}

void export_mail(Client& client, const Commands& c) {
  const std::string& path = c.mbox.empty() ? c.maildir : c.mbox;
  const MboxShape shape = c.folder.empty() ? MboxShape::folder : MboxShape::file;
  auto sink = c.mbox.empty() ? create_maildir(path) : create_mbox(path, shape);
  if (!sink) return client.refuse(sink.error().text());
  api::MailStreamReader reader;
  Progress progress(client);
  std::uint64_t mails = 0;
  const auto take = [&](std::string_view bytes) -> Status {
    reader.feed(bytes);
    for (;;) {
      FUMI_TRY(const auto item, reader.next());
      if (!item) return {};
      FUMI_CHECK((*sink)->put(*item));
      if (!item->bytes.empty()) progress.mails(++mails);
    }
  };
  const Query query{{"folder", c.folder}};
  if (!client.download(with_query(path_of("/accounts/", c.name, "/exports"), query), take)) return;
  if (!reader.is_complete()) return client.refuse(client.word(Text::export_broke_off));
  const Status finished = (*sink)->finish();
  if (!finished) return client.refuse(finished.error().text());
  if (client.json())
    return client.print_json(api::JsonObject{{"mails", std::int64_t(mails)}, {"path", path}});
  client.print(c.name + ": " + client.word(Text::done_exported) + " " + path + " (" +
               std::to_string(mails) + " " + client.word(Text::mails_read) + ")");
}

}  // namespace

void add_transfer_commands(CLI::App& app, const SharedCommands& c) {
  CLI::App& group = add_group(app, "mail", "Mail into an account, and out of it",
                              "  fumi mail import hanako@acme.example --mbox inbox.mbox\n"
                              "  fumi mail import hanako@acme.example --maildir ~/Maildir\n"
                              "  fumi mail export hanako@acme.example --mbox hanako.mail");
  CLI::App* in =
      add_command(group, *c, "import", "Bring in mail from files; repeat it after an interruption",
                  [c](Client& client) { import_mail(client, *c); });
  in->add_option("--folder", c->folder,
                 "The mailbox of a single mbox file, or of the Maildir's root; INBOX without it");
  CLI::App* out = add_command(group, *c, "export", "Write an account's mail to files",
                              [c](Client& client) { export_mail(client, *c); });
  out->add_option("--folder", c->folder, "This mailbox alone; an mbox is one file then");
  for (CLI::App* command : {in, out}) {
    command->add_option("address", c->name, "The account")->required();
    CLI::Option_group* form = command->add_option_group("form", "Which files");
    form->add_option("--mbox", c->mbox, "An mbox file, or a folder of files NAME.mbox");
    form->add_option("--maildir", c->maildir, "A Maildir++, as Dovecot and Courier have them");
    form->require_option(1);
  }
}

}  // namespace fumi::app
