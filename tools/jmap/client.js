// client.js SESSION_URL USER PASSWORD: writes a draft, sends it, reads it back; prints what it saw.
import JamClient from "jmap-jam";

const [sessionUrl, user, password] = process.argv.slice(2);
const basic = "Basic " + Buffer.from(`${user}:${password}`).toString("base64");
const plain = globalThis.fetch;
globalThis.fetch = (url, init = {}) =>
  plain(url, { ...init, headers: { ...init.headers, Authorization: basic } });

const jam = new JamClient({ sessionUrl, bearerToken: "unused" });
const accountId = await jam.getPrimaryAccount();
const session = await jam.session;

const [mailboxes] = await jam.api.Mailbox.get({ accountId });
const role = (name) => mailboxes.list.find((box) => box.role === name).id;
const [identities] = await jam.api.Identity.get({ accountId });
const upload = await jam.uploadBlob(accountId, "attached text");

const [made] = await jam.api.Email.set({
  accountId,
  create: {
    draft: {
      mailboxIds: { [role("drafts")]: true },
      keywords: { $draft: true, $seen: true },
      to: [{ email: "taro@acme.example" }],
      subject: "library: 件名",
      textBody: [{ partId: "t", type: "text/plain" }],
      bodyValues: { t: { value: "本文です\n" } },
      attachments: [{ blobId: upload.blobId, type: "text/plain", name: "メモ.txt" }],
    },
  },
});
const emailId = made.created.draft.id;
const [sent] = await jam.api.EmailSubmission.set({
  accountId,
  create: { send: { emailId, identityId: identities.list[0].id } },
});

// Result references in one request.
const [{ query, emails }] = await jam.requestMany((t) => {
  const query = t.Email.query({ accountId, filter: { text: "本文です" } });
  const emails = t.Email.get({
    accountId,
    ids: query.$ref("/ids"),
    properties: ["subject", "preview", "hasAttachment", "attachments", "threadId"],
  });
  return { query, emails };
});
const file = emails.list[0].attachments[0];
const response = await jam.downloadBlob({
  accountId, blobId: file.blobId, mimeType: file.type, fileName: file.name,
});

console.log(JSON.stringify({
  username: session.username,
  submitted: Object.keys(sent.created ?? {}),
  found: query.ids.length,
  email: emails.list[0],
  attachment: await response.text(),
}));
