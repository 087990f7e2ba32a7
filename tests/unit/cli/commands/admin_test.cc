#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/fake_client.h"

namespace ora::cli {
namespace {

using testing::HasSubstr;

class AdminTest : public testing::Test {
 protected:
  static void Add(google::protobuf::RepeatedPtrField<v1::NamedCount>* counts,
                  const std::string& name, uint64_t count) {
    v1::NamedCount* added = counts->Add();
    added->set_name(name);
    added->set_count(count);
  }

  void AnswerCardinality() {
    v1::GetCardinalityResponse report;
    report.set_series(12'345);
    report.set_series_max(2'000'000);
    report.set_series_per_host_max(100'000);
    report.set_series_new(17);
    report.set_series_forgotten(4);
    Add(report.mutable_metrics(), "http_requests_total", 11'000);
    Add(report.mutable_metrics(), "up", 2);
    Add(report.mutable_labels(), "path", 9'000);
    Add(report.mutable_label_pairs(), "job=\"node\"", 12'000);
    Add(report.mutable_hosts(), "web1", 12'345);
    Add(report.mutable_churn(), "http_requests_total", 17);
    shell_.aggregator.cardinality.answers = {report};
  }

  void AnswerDeletion(uint64_t series, bool applied) {
    v1::DeleteSeriesResponse deletion;
    deletion.set_series(series);
    deletion.set_applied(applied);
    for (const char* host : {"web1", "web2"}) {
      if (series == 0) break;
      v1::LabelSet* labels = deletion.add_examples();
      v1::Label* name = labels->add_labels();
      name->set_name("__name__");
      name->set_value("up");
      v1::Label* instance = labels->add_labels();
      instance->set_name("instance");
      instance->set_value(host);
    }
    shell_.aggregator.deletion.answers = {deletion};
  }

  FakeShell shell_;
};

TEST_F(AdminTest, NamesASnapshotByTheTimeUnlessToldOtherwise) {
  v1::CreateSnapshotResponse snapshot;
  snapshot.set_uri("file:///var/lib/ora/snapshots/20170714T024000Z");
  snapshot.set_bytes(1'234'567);
  shell_.aggregator.snapshot.answers = {snapshot};
  EXPECT_EQ(shell_.Ora({"admin", "snapshot"}), 0);
  EXPECT_EQ(shell_.aggregator.snapshot.requests[0].name(), "20170714T024000Z");
  EXPECT_EQ(shell_.Out(),
            "snapshot  file:///var/lib/ora/snapshots/20170714T024000Z\n"
            "size      1.2 MB\n");
  EXPECT_EQ(shell_.Ora({"admin", "snapshot", "--name", "before-upgrade", "-o", "json"}), 0);
  EXPECT_EQ(shell_.aggregator.snapshot.requests[1].name(), "before-upgrade");
  EXPECT_EQ(shell_.Out(),
            "{\n"
            "  \"uri\": \"file:///var/lib/ora/snapshots/20170714T024000Z\",\n"
            "  \"bytes\": 1234567\n"
            "}\n");
}

TEST_F(AdminTest, ASnapshotThatFailsIsBadNews) {
  shell_.aggregator.error = absl::AlreadyExistsError("snapshot weekly: is there already");
  EXPECT_EQ(shell_.Ora({"admin", "snapshot", "--name", "weekly"}), 1);
  EXPECT_EQ(shell_.Err(), "ora: snapshot weekly: is there already\n");
}

TEST_F(AdminTest, ShowsWhoMakesTheSeries) {
  AnswerCardinality();
  EXPECT_EQ(shell_.Ora({"admin", "cardinality"}), 0);
  EXPECT_EQ(shell_.aggregator.cardinality.requests[0].top(), 20u);
  EXPECT_EQ(shell_.Out(),
            "series                12,345 of at most 2,000,000, a host's at most 100,000\n"
            "new in the last hour  17\n"
            "gone since the start  4\n"
            "\n"
            "METRIC               SERIES\n"
            "http_requests_total  11,000\n"
            "up                        2\n"
            "\n"
            "LABEL  VALUES\n"
            "path    9,000\n"
            "\n"
            "LABEL PAIR  SERIES\n"
            "job=\"node\"  12,000\n"
            "\n"
            "HOST  SERIES\n"
            "web1  12,345\n"
            "\n"
            "NEW IN THE LAST HOUR  SERIES\n"
            "http_requests_total       17\n");
}

TEST_F(AdminTest, ShowsNoTableOfNothing) {
  EXPECT_EQ(shell_.Ora({"admin", "cardinality"}), 0);
  EXPECT_EQ(shell_.Out(),
            "series                0 of at most 0, a host's at most 0\n"
            "new in the last hour  0\n"
            "gone since the start  0\n");
}

TEST_F(AdminTest, WritesCardinalityForMachines) {
  AnswerCardinality();
  EXPECT_EQ(shell_.Ora({"admin", "cardinality", "--top", "3", "-o", "csv"}), 0);
  EXPECT_EQ(shell_.aggregator.cardinality.requests[0].top(), 3u);
  EXPECT_EQ(shell_.Out(),
            "list,name,count\n"
            "metrics,http_requests_total,11000\n"
            "metrics,up,2\n"
            "labels,path,9000\n"
            "label_pairs,\"job=\"\"node\"\"\",12000\n"
            "hosts,web1,12345\n"
            "churn,http_requests_total,17\n");
  EXPECT_EQ(shell_.Ora({"admin", "cardinality", "-o", "json"}), 0);
  EXPECT_THAT(shell_.Out(), HasSubstr("\"series_per_host_max\": 100000"));
  EXPECT_THAT(shell_.Out(), HasSubstr("\"name\": \"http_requests_total\""));
}

TEST_F(AdminTest, RefusesATopOutsideOfItsRange) {
  EXPECT_EQ(shell_.Ora({"admin", "cardinality", "--top", "1000"}), 0);
  EXPECT_EQ(shell_.Ora({"admin", "cardinality", "--top", "1001"}), 2);
  EXPECT_EQ(shell_.Ora({"admin", "cardinality", "--top", "0"}), 2);
  EXPECT_EQ(shell_.aggregator.cardinality.requests.size(), 1u);
}

TEST_F(AdminTest, PlansADeletionAndDeletesOnlyWhenTold) {
  AnswerDeletion(1'234, false);
  EXPECT_EQ(shell_.Ora({"admin", "delete", "up{job=\"old\"}"}), 0);
  EXPECT_EQ(shell_.aggregator.deletion.requests[0].selector(), "up{job=\"old\"}");
  EXPECT_FALSE(shell_.aggregator.deletion.requests[0].apply());
  EXPECT_EQ(shell_.Out(),
            "up{instance=\"web1\"}\n"
            "up{instance=\"web2\"}\n"
            "... and 1,232 more\n"
            "1,234 series would be deleted\n");
  EXPECT_EQ(shell_.Err(), "ora: nothing is deleted yet; say --apply to delete them for good\n");
}

TEST_F(AdminTest, SaysWhatItDeleted) {
  AnswerDeletion(2, true);
  EXPECT_EQ(shell_.Ora({"admin", "delete", "up", "--apply"}), 0);
  EXPECT_TRUE(shell_.aggregator.deletion.requests[0].apply());
  EXPECT_EQ(shell_.Out(),
            "up{instance=\"web1\"}\n"
            "up{instance=\"web2\"}\n"
            "2 series deleted\n");
  EXPECT_EQ(shell_.Err(), "");
}

TEST_F(AdminTest, DeletesNothingWhereNothingMatches) {
  AnswerDeletion(0, true);
  EXPECT_EQ(shell_.Ora({"admin", "delete", "up", "--apply"}), 0);
  EXPECT_EQ(shell_.Out(), "");
  EXPECT_EQ(shell_.Err(), "ora: no series matches\n");
}

TEST_F(AdminTest, WritesADeletionForMachines) {
  AnswerDeletion(2, false);
  EXPECT_EQ(shell_.Ora({"admin", "delete", "up", "-o", "csv"}), 0);
  EXPECT_EQ(shell_.Out(),
            "series,applied,examples\n"
            "2,false,\"[{\"\"__name__\"\":\"\"up\"\",\"\"instance\"\":\"\"web1\"\"},"
            "{\"\"__name__\"\":\"\"up\"\",\"\"instance\"\":\"\"web2\"\"}]\"\n");
  EXPECT_EQ(shell_.Ora({"admin", "delete", "up", "-o", "json"}), 0);
  EXPECT_THAT(shell_.Out(), HasSubstr("\"applied\": false"));
}

TEST_F(AdminTest, ADeletionWantsOneSelector) {
  EXPECT_EQ(shell_.Ora({"admin", "delete", "--apply"}), 2);
  EXPECT_EQ(shell_.Ora({"admin", "delete", "up", "down", "--apply"}), 2);
  EXPECT_TRUE(shell_.aggregator.deletion.requests.empty());
}

}  // namespace
}  // namespace ora::cli
