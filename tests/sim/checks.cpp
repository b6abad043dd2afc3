// What must be true after each burst.
#include <algorithm>
#include <chrono>

#include "base/ascii.h"
#include "store/mail/check.h"
#include "tests/sim/expect.h"
#include "tests/sim/play.h"

namespace fumi::sim {
namespace {

constexpr std::size_t kSleepersMax = 6;

// An email's keywords are its flags (RFC 8621 §4.1.1); \Deleted is none.
std::string keyword_of(const std::string& flag) {
  static const std::map<std::string, std::string> kKeywordOf{{"\\Seen", "$seen"},
                                                             {"\\Flagged", "$flagged"},
                                                             {"\\Answered", "$answered"},
                                                             {"\\Draft", "$draft"},
                                                             {"\\Deleted", ""}};
  const auto system = kKeywordOf.find(flag);
  return system == kKeywordOf.end() ? std::string(ascii::to_lower(flag)) : system->second;
}

template <class Known>
void go_to_sleep(std::vector<Known>& sleepers, const Known& known, Random& random) {
  if (sleepers.size() < kSleepersMax) {
    sleepers.push_back(known);
  } else {
    sleepers[random.below(kSleepersMax)] = known;
  }
}

}  // namespace

// A client that hangs up leaves a session behind that may yet finish its command; what it then
// changes must not come between two looks.
void Play::let_go() {
  std::size_t here = pop3_ ? 1 : 0;
  const auto count = [&here](const std::unique_ptr<ImapClient>& client) {
    if (client && !client->is_dead()) ++here;
  };
  std::ranges::for_each(clients_, count);
  count(auditor_);
  count(sleeper_);
  // In real time: PostgreSQL has its own.
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (site_.sessions() > here && std::chrono::steady_clock::now() < patience)
    (*auditor_)("NOOP");
  expect(site_.sessions() <= here, "a session ends after its client has");
}

void Play::check(Random& random) {
  check_clients(audit(*auditor_));
  const Audit truth = audit(*auditor_);  // the clients only looked
  history_.check(truth);
  check_resync(truth, random);
  const JmapView view = jmap_.view();
  check_jmap(truth, view);
  check_names(truth, view);
  check_counts(truth, view);
  check_changes(view);
  check_isolation();
  if (pop3_) pop3_->check_listing();
  check_store();
  if (random.once_in(2)) go_to_sleep(slept_, truth, random);
  if (random.once_in(2)) go_to_sleep(slept_jmap_, view, random);
}

void Play::check_clients(const Audit& truth) {
  for (const auto& client : clients_) {
    if (!client || !client->is_selected()) continue;
    (*client)("NOOP");
    const auto box = truth.find(client->belief().box);
    if (client->is_dead()) {
      expect(box == truth.end(), "a session ends when its mailbox does, and not before");
      continue;
    }
    client->look();
    if (box == truth.end()) continue;  // it will be told
    expect(client->exists() == client->belief().messages.size(), "EXISTS and FETCH agree");
    expect_same(text_of(client->belief().messages), text_of(box->second.belief().messages),
                "a client that was told of each change knows what is");
  }
}

// RFC 7162 §3.2.5: from whatever a client knew to what a full resynchronisation tells.
void Play::check_resync(const Audit& truth, Random& random) {
  for (const Audit& known : slept_) {
    for (const auto& [id, box] : known) {
      const auto now = truth.find(id);
      if (now == truth.end() || random.once_in(2)) continue;
      Belief belief = box.belief();
      belief.name = now->second.name;
      std::string more;
      if (random.once_in(2)) more = " 1:" + std::to_string(std::max(1U, box.uid_next - 1));
      expect(sleeper_->resync(belief, ImapClient::Access::examine, more), "EXAMINE with QRESYNC");
      expect(sleeper_->belief().validity == box.validity, "a mailbox keeps its UIDVALIDITY");
      expect_same(text_of(sleeper_->belief().messages), text_of(now->second.belief().messages),
                  "QRESYNC tells what a full resynchronisation tells");
      sleeper_->unselect();
    }
  }
}

// An email's places and keywords are those of all its IMAP messages (RFC 8621 §4.1.1).
void Play::check_jmap(const Audit& truth, const JmapView& view) {
  struct Places {
    Words mailboxes, keywords;
    std::string thread;
  };
  std::map<std::string, Places> expected;
  for (const auto& [id, box] : truth) {
    for (const auto& [uid, message] : box.messages) {
      Places& places = expected[message.email];
      places.mailboxes.insert(id);
      expect(places.thread.empty() || places.thread == message.thread, "one THREADID an EMAILID");
      places.thread = message.thread;
      for (const std::string& flag : message.flags)
        if (const std::string keyword = keyword_of(flag); !keyword.empty())
          places.keywords.insert(keyword);
    }
  }
  expect(view.emails.size() == expected.size(), "Email/query gives each EMAILID");
  for (const auto& [id, places] : expected) {
    expect(view.emails.contains(id), "JMAP has each email that IMAP has");
    const auto& email = view.emails.at(id);
    expect_same(email.at("mailboxIds"), joined(places.mailboxes), "mailboxIds of " + id);
    expect_same(email.at("keywords"), joined(places.keywords), "keywords of " + id);
    expect_same(email.at("threadId"), "\"" + places.thread + "\"", "threadId of " + id);
    const auto thread = view.threads.find(places.thread);
    expect(thread != view.threads.end(), "an email's thread is there");
    expect(thread->second.at("emailIds").contains("\"" + id + "\""), "a thread has its emails");
  }
  for (const JmapQuery& query : view.queries) {
    Words expected_ids;
    for (const auto& [uid, message] : truth.at(query.mailbox).messages)
      expected_ids.insert(message.email);
    expect_same(joined(Words(query.ids.begin(), query.ids.end())), joined(expected_ids),
                "Email/query inMailbox");
    expect(query.ids.size() == expected_ids.size(), "Email/query gives an email once");
  }
}

// RFC 8621 §2: IMAP's names are JMAP's names and parents.
void Play::check_names(const Audit& truth, const JmapView& view) {
  std::map<std::string, std::string> id_of;
  for (const auto& [id, box] : truth)
    id_of[box.name] = id;
  expect(view.mailboxes.size() >= truth.size(), "JMAP has each mailbox that IMAP has");
  for (const auto& [id, box] : truth) {
    expect(view.mailboxes.contains(id), "JMAP has each mailbox that IMAP has");
    const auto& mailbox = view.mailboxes.at(id);
    if (box.name == "INBOX") continue;
    // Below the nearest level that is a mailbox; what lies between is part of the name.
    std::string parent = "null";
    std::string name = box.name;
    for (std::size_t slash = box.name.rfind('/'); slash != std::string::npos && slash > 0;
         slash = box.name.rfind('/', slash - 1)) {
      const auto found = id_of.find(box.name.substr(0, slash));
      if (found == id_of.end()) continue;
      parent = "\"" + found->second + "\"";
      name = box.name.substr(slash + 1);
      break;
    }
    expect_same(mailbox.at("name"), "\"" + name + "\"", "the name of " + box.name);
    expect_same(mailbox.at("parentId"), parent, "the parent of " + box.name);
  }
}

// RFC 8621 §2: the counts follow from the emails' mailboxIds and keywords.
void Play::check_counts(const Audit& truth, const JmapView& view) {
  std::string trash;
  for (const auto& [id, mailbox] : view.mailboxes)
    if (mailbox.at("role") == "\"trash\"") trash = id;
  struct Counts {
    std::size_t emails = 0, unread = 0;
    std::set<std::string> threads;
  };
  std::map<std::string, Counts> counts;
  std::set<std::string> unread_in_trash, unread_elsewhere;
  for (const auto& [id, email] : view.emails) {
    const std::string keywords = " " + email.at("keywords");
    const bool unread = !keywords.contains(" $seen ") && !keywords.contains(" $draft ");
    for (const std::string& mailbox : words_of(email.at("mailboxIds"))) {
      ++counts[mailbox].emails;
      if (unread) ++counts[mailbox].unread;
      counts[mailbox].threads.insert(email.at("threadId"));
      if (unread)
        (mailbox == trash ? unread_in_trash : unread_elsewhere).insert(email.at("threadId"));
    }
  }
  for (const auto& [id, box] : truth) {
    const auto& mailbox = view.mailboxes.at(id);
    const Counts& expected = counts[id];
    const auto& unread = id == trash ? unread_in_trash : unread_elsewhere;
    const auto unread_threads = std::ranges::count_if(
        expected.threads, [&](const std::string& thread) { return unread.contains(thread); });
    const auto same = [&](const char* name, std::size_t number) {
      expect_same(mailbox.at(name), std::to_string(number), std::string(name) + " of " + box.name);
    };
    same("totalEmails", expected.emails);
    same("unreadEmails", expected.unread);
    same("totalThreads", expected.threads.size());
    same("unreadThreads", std::size_t(unread_threads));
  }
}

// RFC 8620 §5.2, §5.6: from any earlier state to the present one, in one step or several.
void Play::check_changes(const JmapView& now) {
  for (const JmapView& known : slept_jmap_) {
    for (int most = 0; most < 6; most += 5) {
      JmapObjects emails = known.emails, mailboxes = known.mailboxes, threads = known.threads;
      if (jmap_.catch_up("Email", known.state, emails, most))
        expect_same(text_of(emails), text_of(now.emails), "Email/changes leads to the present");
      if (jmap_.catch_up("Thread", known.state, threads, most))
        expect_same(text_of(threads), text_of(now.threads), "Thread/changes leads to the present");
      if (jmap_.catch_up("Mailbox", known.state, mailboxes, most))
        expect_same(text_of(mailboxes), text_of(now.mailboxes),
                    "Mailbox/changes leads to the present");
    }
    for (JmapQuery query : known.queries) {
      const auto present = std::ranges::find(now.queries, query.mailbox, &JmapQuery::mailbox);
      if (present == now.queries.end() || !jmap_.catch_up(query)) continue;
      const auto text = [](const std::vector<std::string>& ids) {
        std::string out;
        for (const std::string& id : ids)
          out += id + " ";
        return out;
      };
      expect_same(text(query.ids), text(present->ids), "Email/queryChanges leads to the present");
    }
  }
}

// What another account has isn't there, by whatever id it is asked for.
void Play::check_isolation() {
  const std::string email = taro_view_.emails.begin()->first;
  const std::string mailbox = taro_view_.mailboxes.begin()->first;
  const auto refused = [](const std::optional<Json>& answer, const char* list,
                          const std::string& id) {
    expect(answer.has_value(), "a method of JMAP answers");
    const Json* found = answer->find(list);
    expect(found != nullptr && found->find(id) != nullptr, "another account's object is refused");
  };
  expect(jmap_.get("Email", JsonArray{email}).empty(), "another account's email is not found");
  expect(jmap_.get("Mailbox", JsonArray{mailbox}).empty(), "another's mailbox is not found");
  expect(jmap_.get("Thread", JsonArray{taro_view_.threads.begin()->first}).empty(),
         "another account's thread is not found");
  const Json seen = JsonObject{{"keywords/$seen", true}};
  refused(jmap_.set("Email", "update", JsonObject{{email, seen}}), "notUpdated", email);
  refused(jmap_.set("Mailbox", "destroy", JsonArray{mailbox}), "notDestroyed", mailbox);
  if (!last_.emails.empty()) {
    const std::string own = last_.emails.begin()->first;
    const Json there = JsonObject{{"mailboxIds", JsonObject{{mailbox, true}}}};
    refused(jmap_.set("Email", "update", JsonObject{{own, there}}), "notUpdated", own);
  }
  const auto get = jmap_.call("Mailbox/get", JsonObject{{"accountId", site_.taro.text()}});
  expect(!get.has_value(), "another account is refused");
  expect_same(jmap_.error(), "accountNotFound", "another account is not found");
  const JmapView now = taro_jmap_.view();
  expect_same(text_of(now.emails), text_of(taro_view_.emails), "another's mail is untouched");
  expect_same(text_of(now.mailboxes), text_of(taro_view_.mailboxes), "and its mailboxes");
}

void Play::check_store() {
  const auto has_blob = [this](TenantId tenant, const BlobRef& blob) -> Result<bool> {
    return site_.w.memory.get_now({tenant, {}}, blob).has_value();
  };
  const auto report = store::check_store(site_.w.world.store(), has_blob);
  expect(report.has_value(), "the store can be checked");
  std::string findings;
  for (const store::Finding& finding : report->findings)
    findings += finding.name + ": " + finding.detail + "\n";
  expect_same(findings, "", "fumi store check finds nothing");
}

}  // namespace fumi::sim
