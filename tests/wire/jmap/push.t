# Push subscriptions: RFC 8620 §7.2. What is sent to the URL is shown by the tests of the sender.
C: ["PushSubscription/get", {"ids": null}]
C: ["PushSubscription/get", {"properties": ["url"]}]
C: ["PushSubscription/get", {"properties": ["keys"]}]
S: ["PushSubscription/get", {"list": [], "notFound": []}]
S: ["error", {"type": "forbidden"}]
S: ["error", {"type": "forbidden"}]

# RFC 8620 §7.2.2, §8.6: only https, only to public addresses.
C: ["PushSubscription/set", {"create": {"clear": {"deviceClientId": "d", "url": "http://192.0.2.1/"},
 "user": {"deviceClientId": "d", "url": "https://a:b@push.example/"}, "mail": {"deviceClientId": "d", "url": "mailto:x@push.example"},
 "nobody": {"url": "https://push.example/"}, "code": {"deviceClientId": "d", "url": "https://push.example/", "verificationCode": "x"},
 "past": {"deviceClientId": "d", "url": "https://push.example/", "expires": "2020-01-01T00:00:00Z"},
 "keys": {"deviceClientId": "d", "url": "https://push.example/", "keys": {"p256dh": "AAAA", "auth": "AAAA"}}}}]
C: ["PushSubscription/set", {"ifInState": "1"}]
C: ["PushSubscription/set", {"update": {"nothing": {"types": null}}, "destroy": ["nothing"]}]
S: ["PushSubscription/set", {"created": null, "notCreated": {"clear": {"type": "invalidProperties", "properties": ["url"]},
 "user": {"type": "invalidProperties"}, "mail": {"type": "invalidProperties"}, "nobody": {"type": "invalidProperties"},
 "code": {"type": "invalidProperties"}, "past": {"type": "invalidProperties", "properties": ["expires"]},
 "keys": {"type": "invalidProperties", "properties": ["keys"]}}}]
S: ["error", {"type": "invalidArguments"}]
S: ["PushSubscription/set", {"notUpdated": {"nothing": {"type": "notFound"}}, "notDestroyed": {"nothing": {"type": "notFound"}}}]
