// What a fit did with the data that it was given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "kernad/export.hpp"

namespace kernad {

/// What a note is about. The names do not change from version to version; new ones may come.
enum class NoteCode : std::uint8_t {
  other,               ///< of a model file whose notes have no codes
  rows_sampled,        ///< of more rows than max_training_points a sample was used
  components_cut,      ///< fewer components than asked for: the data have no more
  directions_dropped,  ///< components without variance after scaling are no part of the density
  bandwidth_at_limit,  ///< leave-one-out likelihood would rise beyond the range that was searched
  scaling_assumed,     ///< a checkpoint does not say how it scales
  suspicious_value,    ///< a training value far outside the range of all others of its column
  limited_precision,   ///< training rows lie too many bandwidths apart for float32 to keep the usual accuracy
};

/// "other", "rows_sampled", "components_cut", ...
[[nodiscard]] KERNAD_API std::string_view to_string(NoteCode code) noexcept;
/// The code of that name; `other` for a name that is not known (a newer version's).
[[nodiscard]] KERNAD_API NoteCode note_code(std::string_view name) noexcept;

/// A sentence for people and a code for programs.
struct Note {
  NoteCode code = NoteCode::other;  ///< for programs
  std::string text;                 ///< for people

  /// The text.
  operator const std::string&() const noexcept { return text; }  // NOLINT(google-explicit-constructor): as it was

  friend bool operator==(const Note&, const Note&) = default;
};

/// A training value at least ten times as far from its column's median as all but the farthest 1 % of the others (5 %
/// if they are equal): a glitch, a saturated sensor, or a code for "missing".
struct SuspiciousValue {
  std::size_t row = 0;      ///< of the embeddings given to fit
  std::size_t column = 0;   ///< of the embeddings
  double value = 0;         ///< in their unit
  double low = 0;           ///< the smallest of the column's other values
  double high = 0;          ///< the largest of them
  std::string row_name;     ///< as given to KDEClassifier::remember_rows; empty: none
  std::string column_name;  ///< as given to KDEClassifier::set_column_names; empty: none

  friend bool operator==(const SuspiciousValue&, const SuspiciousValue&) = default;
};

/// Where one number would stand for both densities of `automatic`, it is that of the first.
struct FitReport {
  std::size_t rows_seen = 0;      ///< rows given
  std::size_t rows_used = 0;      ///< rows kept by sampling: the KDE's N
  std::size_t columns = 0;        ///< D
  std::size_t rank = 0;           ///< numerical rank of the centred rows
  std::size_t components = 0;     ///< principal components kept
  std::size_t kde_rank = 0;       ///< dimension of the density: directions in which its kernels have variance
  double explained_variance = 0;  ///< share of the total variance that the kept components explain
  double bandwidth_factor = 0;    ///< h
  double max_length = 0;          ///< longest training row after PCA
  double shrinkage = 0;           ///< of the kernel covariance towards a spherical one, 0 to 1
  /// Mean leave-one-out log-likelihood, in nats, of scaled features of training rows; NaN unless the bandwidth is loo.
  double loo_log_likelihood = std::numeric_limits<double>::quiet_NaN();
  std::vector<std::string> chosen;  ///< by `automatic`: a sentence for each of the two densities; else empty
  std::vector<SuspiciousValue> suspicious_values;  ///< in the order of columns; of this fit, no part of a model file
  /// Rows that `automatic` left out for their suspicious values, ascending; numbered as Neighbour::row is.
  std::vector<std::size_t> rows_left_out;
  std::vector<Note> notes;  ///< what was cut or sampled; empty when nothing was
};

/// Called after each stage of a fit with the number of stages done, and of all. What it throws ends the fit, and a
/// model fitted before stays.
using FitProgress = std::function<void(std::size_t done, std::size_t total)>;

}  // namespace kernad
