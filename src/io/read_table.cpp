// Chooses the reader by the name of a source.
#include <fmt/format.h>
#include <sys/stat.h>

#include <string_view>
#include <utility>

#include "files/message.hpp"
#include "files/source.hpp"
#include "io/csv.hpp"
#include "io/ending.hpp"
#include "io/npy.hpp"
#include "io/npz.hpp"
#include "io/row_source.hpp"
#include "io/safetensors_array.hpp"
#include "kernad/error.hpp"
#include "kernad/io.hpp"
#include "parallel/parallel_for.hpp"

namespace kernad {
namespace io {
namespace {

enum class FileKind : std::uint8_t { npy, npz, safetensors, csv, tsv, json_lines, any_text };

bool is_text(FileKind kind) { return kind >= FileKind::csv; }

// A pipe has no ending: `<(command)` in a shell, or a terminal.
bool is_pipe(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode));
}

FileKind kind_of(const std::string& path) {
  if (path == "-" || path == "/dev/stdin") return FileKind::any_text;
  std::string lower = lower_case(path);
  const bool packed = lower.ends_with(".gz");
  if (packed) lower.resize(lower.size() - 3);
  for (const auto& [ending, kind] : {std::pair{std::string_view(".npy"), FileKind::npy},
                                     {".npz", FileKind::npz},
                                     {".safetensors", FileKind::safetensors},
                                     {".csv", FileKind::csv},
                                     {".tsv", FileKind::tsv},
                                     {".jsonl", FileKind::json_lines},
                                     {".ndjson", FileKind::json_lines}}) {
    if (lower.ends_with(ending) && (!packed || is_text(kind))) return kind;
  }
  if (is_pipe(path)) return FileKind::any_text;
  files::fail(path,
              "its ending is unknown; valid: .npy, .npz, .safetensors, .csv, .tsv, .jsonl, .ndjson, the last four also "
              "with .gz, or '-' for standard input");
}

std::unique_ptr<files::Source> open_text(const std::string& path) {
  return path == "-" || path == "/dev/stdin" ? files::standard_input() : files::open_stream(path);
}

char delimiter(FileKind kind) { return kind == FileKind::tsv ? '\t' : ','; }

/// Arrays have neither names nor texts.
void require_no_columns(const std::string& source, const ReadOptions& options) {
  if (!options.label_column.empty()) {
    throw InvalidParameter(source +
                           ": only .csv, .tsv and .jsonl have a label column; labels lie in an array of "
                           "their own here");
  }
  if (!options.weight_column.empty()) {
    throw InvalidParameter(source +
                           ": only .csv, .tsv and .jsonl have a weight column; weights lie in an array of their own "
                           "here");
  }
  if (options.columns.empty() && options.ignored_columns.empty() && options.id_columns.empty() &&
      !options.keep_fields) {
    return;
  }
  throw InvalidParameter(source +
                         ": only of texts (.csv, .tsv, .jsonl) columns can be chosen, ignored, taken for ids or "
                         "copied; this is an array");
}

}  // namespace

std::unique_ptr<RowSource> open_rows(const std::string& source, const ReadOptions& options) {
  parallel::checked_thread_count(options.num_threads);
  const auto [path, key] = parse_source_name(source);
  const FileKind kind = kind_of(path);
  if (kind == FileKind::json_lines) return json_lines_rows(open_text(path), options);
  if (kind == FileKind::any_text) return csv_or_json_rows(open_text(path), options);
  if (is_text(kind)) return csv_rows(open_text(path), delimiter(kind), options);
  require_no_columns(source, options);
  if (kind == FileKind::npy) return npy_rows(files::open_file(path), options.keep_rest);
  if (kind == FileKind::npz) return npy_rows(NpzArchive::open(path).find(key, Role::features), options.keep_rest);
  return safetensors_rows(files::open_file(path), key, options.keep_rest);
}

}  // namespace io

Table read_table(const std::string& source, const ReadOptions& options) {
  return io::read_all(*io::open_rows(source, options));
}

std::vector<std::uint8_t> read_labels(const std::string& source, const LabelOptions& options) {
  const auto [path, key] = parse_source_name(source);
  const io::FileKind kind = io::kind_of(path);
  if (kind == io::FileKind::json_lines) return io::read_json_labels(io::open_text(path), options);
  if (io::is_text(kind)) return io::read_csv_labels(io::open_text(path), io::delimiter(kind), options);
  if (kind == io::FileKind::npy) return io::read_npy_labels(*files::open_file(path), options);
  LabelOptions with_name = options;
  if (with_name.column.empty()) with_name.column = key;
  if (kind == io::FileKind::npz) {
    return io::read_npy_labels(*io::NpzArchive::open(path).find(key, io::Role::labels), with_name);
  }
  return io::read_safetensors_labels(*files::open_file(path), key, with_name);
}

}  // namespace kernad
