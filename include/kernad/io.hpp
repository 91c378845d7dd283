// Reading tables of numbers and labels from files, and writing files whole. docs/formats.md describes the files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernad/export.hpp"
#include "kernad/matrix.hpp"

namespace kernad {

/// Whether the first line of a .csv or .tsv names its columns. `detect`: it does if none of its fields is a number; a
/// line that mixes numbers and texts is refused (a label in a label column given by number counts as neither).
enum class CsvHeader : std::uint8_t {
  detect,   ///< by the rule above
  present,  ///< the first line names the columns
  absent,   ///< the first line is a row
};

/// The decimal mark. `detect`: a point, or a comma if the text has no point and its columns are not separated by
/// commas; refused if a comma could also be a thousands separator.
enum class DecimalMark : std::uint8_t { detect, point, comma };

/// What read_table cannot see from a text (.csv, .tsv, .jsonl) itself, and the roles of its columns. A column is given
/// by its name, or by its number counted from 0 (negative from the end: -1 is the last); a name takes precedence.
struct ReadOptions {
  std::string label_column = {};                  ///< the column of labels, which is not a feature; empty: none
  CsvHeader header = CsvHeader::detect;           ///< whether the first line names the columns
  std::vector<std::string> columns = {};          ///< the features, in this order; empty: all other columns
  std::vector<std::string> ignored_columns = {};  ///< neither features nor anything else
  std::vector<std::string> id_columns = {};       ///< names of the rows; not features
  /// The features of a model, KDEClassifier::column_names: of a text with a heading exactly these are read, in this
  /// order. Without a heading, and in arrays, columns go by position.
  std::vector<std::string> model_columns = {};
  /// Names of columns to leave out if they are present, KDEClassifier::left_out_columns.
  std::vector<std::string> known_columns = {};
  char delimiter = '\0';                      ///< separator of the columns of a .csv or .tsv; 0: detected
  DecimalMark decimal = DecimalMark::detect;  ///< how numbers are written
  bool allow_missing = false;                 ///< whether empty fields, NA and the like are read as NaN
  bool keep_rest = false;                     ///< whether Table::rest is filled
  bool keep_fields = false;                   ///< whether Table::fields is filled
  std::string weight_column = {};             ///< the column of weights, which is not a feature; empty: none
  /// Of a pipe, TableReader gives the rows that have arrived, at least one, and does not wait for more. How it is
  /// written is then seen from its first rows alone.
  bool as_it_comes = false;
  /// Threads that parse a text at most; 0: as KDEClassifier::set_threads has it. Tables and errors do not depend on it.
  int num_threads = 0;
};

/// A column of texts, one per row.
struct TextColumn {
  std::string name;                 ///< from the heading, otherwise its number
  std::vector<std::string> values;  ///< in the order of the rows
};

/// The contents of a file: features, and the other columns that were asked for.
struct Table {
  Embeddings features;  ///< one row per line or array row
  /// If asked for, what rounding to float32 took from the features: value - float(value), in the shape of the features.
  /// Empty if rounding took nothing. features + rest, in double, are the values of the file to some 48 bits.
  Embeddings rest;
  std::vector<std::string> column_names;  ///< of the features, in UTF-8; empty when the file names none
  std::vector<std::string> labels;        ///< one per row if label_column was given, otherwise empty
  std::string label_name;                 ///< name of that column in the heading
  std::vector<TextColumn> ids;            ///< of id_columns, in their order
  std::vector<TextColumn> fields;         ///< if asked for, all columns of a text as they stand
  std::vector<std::string> left_out;      ///< names of the columns that are not features: labels, weights, ids ...
  std::vector<std::string> notes;         ///< what was reordered or left out unasked
  std::vector<double> weights;            ///< one per row, 0 or more, if weight_column was given, otherwise empty
};

/// Finds a model's columns in a table: `result[i]` is the index in `found` of the column called `wanted[i]`. Names in
/// `known` may occur in the table and are ignored. Throws InvalidInput naming the columns that are missing, unknown, or
/// there twice. For tables that carry names: data frames, Arrow.
[[nodiscard]] KERNAD_API std::vector<std::size_t> match_columns(std::span<const std::string> wanted,
                                                                std::span<const std::string> found,
                                                                std::span<const std::string> known = {});

/// The name of a source of rows: a file and, if it holds several arrays, the key of one.
struct SourceName {
  std::string path;  ///< "-" is standard input
  std::string key;   ///< empty when none is named
};

/// Parses "FILE[:KEY]": "data.npz:X" is the array X of data.npz. The key begins after the first ".npz:" or
/// ".safetensors:", in any case, and extends to the end. If a file of that whole name exists, colon included, it is
/// meant and there is no key. Throws ReadError if nothing follows the colon.
[[nodiscard]] KERNAD_API SourceName parse_source_name(std::string_view source);

/// Reads a table from `source`: a path ending in .npy, .npz, .safetensors, .csv, .tsv, .jsonl or .ndjson, the last four
/// also followed by .gz; or "-" for a text on standard input, which is JSON Lines if it begins with { or [, and CSV
/// otherwise; a pipe of any other name is read likewise. `file.npz:X` and `file.safetensors:name` pick an array;
/// without a name it is the array called X, or else the only two-dimensional one. A one-dimensional array is one row.
///
/// Throws ReadError for a file that cannot be read, is truncated or lies about its size (with the byte or line), holds
/// something other than real numbers, or would not fit into the memory that this process may use (checked in its
/// header, before anything of that size is allocated); InvalidInput for a finite value beyond float32, with row and
/// column, or for columns that are not the model's; InvalidParameter if a named column does not exist. Rows and columns
/// count from 0, lines from 1. NaN and infinity pass: the classifier refuses them.
[[nodiscard]] KERNAD_API Table read_table(const std::string& source, const ReadOptions& options = {});

/// Reads several sources, at least one, as one table, one below the other. Columns of a text with a heading are matched
/// by name with those of the first. Throws as read_table does, and InvalidInput if the numbers of columns differ. Notes
/// begin with the source that they are about.
[[nodiscard]] KERNAD_API Table read_tables(std::span<const std::string> sources, const ReadOptions& options = {});

/// The table of read_tables, block by block: memory is that of a block, however many rows there are. Only an array in
/// Fortran order in a .npz is read as a whole.
class KERNAD_API TableReader {
 public:
  /// Opens the first source and looks at its beginning; the others are opened when their turn comes. Throws as
  /// read_tables does.
  explicit TableReader(std::vector<std::string> sources, ReadOptions options = {});
  TableReader(TableReader&&) noexcept;             ///< the other can only be destroyed or assigned to
  TableReader& operator=(TableReader&&) noexcept;  ///< the same
  ~TableReader();

  /// Features of a row.
  [[nodiscard]] std::size_t columns() const noexcept;
  /// How many rows there are, where the reader knows: of one array.
  [[nodiscard]] std::optional<std::size_t> rows() const;

  /// The next rows, at most max_rows, which is 1 or more; none only at the end. Notes are those that
  /// have come up since the last call. Throws as read_tables does, for what is wrong with these rows.
  [[nodiscard]] Table next(std::size_t max_rows);
  /// For each source opened so far, the number of its first row in the whole table.
  [[nodiscard]] std::span<const std::size_t> first_rows() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What labels do not say themselves.
struct LabelOptions {
  std::string normal_label = {};           ///< the text of the normal rows (any case); all others are anomalous
  CsvHeader header = CsvHeader::detect;    ///< of a .csv of labels: whether its first line is a heading
  std::string column = {};                 ///< the name of the column or array, if it has one
  bool allow_missing = false;              ///< whether labels may be missing; they are read as missing_label
  std::span<const std::size_t> rows = {};  ///< numbers of the rows in messages, one per label; none: 0, 1, 2 ...
};

/// Instead of 0 or 1: the row has no label.
inline constexpr std::uint8_t missing_label = 255;

/// Reads one label per row from a one-dimensional array or a one-column table, by the same rules and names of sources;
/// without a name it is the array called y, or else the only one of such a shape. parse_labels lists the valid labels;
/// a first line that is not a label and is not repeated is a heading. Throws InvalidInput naming the row of anything
/// that is not a label.
[[nodiscard]] KERNAD_API std::vector<std::uint8_t> read_labels(const std::string& source,
                                                               const LabelOptions& options = {});

/// 0 for normal rows, 1 for anomalous ones, from texts in any case; numbers may be written 0.0 and 1.0. With a
/// normal_label, rows of that text are normal and all others anomalous. Without it
///   - 0, false, no, normal, good, ok, inlier, pass, regular and valid are normal; 1, true, yes, anomaly, anomalous,
///     abnormal, bad, ng, nok, outlier, fail, defect, defective and invalid are anomalous;
///   - where all are 1 or -1 and some are -1, -1 is anomalous, as in scikit-learn;
///   - where some are "good", every other text is anomalous, as in the MVTec data sets.
/// Throws InvalidInput for anything else, naming the row, the text, and the texts that are there; for a label that is
/// missing (empty, NA, NaN, null, none, ?, -, unknown and the like), unless it is the normal_label; for a normal_label
/// that no row has; and for yes, no, true, false, 1 or 0 in a column whose name implies that yes is normal (ok,
/// is_normal, inSpec, defect_free). `what` names the labels' origin in messages, e.g. "data.csv, column 'label'".
[[nodiscard]] KERNAD_API std::vector<std::uint8_t> parse_labels(const std::vector<std::string>& texts,
                                                                const std::string& what,
                                                                const LabelOptions& options = {});

/// Writes a whole file: to a temporary one in the same folder, synced, then renamed over `path`, so that `path` is at
/// every moment either the old file or the new one. Throws WriteError, and leaves the old file, when that cannot be
/// done or `path` is something other than a regular file.
KERNAD_API void write_file_atomically(const std::string& path, std::span<const std::byte> bytes);

/// The same piece by piece: nothing is at `path` before commit(), and without it nothing ever is.
class KERNAD_API AtomicFile {
 public:
  /// Opens the temporary file. Throws WriteError.
  explicit AtomicFile(std::string path);
  AtomicFile(AtomicFile&&) noexcept;             ///< the other can only be destroyed or assigned to
  AtomicFile& operator=(AtomicFile&&) noexcept;  ///< the same; what was not committed is gone
  ~AtomicFile();

  /// Appends. Throws WriteError.
  void write(std::span<const std::byte> bytes);
  /// Makes what was written the file at `path`; the last call. Throws WriteError.
  void commit();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Throws the WriteError of write_file_atomically where it is certain without writing: the folder does not exist or may
/// not be written to, or `path` is something other than a regular file.
KERNAD_API void require_writable(const std::string& path);

}  // namespace kernad
