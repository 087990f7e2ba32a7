// Rows and columns as text that fits a terminal.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ora::cli {

// What a cell says about health; a colour where colours are on.
enum class Tone { kPlain, kGood, kWarning, kBad, kDim };

enum class Align { kLeft, kRight };

// How a column gives way when the table is too wide.
enum class Cut { kNever, kStart, kMiddle, kEnd };

enum class Colors { kOff, kOn };

struct Column {
  std::string title;
  Align align = Align::kLeft;
  // A column with a higher rank is left out first; rank 0 never is.
  int rank = 0;
  Cut cut = Cut::kNever;
  // It is not cut to fewer columns than this.
  int width_min = 12;
};

struct Cell {
  Cell(std::string text_in, Tone tone_in = Tone::kPlain)  // NOLINT(google-explicit-constructor)
      : text(std::move(text_in)), tone(tone_in) {}
  Cell(const char* text_in, Tone tone_in = Tone::kPlain)  // NOLINT(google-explicit-constructor)
      : text(text_in), tone(tone_in) {}

  std::string text;
  Tone tone;
};

struct Table {
  std::vector<Column> columns;
  // Each as long as `columns`. An empty text is drawn as `-`.
  std::vector<std::vector<Cell>> rows;
};

struct TableStyle {
  // Columns of the terminal; without it nothing is cut or left out.
  std::optional<int> width;
  Colors colors = Colors::kOff;
};

// The table with its titles, a line each. Texts are made printable first.
std::string RenderTable(const Table& table, const TableStyle& style);

// `text` in the colour of `tone`.
std::string Toned(absl::string_view text, Tone tone, Colors colors);

// One thing's properties: a name and a value a line, values aligned and wrapped by the terminal.
struct Property {
  std::string name;
  Cell value;
};
std::string RenderProperties(const std::vector<Property>& properties, const TableStyle& style);

}  // namespace ora::cli
