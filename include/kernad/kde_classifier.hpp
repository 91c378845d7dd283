// The anomaly classifier: embeddings -> PCA -> scaling -> Gaussian KDE -> log-density -> anomaly probability.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kernad/calibration.hpp"
#include "kernad/classifier_options.hpp"
#include "kernad/explanation.hpp"
#include "kernad/export.hpp"
#include "kernad/fit_report.hpp"
#include "kernad/matrix.hpp"
#include "kernad/sketch.hpp"
#include "kernad/state_dict.hpp"

namespace kernad {

class NormalRows;

namespace linalg {
class ExactMoments;
}

namespace model {
struct Model;
struct TrainingSample;
}  // namespace model

/// How many of some rows the model was trained on.
struct TrainedOn {
  std::size_t compared = 0;  ///< rows that could be looked up; none for a model that remembers no rows
  std::size_t equal = 0;     ///< those of them that equal a training row
};

/// Kernel-density anomaly classifier for deep-feature embeddings, given as rows of float or of double. A fit on doubles
/// looks for columns that are far from zero compared with how much they vary and that float32 cannot hold (time stamps,
/// map coordinates): it subtracts a shift before rounding, remembers it, and subtracts it from every later row. All
/// other columns are rounded to float32. The rounded copy takes 4 bytes per value. Const methods may run in several
/// threads at once, but not while fit, load_state_dict or an assignment changes the same object. Copies share the
/// fitted state.
class KERNAD_API KDEClassifier {
 public:
  /// Throws InvalidParameter for max_training_points < 2.
  explicit KDEClassifier(KDEClassifierOptions options = {});

  /// Learns the density of N x D embeddings of normal examples. Returns false, and leaves no model, if there are
  /// fewer rows than both n_pca_components and columns, since there cannot be more components than rows. Throws
  /// InvalidInput for no rows, no columns, NaN or infinity (with row and column), or if all rows are identical; then a
  /// model fitted before stays.
  [[nodiscard]] bool fit(EmbeddingsView embeddings, const FitProgress& progress = {});

  /// The same for N x D doubles. Throws InvalidInput, with row and column, for a value beyond float32.
  template <DoubleRows Rows>
  [[nodiscard]] bool fit(const Rows& embeddings, const FitProgress& progress = {}) {
    return fit_doubles(embeddings, progress);
  }

  /// The same of rows that count as often as their weights say (N of them, or none: once): a weight of 3 is three equal
  /// rows, one of 0 none. Whole weights give the bits of the data set with its rows repeated in place, sampling,
  /// `automatic` and all. Others may be fractions, and the number of rows in the formulas is their sum
  /// (docs/estimation.md). Throws as well InvalidParameter for another number of weights, and for fractions with
  /// Bandwidth::loo, local_alpha or automatic, or with more rows than max_training_points; InvalidInput, with the row,
  /// for a weight that is negative, not finite, or above 0 but below 2^-63 of their sum, and if they add up to 1 or
  /// less or to 2^32 or more.
  [[nodiscard]] bool fit(EmbeddingsView embeddings, std::span<const double> weights, const FitProgress& progress = {});
  /// The same for N x D doubles.
  template <DoubleRows Rows>
  [[nodiscard]] bool fit(const Rows& embeddings, std::span<const double> weights, const FitProgress& progress = {}) {
    return fit_doubles(embeddings, progress, weights);
  }

  /// The same of a data set that was gathered in a sketch, with the same bits. Throws InvalidParameter for a sketch
  /// with another max_training_points or seed than the classifier's, InvalidInput for one with gaps.
  [[nodiscard]] bool fit(const Sketch& sketch, const FitProgress& progress = {});

  /// Scales PCA features (N x k) by the method chosen: returns them and the max_length used, which is the longest row
  /// of feature_stack unless one is given. Throws InvalidInput for values that are not finite and InvalidParameter for
  /// a max_length that is not positive and finite; in scale mode rows that are all zero need a max_length.
  [[nodiscard]] std::pair<Embeddings, double> pre_process(EmbeddingsView feature_stack,
                                                          std::optional<double> max_length = std::nullopt) const;

  /// Density of each row of features (M x D), or its natural log, finite for every finite row. Densities beyond double
  /// saturate at its largest value and vanish to 0 below about exp(-745): prefer the log.
  /// Throws NotFitted; InvalidInput for a wrong column count, NaN or infinity.
  [[nodiscard]] std::vector<double> compute_kde_scores(EmbeddingsView features, bool as_log_likelihood = false) const;
  /// The same for M x D doubles.
  template <DoubleRows Rows>
  [[nodiscard]] std::vector<double> compute_kde_scores(const Rows& features, bool as_log_likelihood = false) const {
    return compute_doubles(features, as_log_likelihood);
  }

  /// How far each row of features (M x D) lies outside the subspace that contains all training rows (constant columns;
  /// columns that depend on each other exactly, if there are enough rows to say so): 0 inside, and for models that lack
  /// this subspace; otherwise above 1, in units of what rounding explains with a wide margin. The density has no
  /// direction there. Once the model is calibrated, the log-density of such a row is at most that of an equally rare
  /// normal row (docs/calibration.md). Throws as compute_kde_scores does.
  [[nodiscard]] std::vector<double> outside(EmbeddingsView features) const;
  /// The same for M x D doubles.
  template <DoubleRows Rows>
  [[nodiscard]] std::vector<double> outside(const Rows& features) const {
    return outside_doubles(features);
  }

  /// 1 / (1 + exp(0.05 (score - 12))) for each log-density: in [0, 1], higher is more anomalous. Infinite scores give
  /// the limits 0 and 1; throws InvalidInput for NaN.
  [[nodiscard]] static std::vector<double> compute_probabilities(std::span<const double> scores);

  /// Whether the fit found columns that float32 cannot hold and rows of double therefore have other scores than the
  /// same rows rounded to float32. Throws NotFitted.
  [[nodiscard]] bool takes_doubles() const;

  /// Anomaly probability of each row: compute_probabilities of its log-density.
  [[nodiscard]] std::vector<double> predict(EmbeddingsView features) const;
  /// The same for M x D doubles.
  template <DoubleRows Rows>
  [[nodiscard]] std::vector<double> predict(const Rows& features) const {
    return compute_probabilities(compute_doubles(features, true));
  }
  /// The same, by the reference's other name.
  [[nodiscard]] std::vector<double> forward(EmbeddingsView features) const { return predict(features); }

  /// Why one row (1 x D) has its score: its `nearest` training rows (at most as many as there are), and the shares of
  /// components and columns in its deviation from them. Takes O(N k + D k) operations and O(N + D k) memory. Throws as
  /// compute_kde_scores does, and InvalidInput for any other number of rows than one.
  [[nodiscard]] Explanation explain(EmbeddingsView row, std::size_t nearest = 5) const;
  /// The same for 1 x D doubles.
  template <DoubleRows Rows>
  [[nodiscard]] Explanation explain(const Rows& row, std::size_t nearest = 5) const {
    return explain_doubles(row, nearest);
  }

  /// Cross-conformal calibration on `embeddings`, which are those of the fit: the rows of each fold (at most one fold
  /// per row) are scored by the same pipeline fitted on all other rows, and the model keeps these held-out
  /// log-densities. From then on, compute_kde_scores and all that follows from it judge a row also by what the
  /// densities do not see: where the model's axes leave out a part of it, a log-density may be lower than before. A
  /// threshold by false-positive rate is recomputed; other thresholds stay. The same bits for any number of threads;
  /// costs about `folds` fits. Throws NotFitted; InvalidParameter for folds < 2, or if a rate set before can no longer
  /// be promised; InvalidInput if embeddings have another shape than in the fit, or if the rows outside some fold are
  /// too few or all alike. progress counts folds. Not for a checkpoint that another program fitted, since that fit
  /// cannot be repeated here. Returns the held-out log-density of each row that the fit used (all of embeddings, or its
  /// sample), in order. Source: Vovk (2015), "Cross-conformal predictors"; docs/calibration.md.
  std::vector<double> calibrate(EmbeddingsView embeddings, std::size_t folds = 10, const FitProgress& progress = {});
  /// The same for N x D doubles.
  template <DoubleRows Rows>
  std::vector<double> calibrate(const Rows& embeddings, std::size_t folds = 10, const FitProgress& progress = {}) {
    return calibrate_doubles(embeddings, folds, progress);
  }

  /// The same on rows with the weights of the fit, which must be whole numbers: else throws InvalidParameter. A row
  /// that counts more than once may be in several folds, as repeated rows are.
  std::vector<double> calibrate(EmbeddingsView embeddings, std::span<const double> weights, std::size_t folds = 10,
                                const FitProgress& progress = {});
  /// The same for N x D doubles.
  template <DoubleRows Rows>
  std::vector<double> calibrate(const Rows& embeddings, std::span<const double> weights, std::size_t folds = 10,
                                const FitProgress& progress = {}) {
    return calibrate_doubles(embeddings, folds, progress, weights);
  }

  /// The same on the sketch of the fit.
  std::vector<double> calibrate(const Sketch& sketch, std::size_t folds = 10, const FitProgress& progress = {});

  /// Calibration on M x D rows of normal examples that the model was not fitted on (split conformal): the
  /// false-positive rate is then exact, and near that where the model judges what its axes leave out. Scores change as
  /// by calibrate. No refit. Throws as compute_kde_scores and calibrate do, and InvalidInput for no rows.
  void calibrate_from(EmbeddingsView normals);
  /// The same for M x D doubles.
  template <DoubleRows Rows>
  void calibrate_from(const Rows& normals) {
    calibrate_from_doubles(normals);
  }
  /// The same on rows that were gathered block by block. Throws InvalidParameter if that was for another model.
  void calibrate_from(const NormalRows& normals);

  /// Sets the threshold for a false-positive rate. Throws NotFitted before calibrate, otherwise as
  /// Calibration::threshold.
  void set_target_fpr(double fpr);
  /// Sets any other threshold. Throws NotFitted. A fit drops calibration and threshold; state_dict() and save keep
  /// them.
  void set_threshold(const Threshold& threshold);
  /// Removes the threshold; a calibration stays.
  void clear_threshold();

  /// Whether calibrate or calibrate_from has succeeded since the fit.
  [[nodiscard]] bool is_calibrated() const noexcept;
  /// Whether a threshold is set.
  [[nodiscard]] bool has_threshold() const noexcept;
  /// Throws NotFitted when there is none.
  [[nodiscard]] const Calibration& calibration() const;
  /// Throws NotFitted when there is none.
  [[nodiscard]] const Threshold& threshold() const;

  /// Whether there is a model: fitted or loaded.
  [[nodiscard]] bool is_fitted() const noexcept { return model_ != nullptr; }
  /// As given, or as loaded.
  [[nodiscard]] const KDEClassifierOptions& options() const noexcept { return options_; }
  /// What the last fit did; for a checkpoint without a report, what its shapes reveal. Throws NotFitted.
  [[nodiscard]] const FitReport& report() const;

  /// The names of all columns, or none; and the names of columns of the training table that are not features, such as
  /// its labels. The model keeps them, but they change no score: whoever reads a table puts its columns in this order
  /// (match_columns, ReadOptions::model_columns). A fit drops them. Throws NotFitted; InvalidParameter for a wrong
  /// number of names, or for a name that occurs twice, is also in left_out, or is not UTF-8.
  void set_column_names(std::vector<std::string> names, std::vector<std::string> left_out = {});
  /// Empty if they have no names. Throws NotFitted.
  [[nodiscard]] const std::vector<std::string>& column_names() const;
  /// As given. Throws NotFitted.
  [[nodiscard]] const std::vector<std::string>& left_out_columns() const;

  /// Keeps in the model which rows it was fitted on, for later tests and explanations: the name of each row, if `names`
  /// has them, and the hashes of at most 1,024 rows (those with the smallest hashes, which makes them a sample by
  /// value). rows: those of the fit. Changes no score; a fit drops it. Throws NotFitted; InvalidParameter for a wrong
  /// number of names, InvalidInput for a number of rows other than in the fit.
  void remember_rows(EmbeddingsView rows, const std::vector<std::string>& names = {});
  /// The same for N x D doubles.
  template <DoubleRows Rows>
  void remember_rows(const Rows& rows, const std::vector<std::string>& names = {}) {
    remember_doubles(rows, {}, names);
  }
  /// The same on rows with the weights of the fit.
  void remember_rows(EmbeddingsView rows, std::span<const double> weights, const std::vector<std::string>& names = {});
  /// The same for N x D doubles.
  template <DoubleRows Rows>
  void remember_rows(const Rows& rows, std::span<const double> weights, const std::vector<std::string>& names = {}) {
    remember_doubles(rows, weights, names);
  }
  /// The same on the sketch of the fit, with the names that it has; without names rows are called by their numbers in
  /// the data set, unless the sketch holds all of them.
  void remember_rows(const Sketch& sketch);
  /// The names of the training rows, in the order of Neighbour::row; empty if they have none. Throws NotFitted.
  [[nodiscard]] const std::vector<std::string>& row_names() const;
  /// Whether rows are new to the model, by the hashes of remember_rows: rows with equal values count as the same. With
  /// more than 1,024 training rows only a share of the rows can be compared. Throws NotFitted.
  [[nodiscard]] TrainedOn trained_on(EmbeddingsView rows) const;
  /// The same for M x D doubles.
  template <DoubleRows Rows>
  [[nodiscard]] TrainedOn trained_on(const Rows& rows) const {
    return trained_on_doubles(rows);
  }

  /// Threads that a call may use; 0: as many as KERNAD_NUM_THREADS says, otherwise as many as the machine has. Results
  /// do not depend on it. Throws InvalidParameter outside 0 to 1024.
  void set_threads(int threads);

  /// Whether rows that occur more than once are summed once, and rows too far from a query to matter are left out if
  /// that is faster (on by default). A log-density is then at most 1e-5 below that of the full sum. May be called
  /// before or after fit and load; it is not part of the model.
  void set_pruning(bool pruning);
  /// As set by set_pruning.
  [[nodiscard]] bool pruning() const noexcept { return pruning_; }

  /// The fitted state under the reference's tensor names, with kernad's own added (docs/formats.md); parameters, report
  /// and format version are in the metadata. Throws NotFitted.
  [[nodiscard]] StateDict state_dict() const;

  /// Takes over parameters and fitted state. Names may be bare or have one common prefix ("model.classifier."); other
  /// tensors are ignored. A checkpoint of the reference is accepted as it is: parameters that its metadata lack stay as
  /// they are, and a note in the report says so for the scaling method. Throws
  /// InvalidInput naming the tensor that is missing, of the wrong shape or not finite, or a format version newer than
  /// this library's; then the classifier is unchanged.
  void load_state_dict(const StateDict& state);

  /// state_dict() as one .safetensors file, written whole or not at all (see write_safetensors). Throws WriteError.
  void save(const std::string& path) const;

  /// Loads such a file; `options` supply what its metadata lack. Throws ReadError for anything wrong with the file or
  /// its state.
  [[nodiscard]] static KDEClassifier load(const std::string& path, const KDEClassifierOptions& options = {});

 private:
  friend class Comparison;
  friend class NormalRows;
  friend class Scorer;
  bool fit_doubles(MatrixView<double> embeddings, const FitProgress& progress, std::span<const double> weights = {});
  std::vector<double> compute_doubles(MatrixView<double> features, bool as_log_likelihood) const;
  std::vector<double> outside_doubles(MatrixView<double> features) const;
  Explanation explain_doubles(MatrixView<double> row, std::size_t nearest) const;
  std::vector<double> calibrate_doubles(MatrixView<double> embeddings, std::size_t folds, const FitProgress& progress,
                                        std::span<const double> weights = {});
  void calibrate_from_doubles(MatrixView<double> normals);
  void remember_doubles(MatrixView<double> rows, std::span<const double> weights,
                        const std::vector<std::string>& names);
  TrainedOn trained_on_doubles(MatrixView<double> rows) const;
  // The common part for float and double, once rows are in the form that the model takes.
  template <typename T>
  void remember(MatrixView<T> rows, std::span<const double> weights, const std::vector<std::string>& names);
  bool fit_sample(model::TrainingSample sample, std::vector<double> shift, const FitProgress& progress);
  Explanation explain_row(EmbeddingsView row, std::size_t nearest) const;
  template <typename T>
  std::vector<double> calibrate_rows(MatrixView<T> embeddings, std::span<const double> weights, std::size_t folds,
                                     const FitProgress& progress);
  std::vector<double> calibrate_sample(EmbeddingsView rows, std::size_t folds, const FitProgress& progress,
                                       const linalg::ExactMoments* moments = nullptr);
  KDEClassifierOptions options_;
  std::shared_ptr<const model::Model> model_;
  int threads_ = 0;
  bool pruning_ = true;
};

}  // namespace kernad
