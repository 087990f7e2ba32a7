#include "collector/classify/groups/stack_frames.h"

#include <initializer_list>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/optional.h"

namespace ora::collector {
namespace {

enum class Owner { kApplication, kLibrary };
enum class Order { kInnermostFirst, kInnermostLast };

struct Frame {
  std::string text;
  Owner owner = Owner::kApplication;
  Order order = Order::kInnermostFirst;
};

Owner OwnerOf(absl::string_view text, std::initializer_list<absl::string_view> begins,
              std::initializer_list<absl::string_view> contains) {
  for (const absl::string_view begin : begins) {
    if (absl::StartsWith(text, begin)) return Owner::kLibrary;
  }
  for (const absl::string_view part : contains) {
    if (absl::StrContains(text, part)) return Owner::kLibrary;
  }
  return Owner::kApplication;
}

// The last two names of a path, which a new directory of a release leaves alone.
absl::string_view ShortPath(absl::string_view path) {
  const size_t last = path.rfind('/');
  if (last == absl::string_view::npos || last == 0) return path;
  const size_t before = path.rfind('/', last - 1);
  return before == absl::string_view::npos ? path : path.substr(before + 1);
}

// Without `:41` and `:41:11` at its end.
absl::string_view WithoutPlace(absl::string_view text) {
  for (int i = 0; i < 2; ++i) {
    size_t end = text.size();
    while (end > 0 && absl::ascii_isdigit(text[end - 1])) --end;
    if (end == 0 || end == text.size() || text[end - 1] != ':') break;
    text = text.substr(0, end - 1);
  }
  return text;
}

// Numbers of lambdas, proxies and closures change with each build.
std::string WithoutNumbers(absl::string_view text) {
  std::string result;
  for (const char c : text) {
    if (!absl::ascii_isdigit(c)) {
      result += c;
    } else if (result.empty() || result.back() != '#') {
      result += '#';
    }
  }
  return result;
}

// `  File "/srv/shop/orders.py", line 41, in place`
absl::optional<Frame> PythonFrame(absl::string_view line) {
  constexpr absl::string_view kFile = "File \"";
  const size_t end = line.find("\", line ");
  const size_t in = line.rfind(", in ");
  if (!absl::StartsWith(line, kFile) || end == absl::string_view::npos) return absl::nullopt;
  const absl::string_view path = line.substr(kFile.size(), end - kFile.size());
  const absl::string_view function =
      in == absl::string_view::npos || in < end ? absl::string_view() : line.substr(in + 5);
  return Frame{
      absl::StrCat(ShortPath(path), " ", function),
      OwnerOf(path, {"<frozen", "<string"}, {"/site-packages/", "/dist-packages/", "/lib/python"}),
      Order::kInnermostLast};
}

// `at org.example.Orders.load(Orders.java:120)`; `at price (/srv/shop/orders.js:41:11)`,
// `at /srv/shop/run.js:3:1`.
absl::optional<Frame> AtFrame(absl::string_view line) {
  if (!absl::StartsWith(line, "at ")) return absl::nullopt;
  line.remove_prefix(3);
  if (absl::EndsWith(line, " {")) line.remove_suffix(2);
  const size_t open = line.rfind('(');
  if (open == absl::string_view::npos || !absl::EndsWith(line, ")")) {
    const absl::string_view path = WithoutPlace(line);
    if (path.size() == line.size()) return absl::nullopt;
    return Frame{std::string(ShortPath(path)),
                 OwnerOf(path, {"node:", "internal/"}, {"/node_modules/"})};
  }
  const absl::string_view function = absl::StripTrailingAsciiWhitespace(line.substr(0, open));
  const absl::string_view path = WithoutPlace(line.substr(open + 1, line.size() - open - 2));
  if (open > 0 && line[open - 1] == ' ') {
    return Frame{absl::StrCat(function, " ", ShortPath(path)),
                 OwnerOf(path, {"node:", "internal/"}, {"/node_modules/"})};
  }
  const size_t module = function.rfind('/');  // `java.base/java.lang.Thread.run`
  const absl::string_view name =
      module == absl::string_view::npos ? function : function.substr(module + 1);
  return Frame{WithoutNumbers(name),
               OwnerOf(name,
                       {"java.", "javax.", "jdk.", "sun.", "com.sun.", "kotlin.", "scala.",
                        "org.springframework.", "org.apache.", "org.hibernate.", "io.netty."},
                       {})};
}

// `/srv/shop/orders.rb:12:in `price': ...`, with `from ` before it or not.
absl::optional<Frame> RubyFrame(absl::string_view line) {
  if (absl::StartsWith(line, "from ")) line.remove_prefix(5);
  const size_t in = line.find(":in ");
  if (in == absl::string_view::npos || in + 5 >= line.size()) return absl::nullopt;
  const absl::string_view path = WithoutPlace(line.substr(0, in));
  const absl::string_view rest = line.substr(in + 5);
  const size_t end = rest.find('\'');
  if (path.size() == in || end == absl::string_view::npos) return absl::nullopt;
  return Frame{absl::StrCat(ShortPath(path), " ", rest.substr(0, end)),
               OwnerOf(path, {"<internal"}, {"/gems/", "/lib/ruby/"})};
}

// `   1: shop::orders::load::h0123456789abcdef`; `#0 0x55d2e9 in shop::Store::Load() store.cc:58`.
absl::optional<Frame> NumberedFrame(absl::string_view line) {
  const bool sharp = absl::StartsWith(line, "#");
  size_t at = sharp ? 1 : 0;
  const size_t digits = at;
  while (at < line.size() && absl::ascii_isdigit(line[at])) ++at;
  if (at == digits || at >= line.size()) return absl::nullopt;
  absl::string_view name = line.substr(at);
  if (sharp) {
    const size_t in = name.find(" in ");
    if (in == absl::string_view::npos) return absl::nullopt;
    name = name.substr(in + 4);
    const size_t place = name.rfind(' ');
    if (place != absl::string_view::npos) name = name.substr(0, place);
  } else {
    if (!absl::StartsWith(name, ": ")) return absl::nullopt;
    name.remove_prefix(2);
    const size_t hash = name.rfind("::h");
    if (hash != absl::string_view::npos && name.size() - hash == 19) name = name.substr(0, hash);
  }
  return Frame{std::string(name),
               OwnerOf(name,
                       {"std::", "core::", "alloc::", "<core::", "<alloc::", "tokio::", "rust_",
                        "__", "_start", "_Unwind", "<unknown"},
                       {})};
}

// `example.org/shop/orders.(*Store).Load(0x0, {0xc0000141e0, 0x7})`, `main.main()`
absl::optional<Frame> GoFrame(absl::string_view line) {
  const size_t open = line.rfind('(');
  if (open == absl::string_view::npos || !absl::EndsWith(line, ")")) return absl::nullopt;
  const absl::string_view name = line.substr(0, open);
  const size_t slash = name.rfind('/');
  const size_t dot = name.find('.', slash == absl::string_view::npos ? 0 : slash);
  if (dot == absl::string_view::npos || absl::StrContains(name, ' ')) return absl::nullopt;
  // The standard library's packages have no domain.
  const absl::string_view first = name.substr(0, name.find('/'));
  const bool ours = absl::StartsWith(name, "main.") ||
                    (slash != absl::string_view::npos && absl::StrContains(first, '.'));
  return Frame{WithoutNumbers(name), ours ? Owner::kApplication : Owner::kLibrary};
}

absl::optional<Frame> ParseFrame(absl::string_view line) {
  const absl::string_view text = absl::StripAsciiWhitespace(line);
  if (text.empty()) return absl::nullopt;
  if (auto frame = PythonFrame(text)) return frame;
  if (auto frame = AtFrame(text)) return frame;
  if (auto frame = NumberedFrame(text)) return frame;
  if (auto frame = RubyFrame(text)) return frame;
  return absl::ascii_isspace(line[0]) ? absl::nullopt : GoFrame(text);
}

std::vector<std::string> Chosen(const std::vector<Frame>& frames, Owner owner) {
  std::vector<std::string> chosen;
  for (const Frame& frame : frames) {
    if (frame.owner == owner) chosen.push_back(frame.text);
  }
  if (chosen.size() <= kFramesMax) return chosen;
  if (frames[0].order == Order::kInnermostLast) {
    chosen.erase(chosen.begin(), chosen.end() - static_cast<ptrdiff_t>(kFramesMax));
  } else {
    chosen.resize(kFramesMax);
  }
  return chosen;
}

}  // namespace

std::vector<std::string> ApplicationFrames(absl::string_view trace) {
  std::vector<Frame> frames;
  for (const absl::string_view line : absl::StrSplit(trace, '\n')) {
    if (auto frame = ParseFrame(line)) frames.push_back(*std::move(frame));
  }
  std::vector<std::string> chosen = Chosen(frames, Owner::kApplication);
  return chosen.empty() ? Chosen(frames, Owner::kLibrary) : chosen;
}

}  // namespace ora::collector
