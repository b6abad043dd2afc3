// Settings: everything the configuration says, read and checked.
#pragma once

#include <string>
#include <vector>

#include "api/jmap/options.h"
#include "app/options.h"
#include "base/result.h"
#include "config/catalogue.h"
#include "config/document.h"
#include "extract/helpers.h"
#include "server/http/options.h"
#include "server/imap/options.h"
#include "server/pop3/options.h"
#include "server/smtp/options.h"
#include "service/access/access.h"
#include "service/control/sessions.h"
#include "service/deliver/delivery.h"
#include "service/mailbox/mailbox_index.h"
#include "service/search/indexer.h"
#include "service/spool/spool.h"
#include "service/vacation/responder.h"

namespace fumi::app {

struct Settings {
  ServerOptions server;
  StoreOptions store;
  ListenOptions listen;
  TlsOptions tls;
  DnsOptions dns;
  RecordOptions records;
  service::AccessOptions access;
  service::SessionOptions sessions;
  service::SpoolOptions spool;
  service::DeliveryOptions deliver;
  service::SearchIndexOptions search;
  service::VacationOptions vacation;
  extract::ExtractOptions extract;
  server::SmtpOptions smtp;
  service::MailboxIndexOptions mailbox_index;
  server::ImapOptions imap;
  server::Pop3Options pop3;
  http::HttpOptions http;
  jmap::JmapOptions jmap;

  // Files in the data folder.
  [[nodiscard]] std::string data(const std::string& name) const;
  [[nodiscard]] std::string root_key_file() const;
};

// What the command line gives; all of it optional.
struct SettingsSource {
  std::string config_file;               // --config
  std::string data;                      // --data; its fumi.toml is read if there is one
  std::string root_key;                  // --root-key
  int ports_base = 0;                    // --ports-base
  std::vector<std::string> assignments;  // --set name=value
};

// Reads file, environment and command line, in that order of precedence from low to high.
[[nodiscard]] Result<config::Document> load_document(const SettingsSource& source,
                                                     const config::Catalogue& catalogue);
[[nodiscard]] Result<Settings> read_settings(const config::Document& document);

}  // namespace fumi::app
