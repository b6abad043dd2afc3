// Core/echo and Mailbox/* (RFC 8620 §4, RFC 8621 §2).
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "api/jmap/methods.h"
#include "api/jmap/query_cache.h"
#include "api/jmap/query_result.h"
#include "base/ascii.h"
#include "proto/jmap/patch.h"

namespace fumi::jmap {
namespace {

struct Role {
  MailboxRole role;
  const char* name;
};
constexpr std::array kRoles{
    Role{MailboxRole::inbox, "inbox"}, Role{MailboxRole::drafts, "drafts"},
    Role{MailboxRole::sent, "sent"},   Role{MailboxRole::trash, "trash"},
    Role{MailboxRole::junk, "junk"},   Role{MailboxRole::archive, "archive"}};

Json role_json(MailboxRole role) {
  const auto found = std::ranges::find(kRoles, role, &Role::role);
  return found == kRoles.end() ? Json() : Json(found->name);
}

// The account's mailboxes as a tree: IMAP's names are paths, JMAP's have a parent.
class Tree {
 public:
  explicit Tree(std::vector<Mailbox> mailboxes) : mailboxes_(std::move(mailboxes)) {
    for (const Mailbox& mailbox : mailboxes_)
      by_name_[mailbox.name] = &mailbox;
  }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  [[nodiscard]] const std::vector<Mailbox>& all() const { return mailboxes_; }
  [[nodiscard]] const Mailbox* find(std::string_view id) const {
    const auto wanted = id_of<MailboxId>(id);
    const auto found = std::ranges::find(mailboxes_, wanted.value_or(MailboxId()), &Mailbox::id);
    return found == mailboxes_.end() ? nullptr : &*found;
  }
  // The nearest level above that is there: IMAP may delete a mailbox and leave those below it.
  [[nodiscard]] const Mailbox* parent(const Mailbox& mailbox) const {
    std::string_view path = mailbox.name;
    for (std::size_t at = path.rfind('/'); at != std::string_view::npos; at = path.rfind('/')) {
      path = path.substr(0, at);
      const auto found = by_name_.find(path);
      if (found != by_name_.end()) return found->second;
    }
    return nullptr;
  }
  [[nodiscard]] std::string name(const Mailbox& mailbox) const {
    const Mailbox* above = parent(mailbox);
    return above == nullptr ? mailbox.name : mailbox.name.substr(above->name.size() + 1);
  }
  [[nodiscard]] bool has_child(const Mailbox& mailbox) const {
    return std::ranges::any_of(mailboxes_,
                               [&](const Mailbox& other) { return parent(other) == &mailbox; });
  }

 private:
  std::vector<Mailbox> mailboxes_;
  std::map<std::string, const Mailbox*, std::less<>> by_name_;
};

// RFC 8621 §2, by the rights of RFC 4314 §2.1.
Json rights_json(const View& view, const Mailbox& mailbox) {
  const Rights rights = view.rights(mailbox.id);
  const bool inbox = mailbox.role == MailboxRole::inbox;
  const bool remove = !inbox && rights.has(Rights::remove);
  return JsonObject{{"mayReadItems", rights.has(Rights::read)},
                    {"mayAddItems", rights.has(Rights::insert)},
                    {"mayRemoveItems", rights.has(Rights::mark_deleted | Rights::expunge)},
                    {"maySetSeen", rights.has(Rights::seen)},
                    {"maySetKeywords", rights.has(Rights::write)},
                    {"mayCreateChild", rights.has(Rights::create)},
                    {"mayRename", remove},
                    {"mayDelete", remove},
                    {"maySubmit", view.is_own()}};
}

Json mailbox_json(const View& view, const Tree& tree, const Mailbox& mailbox,
                  const MailboxCounts& counts) {
  const Mailbox* above = tree.parent(mailbox);
  return JsonObject{{"id", mailbox.id.text()},
                    {"name", tree.name(mailbox)},
                    {"parentId", above == nullptr ? Json() : Json(above->id.text())},
                    {"role", role_json(mailbox.role)},
                    {"sortOrder", std::int64_t(mailbox.sort_order)},
                    {"totalEmails", std::int64_t(counts.emails)},
                    {"unreadEmails", std::int64_t(counts.unread_emails)},
                    {"totalThreads", std::int64_t(counts.threads)},
                    {"unreadThreads", std::int64_t(counts.unread_threads)},
                    {"myRights", rights_json(view, mailbox)},
                    {"isSubscribed", mailbox.subscribed}};
}

bool asks_for_counts(const std::optional<std::vector<std::string>>& properties) {
  if (!properties) return true;
  return std::ranges::any_of(*properties, [](const std::string& name) {
    return name.starts_with("total") || name.starts_with("unread");
  });
}

Task<Answer> echo(Call& call) { co_return std::move(call.arguments); }

Answer get_in(Call& call, Tx& tx, const GetArguments& get) {
  FUMI_JMAP_TRY(const ModSeq state, tx.emails().state(call.account()));
  FUMI_JMAP_TRY(auto mailboxes, call.view.mailboxes(tx));
  const Tree tree(std::move(mailboxes));
  std::map<MailboxId, MailboxCounts> counts;
  if (asks_for_counts(get.properties)) {
    QueryCache::Counts counted;
    if (call.view.is_own()) counted = call.queries.find_counts(call.account(), state);
    if (!counted) {
      FUMI_JMAP_TRY(auto fresh, call.view.counts(tx));
      counted = std::make_shared<const std::vector<MailboxCounts>>(std::move(fresh));
      if (call.view.is_own()) call.queries.keep_counts(call.account(), state, counted);
    }
    for (const MailboxCounts& each : *counted)
      counts[each.mailbox] = each;
  }
  JsonArray list;
  JsonArray not_found;
  const auto add = [&](const Mailbox& mailbox) -> Answer {
    return pick(mailbox_json(call.view, tree, mailbox, counts[mailbox.id]), get.properties);
  };
  if (!get.ids) {
    for (const Mailbox& mailbox : tree.all()) {
      FUMI_JMAP_TRY(auto object, add(mailbox));
      list.push_back(std::move(object));
    }
  } else {
    for (const std::string& id : *get.ids) {
      const Mailbox* mailbox = tree.find(id);
      if (mailbox == nullptr) {
        not_found.emplace_back(id);
        continue;
      }
      FUMI_JMAP_TRY(auto object, add(*mailbox));
      list.push_back(std::move(object));
    }
  }
  return get_answer(call, state, std::move(list), std::move(not_found));
}

Task<Answer> get(Call& call) {
  auto arguments =
      get_arguments(call.arguments, call.created, limits_of(call.host.options).get_max);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  Work work = [&](Tx& tx) { return get_in(call, tx, *arguments); };
  co_return co_await reading(call, std::move(work));
}

Task<Answer> changes(Call& call) {
  auto arguments = changes_arguments(call.arguments);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  auto since = since_state(call, arguments->since_state);
  if (!since) co_return std::unexpected(std::move(since).error());
  Work work = [&](Tx& tx) -> Answer {
    auto found =
        call.view.mailbox_changes(tx, *since, std::size_t(arguments->max_changes.value_or(0)));
    if (!found) return std::unexpected(cannot_calculate(found.error()));
    Json out = changes_json(call, *since, *found);
    const bool counts = found->kind == MailboxListChanges::Kind::counts && !found->updated.empty();
    out.set("updatedProperties",
            counts ? Json(JsonArray{"totalEmails", "unreadEmails", "totalThreads", "unreadThreads"})
                   : Json());
    return out;
  };
  co_return co_await reading(call, std::move(work));
}

// RFC 8621 §2.3.
MethodResult<bool> matches(const Tree& tree, const Mailbox& mailbox, const Json& filter) {
  if (const Json* conditions = filter.find("conditions"); conditions && conditions->array()) {
    const std::string_view operation = filter.text("operator");
    if (operation != "AND" && operation != "OR" && operation != "NOT")
      return refuse("unsupportedFilter", "the operator isn't known");
    bool any = false;
    bool all = true;
    for (const Json& each : *conditions->array()) {
      FUMI_JMAP_TRY(const bool one, matches(tree, mailbox, each));
      any |= one;
      all &= one;
    }
    return operation == "AND" ? all : operation == "OR" ? any : !any;
  }
  if (filter.object() == nullptr) return refuse("unsupportedFilter", "a condition is an object");
  bool all = true;
  for (const JsonMember& member : *filter.object()) {
    const Mailbox* above = tree.parent(mailbox);
    if (member.name == "parentId") {
      const Json wanted = above == nullptr ? Json() : Json(above->id.text());
      all &= member.value == wanted;
    } else if (member.name == "name" && member.value.string() != nullptr) {
      all &= ascii::to_lower(tree.name(mailbox)).contains(ascii::to_lower(*member.value.string()));
    } else if (member.name == "role") {
      all &= member.value == role_json(mailbox.role);
    } else if (member.name == "hasAnyRole" && member.value.boolean() != nullptr) {
      all &= *member.value.boolean() == (mailbox.role != MailboxRole::none);
    } else if (member.name == "isSubscribed" && member.value.boolean() != nullptr) {
      all &= *member.value.boolean() == mailbox.subscribed;
    } else {
      return refuse("unsupportedFilter", "the condition " + member.name + " isn't known");
    }
  }
  return all;
}

// A key that orders a tree depth first, levels by the comparators (RFC 8621 §2.3 sortAsTree).
using SortKey = std::vector<std::string>;

std::string own_key(const Tree& tree, const Mailbox& mailbox, const std::vector<Comparator>& sort) {
  std::string key;
  for (const Comparator& each : sort) {
    std::string part;
    if (each.property == "name") {
      part = ascii::to_lower(tree.name(mailbox));
    } else {
      char number[16];
      std::snprintf(number, sizeof number, "%010u", unsigned(mailbox.sort_order));
      part = number;
    }
    if (each.order == Comparator::Order::descending) {
      for (char& c : part)
        c = char(0xff - static_cast<unsigned char>(c));
      part += '\xff';  // a prefix comes behind what it begins
    }
    key += part + '\0';
  }
  return key + mailbox.id.text();
}

SortKey sort_key(const Tree& tree, const Mailbox& mailbox, const std::vector<Comparator>& sort,
                 Flag as_tree) {
  SortKey key{own_key(tree, mailbox, sort)};
  if (as_tree == Flag::no) return key;
  for (const Mailbox* above = tree.parent(mailbox); above; above = tree.parent(*above))
    key.insert(key.begin(), own_key(tree, *above, sort));
  return key;
}

MethodResult<std::vector<std::string>> evaluate(Call& call, Tx& tx, const QueryArguments& query,
                                                Flag as_tree, Flag filter_as_tree) {
  FUMI_JMAP_TRY(auto mailboxes, call.view.mailboxes(tx));
  const Tree tree(std::move(mailboxes));
  for (const Comparator& each : query.sort) {
    if (each.property != "name" && each.property != "sortOrder")
      return refuse("unsupportedSort", "mailboxes sort by name and sortOrder");
  }
  std::set<const Mailbox*> chosen;
  for (const Mailbox& mailbox : tree.all()) {
    bool good = true;
    if (query.filter) {
      FUMI_JMAP_TRY(good, matches(tree, mailbox, *query.filter));
    }
    if (good) chosen.insert(&mailbox);
  }
  std::vector<std::pair<SortKey, std::string>> found;
  for (const Mailbox* mailbox : chosen) {
    bool whole_path = true;
    for (const Mailbox* above = tree.parent(*mailbox); above; above = tree.parent(*above))
      whole_path &= chosen.contains(above);
    if (filter_as_tree == Flag::yes && !whole_path) continue;
    found.emplace_back(sort_key(tree, *mailbox, query.sort, as_tree), mailbox->id.text());
  }
  std::ranges::sort(found);
  std::vector<std::string> ids;
  for (auto& [key, id] : found)
    ids.push_back(std::move(id));
  return ids;
}

MethodResult<Evaluate> evaluation(Call& call) {
  FUMI_JMAP_TRY(const Flag as_tree, flag_argument(call.arguments, "sortAsTree"));
  FUMI_JMAP_TRY(const Flag filter_as_tree, flag_argument(call.arguments, "filterAsTree"));
  return [&call, as_tree, filter_as_tree](Tx& tx, const QueryArguments& query) {
    return evaluate(call, tx, query, as_tree, filter_as_tree);
  };
}

Task<Answer> query(Call& call) {
  auto evaluated = evaluation(call);
  if (!evaluated) co_return std::unexpected(std::move(evaluated).error());
  co_return co_await run_query(call, "Mailbox", std::move(*evaluated));
}

Task<Answer> query_changes(Call& call) {
  auto evaluated = evaluation(call);
  if (!evaluated) co_return std::unexpected(std::move(evaluated).error());
  co_return co_await run_query_changes(call, "Mailbox", std::move(*evaluated));
}

// What a client may write, with its own ids for parents.
struct Wanted {
  std::optional<std::string> name;
  std::optional<std::string> parent;  // an id; "" for the top
  std::optional<bool> subscribed;
  std::optional<std::uint32_t> sort_order;
  std::optional<MailboxRole> role;
};

SetResult<Wanted> read_wanted(const Json& object, const CreatedIds& created) {
  Wanted wanted;
  for (const JsonMember& member : *object.object()) {
    const Json& value = member.value;
    if (member.name == "name") {
      if (value.string() == nullptr || value.string()->empty() || value.string()->contains('/'))
        return invalid_property("name", "a name is not empty and has no \"/\"");
      wanted.name = *value.string();
    } else if (member.name == "parentId") {
      if (!value.is_null() && value.string() == nullptr) return invalid_property("parentId");
      wanted.parent.emplace();
      if (value.string() != nullptr) {
        auto id = resolve_id(*value.string(), created);
        if (!id) return invalid_property("parentId", "nothing was created under that id");
        wanted.parent = std::move(*id);
      }
    } else if (member.name == "isSubscribed") {
      if (value.boolean() == nullptr) return invalid_property("isSubscribed");
      wanted.subscribed = *value.boolean();
    } else if (member.name == "sortOrder") {
      constexpr std::int64_t kMost = (std::int64_t{1} << 31U) - 1;  // RFC 8621 §2
      if (value.integer() == nullptr || *value.integer() < 0 || *value.integer() > kMost)
        return invalid_property("sortOrder");
      wanted.sort_order = std::uint32_t(*value.integer());
    } else if (member.name == "role") {
      const auto found = std::ranges::find_if(
          kRoles, [&](const Role& role) { return value.string() && *value.string() == role.name; });
      if (!value.is_null() && found == kRoles.end())
        return invalid_property("role", "the role isn't one that mailboxes have here");
      wanted.role = value.is_null() ? MailboxRole::none : found->role;
    } else {
      return invalid_property(member.name, "clients can't set it");
    }
  }
  return wanted;
}

SetError of_mailbox(const Error& error) {
  SetError out = to_set_error(error);
  if (out.type == "invalidProperties") out.properties = {"name"};
  return out;
}

#define FUMI_SET_CHECK(...)                                                    \
  do {                                                                         \
    auto fumi_status = (__VA_ARGS__);                                          \
    if (!fumi_status) return std::unexpected(of_mailbox(fumi_status.error())); \
  } while (false)

// Beside the name: what create and update write alike.
SetResult<void> write_rest(Call& call, Tx& tx, MailboxId id, const Wanted& wanted) {
  // A subscription is the reader's, the order the owner's.
  if (wanted.subscribed && !call.view.is_own())
    FUMI_SET_CHECK(tx.acls().set_subscribed(call.view.reader(), id, *wanted.subscribed));
  if (wanted.subscribed && call.view.is_own())
    FUMI_SET_CHECK(tx.mailboxes().set_subscribed(call.account(), id, *wanted.subscribed));
  if (wanted.sort_order && !call.view.is_own()) return refuse_object("forbidden");
  if (wanted.sort_order)
    FUMI_SET_CHECK(tx.emails().set_sort_order(call.account(), id, *wanted.sort_order));
  return {};
}

// In others' accounts mailboxes are made below those that allow it: never at the top.
SetResult<void> may_create(const Call& call, const Tree& tree, const std::string& parent) {
  if (call.view.is_own()) return {};
  const Mailbox* above = tree.find(parent);
  if (above == nullptr || !call.view.may(above->id, Rights::create))
    return refuse_object("forbidden");
  return {};
}

SetResult<Json> create_one(Call& call, Tx& tx, const Json& object, const CreatedIds& created) {
  if (object.object() == nullptr) return refuse_object("invalidProperties");
  auto wanted = read_wanted(object, created);
  if (!wanted) return std::unexpected(std::move(wanted).error());
  if (!wanted->name) return invalid_property("name", "a mailbox has a name");
  auto mailboxes = call.view.mailboxes(tx);
  if (!mailboxes) return std::unexpected(of_mailbox(mailboxes.error()));
  const Tree tree(std::move(*mailboxes));
  std::string path = *wanted->name;
  if (wanted->parent && !wanted->parent->empty()) {
    const Mailbox* parent = tree.find(*wanted->parent);
    if (parent == nullptr) return invalid_property("parentId", "there is no such mailbox");
    path = parent->name + "/" + path;
  }
  auto may = may_create(call, tree, wanted->parent.value_or(""));
  if (may && wanted->role.value_or(MailboxRole::none) != MailboxRole::none && call.is_foreign())
    may = refuse_object("forbidden");
  if (!may) return std::unexpected(std::move(may).error());
  const MailboxRole role = wanted->role.value_or(MailboxRole::none);
  if (role != MailboxRole::none &&
      std::ranges::find(tree.all(), role, &Mailbox::role) != tree.all().end()) {
    return invalid_property("role", "another mailbox has it");
  }
  auto made = tx.mailboxes().create_mailbox(call.account(), path, role);
  if (!made) return std::unexpected(of_mailbox(made.error()));
  // It has the ACL of the one above it (RFC 4314 §4): it is in view from now on.
  auto view = View::load(tx, call.view.reader(), call.account());
  if (!view) return std::unexpected(of_mailbox(view.error()));
  call.view = std::move(*view);
  auto rest = write_rest(call, tx, made->id, *wanted);
  if (!rest) return std::unexpected(std::move(rest).error());
  made->subscribed = wanted->subscribed.value_or(made->subscribed);
  return Json(JsonObject{
      {"id", made->id.text()},
      {"parentId", wanted->parent && !wanted->parent->empty() ? Json(*wanted->parent) : Json()},
      {"role", role_json(role)},
      {"sortOrder", std::int64_t(wanted->sort_order.value_or(0))},
      {"totalEmails", 0},
      {"unreadEmails", 0},
      {"totalThreads", 0},
      {"unreadThreads", 0},
      {"isSubscribed", made->subscribed},
      {"myRights", rights_json(call.view, *made)}});
}

SetResult<void> update_one(Call& call, Tx& tx, const std::string& id, const Json& patch,
                           const CreatedIds& created) {
  auto mailboxes = call.view.mailboxes(tx);
  if (!mailboxes) return std::unexpected(of_mailbox(mailboxes.error()));
  const Tree tree(std::move(*mailboxes));
  const Mailbox* mailbox = tree.find(id);
  if (mailbox == nullptr) return refuse_object("notFound");
  if (patch.object() == nullptr) return refuse_object("invalidPatch");
  Json writable = patch;
  // A client may send back what it was told, as long as it is the same.
  const Json now = mailbox_json(call.view, tree, *mailbox, {});
  for (const JsonMember& member : *patch.object()) {
    const Json* known = now.find(member.name);
    if (known != nullptr && *known == member.value) writable.erase(member.name);
  }
  auto wanted = read_wanted(writable, created);
  if (!wanted) return std::unexpected(std::move(wanted).error());
  if (wanted->role && !call.view.is_own()) return refuse_object("forbidden");
  if (wanted->role) {
    const Status done = tx.emails().set_role(call.account(), mailbox->id, *wanted->role);
    if (!done && done.error().code == Code::denied) return refuse_object("forbidden");
    if (!done && done.error().code == Code::conflict)
      return invalid_property("role", "another mailbox has it");
    FUMI_SET_CHECK(done);
  }
  const Mailbox* parent = tree.parent(*mailbox);
  if (wanted->parent) {
    parent = wanted->parent->empty() ? nullptr : tree.find(*wanted->parent);
    if (parent == nullptr && !wanted->parent->empty())
      return invalid_property("parentId", "there is no such mailbox");
  }
  const std::string name = wanted->name.value_or(tree.name(*mailbox));
  const std::string path = parent == nullptr ? name : parent->name + "/" + name;
  if (path != mailbox->name) {
    if (mailbox->role == MailboxRole::inbox) return refuse_object("forbidden", "the inbox stays");
    if (!call.view.may(mailbox->id, Rights::remove)) return refuse_object("forbidden");
    // What hides above it, the caller can't name (RFC 4314 §4: k on the one above the new name).
    if (!call.view.is_own() && tree.name(*mailbox).contains('/')) return refuse_object("forbidden");
    auto may = may_create(call, tree, parent == nullptr ? std::string() : parent->id.text());
    if (!may) return may;
    for (const Mailbox* above = parent; above; above = tree.parent(*above))
      if (above == mailbox) return invalid_property("parentId", "below itself");
    FUMI_SET_CHECK(tx.mailboxes().rename_mailbox(call.account(), mailbox->id, path));
  }
  return write_rest(call, tx, mailbox->id, *wanted);
}

SetResult<void> destroy_one(Call& call, Tx& tx, const std::string& id, Flag with_emails) {
  auto mailboxes = call.view.mailboxes(tx);
  if (!mailboxes) return std::unexpected(of_mailbox(mailboxes.error()));
  const Tree tree(std::move(*mailboxes));
  const Mailbox* mailbox = tree.find(id);
  if (mailbox == nullptr) return refuse_object("notFound");
  std::uint32_t needed = Rights::remove;
  if (mailbox->total > 0) needed |= Rights::mark_deleted | Rights::expunge;
  if (!call.view.may(mailbox->id, needed)) return refuse_object("forbidden");
  if (tree.has_child(*mailbox)) return refuse_object("mailboxHasChild");
  if (mailbox->total > 0 && with_emails == Flag::no) return refuse_object("mailboxHasEmail");
  FUMI_SET_CHECK(tx.mailboxes().delete_mailbox(call.account(), mailbox->id));
  return {};
}

Answer set_in(Call& call, Tx& tx, const SetArguments& arguments, Flag with_emails,
              CreatedIds& fresh) {
  FUMI_JMAP_TRY(const ModSeq before, expected_state(call, tx, arguments));
  SetAnswer answer;
  CreatedIds created = call.created;
  // A parent may be created in the same call, before or behind its child.
  std::vector<std::pair<std::string, Json>> waiting = arguments.create;
  for (bool progress = true; progress && !waiting.empty();) {
    progress = false;
    std::vector<std::pair<std::string, Json>> later;
    for (auto& [key, object] : waiting) {
      const std::string_view parent = object.text("parentId");
      const bool behind =
          parent.starts_with('#') && !created.contains(std::string(parent.substr(1)));
      const bool comes = std::ranges::any_of(waiting, [&](const auto& other) {
        return behind && other.first == parent.substr(1) && other.first != key;
      });
      if (comes) {
        later.emplace_back(key, object);
        continue;
      }
      progress = true;
      auto made = create_one(call, tx, object, created);
      if (!made) {
        answer.not_created(key, made.error());
        continue;
      }
      created[key] = fresh[key] = made->text("id");
      answer.created(key, std::move(*made));
    }
    if (!progress) {
      for (const auto& [key, object] : later)
        answer.not_created(key, SetError{"invalidProperties", "", {"parentId"}, {}});
    }
    waiting = std::move(later);
  }
  for (const auto& [given, patch] : arguments.update) {
    const std::string id = resolve_id(given, created).value_or(given);
    auto done = update_one(call, tx, id, patch, created);
    done ? answer.updated(id) : answer.not_updated(id, done.error());
  }
  for (const std::string& given : arguments.destroy) {
    const std::string id = resolve_id(given, created).value_or(given);
    auto done = destroy_one(call, tx, id, with_emails);
    done ? answer.destroyed(id) : answer.not_destroyed(id, done.error());
  }
  FUMI_JMAP_TRY(const ModSeq after, tx.emails().state(call.account()));
  return std::move(answer).json(call.account_text(), state_text(call, before),
                                state_text(call, after));
}

Task<Answer> set(Call& call) {
  auto arguments = set_arguments(call.arguments, limits_of(call.host.options).set_max);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  const auto with_emails = flag_argument(call.arguments, "onDestroyRemoveEmails");
  if (!with_emails) co_return std::unexpected(with_emails.error());
  CreatedIds fresh;
  Work work = [&](Tx& tx) {
    fresh.clear();
    return set_in(call, tx, *arguments, *with_emails, fresh);
  };
  Answer answer = co_await writing(call, std::move(work));
  if (answer) {
    for (auto& [key, id] : fresh)
      call.created[key] = std::move(id);
  }
  co_return answer;
}

}  // namespace

std::span<const Method> core_methods() {
  static constexpr std::array kMethods{
      Method{"Core/echo", capability::kCore, &echo, Method::Account::none}};
  return kMethods;
}

std::span<const Method> mailbox_methods() {
  static constexpr std::array kMethods{
      Method{"Mailbox/get", capability::kMail, &get},
      Method{"Mailbox/changes", capability::kMail, &changes},
      Method{"Mailbox/query", capability::kMail, &query},
      Method{"Mailbox/queryChanges", capability::kMail, &query_changes},
      Method{"Mailbox/set", capability::kMail, &set},
  };
  return kMethods;
}

}  // namespace fumi::jmap
