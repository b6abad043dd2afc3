// Fumi admin API, made by `./dev doc` from the operations themselves. Not to be edited.
// One file, however long: a program imports the API from one place.

/** An access rule. */
export interface AccessRule {
  /** Its id. */
  readonly id: string;
  /** For people: what it is for. */
  readonly name: string;
  /** false: it is kept, and not judged by. */
  readonly enabled?: boolean;
  /** What it does to whom it fits. */
  readonly effect: "allow" | "deny";
  /** everyone, @ and a domain of the tenant, or an address. */
  readonly about?: string;
  /** Of web, imap, pop3, smtp, api, admin, approval; empty: all of them. */
  readonly doors?: ReadonlyArray<string>;
  /** CIDR, IPv4 or IPv6; empty: from anywhere. */
  readonly networks?: ReadonlyArray<string>;
  /** When; without it always. */
  readonly times?: AccessTimes;
}

/** Who may come in, or may not. Of all rules that fit the most specific decides: by whom it is about, then door, network and time; of equals, deny. */
export interface AccessRuleBody {
  /** For people: what it is for. */
  readonly name: string;
  /** false: it is kept, and not judged by. */
  readonly enabled?: boolean;
  /** What it does to whom it fits. */
  readonly effect: "allow" | "deny";
  /** everyone, @ and a domain of the tenant, or an address. */
  readonly about?: string;
  /** Of web, imap, pop3, smtp, api, admin, approval; empty: all of them. */
  readonly doors?: ReadonlyArray<string>;
  /** CIDR, IPv4 or IPv6; empty: from anywhere. */
  readonly networks?: ReadonlyArray<string>;
  /** When; without it always. */
  readonly times?: AccessTimes;
}

/** One page of a list. */
export interface AccessRulePage {
  /** In the order of their ids. */
  readonly items: ReadonlyArray<AccessRule>;
  /** Ask again with this as `after`; missing on the last page. */
  readonly next?: string;
}

/** When a rule holds. */
export interface AccessTimes {
  /** A time zone of the IANA database. */
  readonly zone: string;
  /** 1 to 32 of them; one that fits is enough. */
  readonly windows: ReadonlyArray<AccessWindow>;
  /** On the tenant's holidays: windows as on any weekday, never, or always. */
  readonly holidays?: "as-weekdays" | "never" | "also";
}

/** What the rules say of it. */
export interface AccessTrial {
  /** Whether they may. */
  readonly effect: "allow" | "deny";
  /** The rule that decides; none: no rule fits. */
  readonly rule?: string;
  /** Its name. */
  readonly rule_name?: string;
  /** It stays so until then at least. */
  readonly until: string;
}

/** A time of day; an end at or before the begin is on the next day. */
export interface AccessWindow {
  /** On which it begins: mon, tue, wed, thu, fri, sat, sun. */
  readonly days: ReadonlyArray<string>;
  /** Local time, HH:MM. */
  readonly from: string;
  /** Local time, HH:MM, up to 24:00. */
  readonly to: string;
}

/** A person's account, or a shared one. */
export interface Account {
  /** The primary address. */
  readonly address: string;
  /** Its id. */
  readonly id: string;
  /** Whose it is. */
  readonly tenant: string;
  /** The display name. */
  readonly name: string;
  /** Whether it may log in and takes mail. */
  readonly status: "active" | "disabled" | "deleted";
  /** Whether somebody logs in to it. */
  readonly kind: "person" | "shared";
  /** Room for mail; 0: no limit. */
  readonly quota_octets: number;
  /** Of it, used. */
  readonly used_octets: number;
  /** When it was made. */
  readonly created: string;
  /** Its other addresses; not in lists. */
  readonly aliases?: ReadonlyArray<string>;
}

/** One page of a list. */
export interface AccountPage {
  /** In the order of their ids. */
  readonly items: ReadonlyArray<Account>;
  /** Ask again with this as `after`; missing on the last page. */
  readonly next?: string;
}

/** What to change; missing members stay as they are. */
export interface AccountPatch {
  /** The display name. */
  readonly name?: string;
  /** disabled: no login, no mail taken. */
  readonly status?: "active" | "disabled";
  /** Room for mail; 0: no limit. */
  readonly quota_octets?: number;
  /** At least 8 octets. */
  readonly password?: string;
}

/** Rights to give in place of those that somebody has. */
export interface AclChange {
  /** On this mailbox; without it on all of the account. */
  readonly mailbox?: string;
  /** An account of the tenant, or anyone. */
  readonly identifier: string;
  /** l look up, r read, s mark seen, w other flags, i insert, p post, k make mailboxes below, x delete the mailbox, t mark deleted, e expunge, a administer. Empty: none. */
  readonly rights?: string;
  /** Rights to deny; empty: none. */
  readonly denied?: string;
}

/** What somebody may do with a mailbox that isn't theirs (RFC 4314). */
export interface AclEntry {
  /** The mailbox. */
  readonly mailbox: string;
  /** An account of the tenant, or anyone in it. */
  readonly identifier: string;
  /** Granted: letters of lrswipkxtea. */
  readonly rights: string;
  /** Denied, also where anyone is granted them. */
  readonly denied: string;
}

/** One page of a list. */
export interface AclEntryPage {
  /** In the order of their ids. */
  readonly items: ReadonlyArray<AclEntry>;
  /** Ask again with this as `after`; missing on the last page. */
  readonly next?: string;
}

/** A program that sends. Its key is its api_key and its SMTP password. */
export interface ApiUser {
  /** Its name. */
  readonly name: string;
  /** Its id. */
  readonly id: string;
  /** Whose it is. */
  readonly tenant: string;
  /** Whether it may send. */
  readonly status: "active" | "disabled" | "deleted";
  /** Whether it may use SMTP. */
  readonly smtp_access: boolean;
  /** Whether it may use the HTTP API. */
  readonly http_access: boolean;
  /** When it was made. */
  readonly created: string;
  /** The key itself; in the answer to POST only. */
  readonly key?: string;
}

/** One page of a list. */
export interface ApiUserPage {
  /** In the order of their ids. */
  readonly items: ReadonlyArray<ApiUser>;
  /** Ask again with this as `after`; missing on the last page. */
  readonly next?: string;
}

/** A key for one mail client: it opens mail protocols only. */
export interface AppPassword {
  /** Its id. */
  readonly id: string;
  /** Where it is used. */
  readonly name: string;
  /** When it was made. */
  readonly created: string;
  /** The key itself; in the answer to POST only. */
  readonly key?: string;
}

/** One page of a list. */
export interface AppPasswordPage {
  /** In the order of their ids. */
  readonly items: ReadonlyArray<AppPassword>;
  /** Ask again with this as `after`; missing on the last page. */
  readonly next?: string;
}

/** A record, as it should be and as it is. */
export interface DnsFinding {
  /** What to publish. */
  readonly record: DnsRecord;
  /** wrong: it does harm. differs: may be meant so. unknown: DNS did not answer. */
  readonly state: "good" | "missing" | "wrong" | "differs" | "unknown";
  /** What is published under the name. */
  readonly published: ReadonlyArray<string>;
  /** What to do. */
  readonly text: string;
  /** What to do, in Japanese. */
  readonly text_ja: string;
}

/** A record to publish in DNS. */
export interface DnsRecord {
  /** Its type. */
  readonly type: "MX" | "TXT" | "CNAME" | "SRV" | "TLSA";
  /** Its owner name, without the last dot. */
  readonly name: string;
  /** Its value. A TXT value over 255 octets is split into several strings in a zone file. */
  readonly value: string;
  /** What it is for. */
  readonly purpose: "ownership" | "mx" | "spf" | "dkim" | "dmarc" | "mta-sts" | "mta-sts-host" | "tls-rpt" | "tlsa" | "autoconfig" | "autodiscover" | "srv";
  /** required: mail suffers without it. recommended: it protects mail on its way. convenient: mail programs set themselves up. */
  readonly need: "required" | "recommended" | "convenient";
}

/** A hosted domain. */
export interface Domain {
  /** The domain. */
  readonly name: string;
  /** Whose it is. */
  readonly tenant: string;
  /** When it was added. */
  readonly created: string;
  /** Only a verified domain sends and receives. failed: the challenge was not found. */
  readonly state: "pending" | "verified" | "failed";
  /** What to publish as TXT under _fumi-challenge.<domain>; while it is not verified. */
  readonly challenge?: string;
  /** When that was last looked for, or decided. */
  readonly checked?: string;
}

/** What is wrong with a domain's DNS. */
export interface DomainCheck {
  /** The domain. */
  readonly domain: Domain;
  /** Whether all that is required is as it should be. */
  readonly good: boolean;
  /** Record by record. */
  readonly records: ReadonlyArray<DnsFinding>;
}

/** What to publish so that a domain's mail arrives and is believed. */
export interface DomainDns {
  /** The domain. */
  readonly domain: string;
  /** The records. */
  readonly records: ReadonlyArray<DnsRecord>;
}

/** One page of a list. */
export interface DomainPage {
  /** In the order of their ids. */
  readonly items: ReadonlyArray<Domain>;
  /** Ask again with this as `after`; missing on the last page. */
  readonly next?: string;
}

/** How to verify a domain. */
export interface DomainVerification {
  /** dns: look for the challenge. operator: on your word, with a note. */
  readonly method?: "dns" | "operator";
  /** Why; kept in the audit trail. */
  readonly note?: string;
}

/** A role that an account or a token has. */
export interface Grant {
  /** Its id. */
  readonly id: string;
  /** Who has it. */
  readonly kind: "account" | "token";
  /** The account's address, or the token's name. */
  readonly holder: string;
  /** The role. */
  readonly role: string;
  /** The domain that it is for; missing: all of the tenant. */
  readonly domain?: string;
  /** Who gave it: kind, and id where there is one. */
  readonly by: string;
  /** When. */
  readonly created: string;
}

/** One page of a list. */
export interface GrantPage {
  /** In the order of their ids. */
  readonly items: ReadonlyArray<Grant>;
  /** Ask again with this as `after`; missing on the last page. */
  readonly next?: string;
}

/** A day off. */
export interface Holiday {
  /** YYYY-MM-DD. */
  readonly date: string;
  /** For people. */
  readonly name?: string;
}

/** All holidays of the tenant, in place of those it has. */
export interface HolidayList {
  /** At most 1,000; a date once. */
  readonly items: ReadonlyArray<Holiday>;
}

/** One page of a list. */
export interface HolidayPage {
  /** In the order of their ids. */
  readonly items: ReadonlyArray<Holiday>;
  /** Ask again with this as `after`; missing on the last page. */
  readonly next?: string;
}

/** How far an import is. What is counted is durable. */
export interface Import {
  /** Forgotten at a restart; begin again then. */
  readonly id: string;
  /** Where it comes from. */
  readonly source: string;
  /** What became of it. */
  readonly state: "running" | "done" | "failed" | "cancelled";
  /** Why it failed. */
  readonly failure: string;
  /** Messages that came in. */
  readonly imported: number;
  /** Messages that were there already. */
  readonly skipped: number;
  /** Messages whose flags had changed at their source. */
  readonly updated: number;
  /** Size of what came in. */
  readonly octets: number;
  /** When it began. */
  readonly started: string;
  /** When something last came in. */
  readonly touched: string;
}

/** One page of a list. */
export interface ImportPage {
  /** In the order of their ids. */
  readonly items: ReadonlyArray<Import>;
  /** Ask again with this as `after`; missing on the last page. */
  readonly next?: string;
}

/** What has come from a folder of the import's source, ever. */
export interface Known {
  /** The newest one that it had; 0 for none. */
  readonly uid_validity: number;
  /** The UIDs under it: "1:5,9". */
  readonly uids: string;
}

/** A tenant's plan and pace, and what it uses; 0 in a limit: none. */
export interface Limits {
  /** Whose. */
  readonly tenant: string;
  /** Accounts, shared ones included. */
  readonly accounts_max: number;
  /** Domains. */
  readonly domains_max: number;
  /** API users. */
  readonly api_users_max: number;
  /** What may be given to accounts as quota, in all; accounts then need a quota. */
  readonly storage_octets_max: number;
  /** How fast each person may send to other hosts. */
  readonly person_pace: PaceRules;
  /** How fast all of the tenant together may. */
  readonly tenant_pace: PaceRules;
  /** Accounts there are. */
  readonly accounts: number;
  /** Domains there are. */
  readonly domains: number;
  /** API users there are. */
  readonly api_users: number;
  /** Given away as quotas. */
  readonly storage_octets: number;
  /** Accounts without a quota. */
  readonly accounts_no_quota: number;
  /** Mail that lies there. */
  readonly used_octets: number;
}

/** What to change; missing members stay. 0: no limit. */
export interface LimitsPatch {
  /** Accounts, shared ones included. */
  readonly accounts_max?: number;
  /** Domains. */
  readonly domains_max?: number;
  /** API users. */
  readonly api_users_max?: number;
  /** What may be given to accounts as quota, in all; accounts then need a quota. */
  readonly storage_octets_max?: number;
  /** How fast each person may send to other hosts. */
  readonly person_pace?: PaceRulesPatch;
  /** How fast all of the tenant together may. */
  readonly tenant_pace?: PaceRulesPatch;
}

/** Records in the order of their ids. */
export interface LogPage {
  /** The records. */
  readonly items: ReadonlyArray<Record>;
  /** Ask again with this as `after`, now or later. */
  readonly next: string;
}

/** Somebody who is logged in by IMAP, POP3 or SMTP. */
export interface MailSession {
  /** Of this node, while it lasts. */
  readonly id: string;
  /** The account or API user. */
  readonly who: string;
  /** By which way. */
  readonly door: "web" | "imap" | "pop3" | "smtp" | "api" | "admin" | "approval";
  /** Client address. */
  readonly from: string;
  /** When they logged in. */
  readonly since: string;
}

/** One page of a list. */
export interface MailSessionPage {
  /** In the order of their ids. */
  readonly items: ReadonlyArray<MailSession>;
  /** Ask again with this as `after`; missing on the last page. */
  readonly next?: string;
}

/** A person's account, or a shared one. */
export interface NewAccount {
  /** In a domain of the tenant. */
  readonly address: string;
  /** At least 8 octets; none for a shared account. */
  readonly password?: string;
  /** shared: a mailbox of nobody's own, used by those who are granted rights on it. */
  readonly kind?: "person" | "shared";
  /** The display name. */
  readonly name?: string;
  /** Room for mail; 0: no limit. */
  readonly quota_octets?: number;
}

/** A further address of an account. */
export interface NewAlias {
  /** In a domain of the tenant. */
  readonly address: string;
}

/** A program that sends. */
export interface NewApiUser {
  /** In e-mail form, in a domain of the tenant. */
  readonly name: string;
}

/** A key for one mail client. */
export interface NewAppPassword {
  /** Where it will be used. */
  readonly name: string;
}

/** A domain to host; DKIM keys are made with it. */
export interface NewDomain {
  /** The domain. */
  readonly name: string;
  /** operator: on your word, for operators alone, who need not say so. dns: the tenant proves it by a TXT record first; until then nothing is sent or received for it. */
  readonly verification?: "operator" | "dns";
}

/** A role to give to an account. */
export interface NewGrant {
  /** The account. */
  readonly address: string;
  /** The role. */
  readonly role: "owner" | "admin" | "approver" | "auditor" | "member" | "service-user" | "report-viewer" | "accountant";
  /** In this domain alone; not for owners. */
  readonly domain?: string;
  /** combined: although the account has a duty that is better kept apart from this one. */
  readonly duties?: "apart" | "combined";
}

/** Mail from elsewhere that is to come into an account. */
export interface NewImport {
  /** Where it comes from, for people and for the records. */
  readonly source: string;
}

/** Who logs in to a console. */
export interface NewSession {
  /** The account's address. */
  readonly address: string;
  /** The account's own password; passwords for mail clients open no console. */
  readonly password: string;
}

/** A customer to open. */
export interface NewTenant {
  /** 2 to 40 lower-case letters, digits and hyphens, a letter first. */
  readonly name: string;
}

/** A token for a program that administrates. */
export interface NewToken {
  /** What it is for. */
  readonly name: string;
  /** Its role: no more than its maker has, and never owner. */
  readonly role: "owner" | "admin" | "approver" | "auditor" | "member" | "service-user" | "report-viewer" | "accountant";
  /** In this domain alone. */
  readonly domain?: string;
  /** When it ends; without it as late as the server allows (sessions.token_life_max). */
  readonly expires?: string;
}

/** Where a sender's pace stands, in recipients. */
export interface Pace {
  /** Whose; missing: the tenant as a whole. */
  readonly address?: string;
  /** The rules that apply. */
  readonly rules: PaceRules;
  /** Taken, and waiting for their turn. */
  readonly waiting: number;
  /** In the last ten minutes. */
  readonly ten_minutes: number;
  /** In the last 24 hours. */
  readonly day: number;
  /** Until then no limit applies. */
  readonly lifted_until?: string;
}

/** Lets a sender go on without limits for a time. */
export interface PaceLift {
  /** At most 7 days from now; a time of the past takes it back. */
  readonly until: string;
  /** Why; kept in the audit trail. */
  readonly note: string;
}

/** One page of a list. */
export interface PacePage {
  /** In the order of their ids. */
  readonly items: ReadonlyArray<Pace>;
  /** Ask again with this as `after`; missing on the last page. */
  readonly next?: string;
}

/** A sending pace, in recipients on other hosts; 0: no limit. */
export interface PaceRules {
  /** The rate at which what comes faster leaves. */
  readonly per_minute: number;
  /** Leaves at once after a pause. */
  readonly burst: number;
  /** When more than this waits, 451 until it is less. */
  readonly backlog_max: number;
  /** Over it 451. */
  readonly per_10_minutes: number;
  /** Over it 550. */
  readonly per_day: number;
}

/** What to change of a pace; missing members stay. 0: no limit. */
export interface PaceRulesPatch {
  /** The rate at which what comes faster leaves. */
  readonly per_minute?: number;
  /** Leaves at once after a pause. */
  readonly burst?: number;
  /** When more than this waits, 451 until it is less. */
  readonly backlog_max?: number;
  /** Over it 451. */
  readonly per_10_minutes?: number;
  /** Over it 550. */
  readonly per_day?: number;
}

/** What went wrong (RFC 9457). */
export interface Problem {
  /** Names the kind of problem. */
  readonly type: string;
  /** The kind of problem in words. */
  readonly title: string;
  /** The HTTP status. */
  readonly status: number;
  /** This problem in words. */
  readonly detail: string;
  /** The request's field that is to blame. */
  readonly field?: string;
  /** The same as a JSON Pointer into the body. */
  readonly pointer?: string;
}

/** A message that is not done. */
export interface QueueMessage {
  /** Its id, as SMTP answers and records show it. */
  readonly id: string;
  /** Who answers for it. */
  readonly tenant: string;
  /** The reverse-path; empty for notifications. */
  readonly from: string;
  /** The author's address. */
  readonly header_from: string;
  /** Decoded. */
  readonly subject: string;
  /** Its Message-ID. */
  readonly message_id: string;
  /** Its size. */
  readonly octets: number;
  /** When it was taken. */
  readonly created: string;
  /** When it will be given up. */
  readonly expires: string;
  /** Done ones included. */
  readonly recipients: ReadonlyArray<QueueRecipient>;
}

/** One page of a list. */
export interface QueueMessagePage {
  /** In the order of their ids. */
  readonly items: ReadonlyArray<QueueMessage>;
  /** Ask again with this as `after`; missing on the last page. */
  readonly next?: string;
}

/** A recipient of a queued message. */
export interface QueueRecipient {
  /** Whom it is for. */
  readonly address: string;
  /** How far it is. */
  readonly state: "waiting" | "delivered" | "bounced" | "cancelled";
  /** How often it was tried. */
  readonly attempts: number;
  /** The next attempt, while it waits. */
  readonly due?: string;
  /** The last attempt. */
  readonly last_attempt?: string;
  /** What the last attempt was answered. */
  readonly answer: string;
  /** By which host. */
  readonly host: string;
}

/** One event: a step of a message, a login, or an administrator's act. */
export interface Record {
  /** Ascends with time. */
  readonly id: string;
  /** Whose event it is. */
  readonly tenant: string;
  /** When it happened. */
  readonly at: string;
  /** What happened. */
  readonly status: "accepted" | "queued" | "delivered" | "deferred" | "bounced" | "rejected" | "cancelled" | "login" | "login_failed" | "operation" | "unknown";
  /** The message's id. */
  readonly message?: string;
  /** Who acted: kind, and id where there is one. */
  readonly actor: string;
  /** Sender, login name, or the operation's verb. */
  readonly from: string;
  /** Recipient, or the object of an operation. */
  readonly to: string;
  /** The author's address. */
  readonly header_from: string;
  /** Decoded. */
  readonly subject: string;
  /** The message's Message-ID. */
  readonly message_id: string;
  /** The SMTP answer, or the reason. */
  readonly answer: string;
  /** By which door it came. */
  readonly protocol: string;
  /** Who gave it to us. */
  readonly client_ip: string;
  /** Who took it. */
  readonly host: string;
  /** X-Api-Data. */
  readonly api_data: string;
  /** More, by kind. */
  readonly detail?: unknown;
  /** The message's size. */
  readonly octets: number;
}

/** What a request would do, were it no dry run. */
export interface Rehearsal {
  /** In their order; empty: nothing. */
  readonly changes: ReadonlyArray<Rehearsed>;
}

/** One change that would be made, as the log of operations would show it. */
export interface Rehearsed {
  /** What. */
  readonly operation: string;
  /** To what. */
  readonly object: string;
  /** More, by operation. */
  readonly detail: unknown;
}

/** A role that can be given. */
export interface Role {
  /** Its name. */
  readonly name: string;
  /** What it permits. */
  readonly permissions: ReadonlyArray<string>;
}

/** One page of a list. */
export interface RolePage {
  /** In the order of their ids. */
  readonly items: ReadonlyArray<Role>;
  /** Ask again with this as `after`; missing on the last page. */
  readonly next?: string;
}

/** How far an account's search index is. Answers don't depend on it. */
export interface SearchIndex {
  /** The account. */
  readonly address: string;
  /** Mails in the account. */
  readonly mails: number;
  /** Of them in the index. */
  readonly indexed: number;
  /** Pieces that the index is in. */
  readonly segments: number;
  /** Size of the index. */
  readonly octets: number;
  /** Mails whose attached files' words aren't found yet. */
  readonly files_waiting: number;
  /** Attached files that couldn't be read wholly: locked, damaged, too large. */
  readonly files_unread: number;
}

/** Who calls, and what they may. The session's secret is in the cookie alone. */
export interface Session {
  /** The account's address, or the token's name. */
  readonly address: string;
  /** Its tenant. */
  readonly tenant: string;
  /** The roles, each with the domain where it is for one. */
  readonly roles: ReadonlyArray<string>;
  /** What the roles permit, taken together. */
  readonly permissions: ReadonlyArray<string>;
  /** To be sent as X-CSRF-Token with all but GET when the cookie is what proves the caller. */
  readonly csrf_token: string;
  /** When it ends, however much it is used. */
  readonly expires?: string;
}

/** A session of an account. */
export interface SessionRow {
  /** Its id. */
  readonly id: string;
  /** The client's address when it was opened. */
  readonly from: string;
  /** When it was opened. */
  readonly created: string;
  /** When it was last used, to the minute. */
  readonly used: string;
  /** When it ends at the latest. */
  readonly expires: string;
  /** Whether it is the one that asks. */
  readonly current: boolean;
}

/** One page of a list. */
export interface SessionRowPage {
  /** In the order of their ids. */
  readonly items: ReadonlyArray<SessionRow>;
  /** Ask again with this as `after`; missing on the last page. */
  readonly next?: string;
}

/** A customer. */
export interface Tenant {
  /** Its handle. */
  readonly name: string;
  /** Its id. */
  readonly id: string;
  /** Whether it is served. */
  readonly status: "active" | "suspended" | "terminated";
  /** When it was opened. */
  readonly created: string;
}

/** One page of a list. */
export interface TenantPage {
  /** In the order of their ids. */
  readonly items: ReadonlyArray<Tenant>;
  /** Ask again with this as `after`; missing on the last page. */
  readonly next?: string;
}

/** What to change. */
export interface TenantPatch {
  /** suspended: nobody logs in, no mail is taken. */
  readonly status: "active" | "suspended";
}

/** A token of a program that administrates. */
export interface Token {
  /** Its id. */
  readonly id: string;
  /** What it is for. */
  readonly name: string;
  /** Its role, with the domain where it is for one. */
  readonly roles: string;
  /** When it was made. */
  readonly created: string;
  /** When it was last used, to the minute. */
  readonly used: string;
  /** When it ends. */
  readonly expires: string;
  /** The token itself; in the answer to POST only. */
  readonly token?: string;
}

/** One page of a list. */
export interface TokenPage {
  /** In the order of their ids. */
  readonly items: ReadonlyArray<Token>;
  /** Ask again with this as `after`; missing on the last page. */
  readonly next?: string;
}

/** Every operation by its id. */
export interface Operations {
  /** Opens a tenant. */
  createTenant: {
    method: "POST";
    path: "/api/admin/v1/tenants";
    permission: "tenants.write";
    parameters: Record<string, never>;
    body: NewTenant;
    status: 201;
    answer: Tenant;
  };
  /** Lists tenants. */
  listTenants: {
    method: "GET";
    path: "/api/admin/v1/tenants";
    permission: "server.read";
    parameters: Record<string, never>;
    query: { after?: string; limit?: number; };
    status: 200;
    answer: TenantPage;
  };
  /** Shows a tenant. */
  showTenant: {
    method: "GET";
    path: "/api/admin/v1/tenants/{tenant}";
    permission: "tenants.read";
    parameters: { tenant: string; };
    status: 200;
    answer: Tenant;
  };
  /** Suspends or resumes a tenant. */
  changeTenant: {
    method: "PATCH";
    path: "/api/admin/v1/tenants/{tenant}";
    permission: "tenants.write";
    parameters: { tenant: string; };
    body: TenantPatch;
    status: 200;
    answer: Tenant;
  };
  /** Adds a domain. */
  createDomain: {
    method: "POST";
    path: "/api/admin/v1/tenants/{tenant}/domains";
    permission: "domains.write";
    parameters: { tenant: string; };
    body: NewDomain;
    status: 201;
    answer: Domain;
  };
  /** Lists a tenant's domains. */
  listDomains: {
    method: "GET";
    path: "/api/admin/v1/tenants/{tenant}/domains";
    permission: "domains.read";
    parameters: { tenant: string; };
    status: 200;
    answer: DomainPage;
  };
  /** Removes a domain. */
  deleteDomain: {
    method: "DELETE";
    path: "/api/admin/v1/tenants/{tenant}/domains/{domain}";
    permission: "domains.write";
    parameters: { tenant: string; domain: string; };
    status: 204;
    answer: null;
  };
  /** Removes a domain. */
  deleteDomainByName: {
    method: "DELETE";
    path: "/api/admin/v1/domains/{address}";
    permission: "domains.write";
    parameters: { address: string; };
    status: 204;
    answer: null;
  };
  /** Tells the records to publish in DNS. */
  showDomainDns: {
    method: "GET";
    path: "/api/admin/v1/tenants/{tenant}/domains/{domain}/dns";
    permission: "domains.read";
    parameters: { tenant: string; domain: string; };
    status: 200;
    answer: DomainDns;
  };
  /** Compares what is published in DNS with what should be. */
  checkDomain: {
    method: "GET";
    path: "/api/admin/v1/tenants/{tenant}/domains/{domain}/check";
    permission: "domains.read";
    parameters: { tenant: string; domain: string; };
    status: 200;
    answer: DomainCheck;
  };
  /** Verifies that a domain is its tenant's. */
  verifyDomain: {
    method: "POST";
    path: "/api/admin/v1/tenants/{tenant}/domains/{domain}/verification";
    permission: "domains.write";
    parameters: { tenant: string; domain: string; };
    body: DomainVerification;
    status: 200;
    answer: Domain;
  };
  /** Tells the records to publish in DNS. */
  showDnsByName: {
    method: "GET";
    path: "/api/admin/v1/domains/{address}/dns";
    permission: "domains.read";
    parameters: { address: string; };
    status: 200;
    answer: DomainDns;
  };
  /** Compares what is published in DNS with what should be. */
  checkDomainByName: {
    method: "GET";
    path: "/api/admin/v1/domains/{address}/check";
    permission: "domains.read";
    parameters: { address: string; };
    status: 200;
    answer: DomainCheck;
  };
  /** Verifies that a domain is its tenant's. */
  verifyDomainByName: {
    method: "POST";
    path: "/api/admin/v1/domains/{address}/verification";
    permission: "domains.write";
    parameters: { address: string; };
    body: DomainVerification;
    status: 200;
    answer: Domain;
  };
  /** Shows a tenant's plan and pace, and what it uses. */
  showLimits: {
    method: "GET";
    path: "/api/admin/v1/tenants/{tenant}/limits";
    permission: "plans.read";
    parameters: { tenant: string; };
    status: 200;
    answer: Limits;
  };
  /** Changes a tenant's plan or pace. */
  changeLimits: {
    method: "PATCH";
    path: "/api/admin/v1/tenants/{tenant}/limits";
    permission: "plans.write";
    parameters: { tenant: string; };
    body: LimitsPatch;
    status: 200;
    answer: Limits;
  };
  /** Lists senders that are delayed, refused or lifted now; at most 1,000. */
  listRestricted: {
    method: "GET";
    path: "/api/admin/v1/tenants/{tenant}/restricted";
    permission: "accounts.read";
    parameters: { tenant: string; };
    status: 200;
    answer: PacePage;
  };
  /** Shows where a tenant's pace stands. */
  showTenantPace: {
    method: "GET";
    path: "/api/admin/v1/tenants/{tenant}/pace";
    permission: "accounts.read";
    parameters: { tenant: string; };
    status: 200;
    answer: Pace;
  };
  /** Lifts a tenant's pace for a time. */
  liftTenantPace: {
    method: "POST";
    path: "/api/admin/v1/tenants/{tenant}/pace/lift";
    permission: "plans.write";
    parameters: { tenant: string; };
    body: PaceLift;
    status: 200;
    answer: Pace;
  };
  /** Shows where an account's pace stands. */
  showPace: {
    method: "GET";
    path: "/api/admin/v1/accounts/{address}/pace";
    permission: "accounts.read";
    parameters: { address: string; };
    status: 200;
    answer: Pace;
  };
  /** Lifts an account's pace for a time. */
  liftPace: {
    method: "POST";
    path: "/api/admin/v1/accounts/{address}/pace/lift";
    permission: "accounts.write";
    parameters: { address: string; };
    body: PaceLift;
    status: 200;
    answer: Pace;
  };
  /** Creates an account. */
  createAccount: {
    method: "POST";
    path: "/api/admin/v1/tenants/{tenant}/accounts";
    permission: "accounts.write";
    parameters: { tenant: string; };
    body: NewAccount;
    status: 201;
    answer: Account;
  };
  /** Lists a tenant's accounts. */
  listAccounts: {
    method: "GET";
    path: "/api/admin/v1/tenants/{tenant}/accounts";
    permission: "accounts.read";
    parameters: { tenant: string; };
    query: { after?: string; limit?: number; };
    status: 200;
    answer: AccountPage;
  };
  /** Creates an account for the tenant that has its domain. */
  createAccountByAddress: {
    method: "POST";
    path: "/api/admin/v1/accounts";
    permission: "accounts.write";
    parameters: Record<string, never>;
    body: NewAccount;
    status: 201;
    answer: Account;
  };
  /** Shows an account. */
  showAccount: {
    method: "GET";
    path: "/api/admin/v1/accounts/{address}";
    permission: "accounts.read";
    parameters: { address: string; };
    status: 200;
    answer: Account;
  };
  /** Changes an account. */
  changeAccount: {
    method: "PATCH";
    path: "/api/admin/v1/accounts/{address}";
    permission: "accounts.write";
    parameters: { address: string; };
    body: AccountPatch;
    status: 200;
    answer: Account;
  };
  /** Deletes an account. */
  deleteAccount: {
    method: "DELETE";
    path: "/api/admin/v1/accounts/{address}";
    permission: "accounts.write";
    parameters: { address: string; };
    status: 204;
    answer: null;
  };
  /** Adds an address to an account. */
  addAlias: {
    method: "POST";
    path: "/api/admin/v1/accounts/{address}/aliases";
    permission: "accounts.write";
    parameters: { address: string; };
    body: NewAlias;
    status: 201;
    answer: Account;
  };
  /** Removes an address. */
  removeAlias: {
    method: "DELETE";
    path: "/api/admin/v1/accounts/{address}/aliases/{alias}";
    permission: "accounts.write";
    parameters: { address: string; alias: string; };
    status: 204;
    answer: null;
  };
  /** Makes a key for a mail client; it is shown once. */
  createAppPassword: {
    method: "POST";
    path: "/api/admin/v1/accounts/{address}/app-passwords";
    permission: "credentials.write";
    parameters: { address: string; };
    body: NewAppPassword;
    status: 201;
    answer: AppPassword;
  };
  /** Lists an account's keys. */
  listAppPasswords: {
    method: "GET";
    path: "/api/admin/v1/accounts/{address}/app-passwords";
    permission: "accounts.read";
    parameters: { address: string; };
    status: 200;
    answer: AppPasswordPage;
  };
  /** Removes a key. */
  removeAppPassword: {
    method: "DELETE";
    path: "/api/admin/v1/accounts/{address}/app-passwords/{id}";
    permission: "credentials.write";
    parameters: { address: string; id: string; };
    status: 204;
    answer: null;
  };
  /** Creates an API user; its key is shown once. */
  createApiUser: {
    method: "POST";
    path: "/api/admin/v1/tenants/{tenant}/api-users";
    permission: "api_users.write";
    parameters: { tenant: string; };
    body: NewApiUser;
    status: 201;
    answer: ApiUser;
  };
  /** Lists a tenant's API users. */
  listApiUsers: {
    method: "GET";
    path: "/api/admin/v1/tenants/{tenant}/api-users";
    permission: "api_users.read";
    parameters: { tenant: string; };
    status: 200;
    answer: ApiUserPage;
  };
  /** Deletes an API user. */
  deleteApiUser: {
    method: "DELETE";
    path: "/api/admin/v1/tenants/{tenant}/api-users/{name}";
    permission: "api_users.write";
    parameters: { tenant: string; name: string; };
    status: 204;
    answer: null;
  };
  /** Deletes an API user. */
  deleteApiUserByName: {
    method: "DELETE";
    path: "/api/admin/v1/api-users/{address}";
    permission: "api_users.write";
    parameters: { address: string; };
    status: 204;
    answer: null;
  };
  /** Lists queued messages. */
  listQueue: {
    method: "GET";
    path: "/api/admin/v1/queue";
    permission: "queue.read";
    parameters: Record<string, never>;
    query: { after?: string; limit?: number; tenant?: string; domain?: string; };
    status: 200;
    answer: QueueMessagePage;
  };
  /** Shows a queued message. */
  showQueued: {
    method: "GET";
    path: "/api/admin/v1/queue/{id}";
    permission: "queue.read";
    parameters: { id: string; };
    status: 200;
    answer: QueueMessage;
  };
  /** Tries a queued message again now. */
  retryQueued: {
    method: "POST";
    path: "/api/admin/v1/queue/{id}/retry";
    permission: "queue.write";
    parameters: { id: string; };
    status: 204;
    answer: null;
  };
  /** Takes a message out of the queue; its sender is not told. */
  cancelQueued: {
    method: "POST";
    path: "/api/admin/v1/queue/{id}/cancel";
    permission: "queue.write";
    parameters: { id: string; };
    status: 200;
    answer: QueueMessage;
  };
  /** Searches and follows the event stream. */
  readLog: {
    method: "GET";
    path: "/api/admin/v1/log";
    permission: "log.read";
    parameters: Record<string, never>;
    query: { after?: string; limit?: number; tenant?: string; message?: string; from?: string; to?: string; status?: string; stream?: "mail" | "login" | "operation"; since?: string; until?: string; wait?: number; };
    status: 200;
    answer: LogPage;
  };
  /** Exports a stream of records as JSON lines that can be verified. */
  exportAudit: {
    method: "GET";
    path: "/api/admin/v1/tenants/{tenant}/audit";
    permission: "audit.read";
    parameters: { tenant: string; };
    query: { stream?: "mail" | "login" | "operation"; since?: string; until?: string; };
    status: 200;
    answer: Blob;
  };
  /** Lists who else may use an account's mailboxes. */
  listAcl: {
    method: "GET";
    path: "/api/admin/v1/accounts/{address}/acl";
    permission: "sharing.read";
    parameters: { address: string; };
    query: { mailbox?: string; };
    status: 200;
    answer: AclEntryPage;
  };
  /** Gives somebody rights on an account's mailboxes, or takes them away. */
  setAcl: {
    method: "PUT";
    path: "/api/admin/v1/accounts/{address}/acl";
    permission: "sharing.write";
    parameters: { address: string; };
    body: AclChange;
    status: 204;
    answer: null;
  };
  /** Lists who may come in from where and when. */
  listAccessRules: {
    method: "GET";
    path: "/api/admin/v1/tenants/{tenant}/access-rules";
    permission: "policies.read";
    parameters: { tenant: string; };
    status: 200;
    answer: AccessRulePage;
  };
  /** Adds a rule; refused if it would lock its author out. */
  createAccessRule: {
    method: "POST";
    path: "/api/admin/v1/tenants/{tenant}/access-rules";
    permission: "policies.write";
    parameters: { tenant: string; };
    body: AccessRuleBody;
    status: 201;
    answer: AccessRule;
  };
  /** Shows a rule. */
  showAccessRule: {
    method: "GET";
    path: "/api/admin/v1/tenants/{tenant}/access-rules/{id}";
    permission: "policies.read";
    parameters: { tenant: string; id: string; };
    status: 200;
    answer: AccessRule;
  };
  /** Changes a rule. */
  replaceAccessRule: {
    method: "PUT";
    path: "/api/admin/v1/tenants/{tenant}/access-rules/{id}";
    permission: "policies.write";
    parameters: { tenant: string; id: string; };
    body: AccessRuleBody;
    status: 200;
    answer: AccessRule;
  };
  /** Removes a rule. */
  deleteAccessRule: {
    method: "DELETE";
    path: "/api/admin/v1/tenants/{tenant}/access-rules/{id}";
    permission: "policies.write";
    parameters: { tenant: string; id: string; };
    status: 204;
    answer: null;
  };
  /** Tells whether somebody could come in from there at that time. */
  tryAccess: {
    method: "GET";
    path: "/api/admin/v1/tenants/{tenant}/access-trial";
    permission: "policies.read";
    parameters: { tenant: string; };
    query: { address: string; door: "web" | "imap" | "pop3" | "smtp" | "api" | "admin" | "approval"; from?: string; at?: string; };
    status: 200;
    answer: AccessTrial;
  };
  /** Lists the tenant's holidays. */
  listHolidays: {
    method: "GET";
    path: "/api/admin/v1/tenants/{tenant}/holidays";
    permission: "policies.read";
    parameters: { tenant: string; };
    status: 200;
    answer: HolidayPage;
  };
  /** Sets the tenant's holidays. */
  setHolidays: {
    method: "PUT";
    path: "/api/admin/v1/tenants/{tenant}/holidays";
    permission: "policies.write";
    parameters: { tenant: string; };
    body: HolidayList;
    status: 204;
    answer: null;
  };
  /** Lists who is logged in by IMAP, POP3 or SMTP on this node. */
  listMailSessions: {
    method: "GET";
    path: "/api/admin/v1/tenants/{tenant}/mail-sessions";
    permission: "accounts.read";
    parameters: { tenant: string; };
    status: 200;
    answer: MailSessionPage;
  };
  /** Ends a session. */
  endMailSession: {
    method: "DELETE";
    path: "/api/admin/v1/tenants/{tenant}/mail-sessions/{id}";
    permission: "credentials.write";
    parameters: { tenant: string; id: string; };
    status: 204;
    answer: null;
  };
  /** Tells how far an account's search index is. */
  showSearchIndex: {
    method: "GET";
    path: "/api/admin/v1/accounts/{address}/search-index";
    permission: "accounts.read";
    parameters: { address: string; };
    status: 200;
    answer: SearchIndex;
  };
  /** Forgets an account's search index and makes it anew in the background. */
  rebuildSearchIndex: {
    method: "POST";
    path: "/api/admin/v1/accounts/{address}/search-index/rebuild";
    permission: "accounts.write";
    parameters: { address: string; };
    status: 204;
    answer: null;
  };
  /** Begins an import. It can be repeated: mail that is there already is skipped. */
  beginImport: {
    method: "POST";
    path: "/api/admin/v1/accounts/{address}/imports";
    permission: "content.write";
    parameters: { address: string; };
    body: NewImport;
    status: 201;
    answer: Import;
  };
  /** Lists an account's imports since the server's start. */
  listImports: {
    method: "GET";
    path: "/api/admin/v1/accounts/{address}/imports";
    permission: "content.write";
    parameters: { address: string; };
    status: 200;
    answer: ImportPage;
  };
  /** Tells how far an import is. */
  showImport: {
    method: "GET";
    path: "/api/admin/v1/accounts/{address}/imports/{id}";
    permission: "content.write";
    parameters: { address: string; id: string; };
    status: 200;
    answer: Import;
  };
  /** Brings in a batch of mail; it is durable when this answers. */
  addToImport: {
    method: "POST";
    path: "/api/admin/v1/accounts/{address}/imports/{id}/mail";
    permission: "content.write";
    parameters: { address: string; id: string; };
    body: Blob;
    status: 200;
    answer: Import;
  };
  /** Tells which messages of an IMAP server's folder have come already. */
  knownToImport: {
    method: "GET";
    path: "/api/admin/v1/accounts/{address}/imports/{id}/known";
    permission: "content.write";
    parameters: { address: string; id: string; };
    query: { folder: string; };
    status: 200;
    answer: Known;
  };
  /** Ends an import that is complete. */
  finishImport: {
    method: "POST";
    path: "/api/admin/v1/accounts/{address}/imports/{id}/finish";
    permission: "content.write";
    parameters: { address: string; id: string; };
    status: 200;
    answer: Import;
  };
  /** Ends an import; what came in stays. */
  cancelImport: {
    method: "POST";
    path: "/api/admin/v1/accounts/{address}/imports/{id}/cancel";
    permission: "content.write";
    parameters: { address: string; id: string; };
    status: 200;
    answer: Import;
  };
  /** Gives all of an account's mail, or one mailbox, as a stream. */
  exportMail: {
    method: "GET";
    path: "/api/admin/v1/accounts/{address}/exports";
    permission: "content.read";
    parameters: { address: string; };
    query: { folder?: string; };
    status: 200;
    answer: Blob;
  };
  /** Lists the roles that a tenant can give, and what they permit. */
  listRoles: {
    method: "GET";
    path: "/api/admin/v1/roles";
    permission: "roles.read";
    parameters: Record<string, never>;
    status: 200;
    answer: RolePage;
  };
  /** Lists who has which role. */
  listGrants: {
    method: "GET";
    path: "/api/admin/v1/tenants/{tenant}/grants";
    permission: "roles.read";
    parameters: { tenant: string; };
    query: { after?: string; limit?: number; };
    status: 200;
    answer: GrantPage;
  };
  /** Gives a role to an account. The owners get a mail. */
  createGrant: {
    method: "POST";
    path: "/api/admin/v1/tenants/{tenant}/grants";
    permission: "roles.write";
    parameters: { tenant: string; };
    body: NewGrant;
    status: 201;
    answer: Grant;
  };
  /** Takes a role away. The owners get a mail. */
  deleteGrant: {
    method: "DELETE";
    path: "/api/admin/v1/tenants/{tenant}/grants/{id}";
    permission: "roles.write";
    parameters: { tenant: string; id: string; };
    status: 204;
    answer: null;
  };
  /** Logs in: the session is in a cookie, which scripts can't read. */
  openSession: {
    method: "POST";
    path: "/api/admin/v1/session";
    permission: "";
    parameters: Record<string, never>;
    body: NewSession;
    status: 201;
    answer: Session;
  };
  /** Tells who calls. */
  showSession: {
    method: "GET";
    path: "/api/admin/v1/session";
    permission: "self";
    parameters: Record<string, never>;
    status: 200;
    answer: Session;
  };
  /** Logs out. */
  closeSession: {
    method: "DELETE";
    path: "/api/admin/v1/session";
    permission: "self";
    parameters: Record<string, never>;
    status: 204;
    answer: null;
  };
  /** Lists one's own sessions. */
  listSessions: {
    method: "GET";
    path: "/api/admin/v1/sessions";
    permission: "self";
    parameters: Record<string, never>;
    status: 200;
    answer: SessionRowPage;
  };
  /** Ends all of one's own sessions but this one. */
  endOtherSessions: {
    method: "DELETE";
    path: "/api/admin/v1/sessions";
    permission: "self";
    parameters: Record<string, never>;
    status: 204;
    answer: null;
  };
  /** Ends one of one's own sessions. */
  endSession: {
    method: "DELETE";
    path: "/api/admin/v1/sessions/{id}";
    permission: "self";
    parameters: { id: string; };
    status: 204;
    answer: null;
  };
  /** Lists an account's sessions. */
  listSessionsOf: {
    method: "GET";
    path: "/api/admin/v1/accounts/{address}/sessions";
    permission: "accounts.read";
    parameters: { address: string; };
    status: 200;
    answer: SessionRowPage;
  };
  /** Ends all of an account's sessions. */
  endSessionsOf: {
    method: "DELETE";
    path: "/api/admin/v1/accounts/{address}/sessions";
    permission: "credentials.write";
    parameters: { address: string; };
    status: 204;
    answer: null;
  };
  /** Makes a token for a program; it is shown once. */
  createToken: {
    method: "POST";
    path: "/api/admin/v1/tenants/{tenant}/tokens";
    permission: "tokens.write";
    parameters: { tenant: string; };
    body: NewToken;
    status: 201;
    answer: Token;
  };
  /** Lists a tenant's tokens. */
  listTokens: {
    method: "GET";
    path: "/api/admin/v1/tenants/{tenant}/tokens";
    permission: "tokens.read";
    parameters: { tenant: string; };
    query: { after?: string; limit?: number; };
    status: 200;
    answer: TokenPage;
  };
  /** Ends a token. */
  deleteToken: {
    method: "DELETE";
    path: "/api/admin/v1/tenants/{tenant}/tokens/{id}";
    permission: "tokens.write";
    parameters: { tenant: string; id: string; };
    status: 204;
    answer: null;
  };
}
