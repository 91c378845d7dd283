// Reading tables of numbers and labels from files, and writing files whole. What a file may look like is in
// docs/formats.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernad/export.hpp"
#include "kernad/matrix.hpp"

namespace kernad {

/// Whether the first line of a .csv or .tsv names its columns. `detect`: it does when no field of it is a number, and a
/// line that mixes numbers with texts is refused (a label in a label column given by number counts as neither).
enum class CsvHeader : std::uint8_t {
  detect,   ///< by the rule above
  present,  ///< the first line names the columns
  absent,   ///< the first line is a row
};

/// What read_table cannot see from a .csv or .tsv itself.
struct ReadOptions {
  /// A column of a .csv or .tsv that is a label and not a feature: its name, or its number counted from 0
  /// (negative from the end: -1 is the last). Empty: there is none.
  std::string label_column;
  CsvHeader header = CsvHeader::detect;  ///< whether the first line names the columns
};

/// What a file held: features, and the label column when one was asked for.
struct Table {
  Embeddings features;                    ///< one row a line or array row
  std::vector<std::string> column_names;  ///< of the features; empty when the file names none
  std::vector<std::string> labels;        ///< one a row when label_column was given, else empty
};

/// What a source of rows is called: a file, and in one that holds several arrays the one that is meant.
struct SourceName {
  std::string path;  ///< "-" is standard input
  std::string key;   ///< empty when none is named
};

/// Takes "FILE[:KEY]" apart: "data.npz:X" is the array X of data.npz. The key begins behind the first ".npz:" or
/// ".safetensors:", in any case, and goes to the end. A file that is called just so, colon and all, is meant by its
/// name: it is looked for, and then there is no key. Throws ReadError when nothing stands behind the colon.
[[nodiscard]] KERNAD_API SourceName parse_source_name(std::string_view source);

/// Reads a table from `source`: a path ending in .npy, .npz, .safetensors, .csv or .tsv, or "-" for CSV on standard
/// input; a pipe of any other name is CSV too. `file.npz:X` and `file.safetensors:name` pick an array; without a name
/// it is the array called X, or else the only two-dimensional one. A one-dimensional array is one row.
///
/// Throws ReadError for a file that cannot be read, is truncated or lies about its size (with the byte or line), holds
/// something other than real numbers, or would not fit into the memory that this process may have (seen in its
/// header, before anything of that size is allocated); InvalidInput for a finite value beyond float32, with row and
/// column; InvalidParameter when there is no label_column as named. Rows and columns count from 0, lines from 1. NaN
/// and infinity pass: the classifier refuses them.
[[nodiscard]] KERNAD_API Table read_table(const std::string& source, const ReadOptions& options = {});

/// Reads one 0/1 label a row from a one-dimensional array or a one-column table, by the same rules and names of
/// sources; without a name it is the array called y, or else the only one of such a shape. Texts: see parse_labels; a
/// first line that is no label is a heading. Throws InvalidInput naming the row of anything that is no label.
[[nodiscard]] KERNAD_API std::vector<std::uint8_t> read_labels(const std::string& source);

/// 0 for normal rows, 1 for anomalous ones, from the texts "0", "false", "normal", "good" and "1", "true",
/// "anomaly", "anomalous", "bad" (any case; numbers may be written 0.0 and 1.0). Throws InvalidInput naming the row
/// and the text otherwise. `what` is the label's origin for that message, e.g. "data.csv, column 'label'".
[[nodiscard]] KERNAD_API std::vector<std::uint8_t> parse_labels(const std::vector<std::string>& texts,
                                                                const std::string& what);

/// Writes a whole file: to a temporary one in the same folder, synced, then renamed over `path`, so that `path` is at
/// every moment either the old file or the new one. Throws WriteError, and leaves the old file, when that cannot be
/// done or `path` is something other than a regular file.
KERNAD_API void write_file_atomically(const std::string& path, std::span<const std::byte> bytes);

}  // namespace kernad
