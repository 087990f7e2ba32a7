#include "collector/classify/samples/sample_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "collector/classify/log_accounts.h"
#include "collector/classify/text_index.h"
#include "google/protobuf/text_format.h"
#include "proto/contract/config_checks.h"
#include "tests/unit/collector/recording_sink.h"

namespace ora::collector {
namespace {

using testing::Contains;
using testing::Not;
using testing::Pair;

// One log, counted by rules of a configuration that passed its checks.
class SampleRulesTest : public testing::Test {
 protected:
  // `rules` as the text of a CollectorConfig.
  void Open(const std::string& rules, LogOrigin origin = LogOrigin::kFirstScan) {
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(rules, &config_));
    ASSERT_EQ(contract::Validate(config_), absl::OkStatus());
    contract::FillDefaults(config_);
    Start(origin);
  }

  void Start(LogOrigin origin) {
    auto made = SampleRules::Make(config_.sample_rules(), kResponseBounds);
    ASSERT_EQ(made.status(), absl::OkStatus());
    accounts_ = std::make_unique<LogAccounts>(durable_, *std::move(made));
    sink_ = RecordingSink();
    OpenLog(1, "/srv/shop/app.log", origin);
  }

  void OpenLog(LogId log, const std::string& path, LogOrigin origin) {
    accounts_->OnLog(log, {path, "shop", "application"}, origin);
  }

  void Take(absl::string_view lines) { accounts_->OnLines(1, lines); }

  void Tick() {
    sink_.BeginTick();
    accounts_->EmitTo(sink_);
    for (const AccountChange& change : accounts_->Changes()) durable_[change.key] = change.value;
    accounts_->Commit();
  }

  // A series of the log by its labels in their order, common ones left out.
  double Value(const std::string& metric, const std::string& before = "",
               const std::string& after = "") {
    return sink_
        .Value(absl::StrCat(metric, "{category=\"application\",component=\"shop\",", before,
                            "job=\"log\",", "log=\"/srv/shop/app.log\"", after, "}"))
        .value_or(-1);
  }

  config::v1::CollectorConfig config_;
  std::map<std::string, std::string> durable_;
  std::unique_ptr<LogAccounts> accounts_;
  RecordingSink sink_;
};

constexpr char kRequests[] =
    "sample_rules { metric: 'http_requests_total' "
    "regex: 'handled (?P<method>[A-Z]+) .* status=(?P<status>[0-9]+)' }";

TEST_F(SampleRulesTest, NamedGroupsAreLabelsOfACounter) {
  Open(kRequests);
  Take(
      "INFO handled GET /a status=200\nINFO handled GET /b status=200\n"
      "INFO handled POST /a status=503\nINFO unrelated\n");
  Tick();
  EXPECT_EQ(Value("http_requests_total", "", ",method=\"GET\",status=\"200\""), 2);
  EXPECT_EQ(Value("http_requests_total", "", ",method=\"POST\",status=\"503\""), 1);
}

TEST_F(SampleRulesTest, ACounterAddsTheNumberOfAGroup) {
  Open(
      "sample_rules { metric: 'sent_bytes_total' regex: 'sent (?P<kib>[0-9.]+|lots) KiB' "
      "value: 'kib' scale: 1024 }");
  Take("sent 2 KiB\nsent 0.5 KiB\nsent lots KiB\n");
  Tick();
  EXPECT_EQ(Value("sent_bytes_total"), 2560);
  EXPECT_EQ(sink_.Value("ora_log_sample_unread_total{job=\"ora\",metric=\"sent_bytes_total\"}"), 1);
}

TEST_F(SampleRulesTest, ACounterNeverGoesDown) {
  Open("sample_rules { metric: 'balance_total' regex: 'paid (-?[0-9]+)' value: '1' }");
  Take("paid 5\npaid -3\n");
  Tick();
  EXPECT_EQ(Value("balance_total"), 5);
}

TEST_F(SampleRulesTest, AHistogramCountsByItsBounds) {
  Open(
      "sample_rules { metric: 'queue_seconds' kind: SAMPLE_KIND_HISTOGRAM "
      "regex: 'waited (?P<ms>[0-9]+)ms in queue (?P<queue>[a-z]+)' value: 'ms' scale: 0.001 "
      "buckets: 0.1 buckets: 1 }");
  Take("waited 100ms in queue mail\nwaited 101ms in queue mail\nwaited 5000ms in queue mail\n");
  Tick();
  const std::string queue = ",queue=\"mail\"";
  EXPECT_EQ(Value("queue_seconds_bucket", "le=\"0.1\",", queue), -1);  // Labels are sorted.
  EXPECT_EQ(sink_.Value("queue_seconds_bucket{category=\"application\",component=\"shop\","
                        "job=\"log\",le=\"0.1\",log=\"/srv/shop/app.log\",queue=\"mail\"}"),
            1);
  EXPECT_EQ(sink_.Value("queue_seconds_bucket{category=\"application\",component=\"shop\","
                        "job=\"log\",le=\"1\",log=\"/srv/shop/app.log\",queue=\"mail\"}"),
            2);
  EXPECT_EQ(sink_.Value("queue_seconds_bucket{category=\"application\",component=\"shop\","
                        "job=\"log\",le=\"+Inf\",log=\"/srv/shop/app.log\",queue=\"mail\"}"),
            3);
  EXPECT_DOUBLE_EQ(Value("queue_seconds_sum", "", queue), 5.201);
  EXPECT_EQ(Value("queue_seconds_count", "", queue), 3);
}

TEST_F(SampleRulesTest, AHistogramWithoutBoundsHasThoseOfResponseTimes) {
  Open(
      "sample_rules { metric: 'x_seconds' kind: SAMPLE_KIND_HISTOGRAM regex: 'x=([0-9]+)' "
      "value: '1' }");
  Take("x=1\n");
  Tick();
  size_t buckets = 0;
  for (const auto& [name, value] : sink_.values()) {
    if (name.rfind("x_seconds_bucket", 0) == 0) ++buckets;
  }
  EXPECT_EQ(buckets, kResponseBounds.size() + 1);
}

struct RelabelCase {
  const char* name;
  const char* steps;
  const char* labels;  // Of the series there is, sorted; empty: there is none.
};

void PrintTo(const RelabelCase& step, std::ostream* out) { *out << step.name; }

class RelabelTest : public SampleRulesTest, public testing::WithParamInterface<RelabelCase> {};

TEST_P(RelabelTest, MakesTheLabels) {
  Open(absl::StrCat(
      "sample_rules { metric: 'm_total' regex: 'say (?P<what>\\\\S+) (?P<who>\\\\S+)' ",
      GetParam().steps, " }"));
  Take("2026-11-23 09:14:02,113 - shop - WARNING - say Hello-World Bob\n");
  Tick();
  const std::string want = absl::StrCat(
      "m_total{category=\"application\",component=\"shop\",job=\"log\","
      "log=\"/srv/shop/app.log\"",
      GetParam().labels, "}");
  size_t series = 0;
  for (const auto& [name, value] : sink_.values()) series += name.rfind("m_total", 0) == 0 ? 1 : 0;
  EXPECT_EQ(series, GetParam().labels[0] == '\0' ? 0 : 1);
  if (GetParam().labels[0] != '\0') {
    EXPECT_THAT(sink_.values(), Contains(Pair(want, 1.0)));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Steps, RelabelTest,
    testing::Values(
        RelabelCase{"Replace",
                    "relabel { source_labels: 'what' regex: '(.*)-(.*)' target_label: 'what' "
                    "replacement: '${2}_$1' }",
                    ",what=\"World_Hello\",who=\"Bob\""},
        RelabelCase{"ReplaceWithoutAMatch",
                    "relabel { source_labels: 'what' regex: 'x' target_label: 'what' }",
                    ",what=\"Hello-World\",who=\"Bob\""},
        RelabelCase{"Joined",
                    "relabel { source_labels: 'who' source_labels: 'absent' source_labels: 'level' "
                    "target_label: 'what' }",
                    ",what=\"Bob;;warning\",who=\"Bob\""},
        RelabelCase{"Separator",
                    "relabel { source_labels: 'who' source_labels: 'who' separator: '+' "
                    "target_label: 'what' }",
                    ",what=\"Bob+Bob\",who=\"Bob\""},
        RelabelCase{"ToNothing", "relabel { target_label: 'who' replacement: '' }",
                    ",what=\"Hello-World\""},
        RelabelCase{"Keep",
                    "relabel { source_labels: 'component' regex: 'sho.' "
                    "action: SAMPLE_RELABEL_ACTION_KEEP }",
                    ",what=\"Hello-World\",who=\"Bob\""},
        RelabelCase{"KeepIsAnchored",
                    "relabel { source_labels: 'component' regex: 'sho' "
                    "action: SAMPLE_RELABEL_ACTION_KEEP }",
                    ""},
        RelabelCase{"Drop",
                    "relabel { source_labels: 'level' regex: 'info|warning' "
                    "action: SAMPLE_RELABEL_ACTION_DROP }",
                    ""},
        RelabelCase{"Line",
                    "relabel { source_labels: '__line__' regex: '.* - say .*' "
                    "action: SAMPLE_RELABEL_ACTION_KEEP }",
                    ",what=\"Hello-World\",who=\"Bob\""},
        RelabelCase{"Lowercase",
                    "relabel { source_labels: 'what' target_label: 'what' "
                    "action: SAMPLE_RELABEL_ACTION_LOWERCASE }",
                    ",what=\"hello-world\",who=\"Bob\""},
        RelabelCase{"Uppercase",
                    "relabel { source_labels: 'who' target_label: 'who' "
                    "action: SAMPLE_RELABEL_ACTION_UPPERCASE }",
                    ",what=\"Hello-World\",who=\"BOB\""},
        RelabelCase{"Labeldrop",
                    "relabel { regex: 'wha.' action: SAMPLE_RELABEL_ACTION_LABELDROP }",
                    ",who=\"Bob\""},
        RelabelCase{"Labelkeep",
                    "relabel { regex: 'what' action: SAMPLE_RELABEL_ACTION_LABELKEEP }",
                    ",what=\"Hello-World\""},
        RelabelCase{"Temporary",
                    "relabel { source_labels: 'who' target_label: '__tmp' } "
                    "relabel { source_labels: '__tmp' target_label: 'what' }",
                    ",what=\"Bob\",who=\"Bob\""}),
    [](const testing::TestParamInfo<RelabelCase>& info) { return std::string(info.param.name); });

TEST_F(SampleRulesTest, SeriesPastTheLimitAreOther) {
  Open("sample_rules { metric: 'm_total' regex: 'user=(?P<user>\\\\w+)' series_max: 2 }");
  Take("user=a\nuser=b\nuser=c\nuser=d\nuser=a\n");
  Tick();
  EXPECT_EQ(Value("m_total", "", ",user=\"a\""), 2);
  EXPECT_EQ(Value("m_total", "", ",user=\"b\""), 1);
  EXPECT_EQ(Value("m_total", "", ",user=\"c\""), -1);
  EXPECT_EQ(Value("m_total", "", ",user=\"other\""), 2);
  EXPECT_EQ(sink_.Value("ora_log_sample_overflow_total{job=\"ora\",metric=\"m_total\"}"), 2);
}

TEST_F(SampleRulesTest, TheLimitIsOfAllLogsAndALogThatIsGoneGivesItsSeriesBack) {
  Open("sample_rules { metric: 'm_total' regex: 'user=(?P<user>\\\\w+)' series_max: 1 }");
  OpenLog(2, "/srv/shop/other.log", LogOrigin::kFirstScan);
  Take("user=a\n");
  accounts_->OnGone(1);
  Tick();
  accounts_->OnLines(2, "user=b\n");
  Tick();
  EXPECT_THAT(sink_.values(),
              Contains(Pair("m_total{category=\"application\",component=\"shop\",job=\"log\","
                            "log=\"/srv/shop/other.log\",user=\"b\"}",
                            1.0)));
}

TEST_F(SampleRulesTest, GoesOnAfterARestart) {
  Open(absl::StrCat(kRequests,
                    "sample_rules { metric: 'q_seconds' kind: SAMPLE_KIND_HISTOGRAM "
                    "regex: 'waited ([0-9]+)' value: '1' buckets: 1 buckets: 10 }"));
  Take("handled GET / status=200\nwaited 5\nwaited 50\n");
  Tick();
  Start(LogOrigin::kKnown);
  Take("handled GET / status=200\nhandled GET / status=404\nwaited 0\n");
  Tick();
  EXPECT_EQ(Value("http_requests_total", "", ",method=\"GET\",status=\"200\""), 2);
  EXPECT_EQ(Value("q_seconds_count"), 3);
  EXPECT_EQ(Value("q_seconds_sum"), 55);
  // What is new within a known log is born, what was there is not.
  const std::string common =
      "http_requests_total{category=\"application\",component=\"shop\",job=\"log\","
      "log=\"/srv/shop/app.log\",method=\"GET\",status=";
  EXPECT_THAT(sink_.births(), Contains(common + "\"404\"}"));
  EXPECT_THAT(sink_.births(), Not(Contains(common + "\"200\"}")));
}

TEST_F(SampleRulesTest, AHistogramWithOtherBoundsBeginsAnew) {
  Open(
      "sample_rules { metric: 'q_seconds' kind: SAMPLE_KIND_HISTOGRAM "
      "regex: 'waited ([0-9]+)' value: '1' buckets: 1 }");
  Take("waited 5\n");
  Tick();
  config_.mutable_sample_rules(0)->set_buckets(0, 2);
  Start(LogOrigin::kKnown);
  Take("waited 1\n");
  Tick();
  EXPECT_EQ(Value("q_seconds_count"), 1);
}

TEST_F(SampleRulesTest, ARuleThatIsGoneLeavesNothing) {
  Open(kRequests);
  Take("handled GET / status=200\n");
  Tick();
  config_.clear_sample_rules();
  Start(LogOrigin::kKnown);
  Tick();
  EXPECT_THAT(sink_.values(), Not(Contains(Pair(testing::StartsWith("http_requests"), 1.0))));
}

TEST_F(SampleRulesTest, LinesLongerThanAnIndexAreMatched) {
  Open(kRequests);
  const std::string padding(TextIndex::kBytesMax, 'x');
  Take(absl::StrCat("handled GET ", padding, " status=200\n", padding,
                    " handled GET / status=200\nhandled GET / status=200\n"));
  Tick();
  EXPECT_EQ(Value("http_requests_total", "", ",method=\"GET\",status=\"200\""), 3);
}

TEST_F(SampleRulesTest, WordsAreFoundWhereverTheLinesAreCut) {
  Open(kRequests);
  std::string lines;
  int wanted = 0;
  for (int i = 0; i < 5'000; ++i) {
    if (i % 7 == 0) {
      lines += "handled GET / status=200\n";
      ++wanted;
    } else {
      absl::StrAppend(&lines, "handled\nstatus=2 ", std::string(static_cast<size_t>(i % 50), 'y'),
                      "\n");
    }
  }
  Take(lines);
  Tick();
  EXPECT_EQ(Value("http_requests_total", "", ",method=\"GET\",status=\"200\""), wanted);
}

TEST_F(SampleRulesTest, RulesWithoutAWordAndInAnyCaseMatchToo) {
  Open(
      "sample_rules { metric: 'digits_total' regex: '[0-9]{4}' }"
      "sample_rules { metric: 'case_total' regex: '(?i)order (?P<state>placed|lost)' }"
      "sample_rules { metric: 'start_total' regex: '^started$' }"
      "sample_rules { metric: 'beyond_total' regex: 'größe' }");
  Take(
      "4711\nORDER Placed\nstarted\r\nnot started\nstarted again\ngr\xC3\xB6\xC3\x9F"
      "e\n");
  Tick();
  EXPECT_EQ(Value("digits_total"), 1);
  EXPECT_EQ(Value("case_total", "", ",state=\"Placed\""), 1);
  EXPECT_EQ(Value("start_total"), 1);
  EXPECT_EQ(Value("beyond_total"), 1);
}

TEST_F(SampleRulesTest, ValuesThatAreNoUtf8AreMadeSo) {
  Open("sample_rules { metric: 'm_total' regex: 'user=(?P<user>\\\\C+)' }");
  Take("user=a\xFF\n");
  Tick();
  EXPECT_EQ(Value("m_total", "", ",user=\"a?\""), 1);
}

TEST_F(SampleRulesTest, WithoutRulesNothingIsAdded) {
  Open("");
  Take("handled GET / status=200\n");
  Tick();
  EXPECT_EQ(Value("http_requests_total"), -1);
}

}  // namespace
}  // namespace ora::collector
