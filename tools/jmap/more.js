// more.js SESSION_URL USER PASSWORD: a large blob, the vacation response, contacts and their changes, a mailbox's role.
import JamClient from "jmap-jam";

const [sessionUrl, user, password] = process.argv.slice(2);
const basic = "Basic " + Buffer.from(`${user}:${password}`).toString("base64");
const plain = globalThis.fetch;
globalThis.fetch = (url, init = {}) =>
  plain(url, { ...init, headers: { ...init.headers, Authorization: basic } });

const jam = new JamClient({ sessionUrl, bearerToken: "unused" });
const accountId = await jam.getPrimaryAccount();
const using = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:contacts"];
const session = await jam.session;

// What the library has no types for goes as it is.
async function call(name, given) {
  const body = JSON.stringify({ using, methodCalls: [[name, { accountId, ...given }, "0"]] });
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(session.apiUrl, { method: "POST", headers, body });
  return (await response.json()).methodResponses[0][1];
}

const bytes = new Uint8Array(3_000_000).map((_, at) => at % 251);
const upload = await jam.uploadBlob(accountId, bytes);
const response = await jam.downloadBlob({
  accountId, blobId: upload.blobId, mimeType: "application/octet-stream", fileName: "big",
});
const back = new Uint8Array(await response.arrayBuffer());

await jam.api.VacationResponse.set({ accountId, update: { singleton: { isEnabled: true, textBody: "留守です" } } });
const [vacation] = await jam.api.VacationResponse.get({ accountId });
await jam.api.VacationResponse.set({ accountId, update: { singleton: { isEnabled: false } } });

const before = await call("ContactCard/query", { filter: { name: "花" } });
const books = await call("AddressBook/set", { create: { b: { name: "Library" } } });
await call("ContactCard/set", {
  create: { c: { addressBookIds: { [books.created.b.id]: true }, name: { full: "山田 花" } } },
});
const cards = await call("ContactCard/query", { filter: { name: "花" } });
const changes = await call("ContactCard/queryChanges", { filter: { name: "花" }, sinceQueryState: before.queryState });

const [mailboxes] = await jam.api.Mailbox.get({ accountId });
const archive = mailboxes.list.find((box) => box.role === "archive").id;
const [made] = await jam.api.Mailbox.set({ accountId, create: { k: { name: "Library" } } });
await jam.api.Mailbox.set({ accountId, update: { [archive]: { role: null } } });
await jam.api.Mailbox.set({ accountId, update: { [made.created.k.id]: { role: "archive" } } });
const [now] = await jam.api.Mailbox.get({ accountId, ids: [made.created.k.id] });

console.log(JSON.stringify({
  size: upload.size,
  same: Buffer.compare(Buffer.from(bytes), Buffer.from(back)) === 0,
  away: vacation.list[0].isEnabled,
  cards: cards.ids.length,
  added: changes.added.length,
  role: now.list[0].role,
}));
