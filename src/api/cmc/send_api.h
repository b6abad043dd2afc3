// The sending API: POST /api/{v1,v2}/emails/send.{json,xml} (C-01).
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "api/cmc/parameters.h"
#include "server/http/router.h"
#include "service/access/access.h"
#include "service/sending/sending.h"

namespace fumi::cmc {

struct SendApiOptions {
  std::uint64_t body_octets_max = 64ULL << 20U;
  std::uint32_t connections_per_user_max = 10;
};

class SendApi {
 public:
  SendApi(service::Access& access, service::Sending& sending, SendApiOptions options)
      : access_(access), sending_(sending), options_(options) {}

  // The object must outlive the router.
  void add_routes(http::Router& router);

 private:
  class Turn;
  Task<http::Reply> send(http::RequestContext& context, Format format);
  Task<std::expected<std::string, Fault>> handle(http::RequestContext& context);

  service::Access& access_;
  service::Sending& sending_;
  SendApiOptions options_;
  std::mutex mutex_;
  std::map<std::string, std::uint32_t> at_work_;  // requests under way, by api_user
};

}  // namespace fumi::cmc
