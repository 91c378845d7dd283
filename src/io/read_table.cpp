// Chooses the reader by what a source is called.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <string_view>

#include "io/csv.hpp"
#include "io/message.hpp"
#include "io/npy.hpp"
#include "io/npz.hpp"
#include "io/safetensors.hpp"
#include "io/source.hpp"
#include "kernad/error.hpp"
#include "kernad/io.hpp"

namespace kernad {
namespace io {
namespace {

enum class FileKind : std::uint8_t { npy, npz, safetensors, csv, tsv };

struct SourceName {
  FileKind kind;
  std::string path;   // "-" is standard input
  std::string array;  // after the colon; empty: none was named
};

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

// A pipe has no ending to go by: `<(command)` of a shell, or a terminal.
bool is_pipe(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode));
}

SourceName parse_source(const std::string& source) {
  const std::string lower = lower_case(source);
  for (const auto& [ending, kind] :
       {std::pair{std::string_view(".npz"), FileKind::npz}, {".safetensors", FileKind::safetensors}}) {
    const std::size_t colon = lower.find(std::string(ending) + ":");
    if (colon == std::string::npos) continue;
    SourceName name{kind, source.substr(0, colon + ending.size()), source.substr(colon + ending.size() + 1)};
    if (name.array.empty()) fail(name.path, "the name of an array is needed after the colon");
    return name;
  }
  if (source == "-" || source == "/dev/stdin") return {FileKind::csv, "-", ""};
  for (const auto& [ending, kind] : {std::pair{std::string_view(".npy"), FileKind::npy},
                                     {".npz", FileKind::npz},
                                     {".safetensors", FileKind::safetensors},
                                     {".csv", FileKind::csv},
                                     {".tsv", FileKind::tsv}}) {
    if (lower.ends_with(ending)) return {kind, source, ""};
  }
  if (is_pipe(source)) return {FileKind::csv, source, ""};
  fail(source, "its ending is unknown; valid: .npy, .npz, .safetensors, .csv, .tsv, or '-' for CSV on standard input");
}

std::unique_ptr<Source> open_text(const SourceName& name) {
  return name.path == "-" ? standard_input() : open_stream(name.path);
}

char delimiter(FileKind kind) { return kind == FileKind::tsv ? '\t' : ','; }

Embeddings read_array(const SourceName& name) {
  if (name.kind == FileKind::npy) return read_npy_features(*open_file(name.path));
  if (name.kind == FileKind::npz) {
    const NpzArchive archive = NpzArchive::open(name.path);
    return read_npy_features(*archive.find(name.array, Role::features));
  }
  return read_safetensors_features(*open_file(name.path), name.array);
}

}  // namespace
}  // namespace io

Table read_table(const std::string& source, const ReadOptions& options) {
  const io::SourceName name = io::parse_source(source);
  if (name.kind == io::FileKind::csv || name.kind == io::FileKind::tsv) {
    return io::read_csv_table(*io::open_text(name), io::delimiter(name.kind), options);
  }
  if (!options.label_column.empty()) {
    throw InvalidParameter(source +
                           ": only .csv and .tsv have a label column; labels lie in an array of their own here");
  }
  return {io::read_array(name), {}, {}};
}

std::vector<std::uint8_t> read_labels(const std::string& source) {
  const io::SourceName name = io::parse_source(source);
  switch (name.kind) {
    case io::FileKind::npy:
      return io::read_npy_labels(*io::open_file(name.path));
    case io::FileKind::npz: {
      const io::NpzArchive archive = io::NpzArchive::open(name.path);
      return io::read_npy_labels(*archive.find(name.array, io::Role::labels));
    }
    case io::FileKind::safetensors:
      return io::read_safetensors_labels(*io::open_file(name.path), name.array);
    case io::FileKind::csv:
    case io::FileKind::tsv:
      break;
  }
  return io::read_csv_labels(*io::open_text(name), io::delimiter(name.kind));
}

}  // namespace kernad
