#include "collector/tail/journal/journal_follower.h"

#include <gmock/gmock.h>

#include "tests/unit/collector/tail/follower_fixture.h"

namespace ora::collector {
namespace {

using ::testing::HasSubstr;

// Entries by their place; a cursor is the place's number.
class FakeJournal final : public Journal {
 public:
  struct Content {
    std::vector<JournalEntry> entries;
    size_t vacuumed = 0;  // Of the first ones.
    absl::Status error;
  };
  explicit FakeJournal(Content& content) : content_(content) {}

  absl::StatusOr<bool> Next(JournalEntry& entry) override {
    if (!content_.error.ok()) return content_.error;
    next_ = std::max(next_, content_.vacuumed);
    if (next_ >= content_.entries.size()) return false;
    entry = content_.entries[next_++];
    return true;
  }
  absl::StatusOr<std::string> Cursor() override { return absl::StrCat(next_); }
  absl::StatusOr<Place> SeekBehind(const std::string& cursor) override {
    next_ = std::stoul(cursor);
    return next_ - 1 < content_.vacuumed ? Place::kGone : Place::kFound;
  }
  absl::Status SeekToFirst() override {
    next_ = 0;
    return absl::OkStatus();
  }
  absl::Status SeekToEnd() override {
    next_ = content_.entries.size();
    return absl::OkStatus();
  }

 private:
  Content& content_;
  size_t next_ = 0;
};

class JournalFollowerTest : public FollowerFixture {
 protected:
  void Write(const std::string& unit, const std::string& message, int priority = 6) {
    content_.entries.push_back({.unit = unit, .priority = priority, .message = message});
  }
  void StartWithJournal() {
    Start();
    auto both = FollowJournalToo(std::move(follower_), std::make_unique<FakeJournal>(content_),
                                 journal_options_, state_, sink_, log_, counters_);
    ASSERT_EQ(both.status(), absl::OkStatus());
    follower_ = *std::move(both);
  }
  std::string UnitText(const std::string& unit) { return sink_.logs()["journal:" + unit].text; }

  FakeJournal::Content content_;
  JournalFollowerOptions journal_options_;
};

TEST_F(JournalFollowerTest, HandsOnEntriesAsLinesOfTheirUnits) {
  Write("old.service", "before the first start");
  StartWithJournal();
  Append("app.log", "one\n");
  Write("nginx.service", "up");
  Write("nginx.service", "refused", 3);
  Write("kernel", "Out of memory", 2);
  Write("cron.service", "slow", 4);
  Write("cron.service", "details", 7);
  Poll();
  EXPECT_EQ(Text("app.log"), "one\n");
  EXPECT_EQ(UnitText("nginx.service"), "up\nERROR refused\n");
  EXPECT_EQ(UnitText("kernel"), "FATAL Out of memory\n");
  EXPECT_EQ(UnitText("cron.service"), "WARNING slow\nDEBUG details\n");
  EXPECT_EQ(UnitText("old.service"), "");
  EXPECT_EQ(sink_.logs()["journal:nginx.service"].description.component, "nginx");
  EXPECT_EQ(Count("ora_tail_journal_entries_total"), 5u);
}

TEST_F(JournalFollowerTest, ReadsTheJournalFromItsBeginningWhereToldTo) {
  journal_options_.start = JournalStart::kFirstEntry;
  Write("a.service", "first");
  StartWithJournal();
  Poll();
  EXPECT_EQ(UnitText("a.service"), "first\n");
}

TEST_F(JournalFollowerTest, GoesOnBehindTheEntryThatWasCommittedLast) {
  StartWithJournal();
  Write("a.service", "one");
  PollAndCommit();
  EXPECT_TRUE(follower_->Changes().empty());
  Write("a.service", "two");
  Poll();  // Not committed: it comes again.
  sink_.logs()["journal:a.service"].text = "one\n";
  Stop();
  Write("a.service", "three");
  StartWithJournal();
  EXPECT_EQ(sink_.logs()["journal:a.service"].origin, LogOrigin::kKnown);
  Poll();
  EXPECT_EQ(UnitText("a.service"), "one\ntwo\nthree\n");
  EXPECT_EQ(Count("ora_tail_journal_gaps_total"), 0u);
}

TEST_F(JournalFollowerTest, TellsThatEntriesWereVacuumedBeforeTheyWereRead) {
  StartWithJournal();
  for (const char* message : {"one", "two"}) Write("a.service", message);
  PollAndCommit();
  Stop();
  for (const char* message : {"three", "four"}) Write("a.service", message);
  content_.vacuumed = 3;
  StartWithJournal();
  Poll();
  EXPECT_EQ(UnitText("a.service"), "one\ntwo\nfour\n");
  EXPECT_EQ(Count("ora_tail_journal_gaps_total"), 1u);
}

TEST_F(JournalFollowerTest, ReadsNoMoreThanItsBudget) {
  StartWithJournal();
  for (int i = 0; i < 100; ++i) Write("a.service", "0123456789");
  EXPECT_TRUE(follower_->Poll(50));
  EXPECT_EQ(UnitText("a.service").size(), 55u);
  EXPECT_TRUE(follower_->Poll(50));
  follower_->Poll(0);
  EXPECT_EQ(UnitText("a.service").size(), 110u);
}

TEST_F(JournalFollowerTest, TakesUnitsPastTheLimitTogether) {
  journal_options_.units_max = 2;
  StartWithJournal();
  for (const char* unit : {"a", "b", "c", "d"}) Write(unit, unit);
  Poll();
  EXPECT_EQ(UnitText("a"), "a\n");
  EXPECT_EQ(UnitText("b"), "b\n");
  EXPECT_EQ(UnitText("other"), "c\nd\n");
}

TEST_F(JournalFollowerTest, TellsAnErrorOnceAndTriesAgain) {
  StartWithJournal();
  content_.error = absl::UnavailableError("journal: next: Input/output error");
  Write("a.service", "one");
  Append("app.log", "one\n");
  Poll();
  PassTime(options_.discovery_interval);
  EXPECT_EQ(Text("app.log"), "one\n");
  EXPECT_GE(Count("ora_tail_journal_errors_total"), 2u);
  content_.error = absl::OkStatus();
  Poll();
  EXPECT_EQ(UnitText("a.service"), "one\n");
}

TEST_F(JournalFollowerTest, OpensTheJournalOfADirectory) {
  const auto journal = OpenSystemJournal({.directory = root_, .message_bytes_max = 1000});
  ASSERT_EQ(journal.status(), absl::OkStatus());
  EXPECT_EQ((*journal)->SeekToEnd(), absl::OkStatus());
  JournalEntry entry;
  const auto next = (*journal)->Next(entry);
  ASSERT_EQ(next.status(), absl::OkStatus());
  EXPECT_FALSE(*next);
  const auto none = OpenSystemJournal({.directory = root_ + "/none"});
  EXPECT_TRUE(absl::IsUnavailable(none.status()));
  EXPECT_THAT(std::string(none.status().message()), HasSubstr("/none"));
}

}  // namespace
}  // namespace ora::collector
