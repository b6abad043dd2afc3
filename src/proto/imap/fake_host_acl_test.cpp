// The fake host's half of RFC 4314: rights are kept, and nobody but alice is there to have them.
#include "proto/imap/fake_host.h"

namespace fumi::imap::fake {
namespace {

const std::string kAll(kRightLetters);
const Reply kNone = no("No such mailbox", code::Plain::nonexistent);

bool is_known(const AclIdentifier& who) { return who.name == "anyone"; }

}  // namespace

void Session::on(SetAcl& command) {
  if (mailbox(command.mailbox) == nullptr) return finish(kNone);
  if (!is_known(command.identifier)) {
    return finish(no("Nobody here of that name", code::Plain::cannot));
  }
  std::set<char> rights;
  std::string& kept = account_->acl[command.mailbox][command.identifier.text()];
  if (command.change != SetAcl::Change::replace) rights.insert(kept.begin(), kept.end());
  std::string named = command.rights;
  if (named.find('c') != std::string::npos) named += 'k';
  if (named.find('d') != std::string::npos) named += "xte";
  for (const char right : named) {
    if (command.change == SetAcl::Change::remove) {
      rights.erase(right);
    } else {
      rights.insert(right);
    }
  }
  kept.clear();
  for (const char right : kAll.substr(0, 11)) {
    if (rights.contains(right)) kept += right;
  }
  if (kept.empty()) account_->acl[command.mailbox].erase(command.identifier.text());
  finish(ok("Done"));
}

void Session::on(DeleteAcl& command) {
  if (mailbox(command.mailbox) == nullptr) return finish(kNone);
  account_->acl[command.mailbox].erase(command.identifier.text());
  finish(ok("Done"));
}

void Session::on(GetAcl& command) {
  if (mailbox(command.mailbox) == nullptr) return finish(kNone);
  AclPairs pairs{{"alice@a.example", kAll}};
  for (const auto& [identifier, rights] : account_->acl[command.mailbox]) {
    std::string shown = rights;
    if (rights.find('k') != std::string::npos) shown += 'c';
    if (rights.find_first_of("xte") != std::string::npos) shown += 'd';
    pairs.emplace_back(identifier, shown);
  }
  out_.acl(command.mailbox, pairs);
  finish(ok("Done"));
}

void Session::on(ListRights& command) {
  if (mailbox(command.mailbox) == nullptr) return finish(kNone);
  const bool owner = command.identifier.name == "alice@a.example";
  if (!owner && !is_known(command.identifier)) {
    return finish(no("Nobody here of that name", code::Plain::cannot));
  }
  out_.list_rights(command.mailbox, command.identifier, owner ? kAll : std::string());
  finish(ok("Done"));
}

void Session::on(MyRights& command) {
  if (mailbox(command.mailbox) == nullptr) return finish(kNone);
  out_.my_rights(command.mailbox, kAll);
  finish(ok("Done"));
}

}  // namespace fumi::imap::fake
