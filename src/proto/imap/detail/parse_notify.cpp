// NOTIFY (RFC 5465 §8).
#include "base/ascii.h"
#include "proto/imap/detail/commands.h"

namespace fumi::imap::detail {
namespace {

// An event that isn't offered is NO [BADEVENT], not BAD (RFC 5465 §3.1).
bool refuse_event(Parser& p) {
  std::string names;
  for (const NotifyEventName& known : notify_event_names())
    names.append(names.empty() ? "" : " ").append(known.name);
  (void)p.refuse(no("That event is not offered", ResponseCode{"BADEVENT (" + names + ")"}));
  return false;
}

struct Group {
  bool of_selected = false;
  NotifyEvents events;
  std::vector<FetchItem> fetch;
};

// event = "MessageNew" [SP "(" fetch-att *(SP fetch-att) ")"] / … / event-ext
bool event(Parser& p, Group& out) {
  const auto word = p.atom();
  if (!word) return false;
  for (const NotifyEventName& known : notify_event_names()) {
    if (!ascii::iequals(*word, known.name)) continue;
    out.events.add(known.event);
    if (known.event != NotifyEvent::message_new) return true;
    const std::size_t before = p.position();
    if (!p.take(" (")) return true;
    p.rewind(before + 1);
    if (!out.of_selected) {
      (void)p.fail("FETCH items are for the selected mailbox alone");
      return false;
    }
    return fetch_att_list(p, out.fetch);
  }
  return refuse_event(p);
}

// RFC 5465 §5, §6.1: which events go together.
bool fit_together(Parser& p, const Group& group) {
  using enum NotifyEvent;
  const NotifyEvents events = group.events;
  if (events.has(message_new) != events.has(message_expunge)) {
    (void)p.fail("MessageNew and MessageExpunge go together");
    return false;
  }
  if (events.has(flag_change) && !events.has(message_new)) {
    (void)p.fail("FlagChange needs MessageNew and MessageExpunge");
    return false;
  }
  if (group.of_selected &&
      (events.has(mailbox_name) || events.has(subscription_change) ||
       events.has(mailbox_metadata_change) || events.has(server_metadata_change))) {
    (void)p.fail("the selected mailbox has message events only");
    return false;
  }
  return true;
}

// events = ( "(" event *(SP event) ")" ) / "NONE"
bool events(Parser& p, Group& out) {
  if (take_word(p, "NONE")) return true;
  if (!p.expect('(')) return false;
  do {
    if (!event(p, out)) return false;
  } while (p.take(' '));
  return p.expect(')') && fit_together(p, out);
}

// event-group = "(" filter-mailboxes SP events ")"
bool event_group(Parser& p, Notify& out, bool& selected_said) {
  if (!p.expect('(')) return false;
  Group group;
  const bool at_once = take_word(p, "SELECTED");
  if (at_once || take_word(p, "SELECTED-DELAYED")) {
    if (selected_said) {
      (void)p.fail("SELECTED is said twice");
      return false;
    }
    selected_said = group.of_selected = true;
    if (!p.sp() || !events(p, group)) return false;
    if (group.events.bits != 0) {
      out.selected = at_once ? Notify::Selected::at_once : Notify::Selected::delayed;
    }
    out.selected_events = group.events;
    out.fetch = std::move(group.fetch);
    return p.expect(')');
  }
  auto filter = filter_mailboxes(p);
  if (!filter || !p.sp() || !events(p, group)) return false;
  if (out.groups.size() == p.limits().list_patterns) {
    (void)p.refuse(no("Too many groups", ResponseCode{"NOTIFICATIONOVERFLOW"}));
    return false;
  }
  if (group.events.bits != 0) out.groups.push_back({std::move(*filter), group.events});
  return p.expect(')');
}

}  // namespace

// notify = "NOTIFY" SP ("SET" [SP "STATUS"] SP event-group *(SP event-group) / "NONE")
Parsed parse_notify(Parser& p) {
  Notify out;
  if (!p.sp()) return std::nullopt;
  if (take_word(p, "NONE")) return p.end() ? Parsed(std::move(out)) : std::nullopt;
  if (!take_word(p, "SET")) return p.fail("expected SET or NONE");
  if (!p.sp()) return std::nullopt;
  if (take_word(p, "STATUS")) {
    out.first = Notify::First::status;
    if (!p.sp()) return std::nullopt;
  }
  bool selected_said = false;
  do {
    if (!event_group(p, out, selected_said)) return std::nullopt;
  } while (p.take(' '));
  if (!p.end()) return std::nullopt;
  return out;
}

}  // namespace fumi::imap::detail
