# Address books and contact cards: RFC 9610.
# RFC 9610 §2: books.
C: ["AddressBook/get", {"accountId": "{{account}}"}]
C: ["AddressBook/set", {"accountId": "{{account}}", "create": {"work": {"name": "仕事"}, "bad": {"name": ""}}}]
S: ["AddressBook/get", {"state": "{{start}}"}]
S: ["AddressBook/set", {"created": {"work": {"id": "{{book}}"}}, "notCreated": {"bad": {"type": "invalidProperties"}}}]
C: ["AddressBook/changes", {"accountId": "{{account}}", "sinceState": "{{start}}"}]
S: ["AddressBook/changes", {"created": ["...", "{{book}}"]}]

# RFC 9610 §3: cards, found by their texts.
C: ["ContactCard/query", {"accountId": "{{account}}", "filter": {"name": "山田"}}]
C: ["ContactCard/set", {"accountId": "{{account}}", "create": {"card": {"addressBookIds": {"{{book}}": true},
 "name": {"full": "山田 太郎"}, "emails": {"e": {"address": "taro@else.example"}}}, "nowhere": {"name": {"full": "x"}, "addressBookIds": {}}}}]
S: ["ContactCard/query", {"ids": [], "queryState": "{{none}}", "canCalculateChanges": true}]
S: ["ContactCard/set", {"created": {"card": {"id": "{{card}}"}}, "notCreated": {"nowhere": {"type": "invalidProperties"}}}]
C: ["ContactCard/get", {"accountId": "{{account}}", "ids": ["{{card}}", "nothing"]}]
C: ["ContactCard/query", {"accountId": "{{account}}", "filter": {"operator": "OR", "conditions": [{"email": "taro@else"}, {"name": "花子"}]},
 "sort": [{"property": "name/given"}], "calculateTotal": true}]
C: ["ContactCard/queryChanges", {"accountId": "{{account}}", "filter": {"name": "山田"}, "sinceQueryState": "{{none}}"}]
C: ["ContactCard/changes", {"accountId": "{{account}}", "sinceState": "{{none}}"}]
C: ["ContactCard/query", {"accountId": "{{account}}", "filter": {"color": "red"}}]
C: ["ContactCard/query", {"accountId": "{{account}}", "sort": [{"property": "color"}]}]
S: ["ContactCard/get", {"list": [{"id": "{{card}}", "name": {"full": "山田 太郎"}, "addressBookIds": {"{{book}}": true}}], "notFound": ["nothing"]}]
S: ["ContactCard/query", {"ids": [ "{{card}}" ], "total": 1}]
S: ["ContactCard/queryChanges", {"removed": [], "added": [{"id": "{{card}}", "index": 0}]}]
S: ["ContactCard/changes", {"created": ["{{card}}"]}]
S: ["error", {"type": "*"}]
S: ["error", {"type": "unsupportedSort"}]

# RFC 9610 §2.3: a book with cards goes only when asked to take them along.
C: ["AddressBook/set", {"accountId": "{{account}}", "destroy": ["{{book}}"]}]
C: ["AddressBook/set", {"accountId": "{{account}}", "destroy": ["{{book}}"], "onDestroyRemoveContents": true}]
C: ["ContactCard/get", {"accountId": "{{account}}", "ids": ["{{card}}"]}]
S: ["AddressBook/set", {"notDestroyed": {"{{book}}": {"type": "addressBookHasContents"}}}]
S: ["AddressBook/set", {"destroyed": ["{{book}}"]}]
S: ["ContactCard/get", {"list": [], "notFound": ["{{card}}"]}]
