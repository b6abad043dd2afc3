# Identities, submissions, the vacation response, quotas: RFC 8621 §6, §7, §8; RFC 9425.
# RFC 8621 §6: an identity for one's own address is there; for another's there is none.
C: ["Identity/get", {"accountId": "{{account}}"}]
C: ["Identity/set", {"accountId": "{{account}}", "create": {"mine": {"name": "花子", "email": "{{me}}"},
 "theirs": {"name": "x", "email": "president@other.example"}, "none": {"name": "x"}}}]
S: ["Identity/get", {"list": ["...", {"email": "{{me}}"}], "state": "{{start}}"}]
S: ["Identity/set", {"created": {"mine": {"id": "{{identity}}"}}, "notCreated": {"theirs": {"type": "forbiddenFrom"},
 "none": {"type": "invalidProperties"}}}]
C: ["Identity/set", {"accountId": "{{account}}", "update": {"{{identity}}": {"textSignature": "花子"}, "nothing": {"name": "x"}}}]
C: ["Identity/changes", {"accountId": "{{account}}", "sinceState": "{{start}}"}]
S: ["Identity/set", {"updated": {"{{identity}}": null}, "notUpdated": {"nothing": {"type": "notFound"}}}]
S: ["Identity/changes", {"created": ["...", "{{identity}}"], "destroyed": []}]

# RFC 8621 §7.5: sent, and moved from Drafts to Sent with its success.
C: ["Mailbox/query", {"accountId": "{{account}}", "filter": {"role": "drafts"}}]
C: ["Mailbox/query", {"accountId": "{{account}}", "filter": {"role": "sent"}}]
C: ["EmailSubmission/query", {"accountId": "{{account}}"}]
S: ["Mailbox/query", {"ids": ["{{drafts}}"]}]
S: ["Mailbox/query", {"ids": ["{{sent}}"]}]
S: ["EmailSubmission/query", {"queryState": "{{none}}", "canCalculateChanges": true}]
C: ["Email/set", {"accountId": "{{account}}", "create": {"m": {"mailboxIds": {"{{drafts}}": true}, "keywords": {"$draft": true},
 "from": [{"email": "{{me}}"}], "to": [{"email": "{{me}}"}], "subject": "wire-submission",
 "bodyValues": {"t": {"value": "x"}}, "textBody": [{"partId": "t", "type": "text/plain"}]}}}]
C: ["EmailSubmission/set", {"accountId": "{{account}}", "create": {"s": {"identityId": "{{identity}}", "emailId": "#m"},
 "no": {"identityId": "nothing", "emailId": "#m"}, "mail": {"identityId": "{{identity}}", "emailId": "nothing"}},
 "onSuccessUpdateEmail": {"#s": {"mailboxIds": {"{{sent}}": true}, "keywords/$draft": null}}}]
S: ["Email/set", {"created": {"m": {"id": "{{mail}}"}}}]
S: ["EmailSubmission/set", {"created": {"s": {"id": "{{submission}}"}}, "notCreated": {"no": {"type": "*"}, "mail": {"type": "*"}}}]
S: ["Email/set", {"updated": {"{{mail}}": null}}]

# RFC 8621 §7.1, §7.2, §7.3, §7.4.
C: ["EmailSubmission/get", {"accountId": "{{account}}", "ids": ["{{submission}}", "nothing"]}]
C: ["EmailSubmission/changes", {"accountId": "{{account}}", "sinceState": "{{none}}"}]
C: ["EmailSubmission/query", {"accountId": "{{account}}", "filter": {"operator": "OR", "conditions": [{"emailIds": ["{{mail}}"]},
 {"undoStatus": "pending"}]}}]
C: ["EmailSubmission/queryChanges", {"accountId": "{{account}}", "sinceQueryState": "{{none}}"}]
C: ["EmailSubmission/query", {"accountId": "{{account}}", "filter": {"color": "red"}}]
C: ["EmailSubmission/set", {"accountId": "{{account}}", "update": {"{{submission}}": {"undoStatus": "canceled"}}}]
S: ["EmailSubmission/get", {"list": [{"id": "{{submission}}", "emailId": "{{mail}}", "identityId": "{{identity}}",
 "undoStatus": "final"}], "notFound": ["nothing"]}]
S: ["EmailSubmission/changes", {"created": ["{{submission}}"]}]
S: ["EmailSubmission/query", {"ids": ["{{submission}}"]}]
S: ["EmailSubmission/queryChanges", {"removed": [], "added": [{"id": "{{submission}}", "index": "*"}]}]
S: ["error", {"type": "unsupportedFilter"}]
S: ["EmailSubmission/set", {"notUpdated": {"{{submission}}": {"type": "cannotUnsend"}}}]

# RFC 8621 §7, §7.5: held, and called back as long as it is; no other parameters are taken.
C: ["EmailSubmission/set", {"accountId": "{{account}}", "create": {
 "held": {"identityId": "{{identity}}", "emailId": "{{mail}}", "envelope": {"mailFrom": {"email": "{{me}}",
 "parameters": {"HOLDFOR": "3600"}}, "rcptTo": [{"email": "{{me}}"}]}},
 "long": {"identityId": "{{identity}}", "emailId": "{{mail}}", "envelope": {"mailFrom": {"email": "{{me}}",
 "parameters": {"HOLDFOR": "999999999"}}, "rcptTo": [{"email": "{{me}}"}]}},
 "other": {"identityId": "{{identity}}", "emailId": "{{mail}}", "envelope": {"mailFrom": {"email": "{{me}}",
 "parameters": {"MT-PRIORITY": "1"}}, "rcptTo": [{"email": "{{me}}"}]}}}}]
S: ["EmailSubmission/set", {"created": {"held": {"id": "{{held}}", "undoStatus": "pending", "sendAt": "*"}},
 "notCreated": {"long": {"type": "invalidProperties"}, "other": {"type": "invalidProperties"}}}]
C: ["EmailSubmission/query", {"accountId": "{{account}}", "filter": {"undoStatus": "pending"}}]
C: ["EmailSubmission/set", {"accountId": "{{account}}", "update": {"{{held}}": {"undoStatus": "canceled"}}}]
C: ["EmailSubmission/get", {"accountId": "{{account}}", "ids": ["{{held}}"]}]
S: ["EmailSubmission/query", {"ids": ["{{held}}"]}]
S: ["EmailSubmission/set", {"updated": {"{{held}}": null}}]
S: ["EmailSubmission/get", {"list": [{"id": "{{held}}", "undoStatus": "canceled",
 "deliveryStatus": {"{{me}}": {"delivered": "no", "smtpReply": "*", "displayed": "unknown"}}}]}]
C: ["EmailSubmission/set", {"accountId": "{{account}}", "destroy": ["{{held}}"]}]
S: ["EmailSubmission/set", {"destroyed": ["{{held}}"]}]
C: ["EmailSubmission/set", {"accountId": "{{account}}", "destroy": ["{{submission}}"]}]
C: ["Email/set", {"accountId": "{{account}}", "destroy": ["{{mail}}"]}]
C: ["Identity/set", {"accountId": "{{account}}", "destroy": ["{{identity}}"]}]
S: ["EmailSubmission/set", {"destroyed": ["{{submission}}"]}]
S: ["Email/set", {"destroyed": ["{{mail}}"]}]
S: ["Identity/set", {"destroyed": ["{{identity}}"]}]

# RFC 8621 §8: one vacation response, never made and never destroyed; dates are UTC.
C: ["VacationResponse/set", {"accountId": "{{account}}", "update": {"singleton": {"isEnabled": true,
 "fromDate": "2020-01-01T00:00:00Z", "subject": "不在", "textBody": "留守です"}}, "create": {"k": {}}, "destroy": ["singleton"]}]
C: ["VacationResponse/get", {"accountId": "{{account}}", "ids": ["singleton", "other"]}]
C: ["VacationResponse/set", {"accountId": "{{account}}", "update": {"singleton": {"fromDate": "2020-01-01T09:00:00+09:00"}}}]
C: ["VacationResponse/set", {"accountId": "{{account}}", "update": {"singleton": {"isEnabled": "yes"}}}]
C: ["VacationResponse/set", {"accountId": "{{account}}", "update": {"singleton": {"isEnabled": false}}}]
S: ["VacationResponse/set", {"updated": {"singleton": null}, "notCreated": {"k": {"type": "singleton"}},
 "notDestroyed": {"singleton": {"type": "singleton"}}}]
S: ["VacationResponse/get", {"list": [{"id": "singleton", "isEnabled": true, "subject": "不在", "htmlBody": null}], "notFound": ["other"]}]
S: ["VacationResponse/set", {"notUpdated": {"singleton": {"type": "invalidProperties", "properties": ["fromDate"]}}}]
S: ["VacationResponse/set", {"notUpdated": {"singleton": {"type": "invalidProperties", "properties": ["isEnabled"]}}}]
S: ["VacationResponse/set", {"updated": {"singleton": null}}]

# RFC 9425 §4.2 to §4.5: an account without a limit has no quota.
C: ["Quota/get", {"accountId": "{{account}}"}]
C: ["Quota/changes", {"accountId": "{{account}}", "sinceState": "{{start}}"}]
C: ["Quota/query", {"accountId": "{{account}}", "filter": {"resourceType": "octets", "scope": "account", "type": "Email"},
 "sort": [{"property": "used"}]}]
C: ["Quota/query", {"accountId": "{{account}}", "filter": {"color": "red"}}]
C: ["Quota/query", {"accountId": "{{account}}", "sort": [{"property": "color"}]}]
S: ["Quota/get", {"list": [], "notFound": []}]
S: ["Quota/changes", {"updated": []}]
S: ["Quota/query", {"ids": [], "canCalculateChanges": true, "queryState": "{{quota}}"}]
S: ["error", {"type": "unsupportedFilter"}]
S: ["error", {"type": "unsupportedSort"}]
C: ["Quota/queryChanges", {"accountId": "{{account}}", "sinceQueryState": "{{quota}}", "filter": {"resourceType": "octets",
 "scope": "account", "type": "Email"}, "sort": [{"property": "used"}]}]
S: ["Quota/queryChanges", {"removed": [], "added": []}]
