#include "cli/render/table.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "cli/render/text.h"

namespace ora::cli {
namespace {

constexpr int kGap = 2;

// A column that is drawn: which one, and how wide.
struct Placed {
  size_t index = 0;
  int width = 0;
  int width_least = 0;
};

std::vector<std::vector<std::string>> PrintableTexts(const Table& table) {
  std::vector<std::vector<std::string>> texts;
  texts.reserve(table.rows.size());
  for (const std::vector<Cell>& row : table.rows) {
    std::vector<std::string>& line = texts.emplace_back();
    for (const Cell& cell : row) line.push_back(cell.text.empty() ? "-" : Printable(cell.text));
  }
  return texts;
}

std::vector<Placed> NaturalColumns(const Table& table,
                                   const std::vector<std::vector<std::string>>& texts) {
  std::vector<Placed> placed;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    int width = DisplayWidth(column.title);
    for (const std::vector<std::string>& line : texts) {
      width = std::max(width, DisplayWidth(line[i]));
    }
    const int floor = std::max(column.width_min, DisplayWidth(column.title));
    placed.push_back({i, width, column.cut == Cut::kNever ? width : std::min(width, floor)});
  }
  return placed;
}

int TotalWidth(const std::vector<Placed>& placed, int Placed::*width) {
  int total = kGap * (static_cast<int>(placed.size()) - 1);
  for (const Placed& column : placed) total += column.*width;
  return total;
}

// Leaves out columns, the highest rank first, until the rest can be cut to `width`.
void DropColumns(const Table& table, int width, std::vector<Placed>& placed) {
  while (TotalWidth(placed, &Placed::width_least) > width) {
    const auto last =
        std::max_element(placed.begin(), placed.end(), [&table](const Placed& a, const Placed& b) {
          return table.columns[a.index].rank < table.columns[b.index].rank;
        });
    if (table.columns[last->index].rank == 0) return;
    placed.erase(last);
  }
}

// Takes from the widest column that can give, one at a time.
void CutColumns(int width, std::vector<Placed>& placed) {
  for (int excess = TotalWidth(placed, &Placed::width) - width; excess > 0; --excess) {
    const auto score = [](const Placed& column) {
      return column.width > column.width_least ? column.width : 0;
    };
    const auto widest = std::max_element(
        placed.begin(), placed.end(),
        [&score](const Placed& a, const Placed& b) { return score(a) < score(b); });
    if (score(*widest) == 0) return;
    --widest->width;
  }
}

std::string Fitted(const std::string& text, const Column& column, int width) {
  if (column.cut == Cut::kMiddle) return ShortenMiddle(text, width);
  if (column.cut == Cut::kStart) return ShortenStart(text, width);
  if (column.cut == Cut::kEnd) return ShortenEnd(text, width);
  return text;
}

// `text` at the column's side of `width`, its tone around the text alone.
void AppendAligned(std::string& line, const std::string& text, Tone tone, const Column& column,
                   const Placed& place, Colors colors) {
  const std::string fitted = Fitted(text, column, place.width);
  const std::string pad(std::max(place.width - DisplayWidth(fitted), 0), ' ');
  if (column.align == Align::kRight) line += pad;
  line += Toned(fitted, tone, colors);
  if (column.align == Align::kLeft) line += pad;
}

void EndLine(std::string& out, std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  absl::StrAppend(&out, line, "\n");
}

}  // namespace

std::string Toned(absl::string_view text, Tone tone, Colors colors) {
  if (colors == Colors::kOff || tone == Tone::kPlain) return std::string(text);
  const char* code = "";
  switch (tone) {
    case Tone::kPlain:
      break;
    case Tone::kGood:
      code = "32";
      break;
    case Tone::kWarning:
      code = "33";
      break;
    case Tone::kBad:
      code = "31";
      break;
    case Tone::kDim:
      code = "2";
      break;
  }
  return absl::StrCat("\x1b[", code, "m", text, "\x1b[0m");
}

std::string RenderTable(const Table& table, const TableStyle& style) {
  const std::vector<std::vector<std::string>> texts = PrintableTexts(table);
  std::vector<Placed> placed = NaturalColumns(table, texts);
  if (style.width.has_value()) {
    DropColumns(table, *style.width, placed);
    CutColumns(*style.width, placed);
  }
  std::string out;
  const auto append_line = [&](const auto& text_at, const auto& tone_at) {
    std::string line;
    for (const Placed& place : placed) {
      if (&place != &placed.front()) line.append(kGap, ' ');
      AppendAligned(line, text_at(place.index), tone_at(place.index), table.columns[place.index],
                    place, style.colors);
    }
    EndLine(out, std::move(line));
  };
  append_line([&table](size_t i) { return table.columns[i].title; },
              [](size_t) { return Tone::kDim; });
  for (size_t row = 0; row < texts.size(); ++row) {
    append_line([&texts, row](size_t i) { return texts[row][i]; },
                [&table, row](size_t i) { return table.rows[row][i].tone; });
  }
  return out;
}

std::string RenderProperties(const std::vector<Property>& properties, const TableStyle& style) {
  int width = 0;
  for (const Property& property : properties) {
    width = std::max(width, DisplayWidth(Printable(property.name)));
  }
  std::string out;
  for (const Property& property : properties) {
    const std::string name = Printable(property.name);
    const std::string value = property.value.text.empty() ? "-" : Printable(property.value.text);
    EndLine(out, absl::StrCat(Toned(name, Tone::kDim, style.colors),
                              std::string(width - DisplayWidth(name) + kGap, ' '),
                              Toned(value, property.value.tone, style.colors)));
  }
  return out;
}

}  // namespace ora::cli
