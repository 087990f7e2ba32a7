#include "cli/render/query_result.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ora::cli {
namespace {

void AddLabel(v1::LabelSet& labels, const char* name, const char* value) {
  v1::Label* label = labels.add_labels();
  label->set_name(name);
  label->set_value(value);
}

v1::QueryResponse TwoHosts() {
  v1::QueryResponse response;
  v1::InstantSeries* one = response.mutable_vector()->add_series();
  AddLabel(*one->mutable_labels(), "__name__", "up");
  AddLabel(*one->mutable_labels(), "instance", "web1");
  one->mutable_sample()->set_time_millis(1'500);
  one->mutable_sample()->set_value(1);
  v1::InstantSeries* two = response.mutable_vector()->add_series();
  AddLabel(*two->mutable_labels(), "job", "a\"b");
  two->mutable_sample()->set_time_millis(2'000);
  two->mutable_sample()->set_value(std::nan(""));
  return response;
}

TEST(PrometheusJsonTest, WritesAVector) {
  EXPECT_EQ(PrometheusJson(TwoHosts()),
            R"({"status":"success","data":{"resultType":"vector","result":[)"
            R"({"metric":{"__name__":"up","instance":"web1"},"value":[1.500,"1"]},)"
            R"({"metric":{"job":"a\"b"},"value":[2,"NaN"]}]}})"
            "\n");
}

TEST(PrometheusJsonTest, WritesAnEmptyVectorAndWarnings) {
  v1::QueryResponse response;
  response.mutable_vector();
  response.add_warnings("partial: web1");
  EXPECT_EQ(PrometheusJson(response),
            R"({"status":"success","data":{"resultType":"vector","result":[]},)"
            R"("warnings":["partial: web1"]})"
            "\n");
}

TEST(PrometheusJsonTest, WritesAScalar) {
  v1::QueryResponse response;
  response.mutable_scalar()->set_time_millis(1'000);
  response.mutable_scalar()->set_value(0.5);
  EXPECT_EQ(PrometheusJson(response),
            R"({"status":"success","data":{"resultType":"scalar","result":[1,"0.5"]}})"
            "\n");
}

TEST(PrometheusJsonTest, WritesAMatrix) {
  v1::QueryRangeResponse response;
  v1::SampledSeries* series = response.add_series();
  series->mutable_time_millis()->Add(1'000);
  series->mutable_time_millis()->Add(2'500);
  series->mutable_values()->Add(1);
  series->mutable_values()->Add(1e21);
  EXPECT_EQ(PrometheusJson(response),
            R"({"status":"success","data":{"resultType":"matrix","result":[)"
            R"({"metric":{},"values":[[1,"1"],[2.500,"1e+21"]]}]}})"
            "\n");
}

TEST(QueryCsvTest, HasAColumnForEveryLabelThatOccurs) {
  EXPECT_EQ(QueryCsv(TwoHosts()),
            "__name__,instance,job,timestamp,value\n"
            "up,web1,,1.500,1\n"
            ",,\"a\"\"b\",2,NaN\n");
}

TEST(QueryTableTest, ShowsARangeAsATrend) {
  v1::Matrix matrix;
  v1::SampledSeries* series = matrix.add_series();
  AddLabel(*series->mutable_labels(), "__name__", "up");
  for (int i = 0; i < 20; ++i) {
    series->add_time_millis(i * 1'000);
    series->add_values(i < 10 ? 1 : 8);
  }
  EXPECT_EQ(RenderTable(QueryTable(matrix.series(), 0, 20'000), {}),
            "SERIES  TREND                 FIRST  LAST  MIN  MAX\n"
            "up      ▁▁▁▁▁▁▁▁▁▁"
            "██████████      1     8    1    8\n");
}

TEST(SeriesTextTest, WritesASelector) {
  const v1::QueryResponse response = TwoHosts();
  EXPECT_EQ(SeriesText(response.vector().series(0).labels()), R"(up{instance="web1"})");
  EXPECT_EQ(SeriesText(response.vector().series(1).labels()), R"({job="a\"b"})");
  EXPECT_EQ(SeriesText(v1::LabelSet()), "{}");
}

}  // namespace
}  // namespace ora::cli
