// The user's own series, from a line in a file to a query.
#include <gtest/gtest.h>

#include <string>

#include "google/protobuf/text_format.h"
#include "tests/integration/fleet/mini_fleet.h"

namespace ora::integration {
namespace {

config::v1::CollectorConfig Rules() {
  config::v1::CollectorConfig config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"text(sample_rules {
           metric: "shop_orders_total"
           regex: "order [0-9]+ (?P<state>placed|lost) in (?P<country>[A-Za-z]+)"
           relabel { source_labels: "country" target_label: "country"
                     action: SAMPLE_RELABEL_ACTION_LOWERCASE }
           relabel {
  source_labels:
    "level" regex : "debug" action : SAMPLE_RELABEL_ACTION_DROP }
}
         sample_rules {
           metric: "shop_queue_seconds"
           kind: SAMPLE_KIND_HISTOGRAM
           regex: "waited (?P<ms>[0-9]+)ms"
           value: "ms"
           scale: 0.001
           buckets: 0.1 buckets: 1 buckets: 10
         })text",
      &config));
  return config;
}

TEST(SampleRulesTest, LinesBecomeCountersAndHistogramsThatQueriesSee) {
  MiniFleet fleet(Rules());
  fleet.Append("shop.log",
               "INFO order 1 placed in DE\nINFO order 2 placed in de\nERROR order 3 lost in FR\n"
               "DEBUG order 3 lost in FR\nINFO waited 50ms\nINFO waited 5000ms\n");
  fleet.Advance(absl::Seconds(30));
  EXPECT_EQ(fleet.Value("shop_orders_total{state='placed',country='de',component='shop'}"), 2);
  EXPECT_EQ(fleet.Value("shop_orders_total{state='lost',country='fr',instance='host-a'}"), 1);
  EXPECT_EQ(fleet.Value("shop_queue_seconds_count"), 2);
  EXPECT_EQ(fleet.Value("shop_queue_seconds_sum"), 5.05);
  EXPECT_EQ(fleet.Value("shop_queue_seconds_bucket{le='1'}"), 1);

  // Counters go on over a restart of each part, and rates see all of their rise.
  fleet.RestartCollector();
  fleet.Append("shop.log", "INFO order 4 placed in DE\nINFO order 5 placed in IT\n");
  fleet.Advance(absl::Seconds(30));
  fleet.RestartAggregator();
  fleet.Append("shop.log", "INFO order 6 placed in DE\n");
  fleet.Advance(absl::Seconds(30));
  EXPECT_EQ(fleet.Value("shop_orders_total{state='placed',country='de'}"), 4);
  EXPECT_EQ(fleet.Value("shop_orders_total{state='placed',country='it'}"), 1);
  EXPECT_GT(fleet.Value("increase(shop_orders_total{country='it'}[2m])").value_or(0), 0);
  EXPECT_EQ(fleet.Value("sum(shop_orders_total)"), 6);
}

}  // namespace
}  // namespace ora::integration
