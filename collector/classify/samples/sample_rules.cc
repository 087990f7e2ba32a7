#include "collector/classify/samples/sample_rules.h"

#include <hs/hs.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "re2/filtered_re2.h"

namespace ora::collector {
namespace {

// Shorter words stand in too many lines to tell any apart.
constexpr int kWordBytesMin = 3;
constexpr int64_t kRegexMemoryMax = int64_t{8} << 20;

re2::StringPiece Piece(absl::string_view text) { return {text.data(), text.size()}; }

}  // namespace

struct SampleRules::Rule {
  const RE2* regex = nullptr;
  std::vector<std::pair<int, std::string>> labels;  // By the groups they are.
  int value_group = 0;                              // 0: none.
  double scale = 1;
  std::unique_ptr<Relabeling> relabeling;
};

// The words without which no rule matches (FilteredRE2 knows which), found in one pass.
class SampleRules::WordSearch {
 public:
  re2::FilteredRE2& regexes() { return regexes_; }

  ~WordSearch() {
    hs_free_scratch(scratch_);
    hs_free_database(database_);
  }
  WordSearch() : regexes_(kWordBytesMin) {}
  WordSearch(const WordSearch&) = delete;
  WordSearch& operator=(const WordSearch&) = delete;

  void Compile() {
    regexes_.Compile(&words_);
    regexes_.AllPotentials({}, &wordless_);
    const bool plain = absl::c_all_of(words_, [](const std::string& word) {
      return absl::c_all_of(word, [](char c) { return c > 0; });
    });
    // Letters beyond ASCII have cases that the search does not know.
    if (!words_.empty() && plain && hs_valid_platform() == HS_SUCCESS) CompileWords();
    if (database_ == nullptr) {
      wordless_.resize(static_cast<size_t>(regexes_.NumRegexps()));
      for (size_t i = 0; i < wordless_.size(); ++i) wordless_[i] = static_cast<int>(i);
    }
  }

  void Scan(absl::string_view text) {
    begin_ = text.data();
    hits_.clear();
    next_ = 0;
    if (database_ == nullptr) return;
    const auto note = [](unsigned word, unsigned long long, unsigned long long end, unsigned,
                         void* context) {
      static_cast<WordSearch*>(context)->hits_.push_back(
          {static_cast<size_t>(end), static_cast<int>(word)});
      return 0;
    };
    hs_scan(database_, text.data(), static_cast<unsigned>(text.size()), 0, scratch_, note, this);
  }

  void Candidates(absl::string_view line, std::vector<int>& candidates) {
    const auto end = static_cast<size_t>(line.data() + line.size() - begin_);
    const size_t line_begin = end - line.size();
    found_.clear();
    for (; next_ < hits_.size() && hits_[next_].end <= end; ++next_) {
      if (hits_[next_].end > line_begin) found_.push_back(hits_[next_].word);
    }
    if (found_.empty()) {
      candidates = wordless_;
      return;
    }
    absl::c_sort(found_);
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    regexes_.AllPotentials(found_, &candidates);
  }

 private:
  struct Hit {
    size_t end;  // Where the word ends.
    int word;
  };

  void CompileWords() {
    std::vector<const char*> texts;
    std::vector<unsigned> flags(words_.size(), HS_FLAG_CASELESS);
    std::vector<unsigned> ids;
    std::vector<size_t> sizes;
    for (const std::string& word : words_) {
      ids.push_back(static_cast<unsigned>(texts.size()));
      texts.push_back(word.data());
      sizes.push_back(word.size());
    }
    hs_compile_error_t* error = nullptr;
    if (hs_compile_lit_multi(texts.data(), flags.data(), ids.data(), sizes.data(),
                             static_cast<unsigned>(texts.size()), HS_MODE_BLOCK, nullptr,
                             &database_, &error) != HS_SUCCESS) {
      hs_free_compile_error(error);
      database_ = nullptr;
      return;
    }
    if (hs_alloc_scratch(database_, &scratch_) != HS_SUCCESS) {
      hs_free_database(database_);
      database_ = nullptr;
    }
  }

  re2::FilteredRE2 regexes_;
  std::vector<std::string> words_;
  std::vector<int> wordless_;          // Rules that may match a line without any of the words.
  hs_database_t* database_ = nullptr;  // Null: every rule is tried on every line.
  hs_scratch_t* scratch_ = nullptr;
  const char* begin_ = nullptr;
  std::vector<Hit> hits_;  // By where they end.
  size_t next_ = 0;
  std::vector<int> found_;
};

SampleRules::SampleRules() : words_(std::make_unique<WordSearch>()) {}
SampleRules::~SampleRules() = default;

absl::StatusOr<std::unique_ptr<SampleRules>> SampleRules::Make(
    const google::protobuf::RepeatedPtrField<config::v1::SampleRule>& rules,
    absl::Span<const double> buckets_default) {
  auto made = std::unique_ptr<SampleRules>(new SampleRules());
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(kRegexMemoryMax);
  for (int i = 0; i < rules.size(); ++i) {
    const config::v1::SampleRule& from = rules[i];
    int number = 0;
    if (made->words_->regexes().Add(from.regex(), options, &number) != RE2::NoError ||
        number != i) {
      return absl::InvalidArgumentError(absl::StrCat("sample_rules[", i, "].regex: `", from.regex(),
                                                     "` is too large; write a smaller one"));
    }
    SampleMetric metric;
    metric.name = from.metric();
    if (from.kind() == config::v1::SAMPLE_KIND_HISTOGRAM) {
      metric.kind = from.kind();
      metric.buckets.assign(from.buckets().begin(), from.buckets().end());
      if (metric.buckets.empty()) {
        metric.buckets.assign(buckets_default.begin(), buckets_default.end());
      }
    }
    metric.series_max = from.series_max();
    made->metrics_.push_back(std::move(metric));
  }
  made->lost_.resize(made->metrics_.size());
  if (rules.empty()) return made;
  made->words_->Compile();
  for (int i = 0; i < rules.size(); ++i) {
    const config::v1::SampleRule& from = rules[i];
    auto rule = std::make_unique<Rule>();
    rule->regex = &made->words_->regexes().GetRE2(i);
    if (!absl::SimpleAtoi(from.value(), &rule->value_group)) rule->value_group = 0;
    for (const auto& [name, group] : rule->regex->NamedCapturingGroups()) {
      if (name == from.value()) {
        rule->value_group = group;
      } else {
        rule->labels.emplace_back(group, name);
      }
    }
    rule->scale = from.scale() == 0 ? 1 : from.scale();
    rule->relabeling = std::make_unique<Relabeling>(from.relabel());
    made->rules_.push_back(std::move(rule));
  }
  return made;
}

void SampleRules::Scan(absl::string_view text) { words_->Scan(text); }

const std::vector<int>& SampleRules::Candidates(absl::string_view line) {
  words_->Candidates(line, candidates_);
  return candidates_;
}

absl::optional<RuleSample> SampleRules::Match(int number, const SampleFacts& facts) {
  const Rule& rule = *rules_[static_cast<size_t>(number)];
  std::vector<re2::StringPiece> groups(
      static_cast<size_t>(1 + rule.regex->NumberOfCapturingGroups()));
  if (!rule.regex->Match(Piece(facts.line), 0, facts.line.size(), RE2::UNANCHORED, groups.data(),
                         static_cast<int>(groups.size()))) {
    return absl::nullopt;
  }
  RuleSample sample;
  for (const auto& [group, name] : rule.labels) {
    const re2::StringPiece& value = groups[static_cast<size_t>(group)];
    if (!value.empty()) sample.labels[name] = std::string(value.data(), value.size());
  }
  if (rule.relabeling->Apply(facts, sample.labels) == RelabelResult::kDropped) {
    return absl::nullopt;
  }
  if (rule.value_group == 0) return sample;
  const re2::StringPiece& text = groups[static_cast<size_t>(rule.value_group)];
  SampleMetric& metric = metrics_[static_cast<size_t>(number)];
  const bool read = absl::SimpleAtod(absl::string_view(text.data(), text.size()), &sample.value);
  sample.value *= rule.scale;
  // A counter only grows.
  const bool counts = metric.kind == config::v1::SAMPLE_KIND_HISTOGRAM || sample.value >= 0;
  if (!read || !std::isfinite(sample.value) || !counts) {
    ++metric.unread;
    return absl::nullopt;
  }
  return sample;
}

void SampleRules::EmitTo(SampleSink& sink) {
  const auto tell = [&sink](SeriesId& id, const char* name, const std::string& metric,
                            uint64_t count) {
    if (count == 0) return;
    if (id == 0) {
      id = sink.Intern(name, {{"job", "ora"}, {"metric", metric}});
      sink.AddBirth(id);
    }
    sink.Add(id, static_cast<double>(count));
  };
  for (size_t i = 0; i < metrics_.size(); ++i) {
    tell(lost_[i].unread, "ora_log_sample_unread_total", metrics_[i].name, metrics_[i].unread);
    tell(lost_[i].overflows, "ora_log_sample_overflow_total", metrics_[i].name,
         metrics_[i].overflows);
  }
}

}  // namespace ora::collector
