#include "output.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <system_error>

#include "kernad/error.hpp"
#include "utf8.hpp"

namespace kernad::cli {
namespace {

std::string one_line(std::string_view text) {
  std::string line;
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) {
      line += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    } else {
      line += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return line;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

/// The library suggests settings by their names in C++ and Python, "(missing: skip)"; here they are options.
std::string with_options(std::string text) {
  for (const auto& [from, to] : {std::pair{"(missing: ", "(--missing "},
                                 {"(decimal: ", "(--decimal "},
                                 {"(header: ", "(--header "},
                                 {"(delimiter: ", "(--delimiter "},
                                 {"(normal_label)", "(--normal-label)"},
                                 {"the row has to be left out", "the row has to be left out (--missing skip)"},
                                 {"if it is none, ignore it", "if it is none, ignore it (--ignore)"},
                                 {"give it a name, or ignore it", "give it a name, or ignore it (--ignore)"},
                                 {"name it as the labels", "name it as the labels (--labels)"}}) {
    replace_all(text, from, to);
  }
  return text;
}

}  // namespace

void print(std::string_view text) {
  std::string shown;
  if (::isatty(STDOUT_FILENO) == 1) text = shown = for_terminal(text);
  // write(2) and not stdio: an error in flushing a buffer at exit would go unnoticed.
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      throw BrokenPipe();
    } else if (errno != EINTR) {
      throw WriteError("standard output: cannot be written: " + std::generic_category().message(errno));
    }
  }
}

std::string json_text(const nlohmann::ordered_json& object) {
  return object.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

void print_json(const nlohmann::ordered_json& object) { print(json_text(object)); }

void print_table(const std::vector<std::pair<std::string, std::string>>& rows) {
  std::size_t width = 0;
  for (const auto& [name, value] : rows) width = std::max(width, one_line(name).size());
  std::string text;
  for (const auto& [name, value] : rows) text += fmt::format("{:<{}}  {}\n", one_line(name), width, one_line(value));
  print(text);
}

void print_grid(const Grid& rows) {
  Grid cells = rows;
  std::vector<std::size_t> widths(rows.front().size());
  for (auto& row : cells) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = one_line(row[i]);
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string text;
  for (const auto& row : cells) {
    text += fmt::format("{:<{}}", row[0], widths[0]);
    for (std::size_t i = 1; i < row.size(); ++i) text += fmt::format("  {:>{}}", row[i], widths[i]);
    text += '\n';
  }
  print(text);
}

void print_notes(const std::vector<Note>& notes) {
  for (const Note& note : notes) print_error("note: " + note.text);
}

void print_notes(const std::vector<std::string>& notes) {
  for (const auto& note : notes) print_error("note: " + note);
}

void print_error(std::string_view message) {
  const std::string line = "kernad: " + one_line(with_options(std::string(message))) + '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace kernad::cli
