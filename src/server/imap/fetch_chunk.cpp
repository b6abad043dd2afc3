#include <algorithm>

#include "mime/preview.h"
#include "server/imap/detail/fetch_chunk.h"

namespace fumi::server {
namespace {

using Kind = imap::FetchItem::Kind;

FetchPlan::Needs needs_of(Kind kind) {
  using Needs = FetchPlan::Needs;
  switch (kind) {
    case Kind::flags:
    case Kind::uid:
    case Kind::modseq:
    case Kind::internal_date:
    case Kind::rfc822_size:
    case Kind::email_id:
      return Needs::index;
    case Kind::thread_id:
    case Kind::save_date:
      return Needs::email;
    case Kind::envelope:
      return Needs::envelope;
    case Kind::body:
    case Kind::body_structure:
    case Kind::preview:
    case Kind::preview_lazy:
      return Needs::structure;
    default:
      return Needs::body;
  }
}

}  // namespace

FetchPlan::FetchPlan(const imap::Fetch& asked, service::Mailboxes::Snapshot state,
                     const std::vector<Uid>& seen_set, const imap::Limits& with, imap::Features on)
    : fetch(asked), now(std::move(state)), marked(seen_set), limits(with), features(on) {
  for (const imap::FetchItem& item : fetch.items)
    needs = std::max(needs, needs_of(item.kind));
  if (imap::wants(fetch, Kind::preview)) preview = Asks::yes;
  if (imap::wants(fetch, Kind::save_date)) saved = Asks::yes;
}

FetchChunk::FetchChunk(const FetchPlan& plan)
    : plan_(plan), writer_(plan.limits), flags_(*plan.now) {
  writer_.set_features(plan.features);
}

std::size_t FetchChunk::assign(std::span<const Item> items) {
  lines_.clear();
  emails_.clear();
  by_email_.clear();
  order_ = Order::ascending;
  body_octets_ = 0;
  service::RowCursor rows(*plan_.now);
  for (const Item& item : items.first(std::min(items.size(), kItems))) {
    const service::IndexRow* const row = rows.find(Uid{item.uid.value});
    if (row != nullptr && plan_.needs == FetchPlan::Needs::body) {
      if (!lines_.empty() && body_octets_ + row->octets > kOctets) break;
      body_octets_ += row->octets;
    }
    if (row != nullptr) {
      if (!by_email_.empty() && row->email <= by_email_.back().first) order_ = Order::mixed;
      by_email_.emplace_back(row->email, lines_.size());
    }
    lines_.push_back({item, row, {}, {}, {}, {}});
  }
  std::ranges::sort(by_email_);
  for (const auto& [email, line] : by_email_) {
    if (emails_.empty() || emails_.back() != email) emails_.push_back(email);
  }
  begin();
  return lines_.size();
}

void FetchChunk::begin() {
  writer_.output().clear();
  held_.clear();
  next_ = 0;
  end_ = lines_.size();
  kept_octets_ = 0;
  gone_ = 0;
  blobs_.clear();
  blob_lines_.clear();
  blob_ = 0;
  error_ = {};
  encoding_ = Encoding::known;
  for (Line& line : lines_) {
    line.summary.reset();
    line.saved.reset();
  }
}

bool FetchChunk::at_once() const {
  return order_ == Order::ascending && plan_.needs != FetchPlan::Needs::body &&
         plan_.preview == FetchPlan::Asks::no && plan_.saved == FetchPlan::Asks::no;
}

Result<Visit> FetchChunk::take(const StoredSummary& summary) {
  auto found =
      std::ranges::lower_bound(by_email_, summary.id, {}, &std::pair<EmailId, std::size_t>::first);
  for (; found != by_email_.end() && found->first == summary.id; ++found) {
    const std::size_t at = found->second;
    if (!at_once()) {
      if (!keep(at, summary)) return fail(Code::corrupt, "reading a message", "bad blob reference");
      continue;
    }
    gone_ += at - next_;  // those between are not there
    lines_[at].thread = summary.thread;
    write(lines_[at], summary.summary, nullptr);
    next_ = at + 1;
    if (writer_.output().size() > kOctets) {
      end_ = next_;
      return Visit::stop;
    }
  }
  return Visit::more;
}

// For later: its line can't be written before others, or without its body.
bool FetchChunk::keep(std::size_t at, const StoredSummary& summary) {
  if (at >= end_) return true;
  Line& line = lines_[at];
  const auto blob = BlobRef::decode(summary.blob);
  if (!blob) return false;
  line.blob = *blob;
  line.thread = summary.thread;
  line.summary = std::string(summary.summary);
  kept_octets_ += summary.summary.size();
  // Too much: the last of those kept go, down to one.
  while (kept_octets_ > kOctets) {
    std::size_t last = end_;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < end_; ++i) {
      if (!lines_[i].summary) continue;
      last = i;
      ++kept;
    }
    if (kept < 2) break;
    shorten(last);
  }
  return true;
}

void FetchChunk::shorten(std::size_t end) {
  for (std::size_t i = end; i < end_; ++i) {
    if (lines_[i].summary) kept_octets_ -= lines_[i].summary->size();
    lines_[i].summary.reset();
  }
  end_ = end;
}

void FetchChunk::saved(Uid uid, std::optional<Instant> at) {
  const auto line = std::ranges::lower_bound(lines_, uid.value, {},
                                             [](const Line& l) { return l.item.uid.value; });
  if (line != lines_.end() && line->item.uid.value == uid.value) line->saved = at;
}

bool FetchChunk::needs_body(const Line& line) const {
  if (!line.summary) return false;
  if (plan_.needs == FetchPlan::Needs::body) return true;
  if (plan_.preview == FetchPlan::Asks::no) return false;
  // Mail from before previews were kept has none; who doesn't say LAZY gets one all the same.
  const auto summary = mime::decode(*line.summary);
  return summary && !summary->preview;
}

std::span<const BlobRef> FetchChunk::bodies() {
  for (std::size_t i = next_; i < end_; ++i) {
    if (!needs_body(lines_[i])) continue;
    blobs_.push_back(lines_[i].blob);
    blob_lines_.push_back(i);
  }
  return blobs_;
}

void FetchChunk::write_to(std::size_t end) {
  for (; next_ < end; ++next_) {
    const Line& line = lines_[next_];
    if (line.summary) {
      write(line, *line.summary, nullptr);
    } else {
      ++gone_;
    }
  }
}

void FetchChunk::body(Result<std::string> bytes) {
  const std::size_t at = blob_lines_[blob_++];
  if (at >= end_) return;
  write_to(at);
  ++next_;
  if (!bytes) {
    if (bytes.error().code == Code::not_found) {
      ++gone_;
    } else if (error_) {
      error_ = std::unexpected(std::move(bytes).error());
    }
    return;
  }
  held_.push_back(std::move(*bytes));
  const std::size_t spliced = writer_.output().spliced();
  write(lines_[at], *lines_[at].summary, &held_.back());
  if (writer_.output().spliced() == spliced) held_.pop_back();
  if (writer_.output().size() - writer_.output().spliced() > kOctets) end_ = next_;
}

void FetchChunk::complete() { write_to(end_); }

void FetchChunk::write(const Line& line, std::string_view stored, const std::string* body) {
  using Needs = FetchPlan::Needs;
  const service::IndexRow& row = *line.row;
  std::optional<mime::Summary> summary;
  if (plan_.needs >= Needs::structure) {
    summary = mime::decode(stored);
    if (!summary) summary.emplace();
    if (plan_.preview == FetchPlan::Asks::yes && !summary->preview && body != nullptr) {
      summary->preview = mime::preview(*summary, *body);
    }
  }
  imap::FetchWriter out(writer_, line.item.number, line.item.uid);
  const bool was_marked = std::ranges::binary_search(plan_.marked, Uid{row.uid});
  bool flags_told = false;
  for (const imap::FetchItem& item : plan_.fetch.items) {
    switch (item.kind) {
      case Kind::flags:
        out.flag_list(flags_.of(row));
        flags_told = true;
        break;
      case Kind::uid:
        out.uid({row.uid});
        break;
      case Kind::internal_date:
        out.internal_date(row.received());
        break;
      case Kind::rfc822_size:
        out.rfc822_size(row.octets);
        break;
      case Kind::modseq:
        out.modseq({row.modseq});
        break;
      case Kind::email_id:
        out.email_id(row.email.text());  // as JMAP names it (RFC 9698 §2)
        break;
      case Kind::thread_id:
        out.thread_id(line.thread.text());
        break;
      case Kind::save_date:
        out.save_date(line.saved);
        break;
      case Kind::envelope:
        // What can't be read (a newer program's) is shown as empty.
        static_cast<void>(mime::read_envelope(stored, envelope_));
        out.envelope(envelope_);
        break;
      case Kind::body:
        out.body(summary->root);
        break;
      case Kind::body_structure:
        out.body_structure(summary->root);
        break;
      case Kind::preview:
      case Kind::preview_lazy:
        out.preview(summary->preview);
        break;
      default:
        if (body != nullptr && !out.section(item, *body, *summary)) encoding_ = Encoding::unknown;
        break;
    }
  }
  if (was_marked && !flags_told) out.flag_list(flags_.of(row));
  // RFC 7162 §3.2: changed flags come with their MODSEQ.
  const bool condstore = plan_.features.condstore || plan_.features.qresync;
  if (condstore && was_marked && !imap::wants(plan_.fetch, Kind::modseq)) {
    out.modseq({row.modseq});
  }
  out.end();
}

}  // namespace fumi::server
