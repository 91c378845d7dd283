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

/// What stands between the whole part of a number and its fraction. `detect`: a point, or where the text has none and
/// columns are not separated by commas, a comma; refused where a comma may as well part thousands.
enum class DecimalMark : std::uint8_t { detect, point, comma };

/// What read_table cannot see from a text (.csv, .tsv, .jsonl) itself, and what its columns are for. A column is given
/// by its name, or by its number counted from 0 (negative from the end: -1 is the last); a name goes before a number.
struct ReadOptions {
  std::string label_column = {};          ///< the column that is a label and not a feature; empty: there is none
  CsvHeader header = CsvHeader::detect;   ///< whether the first line names the columns
  std::vector<std::string> columns = {};  ///< the features, in this order; empty: all that are nothing else
  std::vector<std::string> ignored_columns = {};  ///< neither features nor anything else
  std::vector<std::string> id_columns = {};       ///< what the rows are called; no features
  /// The features that a model knows, KDEClassifier::column_names: a text with a heading gives just those, in their
  /// order. Where there is no heading, and in arrays, columns go by their position.
  std::vector<std::string> model_columns = {};
  /// Names that are left out where they turn up, KDEClassifier::left_out_columns.
  std::vector<std::string> known_columns = {};
  char delimiter = '\0';                      ///< what separates the columns of a .csv or .tsv; 0: seen from its rows
  DecimalMark decimal = DecimalMark::detect;  ///< how numbers are written
  bool allow_missing = false;                 ///< whether empty fields, NA and the like are read, as NaN
  bool keep_rest = false;                     ///< whether Table::rest is filled
  bool keep_fields = false;                   ///< whether Table::fields is filled
};

/// A column of texts, one a row.
struct TextColumn {
  std::string name;  ///< from the heading, else its number
  std::vector<std::string> values;
};

/// What a file held: features, and the columns that were asked for beside them.
struct Table {
  Embeddings features;  ///< one row a line or array row
  /// What rounding to float32 took from the features, where that was asked for: value - float(value), of the features'
  /// shape. Empty where nothing was taken. features + rest, in double, are the values of the file to some 48 bits.
  Embeddings rest;
  std::vector<std::string> column_names;  ///< of the features, in UTF-8; empty when the file names none
  std::vector<std::string> labels;        ///< one a row when label_column was given, else empty
  std::string label_name;                 ///< what the heading calls that column
  std::vector<TextColumn> ids;            ///< of id_columns, in their order
  std::vector<TextColumn> fields;         ///< all columns of a text as they stand, where that was asked for
  std::vector<std::string> left_out;      ///< names of the columns that are no features: labels, ids, ignored ones
  std::vector<std::string> notes;         ///< what was put in order or left out without being asked for
};

/// Where each of a model's columns stands in a table: `result[i]` is the number, in `found`, of the column called
/// `wanted[i]`. `known` are names that may stand in the table and mean nothing. Throws InvalidInput naming what is
/// missing, what nobody knows, and what is there twice. For tables that carry names: data frames, Arrow.
[[nodiscard]] KERNAD_API std::vector<std::size_t> match_columns(std::span<const std::string> wanted,
                                                                std::span<const std::string> found,
                                                                std::span<const std::string> known = {});

/// What a source of rows is called: a file, and in one that holds several arrays the one that is meant.
struct SourceName {
  std::string path;  ///< "-" is standard input
  std::string key;   ///< empty when none is named
};

/// Takes "FILE[:KEY]" apart: "data.npz:X" is the array X of data.npz. The key begins behind the first ".npz:" or
/// ".safetensors:", in any case, and goes to the end. A file that is called just so, colon and all, is meant by its
/// name: it is looked for, and then there is no key. Throws ReadError when nothing stands behind the colon.
[[nodiscard]] KERNAD_API SourceName parse_source_name(std::string_view source);

/// Reads a table from `source`: a path ending in .npy, .npz, .safetensors, .csv, .tsv, .jsonl or .ndjson, the last four
/// also with .gz behind; or "-" for a text on standard input, which is JSON Lines where it begins with { or [, and CSV
/// otherwise; so is a pipe of any other name. `file.npz:X` and `file.safetensors:name` pick an array; without a name
/// it is the array called X, or else the only two-dimensional one. A one-dimensional array is one row.
///
/// Throws ReadError for a file that cannot be read, is truncated or lies about its size (with the byte or line), holds
/// something other than real numbers, or would not fit into the memory that this process may have (seen in its
/// header, before anything of that size is allocated); InvalidInput for a finite value beyond float32, with row and
/// column, or for columns that are not the model's; InvalidParameter when there is no column as named. Rows and columns
/// count from 0, lines from 1. NaN and infinity pass: the classifier refuses them.
[[nodiscard]] KERNAD_API Table read_table(const std::string& source, const ReadOptions& options = {});

/// Reads several sources, at least one, as one table: the rows of each below those of the one before. Columns of a text
/// with a heading go by the names of the first one's. Throws as read_table does, and InvalidInput when their numbers of
/// columns differ. Notes begin with the source that they are about.
[[nodiscard]] KERNAD_API Table read_tables(std::span<const std::string> sources, const ReadOptions& options = {});

/// What cannot be seen from labels themselves.
struct LabelOptions {
  std::string normal_label = {};         ///< the text of the normal rows (any case); all others are anomalous
  CsvHeader header = CsvHeader::detect;  ///< of a .csv of labels: whether its first line is a heading
  std::string column = {};               ///< what the column is called, where it has a name
};

/// Reads one label a row from a one-dimensional array or a one-column table, by the same rules and names of
/// sources; without a name it is the array called y, or else the only one of such a shape. What is valid: see
/// parse_labels; a first line that is no label and is not repeated is a heading. Throws InvalidInput naming the row of
/// anything that is no label.
[[nodiscard]] KERNAD_API std::vector<std::uint8_t> read_labels(const std::string& source,
                                                               const LabelOptions& options = {});

/// 0 for normal rows, 1 for anomalous ones, from texts in any case; numbers may be written 0.0 and 1.0. With a
/// normal_label, rows of that text are normal and all others anomalous. Without it
///   - 0, false, no, normal, good, ok, inlier, pass, regular and valid are normal; 1, true, yes, anomaly, anomalous,
///     abnormal, bad, ng, nok, outlier, fail, defect, defective and invalid are anomalous;
///   - where all are 1 or -1 and some are -1, -1 is anomalous, as in scikit-learn;
///   - where some are "good", every other text is anomalous, as in the MVTec data sets.
/// Throws InvalidInput for anything else, naming the row, the text, and the texts that are there; for a normal_label
/// that no row has; and for yes, true or 1 in a column that is called ok, good or the like. `what` is the labels'
/// origin for the message, e.g. "data.csv, column 'label'".
[[nodiscard]] KERNAD_API std::vector<std::uint8_t> parse_labels(const std::vector<std::string>& texts,
                                                                const std::string& what,
                                                                const LabelOptions& options = {});

/// Writes a whole file: to a temporary one in the same folder, synced, then renamed over `path`, so that `path` is at
/// every moment either the old file or the new one. Throws WriteError, and leaves the old file, when that cannot be
/// done or `path` is something other than a regular file.
KERNAD_API void write_file_atomically(const std::string& path, std::span<const std::byte> bytes);

}  // namespace kernad
