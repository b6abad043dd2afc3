// AddressBook/* and ContactCard/* (RFC 9610).
#include <doctest/doctest.h>

#include "api/jmap/testing/jmap_world.h"

namespace fumi::jmap::testing {
namespace {

std::string text(const Json* value) { return value ? codec::write_json(*value) : "missing"; }

TEST_CASE("address books and cards: made, found, changed, destroyed") {
  JmapWorld w;
  const Json books = w.one("AddressBook/get", "{}");
  const std::string book(books.find("list")->array()->at(0).text("id"));
  CHECK(text(books.find("list")->array()->at(0).find("isDefault")) == "true");
  const Json made = w.one("ContactCard/set", R"({"create":{
    "a":{"addressBookIds":{")" + book + R"(":true},"name":{"components":[
        {"kind":"surname","value":"山田"},{"kind":"given","value":"花子"}],"isOrdered":true},
        "emails":{"e1":{"address":"hanako@x.example"}}},
    "b":{"addressBookIds":{")" + book + R"(":true},"name":{"full":"Bob"},"uid":"urn:b"},
    "c":{"name":{"full":"nowhere"}},"d":{"addressBookIds":{"zz":true}},
    "e":{"addressBookIds":{")" + book + R"(":true},"emails":[]},
    "f":{"addressBookIds":{")" + book + R"(":true},"@type":"Group"}}})");
  CHECK(made.find("created")->object()->size() == 2);
  for (const char* key : {"c", "d", "e", "f"})
    CHECK(made.find("notCreated")->find(key)->text("type") == "invalidProperties");
  const std::string a(made.find("created")->find("a")->text("id"));
  const std::string b(made.find("created")->find("b")->text("id"));
  const std::string state(made.text("newState"));
  const Json got = w.one("ContactCard/get", R"({"ids":[")" + a + R"(","zz"],"properties":["emails",
      "notes"]})");
  CHECK(text(&got.find("list")->array()->at(0)) ==
        R"({"id":")" + a + R"(","emails":{"e1":{"address":"hanako@x.example"}}})");
  CHECK(text(got.find("notFound")) == R"(["zz"])");
  const auto found = [&](const std::string& arguments) {
    return text(w.one("ContactCard/query", arguments).find("ids"));
  };
  CHECK(found(R"({"filter":{"text":"花子"}})") == "[\"" + a + "\"]");
  CHECK(found(R"({"filter":{"email":"HANAKO"}})") == "[\"" + a + "\"]");
  CHECK(found(R"({"filter":{"operator":"NOT","conditions":[{"name":"bob"}]}})") ==
        "[\"" + a + "\"]");
  CHECK(found(R"({"filter":{"uid":"urn:b"}})") == "[\"" + b + "\"]");
  CHECK(found(R"({"filter":{"inAddressBook":"zz"}})") == "[]");
  CHECK(found(R"({"sort":[{"property":"name/surname","isAscending":false}]})") ==
        "[\"" + a + "\",\"" + b + "\"]");
  CHECK(w.error("ContactCard/query", R"({"filter":{"color":"x"}})") == "unsupportedFilter");
  CHECK(w.error("ContactCard/query", R"({"filter":{"name":1}})") == "invalidArguments");
  CHECK(w.error("ContactCard/query", R"({"sort":[{"property":"x"}]})") == "unsupportedSort");
  const Json changed =
      w.one("ContactCard/set", R"({"update":{")" + a +
                                   R"(":{"emails/e1/address":"new@x.example","name":null},")" + b +
                                   R"(":{"uid":"other"},"zz":{"name":null}}})");
  CHECK(changed.find("updated")->find(a) != nullptr);
  CHECK(changed.find("notUpdated")->find(b)->text("type") == "invalidProperties");
  CHECK(changed.find("notUpdated")->find("zz")->text("type") == "notFound");
  CHECK(
      text(w.one("ContactCard/changes", R"({"sinceState":")" + state + R"("})").find("updated")) ==
      "[\"" + a + "\"]");
  const Json second = w.one("AddressBook/set", R"({"create":{"k":{"name":"Work"},"bad":{"name":""},
      "no":{"name":"x","isDefault":true}},"update":{")" +
                                                   book + R"(":{"name":"Mine"}}})");
  CHECK(second.find("created")->find("k") != nullptr);
  CHECK(second.find("notCreated")->object()->size() == 2);
  CHECK(second.find("updated")->find(book) != nullptr);
  const Json kept = w.one("AddressBook/set", R"({"destroy":[")" + book + R"("]})");
  CHECK(kept.find("notDestroyed")->find(book)->text("type") == "addressBookHasContents");
  const Json gone =
      w.one("AddressBook/set", R"({"destroy":[")" + book + R"("],"onDestroyRemoveContents":true})");
  CHECK(text(gone.find("destroyed")) == "[\"" + book + "\"]");
  CHECK(found("{}") == "[]");

  const std::string mine = R"({"accountId":")" + w.rival.text() + "\",";
  const std::string work(second.find("created")->find("k")->text("id"));
  CHECK(
      text(w.rivals("AddressBook/get", mine + R"("ids":[")" + work + R"("]})").find("notFound")) ==
      "[\"" + work + "\"]");
  const Json stolen = w.rivals(
      "ContactCard/set", mine + R"("create":{"k":{"addressBookIds":{")" + work + R"(":true}}}})");
  CHECK(stolen.find("notCreated")->find("k")->text("type") == "invalidProperties");
}

}  // namespace
}  // namespace fumi::jmap::testing
