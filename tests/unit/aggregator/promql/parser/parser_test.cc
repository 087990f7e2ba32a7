#include "aggregator/promql/parser/parser.h"

#include "absl/strings/str_cat.h"
#include "aggregator/promql/parser/printer.h"
#include "gtest/gtest.h"

namespace ora::promql {
namespace {

struct PrintCase {
  std::string name;
  std::string text;
  std::string printed;
};

class PrintTest : public testing::TestWithParam<PrintCase> {};

TEST_P(PrintTest, GivesCanonicalTextOfTheSameTree) {
  const auto parsed = ParseExpression(GetParam().text);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(Print(**parsed), GetParam().printed);
  const auto again = ParseExpression(Print(**parsed));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(SameTree(**parsed, **again));
}

INSTANTIATE_TEST_SUITE_P(
    Expressions, PrintTest,
    testing::Values(
        PrintCase{"Matchers", "up{job=\"a\",x!='b',y=~`c.*`,z!~\"d\",}",
                  "up{job=\"a\",x!=\"b\",y=~\"c.*\",z!~\"d\"}"},
        PrintCase{"QuotedNames", "{\"my.metric\", \"a.b\"=\"c\"}", "{\"my.metric\",\"a.b\"=\"c\"}"},
        PrintCase{"QuotedPlainName", "{\"up\"}", "up"},
        PrintCase{"QuotedReservedName", "{\"inf\"}", "{\"inf\"}"},
        PrintCase{"KeywordsAsLabels", "sum by (on, by, offset) (x{bool=\"1\"})",
                  "sum by (on, by, offset) (x{bool=\"1\"})"},
        PrintCase{"KeywordsAsMetrics", "sum + offset + start", "sum + offset + start"},
        PrintCase{"ClauseAfter", "SUM(x) WITHOUT (a)", "sum without (a) (x)"},
        PrintCase{"Power", "-2 ^ 3 ^ 2", "-2 ^ 3 ^ 2"},
        PrintCase{"Parentheses", "(1 + 2) * 3", "(1 + 2) * 3"},
        PrintCase{"Range", "rate(x[300] offset -5m)", "rate(x[5m] offset -5m)"},
        PrintCase{"Days", "x[90m]", "x[1h30m]"},
        PrintCase{"Subquery", "max_over_time(rate(x[1m])[1h:] @ end() offset 1d)",
                  "max_over_time(rate(x[1m])[1h:] @ end() offset 1d)"},
        PrintCase{"AtTime", "x @ 1.5", "x @ 1.500"},
        PrintCase{"AtBefore1970", "x @ -1", "x @ -1.000"},
        PrintCase{"Matching", "a * on(x) group_left(y) b", "a * on (x) group_left (y) b"},
        PrintCase{"Bool", "a > bool ignoring(x) b", "a > bool ignoring (x) b"},
        PrintCase{"Sets", "a and b or c unless on() d", "a and b or c unless on () d"},
        PrintCase{"Numbers", "0x1F + 1_000 + .5 + 1e3 + Inf - nan",
                  "31 + 1000 + 0.5 + 1000 + Inf - NaN"},
        PrintCase{"Duration", "5m > bool 4", "5m > bool 4"},
        PrintCase{"Escapes", "label_replace(x, \"a\\n\\x41\\u00e9\", '\\'', `\\d`, \"\")",
                  "label_replace(x, \"a\\nA\xc3\xa9\", \"'\", \"\\\\d\", \"\")"},
        PrintCase{"BytesThatAreNoText", "label_replace(x, \"a\", \"\\xff\\u20ac\", \"b\", \"\")",
                  "label_replace(x, \"a\", \"\\xff\xe2\x82\xac\", \"b\", \"\")"},
        PrintCase{"SignedNumbers", "--1 + -(-2) - +5m", "1 + -(-2) - 5m"},
        PrintCase{"Octal", "017 + 089", "15 + 89"},
        PrintCase{"GroupOfNone", "a / on() group_right b", "a / on () group_right () b"},
        PrintCase{"Comment", "up # what\n + 1", "up + 1"},
        PrintCase{"Atan2", "a atan2 b", "a atan2 b"}),
    [](const auto& info) { return info.param.name; });

struct ErrorCase {
  std::string name;
  std::string text;
  std::string error;
};

class ParseErrorTest : public testing::TestWithParam<ErrorCase> {};

TEST_P(ParseErrorTest, NamesThePlaceAndWhatWasExpected) {
  const auto parsed = ParseExpression(GetParam().text);
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(std::string(parsed.status().message()), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Errors, ParseErrorTest,
    testing::Values(
        ErrorCase{"Empty", "", "1:1: parse error: no expression found in input"},
        ErrorCase{"Trailing", "up up",
                  "1:4: parse error: unexpected identifier \"up\" after the expression, expected "
                  "an operator"},
        ErrorCase{"SecondLine", "up +\n  )",
                  "2:3: parse error: unexpected \")\" where a value begins, expected a metric, a "
                  "function, a number, a string or \"(\""},
        ErrorCase{"Unclosed", "(up", "1:1: parse error: unclosed left parenthesis"},
        ErrorCase{"Quote", "up{a=\"b}",
                  "1:6: parse error: unterminated quoted string in label matching, expected "
                  "string"},
        ErrorCase{"Character", "up $ 1",
                  "1:4: parse error: unexpected character: '$' after the expression, expected an "
                  "operator"},
        ErrorCase{"RegularExpression", "up{a=~\"(\"}",
                  "1:7: parse error: regular expression \"(\" for label a: missing ): ("},
        ErrorCase{"AtInfinity", "up @ -inf",
                  "1:7: parse error: timestamp out of bounds for @ modifier: -Inf"},
        ErrorCase{"InfiniteRange", "up[Inf]", "1:4: parse error: duration out of range: Inf"},
        ErrorCase{"UnclosedBraces", "up{a=\"b\"",
                  "1:9: parse error: unexpected end of input in label matching, expected \",\" or "
                  "\"}\""},
        ErrorCase{"UnclosedBracket", "up[5m",
                  "1:6: parse error: unexpected end of input in range, expected \":\" or \"]\""},
        ErrorCase{"KeywordAsValue", "on + 1",
                  "1:1: parse error: unexpected identifier \"on\" where a value begins, expected a "
                  "metric, a function, a number, a string or \"(\""},
        ErrorCase{"TrailingComma", "abs(x,)",
                  "1:7: parse error: trailing commas not allowed in function call args"},
        ErrorCase{"UnknownFunction", "1 + foo(x)",
                  "1:5: parse error: unknown function with name \"foo\""},
        ErrorCase{"ArgumentCount", "rate()",
                  "1:1: parse error: expected 1 argument(s) in call to \"rate\", got 0"},
        ErrorCase{"ParameterType", "sum(topk(x, y))",
                  "1:10: parse error: expected type scalar in aggregation parameter, got instant "
                  "vector"},
        ErrorCase{"OperandType", "sum by (a) (1)",
                  "1:13: parse error: expected type instant vector in aggregation expression, got "
                  "scalar"},
        ErrorCase{"ArgumentType", "rate(x)",
                  "1:6: parse error: expected type range vector in call to function \"rate\", got "
                  "instant vector"},
        ErrorCase{"EmptyMatcher", "{x=~\".*\"}",
                  "1:1: parse error: vector selector must contain at least one non-empty matcher"},
        ErrorCase{"NameTwice", "foo{__name__=\"bar\"}",
                  "1:1: parse error: metric name must not be set twice: \"foo\" or \"bar\""},
        ErrorCase{"RangeOfCall", "abs(x)[5m]",
                  "1:7: parse error: ranges only allowed for vector selectors"},
        ErrorCase{"ScalarComparison", "1 > 2",
                  "1:1: parse error: comparisons between scalars must use BOOL modifier"},
        ErrorCase{"ScalarSet", "1 and x",
                  "1:1: parse error: set operator \"and\" not allowed in binary scalar expression"},
        ErrorCase{"BoolOnArithmetic", "a + bool b",
                  "1:1: parse error: bool modifier can only be used on comparison operators"},
        ErrorCase{"OnAndGroup", "a + on(x) group_left(x) b",
                  "1:1: parse error: label \"x\" must not occur in ON and GROUP clause at once"},
        ErrorCase{"GroupedSet", "a and on(x) group_left b",
                  "1:1: parse error: no grouping allowed for \"and\" operation"},
        ErrorCase{"OffsetTwice", "x offset 1m offset 2m",
                  "1:13: parse error: offset may not be set multiple times"},
        ErrorCase{"OffsetOfNumber", "1 offset 1m",
                  "1:3: parse error: offset modifier must be preceded by an instant vector "
                  "selector or range vector selector or a subquery"},
        ErrorCase{"ZeroRange", "x[0s]", "1:3: parse error: duration must be greater than 0"},
        ErrorCase{"BadDuration", "x[5m1h]",

                  "1:3: parse error: bad number or duration syntax: \"5m1h\", expected a number "
                  "such as 1.5 or a duration such as 1h30m"},
        ErrorCase{"LabelOperator", "x{a b}",
                  "1:5: parse error: unexpected identifier \"b\" in label matching, expected "
                  "label matching operator"},
        ErrorCase{"NoParameter", "topk(x)",
                  "1:1: parse error: wrong number of arguments for aggregate expression provided, "
                  "expected 2, got 1"}),
    [](const auto& info) { return info.param.name; });

TEST(ParseLimitsTest, RefusesTreesThatAreTooDeep) {
  const auto nested = [](size_t depth) {
    return absl::StrCat(std::string(depth, '('), "x", std::string(depth, ')'));
  };
  EXPECT_TRUE(ParseExpression(nested(kTreeDepthMax - 1)).ok());
  EXPECT_FALSE(ParseExpression(nested(kTreeDepthMax)).ok());
  std::string chain = "x";
  for (size_t i = 0; i < kTreeDepthMax; ++i) chain += "+x";
  EXPECT_FALSE(ParseExpression(chain).ok());
  EXPECT_FALSE(ParseExpression(std::string(kTreeDepthMax + 1, '-') + "x").ok());
}

TEST(ParseLimitsTest, RefusesTextsThatAreTooLong) {
  std::string text(kExpressionBytesMax - 1, ' ');
  EXPECT_TRUE(ParseExpression(text + "x").ok());
  EXPECT_FALSE(ParseExpression(text + " x").ok());
}

}  // namespace
}  // namespace ora::promql
