// AddressBook/* and ContactCard/* (RFC 9610). A card is the client's JSContact document (RFC 9553);
// we check what we act on and keep the rest as it is.
#include <algorithm>
#include <array>

#include "api/jmap/methods.h"
#include "api/jmap/objects.h"
#include "api/jmap/query_result.h"
#include "api/jmap/text_match.h"
#include "base/ascii.h"
#include "codec/fold.h"
#include "crypto/random.h"
#include "proto/jmap/patch.h"

namespace fumi::jmap {
namespace {

constexpr std::uint32_t kBooksMax = 100;
constexpr std::uint32_t kCardsMax = 20'000;
constexpr std::size_t kNameOctetsMax = 255;

// --- AddressBook

Json new_book(const std::string& name) {
  return JsonObject{
      {"name", name},
      {"description", nullptr},
      {"sortOrder", 0},
      {"isDefault", false},
      {"isSubscribed", true},
      {"shareWith", nullptr},
      {"myRights",
       JsonObject{
           {"mayRead", true}, {"mayWrite", true}, {"mayShare", false}, {"mayDelete", true}}}};
}

SetResult<void> check_book(const Json& book) {
  for (const JsonMember& member : *book.object()) {
    const Json& value = member.value;
    const std::string* text = value.string();
    const bool good =
        member.name == "name" ? text && !text->empty() && text->size() <= kNameOctetsMax
        : member.name == "description"
            ? value.is_null() || (text && text->size() <= 4 * kNameOctetsMax)
        : member.name == "sortOrder"    ? value.integer() && *value.integer() >= 0
        : member.name == "isSubscribed" ? value.boolean() != nullptr
        : member.name == "shareWith"
            ? value.is_null()
            : member.name == "id" || member.name == "isDefault" || member.name == "myRights";
    if (!good) return invalid_property(member.name);
  }
  return {};
}

// The first book is the default one, and is made when it is first needed.
Answer ensure_book(Call& call, Tx& tx) {
  FUMI_JMAP_TRY(const auto known, tx.objects().list(call.account(), ObjectKind::address_book));
  if (!known.empty()) return Json();
  Json book = new_book("Contacts");
  book.set("isDefault", true);
  FUMI_JMAP_TRY(
      [[maybe_unused]] const auto id,
      tx.objects().create(call.account(), ObjectKind::address_book, object_body(book), kBooksMax));
  return Json();
}

Task<Answer> ensure(Call& call) {
  bool missing = false;
  Work look = [&](Tx& tx) -> Answer {
    FUMI_JMAP_TRY(const auto known, tx.objects().list(call.account(), ObjectKind::address_book));
    missing = known.empty();
    return Json();
  };
  Answer looked = co_await reading(call, std::move(look));
  if (!looked || !missing) co_return looked;
  Work make = [&](Tx& tx) { return ensure_book(call, tx); };
  co_return co_await writing(call, std::move(make));
}

Task<Answer> book_get(Call& call) {
  Answer ready = co_await ensure(call);
  if (!ready) co_return ready;
  co_return co_await get_objects(call, ObjectKind::address_book);
}

Task<Answer> book_changes(Call& call) {
  co_return co_await changes_of_objects(call, ObjectKind::address_book);
}

SetResult<Json> create_book(Call& call, Tx& tx, const Json& object) {
  if (object.object() == nullptr) return refuse_object("invalidProperties");
  Json book = new_book("");
  for (const JsonMember& member : *object.object()) {
    if (member.name == "id" || member.name == "isDefault" || member.name == "myRights")
      return invalid_property(member.name, "clients can't set it");
    book.set(member.name, member.value);
  }
  auto good = check_book(book);
  if (!good) return std::unexpected(std::move(good).error());
  auto made =
      tx.objects().create(call.account(), ObjectKind::address_book, object_body(book), kBooksMax);
  if (!made) return std::unexpected(to_set_error(made.error()));
  book.set("id", made->text());
  return book;
}

// Changes an object of the kind by a patch that `check` accepts.
template <class Check>
SetResult<Json> patch_object(Call& call, Tx& tx, ObjectKind kind, const std::string& text,
                             const Json& patch, Check check) {
  auto found = find_object(call, tx, kind, text);
  if (!found) return refuse_object("serverFail");
  if (!*found) return refuse_object("notFound");
  SetResult<Json> object = apply_patch(**found, patch);
  if (!object) return object;
  SetResult<void> good = check(**found, *object);
  if (!good) return std::unexpected(std::move(good).error());
  const Status done =
      tx.objects().replace(call.account(), kind, *id_of<ObjectId>(text), object_body(*object));
  if (!done) return std::unexpected(to_set_error(done.error()));
  return object;
}

SetResult<void> unchanged(const Json& before, const Json& after,
                          std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const Json* old = before.find(name);
    const Json* now = after.find(name);
    const bool same = old == nullptr ? now == nullptr : now != nullptr && *old == *now;
    if (!same) return invalid_property(name, "clients can't change it");
  }
  return {};
}

bool is_in(const Json& card, const std::string& book) {
  const Json* books = card.find("addressBookIds");
  return books != nullptr && books->find(book) != nullptr;
}

SetResult<void> destroy_book(Call& call, Tx& tx, const std::string& text, Flag with_cards) {
  auto book = find_object(call, tx, ObjectKind::address_book, text);
  if (!book) return refuse_object("serverFail");
  if (!*book) return refuse_object("notFound");
  auto cards = read_objects(call, tx, ObjectKind::contact);
  if (!cards) return refuse_object("serverFail");
  for (Json& card : *cards) {
    if (!is_in(card, text)) continue;
    if (with_cards == Flag::no) return refuse_object("addressBookHasContents");
    const ObjectId id = *id_of<ObjectId>(card.text("id"));
    Json* books = card.find("addressBookIds");
    books->erase(text);
    const Status done =
        books->object()->empty()
            ? tx.objects().remove(call.account(), ObjectKind::contact, id)
            : tx.objects().replace(call.account(), ObjectKind::contact, id, object_body(card));
    if (!done) return std::unexpected(to_set_error(done.error()));
  }
  const Status done =
      tx.objects().remove(call.account(), ObjectKind::address_book, *id_of<ObjectId>(text));
  if (!done) return std::unexpected(to_set_error(done.error()));
  return {};
}

// What a /set of either type does, given how one object is made, changed and destroyed.
struct SetWays {
  std::function<SetResult<Json>(Tx&, const Json&, const CreatedIds&)> create;
  std::function<SetResult<void>(Tx&, const std::string&, const Json&, const CreatedIds&)> update;
  std::function<SetResult<void>(Tx&, const std::string&)> destroy;
};

Task<Answer> set_objects(Call& call, SetWays ways) {
  auto arguments = set_arguments(call.arguments, limits_of(call.host.options).set_max);
  if (!arguments) co_return std::unexpected(std::move(arguments).error());
  CreatedIds fresh;
  Work work = [&](Tx& tx) -> Answer {
    fresh.clear();
    FUMI_JMAP_TRY(const ModSeq before, expected_state(call, tx, *arguments));
    SetAnswer answer;
    CreatedIds created = call.created;
    for (const auto& [key, object] : arguments->create) {
      auto made = ways.create(tx, object, created);
      if (!made) {
        answer.not_created(key, made.error());
        continue;
      }
      created[key] = fresh[key] = std::string(made->text("id"));
      answer.created(key, std::move(*made));
    }
    for (const auto& [given, patch] : arguments->update) {
      const std::string id = resolve_id(given, created).value_or(given);
      auto done = ways.update(tx, id, patch, created);
      done ? answer.updated(id) : answer.not_updated(id, done.error());
    }
    for (const std::string& given : arguments->destroy) {
      const std::string id = resolve_id(given, created).value_or(given);
      auto done = ways.destroy(tx, id);
      done ? answer.destroyed(id) : answer.not_destroyed(id, done.error());
    }
    FUMI_JMAP_TRY(const ModSeq after, tx.emails().state(call.account()));
    return std::move(answer).json(call.account_text(), state_text(call, before),
                                  state_text(call, after));
  };
  Answer answer = co_await writing(call, std::move(work));
  if (answer) {
    for (auto& [key, id] : fresh)
      call.created[key] = std::move(id);
  }
  co_return answer;
}

Task<Answer> book_set(Call& call) {
  const auto with_cards = flag_argument(call.arguments, "onDestroyRemoveContents");
  if (!with_cards) co_return std::unexpected(with_cards.error());
  SetWays ways;
  ways.create = [&](Tx& tx, const Json& object, const CreatedIds&) {
    return create_book(call, tx, object);
  };
  ways.update = [&](Tx& tx, const std::string& id, const Json& patch,
                    const CreatedIds&) -> SetResult<void> {
    const auto check = [](const Json& before, const Json& after) -> SetResult<void> {
      auto same = unchanged(before, after, {"id", "isDefault", "myRights"});
      return same ? check_book(after) : same;
    };
    auto done = patch_object(call, tx, ObjectKind::address_book, id, patch, check);
    if (!done) return std::unexpected(std::move(done).error());
    return {};
  };
  ways.destroy = [&](Tx& tx, const std::string& id) {
    return destroy_book(call, tx, id, *with_cards);
  };
  co_return co_await set_objects(call, std::move(ways));
}

// --- ContactCard

SetResult<void> check_card(Call& call, Tx& tx, Json& card, const CreatedIds& created) {
  const Json* type = card.find("@type");
  if (type != nullptr && *type != Json("Card")) return invalid_property("@type");
  for (const char* name : {"name", "emails", "phones", "organizations", "addresses", "notes",
                           "nicknames", "members", "media", "onlineServices"}) {
    const Json* value = card.find(name);
    if (value == nullptr) continue;
    if (value->object() == nullptr) return invalid_property(name, "an object");
  }
  const Json* uid = card.find("uid");
  if (uid == nullptr || uid->string() == nullptr || uid->string()->empty())
    return invalid_property("uid");
  const Json* books = card.find("addressBookIds");
  if (books == nullptr || books->object() == nullptr || books->object()->empty())
    return invalid_property("addressBookIds", "a card is in at least one address book");
  Json known = JsonObject{};
  for (const JsonMember& member : *books->object()) {
    const auto id = resolve_id(member.name, created);
    if (!id || member.value != Json(true)) return invalid_property("addressBookIds");
    auto book = find_object(call, tx, ObjectKind::address_book, *id);
    if (!book) return refuse_object("serverFail");
    if (!*book) return invalid_property("addressBookIds", "there is no such address book");
    known.set(*id, true);
  }
  card.set("addressBookIds", std::move(known));
  return {};
}

SetResult<Json> create_card(Call& call, Tx& tx, const Json& object, const CreatedIds& created) {
  if (object.object() == nullptr) return refuse_object("invalidProperties");
  if (object.find("id") != nullptr) return invalid_property("id", "clients can't set it");
  Json card = object;
  const std::string now = utc_date(to_micros(call.host.clock.now()));
  if (card.find("uid") == nullptr)
    card.set("uid", "urn:fumi:card:" + ascii::to_hex(crypto::random_bytes(16)));
  if (card.find("@type") == nullptr) card.set("@type", "Card");
  if (card.find("version") == nullptr) card.set("version", "1.0");
  if (card.find("created") == nullptr) card.set("created", now);
  card.set("updated", now);
  auto good = check_card(call, tx, card, created);
  if (!good) return std::unexpected(std::move(good).error());
  auto made =
      tx.objects().create(call.account(), ObjectKind::contact, object_body(card), kCardsMax);
  if (!made) return std::unexpected(to_set_error(made.error()));
  Json told = JsonObject{{"id", made->text()}};
  for (const char* name : {"uid", "@type", "version", "created", "updated"})
    told.set(name, *card.find(name));
  return told;
}

Task<Answer> card_get(Call& call) {
  co_return co_await get_objects(call, ObjectKind::contact, Properties::open);
}

Task<Answer> card_changes(Call& call) {
  co_return co_await changes_of_objects(call, ObjectKind::contact);
}

Task<Answer> card_set(Call& call) {
  SetWays ways;
  ways.create = [&](Tx& tx, const Json& object, const CreatedIds& created) {
    return create_card(call, tx, object, created);
  };
  ways.update = [&](Tx& tx, const std::string& id, const Json& patch,
                    const CreatedIds& created) -> SetResult<void> {
    Json stamped = patch;
    if (stamped.object() == nullptr) return refuse_object("invalidPatch");
    stamped.set("updated", utc_date(to_micros(call.host.clock.now())));
    const auto check = [&](const Json& before, Json& after) -> SetResult<void> {
      auto same = unchanged(before, after, {"id", "uid"});
      if (!same) return same;
      // null at the top takes a property away.
      std::erase_if(*after.object(), [](const JsonMember& each) { return each.value.is_null(); });
      return check_card(call, tx, after, created);
    };
    auto done = patch_object(call, tx, ObjectKind::contact, id, stamped, check);
    if (!done) return std::unexpected(std::move(done).error());
    return {};
  };
  ways.destroy = [&](Tx& tx, const std::string& text) -> SetResult<void> {
    const auto id = id_of<ObjectId>(text);
    if (!id) return refuse_object("notFound");
    const Status done = tx.objects().remove(call.account(), ObjectKind::contact, *id);
    if (!done) return std::unexpected(to_set_error(done.error()));
    return {};
  };
  co_return co_await set_objects(call, std::move(ways));
}

// All text inside a value, folded.
void text_of(const Json& value, std::string& into) {
  if (value.string() != nullptr) {
    into += *value.string() + "\n\n";  // one line end alone would fold away
  } else if (value.array() != nullptr) {
    for (const Json& each : *value.array())
      text_of(each, into);
  } else if (value.object() != nullptr) {
    for (const JsonMember& each : *value.object())
      text_of(each.value, into);
  }
}

std::string folded(const Json* value) {
  std::string out;
  if (value != nullptr) text_of(*value, out);
  return codec::fold(out);
}

MethodResult<bool> condition(const JsonMember& member, const Json& card) {
  struct Where {
    std::string_view condition, property;
  };
  static constexpr std::array kTexts{Where{"name", "name"},
                                     Where{"nickname", "nicknames"},
                                     Where{"organization", "organizations"},
                                     Where{"email", "emails"},
                                     Where{"phone", "phones"},
                                     Where{"onlineService", "onlineServices"},
                                     Where{"address", "addresses"},
                                     Where{"note", "notes"}};
  const std::string* text = member.value.string();
  if (text == nullptr) return invalid_arguments(member.name + " must be a string");
  if (member.name == "text") return holds_all(folded(&card), search_words(*text));
  if (member.name == "inAddressBook") return is_in(card, *text);
  if (member.name == "uid" || member.name == "kind") {
    const std::string_view value = card.text(member.name);
    return (value.empty() && member.name == "kind" ? "individual" : value) == *text;
  }
  if (member.name == "createdBefore") return card.text("created") < *text;
  if (member.name == "createdAfter") return card.text("created") >= *text;
  if (member.name == "updatedBefore") return card.text("updated") < *text;
  if (member.name == "updatedAfter") return card.text("updated") >= *text;
  const auto found = std::ranges::find(kTexts, member.name, &Where::condition);
  if (found == kTexts.end())
    return refuse("unsupportedFilter",
                  "the condition " + ascii::printable(member.name) + " isn't known");
  return holds_all(folded(card.find(found->property)), search_words(*text));
}

MethodResult<bool> matches(const Json& filter, const Json& card) {
  if (filter.object() == nullptr) return invalid_arguments("a filter is an object");
  const Json* conditions = filter.find("conditions");
  if (conditions == nullptr || conditions->array() == nullptr) {
    bool all = true;
    for (const JsonMember& member : *filter.object()) {
      auto one = condition(member, card);
      if (!one) return one;
      all &= *one;
    }
    return all;
  }
  const std::string_view operation = filter.text("operator");
  if (operation != "AND" && operation != "OR" && operation != "NOT")
    return refuse("unsupportedFilter", "the operator isn't known");
  bool any = false;
  bool all = true;
  for (const Json& each : *conditions->array()) {
    auto one = matches(each, card);
    if (!one) return one;
    any |= *one;
    all &= *one;
  }
  return operation == "AND" ? all : operation == "OR" ? any : !any;
}

// "name" in the order in which it is written; "name/given" and the like by component.
std::string sort_text(const Json& card, const std::string& property) {
  if (property == "created" || property == "updated") return std::string(card.text(property));
  const Json* name = card.find("name");
  if (name == nullptr) return {};
  const std::string_view kind = std::string_view(property).substr(5);
  const Json* components = name->find("components");
  std::string out;
  if (components != nullptr && components->array() != nullptr) {
    for (const Json& each : *components->array())
      if (each.text("kind") == kind) out += std::string(each.text("value")) + " ";
  }
  if (out.empty()) out = std::string(name->text("full"));
  return codec::fold(out);
}

MethodResult<std::vector<std::string>> find_cards(Call& call, Tx& tx,
                                                  const QueryArguments& arguments) {
  static constexpr std::array<std::string_view, 5> kSorts{"created", "updated", "name/given",
                                                          "name/surname", "name/surname2"};
  for (const Comparator& each : arguments.sort) {
    if (std::ranges::find(kSorts, each.property) == kSorts.end()) return refuse("unsupportedSort");
  }
  FUMI_JMAP_TRY(const auto cards, read_objects(call, tx, ObjectKind::contact));
  std::vector<std::pair<std::vector<std::string>, std::string>> found;
  for (const Json& card : cards) {
    bool good = true;
    if (arguments.filter) {
      FUMI_JMAP_TRY(good, matches(*arguments.filter, card));
    }
    if (!good) continue;
    std::vector<std::string> keys;
    for (const Comparator& each : arguments.sort)
      keys.push_back(sort_text(card, each.property));
    found.emplace_back(std::move(keys), std::string(card.text("id")));
  }
  std::ranges::stable_sort(found, [&](const auto& a, const auto& b) {
    for (std::size_t i = 0; i < a.first.size(); ++i) {
      if (a.first[i] == b.first[i]) continue;
      const bool up = arguments.sort[i].order == Comparator::Order::ascending;
      return (a.first[i] < b.first[i]) == up;
    }
    return false;
  });
  std::vector<std::string> ids;
  for (auto& [keys, id] : found)
    ids.push_back(std::move(id));
  return ids;
}

Evaluate card_evaluation(Call& call) {
  return [&call](Tx& tx, const QueryArguments& query) { return find_cards(call, tx, query); };
}

Task<Answer> card_query(Call& call) {
  co_return co_await run_query(call, "ContactCard", card_evaluation(call));
}
Task<Answer> card_query_changes(Call& call) {
  co_return co_await run_query_changes(call, "ContactCard", card_evaluation(call));
}

}  // namespace

std::span<const Method> contact_methods() {
  static constexpr std::array kMethods{
      Method{"AddressBook/get", capability::kContacts, &book_get},
      Method{"AddressBook/changes", capability::kContacts, &book_changes},
      Method{"AddressBook/set", capability::kContacts, &book_set},
      Method{"ContactCard/get", capability::kContacts, &card_get},
      Method{"ContactCard/changes", capability::kContacts, &card_changes},
      Method{"ContactCard/query", capability::kContacts, &card_query},
      Method{"ContactCard/queryChanges", capability::kContacts, &card_query_changes},
      Method{"ContactCard/set", capability::kContacts, &card_set},
  };
  return kMethods;
}

}  // namespace fumi::jmap
