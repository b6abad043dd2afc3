#include "config/schema.h"
#include "service/deliver/delivery.h"

namespace fumi::service {

void describe(config::Schema<DeliveryOptions>& s) {
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  s.option(&DeliveryOptions::connections_max, "deliver.connections_max", 500)
      .range(1, 20'000)
      .doc("Outgoing connections at a time.");
  s.option(&DeliveryOptions::connections_per_site_max, "deliver.connections_per_site_max", 20)
      .range(1, 1000)
      .sim_values({1})
      .doc("Connections at a time to one site: the set of hosts that takes a domain's mail.");
  s.option(&DeliveryOptions::recipients_per_transaction_max,
           "deliver.recipients_per_transaction_max", 100)
      .range(1, 1000)
      .sim_values({1})
      .doc("Recipients in one transaction; RFC 5321 §4.5.3.1.8 has every server take 100.");
  s.option(&DeliveryOptions::unsettled_max, "deliver.unsettled_max", 100)
      .range(0, 10'000)
      .sim_values({0, 1})
      .doc(
          "Deliveries that wait for their commit while their connections go on; a crash may repeat "
          "so many.");
  s.option(&DeliveryOptions::idle_time, "deliver.idle_time", seconds(2))
      .range(seconds(0), minutes(5))
      .doc("How long a connection is kept for the next message of its site.");
  s.option(&DeliveryOptions::site_pause, "deliver.site_pause", seconds(60))
      .range(seconds(0), hours(1))
      .doc("After all hosts of a site failed, its messages are deferred unseen for this long.");
  s.option(&DeliveryOptions::destination_age_max, "deliver.destination_age_max", minutes(1))
      .range(seconds(0), hours(1))
      .doc("How long the hosts of a domain are remembered without asking DNS again.");
  s.choice(&DeliveryOptions::tls, "deliver.tls", OutboundTls::opportunistic,
           {{"opportunistic", OutboundTls::opportunistic},
            {"required", OutboundTls::required},
            {"never", OutboundTls::never}})
      .doc("opportunistic: TLS where the peer offers it. required: verified TLS or no delivery.");
  s.option(&DeliveryOptions::routes, "deliver.routes", {})
      .doc(
          "Mail for a domain goes to that host instead of its MX: "
          "\"example.net=mx.example.org:25\", "
          "\"*=127.0.0.1:2600\" (all other domains), \"example.com=[192.0.2.1]:26\".");
  s.option(&DeliveryOptions::port, "deliver.port", 25)
      .range(1, 65'535)
      .doc("The port of mail hosts that DNS names.");
}

}  // namespace fumi::service
