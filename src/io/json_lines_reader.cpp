#include "io/json_lines_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "files/message.hpp"

namespace kernad::io {

JsonLinesReader::JsonLinesReader(files::Source& source) : source_(source), buffer_(65536) {
  if (!read_line()) return;
  first_ = serialise::parse_json_record(text_, source_.name(), line_);
  has_names_ = first_->has_names;
  names_ = first_->names;
}

/// The next line that is not blank.
bool JsonLinesReader::read_line() {
  text_.clear();
  for (;;) {
    if (begin_ == end_) {
      begin_ = 0;
      end_ = source_.read_arrived(std::as_writable_bytes(std::span(buffer_)));
      if (end_ == 0) break;
    }
    const auto from = buffer_.begin() + static_cast<std::ptrdiff_t>(begin_);
    const auto to = buffer_.begin() + static_cast<std::ptrdiff_t>(end_);
    const auto stop = std::find(from, to, '\n');
    text_.append(from, stop);
    begin_ = static_cast<std::size_t>(stop - buffer_.begin());
    if (stop == to) continue;
    ++begin_;
    ++line_;
    if (text_.find_first_not_of(" \t\r") != std::string::npos) return true;
    text_.clear();
  }
  ++line_;
  return text_.find_first_not_of(" \t\r") != std::string::npos;
}

std::optional<TextRow> JsonLinesReader::next() {
  if (!heading_given_ && !names_.empty()) {
    heading_given_ = true;
    return row_of(names_);
  }
  if (first_) {
    fields_ = std::move(first_->fields);
    first_.reset();
    return row_of(fields_);
  }
  if (!read_line()) return std::nullopt;
  auto record = serialise::parse_json_record(text_, source_.name(), line_);
  if (record.has_names != has_names_) {
    files::fail(source_.name(),
                fmt::format("line {}: is {} where the first line is {}", line_, record.has_names ? "an object" : "none",
                            has_names_ ? "an object" : "none"));
  }
  if (has_names_ && record.names != names_) {
    put_in_order(record);
  } else {
    fields_ = std::move(record.fields);
  }
  return row_of(fields_);
}

TextRow JsonLinesReader::row_of(const std::vector<std::string>& fields) {
  row_.assign(fields.begin(), fields.end());
  return {row_, line_};
}

void JsonLinesReader::put_in_order(serialise::JsonRecord& record) {
  fields_.assign(names_.size(), "");
  for (std::size_t i = 0; i < record.names.size(); ++i) {
    const auto at = std::find(names_.begin(), names_.end(), record.names[i]);
    if (at == names_.end()) {
      files::fail(source_.name(),
                  fmt::format("line {}: has {}, which the first line has not", line_, files::quote(record.names[i])));
    }
    fields_[static_cast<std::size_t>(at - names_.begin())] = std::move(record.fields[i]);
  }
}

}  // namespace kernad::io
