# Emails: RFC 8621 §3, §4, §5, from Email/set to Email/queryChanges.
C: ["Mailbox/query", {"accountId": "{{account}}", "filter": {"role": "drafts"}}]
C: ["Mailbox/query", {"accountId": "{{account}}", "filter": {"role": "trash"}}]
S: ["Mailbox/query", {"ids": ["{{drafts}}"]}]
S: ["Mailbox/query", {"ids": ["{{trash}}"]}]
C: ["Email/query", {"accountId": "{{account}}", "filter": {"inMailbox": "{{drafts}}"}}]
S: ["Email/query", {"queryState": "{{empty}}", "canCalculateChanges": true}]

# RFC 8621 §4.6: created with its parts; what can't be an email is refused with its reason.
C: ["Email/set", {"accountId": "{{account}}", "create": {"one": {"mailboxIds": {"{{drafts}}": true},
 "keywords": {"$draft": true, "$seen": true}, "from": [{"name": "花子", "email": "{{me}}"}],
 "to": [{"name": null, "email": "{{me}}"}], "subject": "見積書 wire-script-email",
 "bodyValues": {"t": {"value": "東京都の天気は晴れです"}}, "textBody": [{"partId": "t", "type": "text/plain"}]},
 "nowhere": {"subject": "x"}, "blob": {"mailboxIds": {"{{drafts}}": true}, "attachments": [{"blobId": "Uzz"}]},
 "twice": {"mailboxIds": {"{{drafts}}": true}, "subject": "a", "header:Subject": "b"}}}]
S: ["Email/set", {"created": {"one": {"id": "{{one}}", "blobId": "{{blob}}", "threadId": "{{thread}}", "size": "*"}},
 "notCreated": {"nowhere": {"type": "invalidProperties"}, "blob": {"type": "blobNotFound", "notFound": ["Uzz"]},
 "twice": {"type": "invalidProperties"}}, "newState": "{{made}}"}]

# RFC 8621 §4.2: properties, header forms, bodies.
C: ["Email/get", {"accountId": "{{account}}", "ids": ["{{one}}", "nothing"], "properties": ["subject", "from", "keywords",
 "mailboxIds", "preview", "hasAttachment", "header:Subject:asText", "header:To:asAddresses", "bodyValues", "textBody"],
 "fetchTextBodyValues": true, "bodyProperties": ["partId", "type", "charset"]}]
C: ["Email/get", {"accountId": "{{account}}", "ids": ["{{one}}"], "properties": ["header:Subject:asDate"]}]
S: ["Email/get", {"list": [{"id": "{{one}}", "subject": "見積書 wire-script-email", "from": [{"name": "花子", "email": "{{me}}"}],
 "keywords": {"$draft": true, "$seen": true}, "mailboxIds": {"{{drafts}}": true}, "preview": "東京都の天気は晴れです",
 "hasAttachment": false, "header:Subject:asText": "見積書 wire-script-email", "header:To:asAddresses": [{"email": "{{me}}"}],
 "textBody": [{"partId": "{{part}}", "type": "text/plain"}], "bodyValues": "*"}], "notFound": ["nothing"]}]
S: ["error", {"type": "invalidArguments"}]

# RFC 8621 §3.1, §3.2: its thread.
C: ["Thread/get", {"accountId": "{{account}}", "ids": ["{{thread}}", "nothing"]}]
C: ["Thread/changes", {"accountId": "{{account}}", "sinceState": "{{empty}}"}]
S: ["Thread/get", {"list": [{"id": "{{thread}}", "emailIds": ["{{one}}"]}], "notFound": ["nothing"]}]
S: ["Thread/changes", {"created": ["...", "{{thread}}"], "newState": "{{made}}"}]

# RFC 8621 §4.4, §4.5, §5.1: found by its words, shown with them marked.
C: ["Email/query", {"accountId": "{{account}}", "filter": {"operator": "AND", "conditions": [{"text": "天気"}, {"subject": "wire-script-email"}]}}]
C: ["SearchSnippet/get", {"accountId": "{{account}}", "filter": {"text": "天気"}, "emailIds": ["{{one}}", "nothing"]}]
C: ["Email/queryChanges", {"accountId": "{{account}}", "filter": {"inMailbox": "{{drafts}}"}, "sinceQueryState": "{{empty}}"}]
C: ["Email/queryChanges", {"accountId": "{{account}}", "filter": {"inMailbox": "{{drafts}}"}, "sinceQueryState": "{{empty}}", "maxChanges": 0}]
C: ["Email/query", {"accountId": "{{account}}", "filter": {"color": "red"}}]
C: ["Email/query", {"accountId": "{{account}}", "sort": [{"property": "color"}]}]
S: ["Email/query", {"ids": ["{{one}}"]}]
S: ["SearchSnippet/get", {"list": [{"emailId": "{{one}}", "preview": "東京都の<mark>天気</mark>は晴れです"}], "notFound": ["nothing"]}]
S: ["Email/queryChanges", {"removed": [], "added": ["...", {"id": "{{one}}"}]}]
S: ["error", {"type": "*"}]
S: ["error", {"type": "unsupportedFilter"}]
S: ["error", {"type": "unsupportedSort"}]

# RFC 8621 §4.8, §4.9, §4.7: imported and parsed from a blob; an account that shows nothing to the caller is not found.
C: ["Email/import", {"accountId": "{{account}}", "emails": {"k": {"blobId": "{{blob}}", "mailboxIds": {"{{trash}}": true}},
 "none": {"blobId": "Uzz", "mailboxIds": {"{{trash}}": true}}}}]
C: ["Email/parse", {"accountId": "{{account}}", "blobIds": ["{{blob}}", "Uzz"], "properties": ["subject"]}]
C: ["Email/copy", {"accountId": "{{account}}", "fromAccountId": "{{other}}", "create": {}}]
C: ["Email/copy", {"accountId": "{{account}}", "fromAccountId": "{{account}}", "create": {}}]
S: ["Email/import", {"created": {"k": {"id": "{{copy}}"}}, "notCreated": {"none": {"type": "invalidProperties"}}}]
S: ["Email/parse", {"parsed": {"{{blob}}": {"subject": "見積書 wire-script-email"}}, "notFound": ["Uzz"]}]
S: ["error", {"type": "fromAccountNotFound"}]
S: ["error", {"type": "invalidArguments"}]

# RFC 8621 §4.6: patched and destroyed; RFC 8621 §4.3: told as changes.
C: ["Email/set", {"accountId": "{{account}}", "update": {"{{one}}": {"keywords/$flagged": true, "mailboxIds/{{trash}}": true},
 "nothing": {"keywords/$seen": true}}}]
C: ["Email/set", {"accountId": "{{account}}", "update": {"{{one}}": {"mailboxIds": {}}}}]
C: ["Email/set", {"accountId": "{{account}}", "update": {"{{one}}": {"subject": "other"}}}]
C: ["Email/changes", {"accountId": "{{account}}", "sinceState": "{{made}}", "maxChanges": 10}]
C: ["Email/set", {"accountId": "{{account}}", "destroy": ["{{one}}", "{{copy}}", "nothing"]}]
S: ["Email/set", {"updated": {"{{one}}": null}, "notUpdated": {"nothing": {"type": "notFound"}}}]
S: ["Email/set", {"notUpdated": {"{{one}}": {"type": "invalidProperties"}}}]
S: ["Email/set", {"notUpdated": {"{{one}}": {"type": "invalidProperties"}}}]
S: ["Email/changes", {"created": ["{{copy}}"], "updated": ["{{one}}"], "destroyed": []}]
S: ["Email/set", {"destroyed": ["{{one}}", "{{copy}}"], "notDestroyed": {"nothing": {"type": "notFound"}}}]
