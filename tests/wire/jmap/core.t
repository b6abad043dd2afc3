# The request, result references, creation ids, and every error of RFC 8620 §3.6.
# RFC 8620 §4: Core/echo.
C: ["Core/echo", {"hello": ["世界", 1, null, {"a": true}]}]
S: ["Core/echo", {"hello": ["世界", 1, null, {"a": true}]}]

# RFC 8620 §3.7: one call's result is another's argument, with a pointer that maps over an array.
C: ["Mailbox/get", {"accountId": "{{account}}", "properties": ["role"]}]
C: ["Mailbox/get", {"accountId": "{{account}}", "properties": ["name"],
 "#ids": {"resultOf": "0", "name": "Mailbox/get", "path": "/list/*/id"}}]
S: ["Mailbox/get", {"list": ["...", {"role": "inbox", "id": "{{inbox}}"}]}]
S: ["Mailbox/get", {"list": ["...", {"id": "{{inbox}}", "name": "*"}], "notFound": []}]

# RFC 8620 §3.6.2: method-level errors.
C: ["Nothing/get", {"accountId": "{{account}}"}]
C: ["Mailbox/get", {"accountId": "{{other}}"}]
C: ["Mailbox/get", {}]
C: ["Mailbox/get", {"accountId": "{{account}}", "ids": "x"}]
C: ["Mailbox/get", {"accountId": "{{account}}", "properties": ["color"]}]
C: ["Mailbox/get", {"accountId": "{{account}}",
 "#ids": {"resultOf": "9", "name": "Mailbox/get", "path": "/list"}}]
C: ["Mailbox/get", {"accountId": "{{account}}", "ids": [], "#ids": {"resultOf": "0", "name": "x", "path": "/"}}]
C: ["Core/echo", {"behind": "an error"}]
S: ["error", {"type": "unknownMethod"}]
S: ["error", {"type": "accountNotFound"}]
S: ["error", {"type": "invalidArguments"}]
S: ["error", {"type": "invalidArguments"}]
S: ["error", {"type": "invalidArguments"}]
S: ["error", {"type": "invalidResultReference"}]
S: ["error", {"type": "invalidArguments"}]
S: ["Core/echo", {"behind": "an error"}]

# RFC 8620 §5.2, §5.3: states.
C: ["Mailbox/changes", {"accountId": "{{account}}", "sinceState": "?"}]
C: ["Mailbox/set", {"accountId": "{{account}}", "ifInState": "?", "create": {"k": {"name": "never"}}}]
S: ["error", {"type": "cannotCalculateChanges"}]
S: ["error", {"type": "stateMismatch"}]

# RFC 8620 §3.6.1: what is no request.
T: text/plain
B: {"using": [], "methodCalls": []}
E: 400 {"type": "urn:ietf:params:jmap:error:notJSON", "status": 400}
B: {"using": [
E: 400 {"type": "urn:ietf:params:jmap:error:notJSON", "status": 400}
B: {"using": ["urn:ietf:params:jmap:core"]}
E: 400 {"type": "urn:ietf:params:jmap:error:notRequest", "status": 400}
B: {"using": ["urn:ietf:params:jmap:core"], "methodCalls": [["Core/echo", {}]]}
E: 400 {"type": "urn:ietf:params:jmap:error:notRequest"}
B: {"using": ["urn:ietf:params:jmap:core"], "methodCalls": [["Core/echo", [], "c"]]}
E: 400 {"type": "urn:ietf:params:jmap:error:notRequest"}
B: {"using": "urn:ietf:params:jmap:core", "methodCalls": []}
E: 400 {"type": "urn:ietf:params:jmap:error:notRequest"}
B: {"using": ["urn:example:nothing"], "methodCalls": []}
E: 400 {"type": "urn:ietf:params:jmap:error:unknownCapability"}
B*65: ["Core/echo", {}, "c"]
E: 400 {"type": "urn:ietf:params:jmap:error:limit", "limit": "maxCallsInRequest"}
