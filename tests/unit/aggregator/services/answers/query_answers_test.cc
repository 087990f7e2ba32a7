#include "aggregator/services/answers/query_answers.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace ora::aggregator {
namespace {

using storage::Labels;

constexpr size_t kOneMessage = size_t{1} << 20;

const Labels& UpOfHost() {
  static const auto& labels =
      *new Labels({{"__name__", "up"}, {"host", std::string(300, 'x')}, {"job", "node"}});
  return labels;
}

v1::QueryStatistics Statistics() {
  v1::QueryStatistics statistics;
  statistics.set_samples_read(7);
  return statistics;
}

promql::QueryResult ResultOf(promql::Value value) {
  promql::QueryResult result;
  result.value = std::move(value);
  result.warnings = {"careful"};
  result.infos = {"by the way"};
  return result;
}

template <typename Message>
Message Parsed(const MessageBytes& answer) {
  Message message;
  EXPECT_TRUE(message.ParseFromString(answer.bytes));
  return message;
}

void ExpectLabels(const v1::LabelSet& message, const Labels& labels) {
  std::vector<storage::Label> read;
  for (const v1::Label& label : message.labels()) read.push_back({label.name(), label.value()});
  EXPECT_EQ(Labels(read), labels);
  EXPECT_EQ(message.SerializeAsString(), labels.bytes());
}

TEST(QueryAnswersTest, AVectorIsReadBack) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto response = Parsed<v1::QueryResponse>(EncodeAnswer(
      ResultOf(promql::InstantVector{{UpOfHost(), 1'700'000'000'000, 1.5}, {{}, -1, -kInfinity}}),
      Statistics()));
  ASSERT_EQ(response.vector().series_size(), 2);
  ExpectLabels(response.vector().series(0).labels(), UpOfHost());
  EXPECT_EQ(response.vector().series(0).sample().time_millis(), 1'700'000'000'000);
  EXPECT_EQ(response.vector().series(0).sample().value(), 1.5);
  ExpectLabels(response.vector().series(1).labels(), Labels());
  EXPECT_EQ(response.vector().series(1).sample().time_millis(), -1);
  EXPECT_EQ(response.vector().series(1).sample().value(), -kInfinity);
  EXPECT_EQ(response.warnings(0), "careful");
  EXPECT_EQ(response.infos(0), "by the way");
  EXPECT_EQ(response.statistics().samples_read(), 7);
}

TEST(QueryAnswersTest, AnEmptyVectorIsAVector) {
  const auto response =
      Parsed<v1::QueryResponse>(EncodeAnswer(ResultOf(promql::InstantVector()), Statistics()));
  EXPECT_EQ(response.value_case(), v1::QueryResponse::kVector);
  EXPECT_EQ(response.vector().series_size(), 0);
}

TEST(QueryAnswersTest, AMatrixIsReadBack) {
  const promql::Matrix matrix{{UpOfHost(), {{-5, 0, 1'700'000'000'000}, {1, 0, 2.25}}}, {}};
  const auto response = Parsed<v1::QueryResponse>(EncodeAnswer(ResultOf(matrix), Statistics()));
  ASSERT_EQ(response.matrix().series_size(), 2);
  const v1::SampledSeries& series = response.matrix().series(0);
  ExpectLabels(series.labels(), UpOfHost());
  EXPECT_EQ(std::vector<int64_t>(series.time_millis().begin(), series.time_millis().end()),
            matrix[0].samples.time_millis);
  EXPECT_EQ(std::vector<double>(series.values().begin(), series.values().end()),
            matrix[0].samples.values);
  EXPECT_EQ(response.matrix().series(1).values_size(), 0);
}

TEST(QueryAnswersTest, AScalarAndATextAreReadBack) {
  const auto scalar =
      Parsed<v1::QueryResponse>(EncodeAnswer(ResultOf(promql::ScalarValue{3, 4}), Statistics()));
  EXPECT_EQ(scalar.scalar().time_millis(), 3);
  EXPECT_EQ(scalar.scalar().value(), 4);
  const auto text =
      Parsed<v1::QueryResponse>(EncodeAnswer(ResultOf(std::string("hello")), Statistics()));
  EXPECT_EQ(text.text(), "hello");
}

TEST(QueryAnswersTest, ALongMatrixComesInSeveralMessages) {
  const promql::Matrix matrix(5, {UpOfHost(), {{1, 2}, {3, 4}}});
  const auto one = EncodeAnswers(ResultOf(matrix), Statistics(), kOneMessage);
  ASSERT_EQ(one.size(), 1);
  EXPECT_EQ(Parsed<v1::QueryRangeResponse>(one[0]).series_size(), 5);

  // As many as fit, and one at least.
  const size_t each = UpOfHost().bytes().size() + 30;
  const auto pairs = EncodeAnswers(ResultOf(matrix), Statistics(), 2 * each);
  ASSERT_EQ(pairs.size(), 3);
  EXPECT_EQ(Parsed<v1::QueryRangeResponse>(pairs[0]).series_size(), 2);
  EXPECT_FALSE(Parsed<v1::QueryRangeResponse>(pairs[0]).has_statistics());
  const auto last = Parsed<v1::QueryRangeResponse>(pairs[2]);
  EXPECT_EQ(last.series_size(), 1);
  EXPECT_EQ(last.series(0).values(1), 4);
  EXPECT_EQ(last.warnings(0), "careful");
  EXPECT_EQ(last.statistics().samples_read(), 7);
  EXPECT_EQ(EncodeAnswers(ResultOf(matrix), Statistics(), 1).size(), 5);
}

TEST(QueryAnswersTest, AnEmptyMatrixIsOneMessage) {
  const auto answers = EncodeAnswers(ResultOf(promql::Matrix()), Statistics(), kOneMessage);
  ASSERT_EQ(answers.size(), 1);
  EXPECT_EQ(Parsed<v1::QueryRangeResponse>(answers[0]).statistics().samples_read(), 7);
}

}  // namespace
}  // namespace ora::aggregator
