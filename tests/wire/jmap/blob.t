# Blobs without HTTP: RFC 9404, RFC 8620 §6.3.
# RFC 9404 §4.1: put together from texts, base64 and other blobs.
C: ["Blob/upload", {"accountId": "{{account}}", "create": {"a": {"type": "text/plain", "data": [{"data:asText": "日本"},
 {"data:asBase64": "IQ=="}]}, "bad": {"data": [{"data:asBase64": "?"}]}, "none": {"data": [{"blobId": "Uzz"}]}}}]
C: ["Blob/upload", {"accountId": "{{account}}", "create": {"b": {"data": [{"blobId": "#a", "offset": 3, "length": 4}]},
 "far": {"data": [{"blobId": "#a", "offset": 3, "length": 5}]}}}]
S: ["Blob/upload", {"created": {"a": {"id": "{{a}}", "size": 7, "type": "text/plain"}},
 "notCreated": {"bad": {"type": "invalidProperties"}, "none": {"type": "blobNotFound"}}}]
S: ["Blob/upload", {"created": {"b": {"id": "{{b}}", "size": 4}}, "notCreated": {"far": {"type": "invalidProperties"}}}]

# RFC 9404 §4.2: read in whole, in part, as text, as a digest.
C: ["Blob/get", {"accountId": "{{account}}", "ids": ["{{a}}", "Uzz"], "properties": ["data:asText", "size", "digest:sha-256"]}]
C: ["Blob/get", {"accountId": "{{account}}", "ids": ["{{b}}"]}]
C: ["Blob/get", {"accountId": "{{account}}", "ids": ["{{a}}"], "properties": ["data:asBase64"], "offset": 6, "length": 1}]
C: ["Blob/get", {"accountId": "{{account}}", "ids": ["{{a}}"], "properties": ["digest:md5"]}]
S: ["Blob/get", {"list": [{"id": "{{a}}", "data:asText": "日本!", "size": 7, "digest:sha-256": "*"}], "notFound": ["Uzz"]}]
S: ["Blob/get", {"list": [{"id": "{{b}}", "data:asText": "本!", "size": 4}]}]
S: ["Blob/get", {"list": [{"data:asBase64": "IQ=="}]}]
S: ["error", {"type": "invalidArguments"}]

# RFC 9404 §4.3, RFC 8620 §6.3.
C: ["Blob/lookup", {"accountId": "{{account}}", "ids": ["{{a}}"], "typeNames": ["Email", "Mailbox"]}]
C: ["Blob/lookup", {"accountId": "{{account}}", "ids": ["{{a}}"], "typeNames": ["Nothing"]}]
C: ["Blob/copy", {"accountId": "{{account}}", "fromAccountId": "{{other}}", "blobIds": ["{{a}}"]}]
S: ["Blob/lookup", {"list": [{"id": "{{a}}", "matchedIds": {"Email": [], "Mailbox": []}}], "notFound": []}]
S: ["error", {"type": "unknownDataType"}]
S: ["error", {"type": "fromAccountNotFound"}]
