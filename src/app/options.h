// The options of the program as a whole; modules declare their own beside themselves.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/time.h"
#include "config/values.h"

namespace fumi::config {
template <class T>
class Schema;
class Catalogue;
}  // namespace fumi::config

namespace fumi::app {

enum class StoreEngine : std::uint8_t { sqlite, postgres };
enum class BlobEngine : std::uint8_t { segments, s3 };

struct ServerOptions {
  std::filesystem::path data;
  std::string hostname;
  std::uint32_t node = 0;
  std::uint32_t io_threads = 2;
  std::uint32_t cpu_threads = 2;
  Duration drain = std::chrono::seconds(20);
  log::Level log_level = log::Level::info;
  log::Format log_format = log::Format::text;
};

struct StoreOptions {
  StoreEngine engine = StoreEngine::sqlite;
  config::SecretFile postgres;  // a file with the connection string
  std::uint32_t connections = 8;
  std::uint32_t readers = 4;
  BlobEngine blobs = BlobEngine::segments;
  std::uint32_t compression_percent = 10;
  std::string s3_endpoint, s3_bucket, s3_region, s3_prefix, s3_access_key;
  config::SecretFile s3_secret_key;
  config::SecretFile root_key;
};

// Ports of 0 are not opened. `ports_base` N shifts all: N+25, N+587, N+465, N+10, N+143, N+993,
// N+110, N+995, N+80 (HTTP), N+81 (operator HTTP).
enum class TenantAdmin : std::uint8_t { off, on };

struct ListenOptions {
  std::string address;
  std::string operator_address;
  std::uint16_t ports_base = 0;
  std::uint16_t smtp = 0, submission = 0, submissions = 0, relay = 0;
  std::uint16_t imap = 0, imaps = 0;
  std::uint16_t pop3 = 0, pop3s = 0;
  std::uint16_t http = 0, operator_http = 0;
  TenantAdmin tenant_admin = TenantAdmin::on;
  std::uint32_t connections_max = 10'000;
  std::uint32_t connections_per_ip_max = 100;
  std::vector<std::string> proxy_from;  // networks whose connections begin with a PROXY header
};

enum class ScramPlus : std::uint8_t { off, offer };

struct TlsOptions {
  std::vector<std::string> certificates;  // "chain.pem:key.pem"; the first is the default
  ScramPlus scram_plus = ScramPlus::off;
};

struct RecordOptions {
  Duration mail_retention = std::chrono::days(40);
  Duration audit_retention = std::chrono::days(1827);
};

struct DnsOptions {
  std::vector<std::string> forwarders;  // "127.0.0.1@5353"; empty: the system's resolv.conf
  std::filesystem::path trust_anchor;
  Duration deadline = std::chrono::seconds(20);
};

void describe(config::Schema<ServerOptions>& s);
void describe(config::Schema<StoreOptions>& s);
void describe(config::Schema<ListenOptions>& s);
void describe(config::Schema<TlsOptions>& s);
void describe(config::Schema<DnsOptions>& s);
void describe(config::Schema<RecordOptions>& s);

// Every option of the program.
[[nodiscard]] config::Catalogue make_catalogue();

// The ports as they will be opened, after ports_base.
[[nodiscard]] ListenOptions with_base(ListenOptions options);

}  // namespace fumi::app
