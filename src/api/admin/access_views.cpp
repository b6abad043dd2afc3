#include "api/admin/access_views.h"

namespace fumi::api::admin {
namespace {

const std::vector<std::string> kDoors{"web", "imap", "pop3", "smtp", "api", "admin", "approval"};

template <class T>
void rule_fields(Schema<T>& s) {
  s.field(&T::name, "name", "For people: what it is for.").length(1, 200).example("Office only");
  s.field(&T::enabled, "enabled", "false: it is kept, and not judged by.").optional();
  s.field(&T::effect, "effect", "What it does to whom it fits.").choices({"allow", "deny"});
  s.field(&T::about, "about", "everyone, @ and a domain of the tenant, or an address.")
      .length(1, 320)
      .optional()
      .example("@acme.example");
  s.field(&T::doors, "doors", "Of web, imap, pop3, smtp, api, admin, approval; empty: all of them.")
      .optional();
  s.field(&T::networks, "networks", "CIDR, IPv4 or IPv6; empty: from anywhere.").optional();
  s.field(&T::times, "times", "When; without it always.");
}

}  // namespace

void describe(Schema<WindowView>& s) {
  s.named("AccessWindow", "A time of day; an end at or before the begin is on the next day.");
  s.field(&WindowView::days, "days", "On which it begins: mon, tue, wed, thu, fri, sat, sun.");
  s.field(&WindowView::from, "from", "Local time, HH:MM.").length(5, 5).example("09:00");
  s.field(&WindowView::to, "to", "Local time, HH:MM, up to 24:00.").length(5, 5).example("18:00");
}

void describe(Schema<AccessTimesView>& s) {
  s.named("AccessTimes", "When a rule holds.");
  s.field(&AccessTimesView::zone, "zone", "A time zone of the IANA database.")
      .length(1, 64)
      .example("Asia/Tokyo");
  s.field(&AccessTimesView::windows, "windows", "1 to 32 of them; one that fits is enough.");
  s.field(&AccessTimesView::holidays, "holidays",
          "On the tenant's holidays: windows as on any weekday, never, or always.")
      .choices({"as-weekdays", "never", "also"})
      .optional();
}

void describe(Schema<AccessRuleBody>& s) {
  s.named(
      "AccessRuleBody",
      "Who may come in, or may not. Of all rules that fit the most specific decides: by whom it "
      "is about, then door, network and time; of equals, deny.");
  rule_fields(s);
}

void describe(Schema<AccessRuleView>& s) {
  s.named("AccessRule", "An access rule.");
  s.field(&AccessRuleView::id, "id", "Its id.");
  rule_fields(s);
}

void describe(Schema<AccessTrialQuery>& s) {
  s.named("AccessTrialQuery", "Somebody who would come in.");
  s.field(&AccessTrialQuery::address, "address", "An account or an API user.")
      .length(1, 320)
      .example("hanako@acme.example");
  s.field(&AccessTrialQuery::door, "door", "By which way.").choices(kDoors);
  s.field(&AccessTrialQuery::from, "from", "Client address; without it: from an unknown one.")
      .length(1, 45)
      .example("203.0.113.9");
  s.field(&AccessTrialQuery::at, "at", "When; without it now.");
}

void describe(Schema<AccessTrialView>& s) {
  s.named("AccessTrial", "What the rules say of it.");
  s.field(&AccessTrialView::effect, "effect", "Whether they may.").choices({"allow", "deny"});
  s.field(&AccessTrialView::rule, "rule", "The rule that decides; none: no rule fits.");
  s.field(&AccessTrialView::rule_name, "rule_name", "Its name.");
  s.field(&AccessTrialView::until, "until", "It stays so until then at least.");
}

void describe(Schema<HolidayView>& s) {
  s.named("Holiday", "A day off.");
  s.field(&HolidayView::date, "date", "YYYY-MM-DD.").length(10, 10).example("2027-01-01");
  s.field(&HolidayView::name, "name", "For people.").length(0, 200).optional().example("元日");
}

void describe(Schema<HolidayList>& s) {
  s.named("HolidayList", "All holidays of the tenant, in place of those it has.");
  s.field(&HolidayList::items, "items", "At most 1,000; a date once.");
}

void describe(Schema<MailSessionView>& s) {
  s.named("MailSession", "Somebody who is logged in by IMAP, POP3 or SMTP.");
  s.field(&MailSessionView::id, "id", "Of this node, while it lasts.");
  s.field(&MailSessionView::who, "who", "The account or API user.");
  s.field(&MailSessionView::door, "door", "By which way.").choices(kDoors);
  s.field(&MailSessionView::from, "from", "Client address.");
  s.field(&MailSessionView::since, "since", "When they logged in.");
}

}  // namespace fumi::api::admin
