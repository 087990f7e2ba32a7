#include "aggregator/http/form.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace ora::aggregator {
namespace {

TEST(FormTest, DecodesNamesAndValuesInTheirOrder) {
  std::vector<HttpParameter> parameters;
  ASSERT_TRUE(
      ParseForm("match%5B%5D=up%7Ba%3D%22+%22%7D&&match%5b%5d=1%2B1&bare&=x", parameters).ok());
  ASSERT_EQ(parameters.size(), 4u);
  EXPECT_EQ(parameters[0].name, "match[]");
  EXPECT_EQ(parameters[0].value, "up{a=\" \"}");
  EXPECT_EQ(parameters[1].value, "1+1");
  EXPECT_EQ(parameters[2].name, "bare");
  EXPECT_EQ(parameters[3].value, "x");
}

TEST(FormTest, RefusesAnEscapeThatIsNone) {
  for (const char* text : {"a=%", "a=%4", "a=%zz", "%4=a"}) {
    std::vector<HttpParameter> parameters;
    EXPECT_EQ(ParseForm(text, parameters).code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(FormTest, RefusesMoreParametersThanTheLimit) {
  std::string text;
  for (size_t i = 0; i < kParametersMax; ++i) absl::StrAppend(&text, "a=1&");
  std::vector<HttpParameter> parameters;
  EXPECT_TRUE(ParseForm(text, parameters).ok());
  parameters.clear();
  EXPECT_EQ(ParseForm(text + "a=1", parameters).code(), absl::StatusCode::kInvalidArgument);
}

TEST(FormTest, APathKeepsItsPlus) {
  EXPECT_EQ(*DecodePercent("a+b%2Bc", Plus::kIsItself), "a+b+c");
  EXPECT_EQ(*DecodePercent("a+b%2Bc", Plus::kIsBlank), "a b+c");
}

}  // namespace
}  // namespace ora::aggregator
