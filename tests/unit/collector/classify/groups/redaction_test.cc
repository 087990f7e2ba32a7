#include "collector/classify/groups/redaction.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace ora::collector {
namespace {

struct RedactionCase {
  const char* name;
  const char* text;
  const char* redacted;
};

void PrintTo(const RedactionCase& redaction, std::ostream* out) { *out << redaction.name; }

class RedactionTest : public testing::TestWithParam<RedactionCase> {};

TEST_P(RedactionTest, TakesSecretsOut) {
  const auto redaction = Redaction::Make({});
  ASSERT_TRUE(redaction.ok());
  EXPECT_EQ(redaction->Apply(GetParam().text), GetParam().redacted);
}

INSTANTIATE_TEST_SUITE_P(
    Secrets, RedactionTest,
    testing::Values(
        RedactionCase{"Password", "login password=hunter2 user=bob", "login password=*** user=bob"},
        RedactionCase{"PasswordInAName", "DB_PASSWORD: hunter2, x", "DB_PASSWORD: ***, x"},
        RedactionCase{"Json", R"({"api_key": "abc def", "n": 1})", R"({"api_key": "***", "n": 1})"},
        RedactionCase{"JsonEscaped", R"("secret":"a\"b","n":1)", R"("secret":"***","n":1)"},
        RedactionCase{"SingleQuotes", "token='abc def' x", "token='***' x"},
        RedactionCase{"Query", "GET /a?access_token=abc&b=1", "GET /a?access_token=***&b=1"},
        RedactionCase{"Bearer", "Authorization: Bearer abc.def-ghi", "Authorization: Bearer ***"},
        RedactionCase{"BearerAlone", "sent bearer abcdefgh12", "sent bearer ***"},
        RedactionCase{"Cookie", "Cookie: sid=1; theme=dark", "Cookie: ***"},
        RedactionCase{"Url", "postgres://bob:hunter2@db:5432/shop", "postgres://***@db:5432/shop"},
        RedactionCase{"UrlWithoutUser", "https://example.org:443/a@b",
                      "https://example.org:443/a@b"},
        RedactionCase{"WebToken", "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.c2ln end", "got *** end"},
        RedactionCase{"CloudKey", "id AKIAABCDEFGHIJKLMNOP end", "id *** end"},
        RedactionCase{"PrivateKey",
                      "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
                      "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----"},
        RedactionCase{"PrivateKeyCutOff", "-----BEGIN PRIVATE KEY-----\nabc",
                      "-----BEGIN PRIVATE KEY-----***"},
        RedactionCase{"Card", "card 4111 1111 1111 1111 declined", "card *** declined"},
        RedactionCase{"CardWithSigns", "card 4111-1111-1111-1111.", "card ***."},
        RedactionCase{"NoCard", "order 4111111111111112", "order 4111111111111112"},
        RedactionCase{"NoUtf8", "pwd=\xFF\xFEx\xC3 y", "pwd=*** y"},
        RedactionCase{"TwoOfThem", "pwd=a token=b", "pwd=*** token=***"},
        RedactionCase{"Plain", "order 7 took 12ms", "order 7 took 12ms"},
        RedactionCase{"WordAlone", "wrong password", "wrong password"},
        RedactionCase{"Empty", "", ""}),
    [](const testing::TestParamInfo<RedactionCase>& info) { return std::string(info.param.name); });

TEST(RedactionPatternsTest, AreTheUsersToo) {
  const auto redaction = Redaction::Make({"cust-[0-9]+", "order ([0-9]+)"});
  ASSERT_TRUE(redaction.ok());
  EXPECT_EQ(redaction->Apply("cust-12 cust-13 order 7 x"), "*** *** order *** x");
}

TEST(RedactionPatternsTest, ThatMatchNothingTakeNothingOut) {
  const auto redaction = Redaction::Make({"x*", "(y*)"});
  ASSERT_TRUE(redaction.ok());
  EXPECT_EQ(redaction->Apply("abc"), "abc");
  EXPECT_EQ(redaction->Apply("axxbyy"), "a***b***");
}

TEST(RedactionPatternsTest, AreChecked) {
  EXPECT_EQ(Redaction::Make({"a", "("}).status().message(),
            "redaction pattern 1: `(` is no RE2: missing ): (");
  EXPECT_TRUE(Redaction::Make(std::vector<std::string>(kRedactionPatternsMax, "a")).ok());
  EXPECT_EQ(
      Redaction::Make(std::vector<std::string>(kRedactionPatternsMax + 1, "a")).status().message(),
      "redaction: 101 patterns; at most 100");
}

TEST(RedactionLimitTest, IsCutOff) {
  const auto redaction = Redaction::Make({});
  ASSERT_TRUE(redaction.ok());
  EXPECT_EQ(redaction->Apply(std::string(kRedactedBytesMax + 1, 'x')).size(), kRedactedBytesMax);
}

}  // namespace
}  // namespace ora::collector
