#include "aggregator/rules/annotation_template.h"

#include <gtest/gtest.h>

namespace ora::aggregator {
namespace {

std::string Fill(const std::string& text) {
  const auto parsed = AnnotationTemplate::Parse(text);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.ok() ? parsed->Fill({{"instance", "web"}, {"log", "/a b"}}, 1234.5) : "";
}

TEST(AnnotationTemplateTest, FillsInLabelsAndValue) {
  EXPECT_EQ(Fill("plain"), "plain");
  EXPECT_EQ(Fill(""), "");
  EXPECT_EQ(Fill("{{ $labels.instance }}:{{$labels.log}} has {{ $value }} }}"),
            "web:/a b has 1234.5 }}");
  EXPECT_EQ(Fill("<{{ $labels.absent }}>"), "<>");
}

TEST(AnnotationTemplateTest, FormatsTheValue) {
  EXPECT_EQ(Fill("{{ $value | humanize }}"), "1.234k");
  EXPECT_EQ(Fill("{{$value|humanize1024}}"), "1.206Ki");
  EXPECT_EQ(Fill("{{ $value | humanizePercentage }}"), "1.234e+05%");
  EXPECT_EQ(Fill("{{ $value | humanizeDuration }}"), "20m 34s");
  EXPECT_EQ(Fill("{{ $value | printf \"%.2f\" }}"), "1234.50");
  EXPECT_EQ(Fill("{{ printf \"%.0f\" $value }}"), "1234");
}

TEST(AnnotationTemplateTest, RefusesWhatItDoesNotKnow) {
  for (const char* text : {"{{", "{{ $value", "{{ }}", "{{ $labels }}", "{{ $labels.a-b }}",
                           "{{ $labels.1 }}", "{{ $values }}", "{{ $value | title }}",
                           "{{ $value | printf \"%d\" }}", "{{ $value | printf \"%.18f\" }}",
                           "{{ printf \"%.2f\" }} x {{ if }}", "{{ query \"up\" }}"}) {
    EXPECT_EQ(AnnotationTemplate::Parse(text).status().code(), absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(AnnotationTemplateTest, CutsLongTextBetweenCharacters) {
  const auto parsed = AnnotationTemplate::Parse("{{ $labels.a }}{{ $labels.a }}{{ $labels.a }}");
  ASSERT_TRUE(parsed.ok());
  std::string euros;
  for (int i = 0; i < 600; ++i) euros += "\xE2\x82\xAC";
  EXPECT_EQ(parsed->Fill({{"a", euros}}, 0).size(), 4095u);
}

}  // namespace
}  // namespace ora::aggregator
