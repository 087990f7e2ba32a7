#include "storage/index/regex_shape.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"

namespace ora::storage {
namespace {

using Rest = RegexShape::Rest;
using Beginning = RegexShape::Beginning;

// More alternatives than this are not written out.
constexpr size_t kBeginningsMax = 1024;
constexpr int kDepthMax = 8;

// Reads one expression from left to right. It stops to understand at what is not plain, but still
// finds where an alternative or a group ends, which Readable() makes sure that it can.
class Reader {
 public:
  explicit Reader(absl::string_view expression) : rest_(expression) {}

  // Classes, quotes and flags may hold `|` and parentheses that mean something else.
  static bool Readable(absl::string_view expression) {
    if (absl::StrContains(expression, "[") || absl::StrContains(expression, "\\Q")) return false;
    for (size_t at = expression.find("(?"); at != absl::string_view::npos;
         at = expression.find("(?", at + 1)) {
      if (!absl::StartsWith(expression.substr(at), "(?:")) return false;
    }
    return true;
  }

  // Up to the end, or to the parenthesis that closes the group. Nothing: too much to write out.
  absl::optional<std::vector<Beginning>> Alternatives(int depth) {
    std::vector<Beginning> all;
    if (depth > kDepthMax) return absl::nullopt;
    for (;;) {
      absl::optional<std::vector<Beginning>> branch = Branch(depth);
      if (!branch || all.size() + branch->size() > kBeginningsMax) return absl::nullopt;
      all.insert(all.end(), branch->begin(), branch->end());
      if (rest_.empty() || rest_[0] != '|') return all;
      rest_.remove_prefix(1);
    }
  }

  bool AtEnd() const { return rest_.empty(); }

 private:
  bool AtBranchEnd() const { return rest_.empty() || rest_[0] == '|' || rest_[0] == ')'; }
  bool AtRepeat() const {
    return !rest_.empty() && absl::string_view("*?+{").find(rest_[0]) != absl::string_view::npos;
  }

  absl::optional<std::vector<Beginning>> Branch(int depth) {
    std::vector<Beginning> found = {Beginning()};
    while (!AtBranchEnd()) {
      if (rest_[0] == '(') {
        if (!Group(depth, found)) return absl::nullopt;
        if (AtRepeat()) return Skipped(std::move(found));
      } else if (rest_[0] == '.') {
        return Dot(std::move(found));
      } else if (absl::optional<absl::string_view> character = Character()) {
        const bool once = !AtRepeat() || rest_[0] == '+';  // At least: it is there.
        if (once) {
          for (Beginning& one : found) {
            if (one.rest == Rest::kNothing) absl::StrAppend(&one.text, *character);
          }
        }
        if (AtRepeat()) return Skipped(std::move(found));
      } else {
        return Skipped(std::move(found));
      }
    }
    return found;
  }

  // One that stands for itself; nothing is taken if the next does not.
  absl::optional<absl::string_view> Character() {
    size_t begin = 0;
    if (rest_[0] == '\\') {
      if (rest_.size() < 2 || !absl::ascii_ispunct(static_cast<unsigned char>(rest_[1]))) {
        return absl::nullopt;
      }
      begin = 1;
    } else if (absl::string_view("^$*+?{}[]").find(rest_[0]) != absl::string_view::npos) {
      return absl::nullopt;
    }
    size_t end = begin + 1;
    while (end < rest_.size() && (static_cast<unsigned char>(rest_[end]) & 0xc0) == 0x80) ++end;
    const absl::string_view character = rest_.substr(begin, end - begin);
    rest_.remove_prefix(end);
    return character;
  }

  // Each of `found` with each alternative of the group after it. A repeat of the group, or anything
  // after an alternative that has a rest, makes the rest unknown.
  bool Group(int depth, std::vector<Beginning>& found) {
    rest_.remove_prefix(absl::StartsWith(rest_, "(?:") ? 3 : 1);
    const absl::optional<std::vector<Beginning>> inner = Alternatives(depth + 1);
    if (!inner || rest_.empty() || found.size() * inner->size() > kBeginningsMax) return false;
    rest_.remove_prefix(1);
    if (AtRepeat()) return true;  // Skipped() follows: the group may be there or not.
    std::vector<Beginning> joined;
    for (const Beginning& one : found) {
      if (one.rest != Rest::kNothing) {
        joined.push_back(one);
        continue;
      }
      for (const Beginning& next : *inner) {
        joined.push_back({absl::StrCat(one.text, next.text), next.rest});
        if (next.rest != Rest::kNothing && !AtBranchEnd()) joined.back().rest = Rest::kUnknown;
      }
    }
    found = std::move(joined);
    return true;
  }

  absl::optional<std::vector<Beginning>> Dot(std::vector<Beginning> found) {
    rest_.remove_prefix(1);
    Rest rest = Rest::kUnknown;
    if (!rest_.empty() && (rest_[0] == '*' || rest_[0] == '+')) {
      rest = rest_[0] == '*' ? Rest::kAnything : Rest::kSomething;
      rest_.remove_prefix(1);
    }
    if (!AtBranchEnd()) return Skipped(std::move(found));
    return WithRest(std::move(found), rest);
  }

  static std::vector<Beginning> WithRest(std::vector<Beginning> found, Rest rest) {
    for (Beginning& one : found) {
      if (one.rest == Rest::kNothing) one.rest = rest;
    }
    return found;
  }

  // What is left of the branch is not understood.
  std::vector<Beginning> Skipped(std::vector<Beginning> found) {
    int open = 0;
    while (!rest_.empty() && (open > 0 || !AtBranchEnd())) {
      if (rest_[0] == '(') ++open;
      if (rest_[0] == ')') --open;
      rest_.remove_prefix(rest_[0] == '\\' ? std::min<size_t>(2, rest_.size()) : 1);
    }
    return WithRest(std::move(found), Rest::kUnknown);
  }

  absl::string_view rest_;
};

}  // namespace

RegexShape RegexShape::Of(absl::string_view expression) {
  RegexShape shape;
  if (Reader::Readable(expression)) {
    Reader reader(expression);
    absl::optional<std::vector<Beginning>> read = reader.Alternatives(0);
    if (read && reader.AtEnd()) shape.beginnings = *std::move(read);
  } else if (!absl::StrContains(expression, "|")) {
    const size_t plain = expression.find_first_of("\\.+*?()[]{}^$");
    size_t length = std::min(plain, expression.size());
    const absl::string_view rest = expression.substr(length);
    if (length > 0 && !rest.empty() && absl::string_view("*?{").find(rest[0]) != rest.npos) {
      // What follows repeats the last character, maybe no times.
      --length;
      while (length > 0 && (static_cast<unsigned char>(expression[length]) & 0xc0) == 0x80) {
        --length;
      }
    }
    shape.beginnings = {{std::string(expression.substr(0, length)), Rest::kUnknown}};
  }
  if (shape.beginnings.empty()) shape.beginnings = {{"", Rest::kUnknown}};
  return shape;
}

bool RegexShape::IsLiterals() const {
  return std::all_of(beginnings.begin(), beginnings.end(),
                     [](const Beginning& one) { return one.rest == Rest::kNothing; });
}

bool RegexShape::MatchesEverything() const {
  return std::any_of(beginnings.begin(), beginnings.end(), [](const Beginning& one) {
    return one.rest == Rest::kAnything && one.text.empty();
  });
}

}  // namespace ora::storage
