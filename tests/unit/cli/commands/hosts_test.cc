#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/fake_client.h"

namespace ora::cli {
namespace {

using testing::HasSubstr;

v1::Host MakeHost(const std::string& instance, v1::HostState state) {
  v1::Host host;
  host.set_instance(instance);
  host.set_state(state);
  host.set_version("0.1.0");
  host.mutable_last_heard_time()->set_seconds(FakeShell::kNowSeconds - 192);
  host.mutable_description()->set_operating_system("Debian GNU/Linux 12 (bookworm)");
  host.mutable_description()->set_cpu_count(8);
  host.mutable_description()->set_memory_bytes(16'000'000'000);
  host.set_spool_bytes(1'234'567);
  return host;
}

class HostsTest : public testing::Test {
 protected:
  void AnswerTwoPages() {
    v1::ListHostsResponse first;
    *first.add_hosts() = MakeHost("web1", v1::HOST_STATE_LIVE);
    first.set_next_page_token("more");
    v1::ListHostsResponse second;
    *second.add_hosts() = MakeHost("web2", v1::HOST_STATE_SILENT);
    shell_.aggregator.hosts.answers = {first, second};
  }

  FakeShell shell_;
};

TEST_F(HostsTest, ListsHostsOfAllPages) {
  AnswerTwoPages();
  EXPECT_EQ(shell_.Ora({"hosts", "list"}), 0);
  EXPECT_EQ(shell_.Out(),
            "HOST  STATE        HEARD  CPUS   MEMORY   SPOOL  VERSION  SYSTEM\n"
            "web1  live    3m 12s ago     8  16.0 GB  1.2 MB  0.1.0    Debian GNU/Linux 12 "
            "(bookworm)\n"
            "web2  silent  3m 12s ago     8  16.0 GB  1.2 MB  0.1.0    Debian GNU/Linux 12 "
            "(bookworm)\n");
  ASSERT_EQ(shell_.aggregator.hosts.requests.size(), 2U);
  EXPECT_EQ(shell_.aggregator.hosts.requests[1].page_token(), "more");
}

TEST_F(HostsTest, FitsATerminal) {
  AnswerTwoPages();
  EXPECT_EQ(shell_.Ora({"hosts", "list", "--width", "80"}), 0);
  EXPECT_EQ(shell_.Out(),
            "HOST  STATE        HEARD  CPUS   MEMORY   SPOOL  VERSION  SYSTEM\n"
            "web1  live    3m 12s ago     8  16.0 GB  1.2 MB  0.1.0    Debian GNU/Linux 12 (…\n"
            "web2  silent  3m 12s ago     8  16.0 GB  1.2 MB  0.1.0    Debian GNU/Linux 12 (…\n");
}

TEST_F(HostsTest, AsksForAState) {
  EXPECT_EQ(shell_.Ora({"hosts", "list", "--state", "silent"}), 0);
  EXPECT_EQ(shell_.aggregator.hosts.requests[0].state(), v1::HOST_STATE_SILENT);
  EXPECT_EQ(shell_.Out(), "");
  EXPECT_EQ(shell_.Err(), "ora: no host is silent\n");
}

TEST_F(HostsTest, WritesAnEmptyListForMachines) {
  EXPECT_EQ(shell_.Ora({"hosts", "list", "-o", "json"}), 0);
  EXPECT_EQ(shell_.Out(), "[]\n");
  EXPECT_EQ(shell_.Err(), "");
  EXPECT_EQ(shell_.Ora({"hosts", "list", "-o", "csv"}), 0);
  EXPECT_EQ(shell_.Out(),
            "instance,collector_id,state,version,description.operating_system,description.kernel,"
            "description.cpu_count,description.memory_bytes,description.boot_time,connect_time,"
            "last_heard_time,collector_start_time,durable_sequence,batches_stored,samples_stored,"
            "samples_rejected,spool_bytes,clock_skew,last_batch_time\n");
}

TEST_F(HostsTest, RefusesAPageThatNamesItself) {
  v1::ListHostsResponse page;
  page.set_next_page_token("again");
  shell_.aggregator.hosts.answers = {page};
  EXPECT_EQ(shell_.Ora({"hosts", "list"}), 1);
  EXPECT_THAT(shell_.Err(), HasSubstr("this is a bug"));
}

TEST_F(HostsTest, ShowsOneHost) {
  shell_.aggregator.host.answers = {MakeHost("web1", v1::HOST_STATE_LIVE)};
  EXPECT_EQ(shell_.Ora({"hosts", "show", "web1"}), 0);
  EXPECT_EQ(shell_.aggregator.host.requests[0].instance(), "web1");
  EXPECT_THAT(shell_.Out(), HasSubstr("heard             2017-07-14T02:36:48Z (3m 12s ago)\n"));
  EXPECT_THAT(shell_.Out(), HasSubstr("memory            16.0 GB\n"));
}

TEST_F(HostsTest, ShowsTheStatusOfTheAggregator) {
  v1::GetStatusResponse status;
  status.set_version("0.1.0");
  status.mutable_storage()->set_refusal("disk full");
  status.mutable_storage()->set_chunk_bytes(2'500'000);
  status.mutable_storage()->set_partitions(31);
  status.mutable_storage()->set_young_chunks(10'100);
  status.set_hosts_live(3);
  v1::NamedCounter* counter = status.add_counters();
  counter->set_name("ora_ingest_batches_total");
  counter->set_value(12'345);
  shell_.aggregator.status.answers = {status};
  EXPECT_EQ(shell_.Ora({"admin", "status"}), 0);
  EXPECT_THAT(shell_.Out(), HasSubstr("3 live, 0 silent, 0 streams open\n"));
  EXPECT_THAT(shell_.Out(), HasSubstr("refused: disk full\n"));
  EXPECT_THAT(shell_.Out(), HasSubstr("2.5 MB in 31 partitions, 10,100 chunks not merged yet\n"));
  EXPECT_THAT(shell_.Out(), HasSubstr("ora_ingest_batches_total  12,345\n"));
  EXPECT_EQ(shell_.Ora({"admin", "status", "-o", "json"}), 0);
  EXPECT_THAT(shell_.Out(), HasSubstr("\"value\": 12345\n"));
}

}  // namespace
}  // namespace ora::cli
