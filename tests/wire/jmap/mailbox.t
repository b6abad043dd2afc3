# Mailboxes: RFC 8621 §2, from creation to destruction.
# RFC 8621 §2.5: a parent and its child in one call, in any order.
C: ["Mailbox/set", {"accountId": "{{account}}", "create": {"child": {"name": "東京", "parentId": "#parent"},
 "parent": {"name": "Wire", "sortOrder": 7}, "bad": {"name": "a/b"}, "worse": {"name": "x", "role": "inbox"}}}]
S: ["Mailbox/set", {"created": {"parent": {"id": "{{parent}}"}, "child": {"id": "{{child}}"}},
 "notCreated": {"bad": {"type": "invalidProperties", "properties": ["name"]},
 "worse": {"type": "invalidProperties", "properties": ["role"]}}, "newState": "{{made}}"}]

# RFC 8621 §2.1: what a mailbox tells.
C: ["Mailbox/get", {"accountId": "{{account}}", "ids": ["{{parent}}", "{{child}}", "nothing"]}]
S: ["Mailbox/get", {"state": "{{made}}", "list": [{"id": "{{parent}}", "name": "Wire", "parentId": null, "role": null,
 "sortOrder": 7, "totalEmails": 0, "unreadEmails": 0, "totalThreads": 0, "unreadThreads": 0, "isSubscribed": true,
 "myRights": {"mayReadItems": true, "mayDelete": true}}, {"id": "{{child}}", "parentId": "{{parent}}"}],
 "notFound": ["nothing"]}]

# RFC 8621 §2.3, §2.4: queries and what became of them.
C: ["Mailbox/query", {"accountId": "{{account}}", "filter": {"parentId": "{{parent}}"}, "calculateTotal": true}]
C: ["Mailbox/query", {"accountId": "{{account}}", "filter": {"operator": "AND", "conditions": [{"name": "Wire"}, {"hasAnyRole": false}]}}]
C: ["Mailbox/query", {"accountId": "{{account}}", "filter": {"color": "red"}}]
C: ["Mailbox/query", {"accountId": "{{account}}", "sort": [{"property": "color"}]}]
C: ["Mailbox/query", {"accountId": "{{account}}", "anchor": "nothing"}]
S: ["Mailbox/query", {"ids": ["{{child}}"], "total": 1, "canCalculateChanges": true, "queryState": "{{before}}"}]
S: ["Mailbox/query", {"ids": ["{{parent}}"]}]
S: ["error", {"type": "unsupportedFilter"}]
S: ["error", {"type": "unsupportedSort"}]
S: ["error", {"type": "anchorNotFound"}]

# RFC 8621 §2.5: a role may be given later, to one mailbox alone; the inbox keeps its own.
C: ["Mailbox/set", {"accountId": "{{account}}", "update": {"{{child}}": {"parentId": null, "isSubscribed": false}}}]
C: ["Mailbox/queryChanges", {"accountId": "{{account}}", "filter": {"parentId": "{{parent}}"}, "sinceQueryState": "{{before}}",
 "calculateTotal": true}]
C: ["Mailbox/queryChanges", {"accountId": "{{account}}", "sinceQueryState": "?"}]
C: ["Mailbox/query", {"accountId": "{{account}}", "filter": {"role": "archive"}}]
C: ["Mailbox/query", {"accountId": "{{account}}", "filter": {"role": "inbox"}}]
S: ["Mailbox/set", {"updated": {"{{child}}": null}}]
S: ["Mailbox/queryChanges", {"removed": ["{{child}}"], "added": [], "total": 0, "oldQueryState": "{{before}}"}]
S: ["error", {"type": "cannotCalculateChanges"}]
S: ["Mailbox/query", {"ids": ["{{archive}}"]}]
S: ["Mailbox/query", {"ids": ["{{inbox}}"]}]
C: ["Mailbox/set", {"accountId": "{{account}}", "update": {"{{child}}": {"role": "archive"}, "{{inbox}}": {"role": null}}}]
C: ["Mailbox/set", {"accountId": "{{account}}", "update": {"{{archive}}": {"role": null}}}]
C: ["Mailbox/set", {"accountId": "{{account}}", "update": {"{{child}}": {"role": "archive"}}}]
C: ["Mailbox/get", {"accountId": "{{account}}", "ids": ["{{archive}}", "{{child}}"], "properties": ["role"]}]
S: ["Mailbox/set", {"notUpdated": {"{{child}}": {"type": "invalidProperties", "properties": ["role"]},
 "{{inbox}}": {"type": "forbidden"}}}]
S: ["Mailbox/set", {"updated": {"{{archive}}": null}}]
S: ["Mailbox/set", {"updated": {"{{child}}": null}}]
S: ["Mailbox/get", {"list": [{"role": null}, {"role": "archive"}]}]

# RFC 8621 §2.2, §2.5: changes, and the end.
C: ["Mailbox/changes", {"accountId": "{{account}}", "sinceState": "{{made}}"}]
C: ["Mailbox/set", {"accountId": "{{account}}", "update": {"{{child}}": {"role": null}, "{{archive}}": {"role": "archive"}}}]
C: ["Mailbox/set", {"accountId": "{{account}}", "update": {"{{archive}}": {"role": "archive"}},
 "destroy": ["{{child}}", "{{parent}}", "{{inbox}}", "nothing"]}]
S: ["Mailbox/changes", {"created": [], "updated": ["...", "{{child}}"], "destroyed": [], "hasMoreChanges": false}]
S: ["Mailbox/set", {"updated": {"{{child}}": null}}]
S: ["Mailbox/set", {"destroyed": ["{{child}}", "{{parent}}"], "notDestroyed": {"{{inbox}}": {"type": "*"}, "nothing": {"type": "notFound"}}}]
