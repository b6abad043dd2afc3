// Any message to somebody who is away: it is judged, and a reply can be written that no rule
// answers.
#include <cstddef>
#include <cstdint>

#include "service/vacation/reply.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fumi::service;
  using fumi::EmailAddress;
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  Absence absence;
  absence.state = Absence::State::on;
  const EmailAddress own{"hanako", "acme.example"};
  const Judgement judgement = decide({message, {}}, absence, {own});
  static_cast<void>(read_absence(message));
  if (judgement.decision != Decision::reply) return 0;
  const ReplyFacts facts{judgement.own,       "花子", judgement.sender, {}, "<r@mail.example>",
                         std::string(16, 's')};
  const auto reply = write_reply(fumi::mime::parse(message), absence, facts);
  if (!reply) return 0;  // an address that can't stand in a header
  const std::string back = "Return-Path: <" + own.text() + ">\r\n" + *reply;
  if (decide({back, {}}, absence, {judgement.sender}).decision != Decision::automatic)
    __builtin_trap();
  return 0;
}
