// Test code only: a host with an in-memory account, as tests/wire/imap/README.md describes the
// fixture. Shared by the wire scripts and the engine's tests; one FakeHost is one server.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mime/structure.h"
#include "proto/imap/engine.h"
#include "proto/imap/notify_table.h"
#include "proto/imap/view.h"

namespace fumi::imap::fake {

struct Message {
  Uid uid;
  ModSeq modseq;
  std::set<std::string> flags;
  Instant arrived;
  std::shared_ptr<const std::string> raw;
  std::shared_ptr<const mime::Summary> summary;
};

struct Mailbox {
  std::string name;
  std::string id;
  UidValidity validity{1};
  std::uint32_t uid_next = 1;
  bool subscribed = false;
  std::vector<std::string> special_use;
  std::vector<Message> messages;  // ascending by UID
  SeqSet expunged;                // every UID that was here once
};

struct Account {
  Account();  // the fixture
  std::map<std::string, Mailbox> mailboxes;
  std::uint64_t modseq = 100;
  std::map<std::string, std::map<std::string, std::string>> metadata;  // by mailbox
  std::map<std::string, std::map<std::string, std::string>> acl;       // likewise
  std::uint32_t next_validity = 2;
};

// One connection: engine and the host's half.
class Session {
 public:
  Session(std::shared_ptr<Account> account, std::shared_ptr<const Options> options,
          Channel channel);
  // Feeds octets, runs until input is needed, and returns what was sent.
  std::string talk(std::string_view octets);
  // Tells what other sessions did; what a server does on its own only while a client idles.
  std::string poke();
  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] Engine& engine() { return engine_; }
  [[nodiscard]] const std::vector<std::string>& trace() const { return trace_; }

 private:
  void run();
  template <class T>
  void on(T&) {}  // notes and steps without an answer
  void on(Disconnect&);
  void on(Noop&);
  void on(Check&);
  void on(Id&);
  void on(StartTls&);
  void on(AuthStart&);
  void on(AuthResponse&);
  void on(Login&);
  void on(Unauthenticate&);
  void on(Enable&);
  void on(NamespaceQuery&);
  void on(List&);
  void on(Lsub&);
  void on(Subscribe&);
  void on(Unsubscribe&);
  void on(Create&);
  void on(Delete&);
  void on(Rename&);
  void on(Status&);
  void on(Select&);
  void on(IdleDone&);
  void on(GetMetadata&);
  void on(SetMetadata&);
  void on(Notify&);
  void on(SetAcl&);
  void on(DeleteAcl&);
  void on(GetAcl&);
  void on(ListRights&);
  void on(MyRights&);
  void on(GetQuota&);
  void on(GetQuotaRoot&);
  void on(SetQuota&);
  void on(AppendBegin&);
  void on(AppendChunk&);
  void on(AppendFinish&);
  void on(AppendAbort&);
  void on(Catenate&);
  void on(CloseMailbox&);
  void on(Unselect&);
  void on(Expunge&);
  void on(Search&);
  void on(MultiSearch&);
  void on(Sort&);
  void on(Thread&);
  void on(Fetch&);
  void on(Store&);
  void on(Copy&);
  void on(Move&);
  Mailbox* mailbox(const std::string& name);
  Mailbox* selected() { return mailbox(selected_); }
  Message* message(Uid uid);
  void finish(Reply reply);  // tells updates first
  void tell();
  void compare();  // what other sessions did to the selected mailbox
  void write_status(const Mailbox& box, StatusItems items);
  [[nodiscard]] ListEntry list_entry(const Mailbox& box) const;
  void write_metadata(const std::string& name, const MetadataQuery& query, Reply& reply);
  void write_quota();
  // NOTIFY: fake_host_notify_test.cpp
  [[nodiscard]] std::vector<MailboxState> states() const;
  void select_for_notify();
  void listen();
  void tell_notices();
  void write(const std::vector<Notice>& notices);
  void tell_new(std::uint32_t count);
  void own(const std::string& name, NotifyTable::Own what) {
    if (notify_) notify_->own(name, what);
  }
  void own_messages(const Mailbox& box, const SeqSet& uids);
  void fetch_one(const Fetch& fetch, SelectedView::Item item, Message& message);
  void write_flags(SelectedView::Item item);
  std::optional<ResponseCode> limited(std::vector<SelectedView::Item>& items) const;
  SeqSet expunge(const SeqSet* uids);
  bool hit(const SearchKey& key, const Message& message);
  struct Hit {
    std::uint32_t number = 0;  // sequence number or UID
    const Message* message = nullptr;
  };
  std::vector<Hit> hits(const SearchKey& program, By by);
  ResponseCode limited(std::vector<Hit>& found) const;
  void keep(const Search& command, const std::vector<std::uint32_t>& numbers);
  bool credentials(std::string_view user, std::string_view password);
  template <class Command>
  std::optional<SeqSet> copy(Command& command, ResponseCode& code);
  std::shared_ptr<Account> account_;
  Engine engine_;
  Writer& out_;
  std::string sent_;
  std::string selected_;
  bool read_only_ = false;
  SelectedView view_;
  ModSeq told_;
  std::vector<std::string> trace_;
  std::vector<std::pair<AppendBegin, std::string>> appends_;
  ResponseCode cut_;  // of the MOVE in work
  Uid replaced_;      // by the APPEND in work; 0: none
  std::unique_ptr<NotifyTable> notify_;
  SeqSet own_new_;  // in the selected mailbox, by this client
  bool closed_ = false;
};

}  // namespace fumi::imap::fake
