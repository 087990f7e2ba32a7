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

TEST(AnnotationTemplateTest, PrintsAsGoDoes) {
  EXPECT_EQ(Fill("{{ $labels }} {{ .Labels.log }} {{ .Value }}"),
            "map[instance:web log:/a b] /a b 1234.5");
  EXPECT_EQ(Fill("{{ 1234567.0 }} {{ 123456 }} {{ 0.00001 }} {{ 0.0001 }} {{ true }}"),
            "1.234567e+06 123456 1e-05 0.0001 true");
  EXPECT_EQ(Fill("{{ printf \"%5.1f|%-6s|%06.2f|%q|%d%%\" $value \"ab\" -1.5 \"x\" 42 }}"),
            "1234.5|ab    |-01.50|\"x\"|42%");
  EXPECT_EQ(Fill("{{ print 1 \"a\" }}{{ println $labels.instance }}"), "1aweb\n");
}

TEST(AnnotationTemplateTest, DecidesAndRepeats) {
  EXPECT_EQ(Fill("{{ if gt $value 1000.0 }}much{{ else }}little{{ end }}"), "much");
  EXPECT_EQ(Fill("{{ if eq $labels.instance \"db\" }}a{{ else if eq $labels.instance \"web\" }}b"
                 "{{ else }}c{{ end }}"),
            "b");
  EXPECT_EQ(Fill("{{ with $labels.absent }}{{ . }}{{ else }}none{{ end }}"), "none");
  EXPECT_EQ(Fill("{{ with $x := $labels.instance }}{{ $x }}-{{ . }}{{ end }}"), "web-web");
  EXPECT_EQ(Fill("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}"), "2");
  EXPECT_EQ(Fill("a  {{- /* no }} */ -}}  b{{ \"{{ }}\" }}"), "ab{{ }}");
  EXPECT_EQ(Fill("{{ if and (not false) (or 0 \"x\") }}yes{{ end }}"), "yes");
}

TEST(AnnotationTemplateTest, AsksAndTellsOfTheAnswer) {
  const auto parsed = AnnotationTemplate::Parse(
      "{{ query \"up\" | first | value }}/{{ range $i, $s := query \"up\" | sortByLabel "
      "\"instance\" }}{{ $i }}:{{ $s.Labels.instance }}={{ .Value }} {{ end }}"
      "{{ with printf \"up{job='%s'}\" $labels.job | query }}{{ . | first | label \"job\" }}{{ end "
      "}}");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  TemplateScope scope;
  scope.labels = {{"job", "node"}};
  std::vector<std::string> asked;
  scope.query = [&asked](const std::string& expression) {
    asked.push_back(expression);
    return std::vector<TemplateSample>{{{{"instance", "b"}, {"job", "node"}}, 2},
                                       {{{"instance", "a"}, {"job", "x"}}, 1}};
  };
  EXPECT_EQ(parsed->Fill(scope), "2/0:a=1 1:b=2 node");
  EXPECT_EQ(asked, (std::vector<std::string>{"up", "up", "up{job='node'}"}));
}

TEST(AnnotationTemplateTest, DefinesTemplatesForItself) {
  EXPECT_EQ(Fill("{{ define \"a\" }}<{{ . }} {{ $ }}>{{ end }}{{ template \"a\" 1 }}"
                 "{{ template \"a\" $labels.instance }}"),
            "<1 1><web web>");
  // Used before it stands, with `.`, which is the whole scope; the last of a name counts.
  EXPECT_EQ(Fill("{{ template \"a\" . }}{{ define \"a\" }}1{{ end }}"
                 "{{ define \"a\" }}{{ .Labels.instance }} {{ .Value }}{{ end }}"),
            "web 1234.5");
  EXPECT_EQ(Fill("{{ block \"a\" $value }}[{{ . }}]{{ end }}{{ template \"a\" 2 }}"),
            "[1234.5][2]");
  EXPECT_EQ(Fill("{{ $x := 1 }}{{ define \"a\" }}{{ $x := 2 }}{{ $x }}{{ end }}"
                 "{{ template \"a\" }}{{ $x }}"),
            "21");
  EXPECT_EQ(Fill("a{{ template \"none\" }}"),
            "<error expanding template: template \"none\" not defined>");
  EXPECT_EQ(Fill("{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}"),
            "<error expanding template: template \"a\": templates use one another more than 20 "
            "deep>");
}

TEST(AnnotationTemplateTest, HasPrometheussFunctions) {
  EXPECT_EQ(Fill("{{ $labels.instance | toUpper }} {{ title \"ab cd\" }} {{ toLower \"AB\" }}"),
            "WEB Ab Cd ab");
  EXPECT_EQ(Fill("{{ reReplaceAll \"(w)(e)\" \"$2${1}\" $labels.instance }}"), "ewb");
  EXPECT_EQ(Fill("{{ match \"^w\" $labels.instance }} {{ match \"x\" $labels.instance }}"),
            "true false");
  EXPECT_EQ(Fill("{{ stripPort \"web:9100\" }} {{ stripDomain \"web.example.org:80\" }}"),
            "web web:80");
  EXPECT_EQ(Fill("{{ 0 | humanizeTimestamp }}"), "1970-01-01 00:00:00 +0000 UTC");
  EXPECT_EQ(Fill("{{ parseDuration \"1h30m\" }} {{ \"1048576\" | humanize1024 }}"), "5400 1Mi");
  EXPECT_EQ(Fill("{{ len $labels }} {{ index $labels \"instance\" }}"), "2 web");
  EXPECT_EQ(Fill("{{ graphLink \"up{}\" }}"), "/graph?g0.expr=up%7B%7D&g0.tab=0");
}

TEST(AnnotationTemplateTest, WhatCannotBeFilledInIsSaidInItsPlace) {
  EXPECT_EQ(Fill("{{ query \"up\" }}"),
            "<error expanding template: query: nothing can be asked here>");
  EXPECT_EQ(Fill("{{ $labels.instance | humanize }}"),
            "<error expanding template: `web` is no number>");
  EXPECT_EQ(Fill("{{ .Nothing }}"),
            "<error expanding template: there is no .Nothing; there are .Labels and .Value>");
  EXPECT_EQ(Fill("{{ printf \"%s\" }}"),
            "<error expanding template: printf: there are more verbs than arguments>");
}

TEST(AnnotationTemplateTest, RefusesWhatItDoesNotKnow) {
  for (const char* text : {"{{",
                           "{{ $value",
                           "{{ }}",
                           "{{ $labels.a-b }}",
                           "{{ $values }}",
                           "{{ $value | titel }}",
                           "{{ if }}",
                           "{{ if true }}",
                           "{{ end }}",
                           "{{ else }}",
                           "{{ if true }}{{ else }}",
                           "{{ \"a }}",
                           "{{ ( 1 }}",
                           "{{ 1 2 }}",
                           "{{ $x = 1 }}",
                           "{{ 1..2 }}",
                           "{{ if true }}{{ $x := 1 }}{{ end }}{{ $x }}",
                           "{{ define \"a\" }}",
                           "{{ define }}{{ end }}",
                           "{{ define \"a\" }}{{ else }}{{ end }}",
                           "{{ define \"a\" }}{{ $labels.x }}{{ end }}",
                           "{{ if true }}{{ define \"a\" }}{{ end }}{{ end }}",
                           "{{ template a }}",
                           "{{ template \"a\" 1 2 }}",
                           "{{ block \"a\" }}{{ end }}"}) {
    EXPECT_EQ(AnnotationTemplate::Parse(text).status().code(), absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(AnnotationTemplateTest, NestingIsLimited) {
  const auto nested = [](size_t depth) {
    std::string text;
    for (size_t i = 0; i < depth; ++i) text += "{{ if true }}";
    text += "x";
    for (size_t i = 0; i < depth; ++i) text += "{{ end }}";
    return text;
  };
  EXPECT_EQ(Fill(nested(kTemplateDepthMax)), "x");
  EXPECT_FALSE(AnnotationTemplate::Parse(nested(kTemplateDepthMax + 1)).ok());
  EXPECT_FALSE(AnnotationTemplate::Parse("{{ " + std::string(100'000, '(')).ok());
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
