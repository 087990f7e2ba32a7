#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "aggregator/aggregator.h"
#include "ora/v1/rule_service.grpc.pb.h"
#include "proto/contract/config_checks.h"
#include "storage/env/posix_file_system.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_log_sink.h"

namespace ora::aggregator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kRules[] = "groups: [{name: g, rules: [{record: a, expr: up}]}]";
constexpr char kTests[] =
    "rule_files: ['r*.yml']\n"
    "tests:\n"
    "- input_series: [{series: up, values: 1}]\n"
    "  promql_expr_test: [{expr: a, eval_time: 0, exp_samples: [{labels: a, value: 1}]}]\n";

// The service as programs see it: over gRPC, in an aggregator that runs.
class RuleServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string directory = testing::TempDir() + "/rule_service_test_" +
                                  testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(directory);
    config::v1::AggregatorConfig config;
    config.set_listen("127.0.0.1:0");
    config.set_storage_uri("file://" + directory);
    contract::FillDefaults(config);
    auto started = Aggregator::Start(config, {clock_, files_, log_, counters_});
    ASSERT_TRUE(started.ok()) << started.status();
    aggregator_ = *std::move(started);
    stub_ = v1::RuleService::NewStub(aggregator_->InProcessChannel());
  }

  template <typename Request, typename Response>
  grpc::Status Call(grpc::Status (v1::RuleService::Stub::*method)(grpc::ClientContext*,
                                                                  const Request&, Response*),
                    const Request& request, Response& response) {
    grpc::ClientContext context;
    return (stub_.get()->*method)(&context, request, &response);
  }

  static v1::TestRulesRequest TestsOf(absl::string_view rules) {
    v1::TestRulesRequest request;
    request.mutable_tests()->set_name("t.yml");
    request.mutable_tests()->set_text(kTests);
    v1::NamedRuleFiles& named = *request.add_rule_files();
    named.set_pattern("r*.yml");
    named.add_files()->set_name("r1.yml");
    named.mutable_files(0)->set_text(std::string(rules));
    return request;
  }

  fakes::ManualClock clock_;
  storage::PosixFileSystem files_;
  fakes::MemoryLogSink log_;
  storage::Counters counters_;
  std::unique_ptr<Aggregator> aggregator_;
  std::unique_ptr<v1::RuleService::Stub> stub_;
};

TEST_F(RuleServiceTest, ListsTheBuiltInRulesOfWhichOneIsEvaluated) {
  v1::ListRulesResponse response;
  ASSERT_TRUE(Call(&v1::RuleService::Stub::ListRules, {}, response).ok());
  ASSERT_GE(response.rules_size(), 5);
  EXPECT_EQ(response.rules(0).group(), "builtin");
  EXPECT_EQ(response.rules(0).state(), v1::RULE_STATE_INACTIVE);
  ASSERT_TRUE(aggregator_->rules().EvaluateOnce().ok());
  ASSERT_TRUE(Call(&v1::RuleService::Stub::ListRules, {}, response).ok());
  EXPECT_EQ(response.rules(0).health(), v1::RULE_HEALTH_GOOD);
  EXPECT_TRUE(response.rules(0).has_evaluation_time());
}

TEST_F(RuleServiceTest, ChecksEachFileThatIsSent) {
  v1::CheckRulesRequest request;
  request.add_files()->set_name("good.yml");
  request.mutable_files(0)->set_text(kRules);
  request.add_files()->set_name("bad.yml");
  request.mutable_files(1)->set_text("groups: [{name: g, rules: [{alert: a, expr: up +}]}]");
  request.add_files()->set_name("no.yml");
  request.mutable_files(2)->set_text("groups: [{name: '\xff'}]");
  v1::CheckRulesResponse response;
  const grpc::Status status = Call(&v1::RuleService::Stub::CheckRules, request, response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.files_size(), 3);
  EXPECT_EQ(response.files(0).rules(), 1u);
  EXPECT_EQ(response.files(0).groups(), 1u);
  EXPECT_THAT(response.files(0).mistakes(), IsEmpty());
  EXPECT_THAT(response.files(1).mistakes(),
              ElementsAre(HasSubstr("bad.yml:1:39: groups[0].rules[0].expr: 1:5: parse error")));
  EXPECT_THAT(response.files(2).mistakes(), ElementsAre(HasSubstr("no.yml")));
  EXPECT_EQ(Call(&v1::RuleService::Stub::CheckRules, {}, response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(RuleServiceTest, RunsTestsOverTheFilesThatAreSentAlong) {
  v1::TestRulesResponse response;
  ASSERT_TRUE(Call(&v1::RuleService::Stub::TestRules, TestsOf(kRules), response).ok());
  EXPECT_EQ(response.passed(), 1u);
  EXPECT_THAT(response.failures(), IsEmpty());
  ASSERT_TRUE(Call(&v1::RuleService::Stub::TestRules,
                   TestsOf("groups: [{name: g, rules: [{record: a, expr: up + 1}]}]"), response)
                  .ok());
  EXPECT_EQ(response.passed(), 0u);
  EXPECT_THAT(response.failures(),
              ElementsAre("t.yml: test 1: expression a at 0: expected a 1; got a 2"));
}

TEST_F(RuleServiceTest, NamesARuleFileThatWasNotSent) {
  v1::TestRulesRequest request = TestsOf(kRules);
  request.clear_rule_files();
  v1::TestRulesResponse response;
  ASSERT_TRUE(Call(&v1::RuleService::Stub::TestRules, request, response).ok());
  EXPECT_THAT(response.failures(), ElementsAre("t.yml: rule_files: `r*.yml` was not sent along"));
}

}  // namespace
}  // namespace ora::aggregator
