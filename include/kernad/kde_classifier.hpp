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
#include "kernad/state_dict.hpp"

namespace kernad {

namespace model {
struct Model;
}

/// How many of some rows the model was trained on.
struct TrainedOn {
  std::size_t compared = 0;  ///< rows that could be looked up; none for a model that remembers no rows
  std::size_t equal = 0;     ///< those of them that equal a training row
};

/// Kernel-density anomaly classifier for deep-feature embeddings. Const methods may run in several threads at once;
/// fit, load_state_dict and assignment must not run beside them on the same object. Copies share the fitted state.
class KERNAD_API KDEClassifier {
 public:
  /// Throws InvalidParameter for max_training_points < 2.
  explicit KDEClassifier(KDEClassifierOptions options = {});

  /// Learns the density of N x D embeddings of normal examples. Returns false, and leaves no model, when there are
  /// fewer rows than n_pca_components and than columns, of which no more components can come. Throws InvalidInput for
  /// no rows, no columns, NaN or infinity (with row and column), or when all rows are identical; then a model fitted
  /// before stays.
  [[nodiscard]] bool fit(EmbeddingsView embeddings, const FitProgress& progress = {});

  /// Scales PCA features (N x k) by the method chosen: returns them and the max_length used, which is the longest row
  /// of feature_stack unless one is given. Throws InvalidInput for values that are not finite and InvalidParameter for
  /// a max_length that is not positive and finite; in scale mode rows that are all zero need a max_length.
  [[nodiscard]] std::pair<Embeddings, double> pre_process(EmbeddingsView feature_stack,
                                                          std::optional<double> max_length = std::nullopt) const;

  /// Density of each row of features (M x D), or its natural log, finite for every finite row. Densities beyond double
  /// saturate at its largest value and vanish to 0 below about exp(-745): prefer the log.
  /// Throws NotFitted; InvalidInput for a wrong column count, NaN or infinity.
  [[nodiscard]] std::vector<double> compute_kde_scores(EmbeddingsView features, bool as_log_likelihood = false) const;

  /// 1 / (1 + exp(0.05 (score - 12))) for each log-density: in [0, 1], higher is more anomalous. Infinite scores give
  /// the limits 0 and 1; throws InvalidInput for NaN.
  [[nodiscard]] static std::vector<double> compute_probabilities(std::span<const double> scores);

  /// Anomaly probability of each row: compute_probabilities of its log-density.
  [[nodiscard]] std::vector<double> predict(EmbeddingsView features) const;
  /// The same, by the reference's other name.
  [[nodiscard]] std::vector<double> forward(EmbeddingsView features) const { return predict(features); }

  /// Why one row (1 x D) has the score that it has: its `nearest` training rows (as many as there are, at most), and
  /// what components and columns have to do with its deviation from them. Takes O(N k + D k)
  /// operations and O(N + D k) memory. Throws as compute_kde_scores does, and InvalidInput for any other number of rows
  /// than one.
  [[nodiscard]] Explanation explain(EmbeddingsView row, std::size_t nearest = 5) const;

  /// Cross-conformal calibration on `embeddings`, those of the fit: of each fold (at most one a row) the rows are
  /// scored by the same pipeline fitted on the others, and those held-out log-densities are kept beside the model. A
  /// threshold by false-positive rate follows, others stay. The same bits for any number of threads; costs about
  /// `folds` fits. Throws NotFitted; InvalidParameter for folds < 2, or when a rate set before can no longer be
  /// promised; InvalidInput when embeddings have another shape than in the fit, or what the others of a fold are is too
  /// few or all alike. progress is told of folds. Not for a checkpoint that another program fitted: its fit is not
  /// repeated here. Returns the held-out log-density of each row that the fit used (all of embeddings, or its sample),
  /// in their order. Source: Vovk (2015), "Cross-conformal predictors"; docs/calibration.md.
  std::vector<double> calibrate(EmbeddingsView embeddings, std::size_t folds = 10, const FitProgress& progress = {});

  /// Calibration on M x D rows of normal examples that the model was not fitted on (split conformal): the
  /// false-positive rate is then exact. No refit. Throws as compute_kde_scores and calibrate do, and InvalidInput for
  /// no rows.
  void calibrate_from(EmbeddingsView normals);

  /// The threshold of that false-positive rate; throws NotFitted before calibrate, else as Calibration::threshold.
  void set_target_fpr(double fpr);
  /// Any other threshold. Throws NotFitted. A fit drops calibration and threshold, state_dict() and save keep them.
  void set_threshold(const Threshold& threshold);
  /// No threshold from now on; a calibration stays.
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
  /// What the last fit did; of a checkpoint that carries no report, what its shapes tell. Throws NotFitted.
  [[nodiscard]] const FitReport& report() const;

  /// What the columns are called, one name each, or none; and the names of columns of the training table that are no
  /// features, such as its labels. They are kept in the model, and change no score: whoever reads a table puts its
  /// columns in this order (match_columns, ReadOptions::model_columns). A fit drops them. Throws NotFitted;
  /// InvalidParameter for another number of names, for one that is there twice, is left out as well, or is not UTF-8.
  void set_column_names(std::vector<std::string> names, std::vector<std::string> left_out = {});
  /// Empty where nobody named them. Throws NotFitted.
  [[nodiscard]] const std::vector<std::string>& column_names() const;
  /// As given. Throws NotFitted.
  [[nodiscard]] const std::vector<std::string>& left_out_columns() const;

  /// Keeps in the model, for people who test and explain, which rows it was fitted on: what each is called, where
  /// `names` has one for each, and hashes, of at most 1,024 rows (those of the smallest hashes: a sample that rows
  /// share). rows: those of the fit. Changes no score; a fit drops it. Throws NotFitted; InvalidParameter for another
  /// number of names, InvalidInput for rows of another number than in the fit.
  void remember_rows(EmbeddingsView rows, const std::vector<std::string>& names = {});
  /// What the training rows are called, in the order of Neighbour::row; empty where nobody named them. Throws
  /// NotFitted.
  [[nodiscard]] const std::vector<std::string>& row_names() const;
  /// Whether rows are new to the model, by the hashes of remember_rows: rows of equal values count as the same. Of a
  /// model of more than 1,024 training rows only a share of the rows can be compared. Throws NotFitted.
  [[nodiscard]] TrainedOn trained_on(EmbeddingsView rows) const;

  /// Threads that a call may use; 0: as many as KERNAD_NUM_THREADS says, else as the machine has. Results do not
  /// depend on it. Throws InvalidParameter outside 0 to 1024.
  void set_threads(int threads);

  /// Whether rows that occur more than once are summed once, and rows too far from a query to matter are left out where
  /// that is the faster way (on at first). A log-density then is at most 1e-5 below the full sum's. May be called
  /// before or after fit and load; it is no part of the model.
  void set_pruning(bool pruning);
  /// What set_pruning was told last.
  [[nodiscard]] bool pruning() const noexcept { return pruning_; }

  /// The fitted state under the reference's tensor names and kernad's own beside them (docs/formats.md); parameters,
  /// report and format version in the metadata. Throws NotFitted.
  [[nodiscard]] StateDict state_dict() const;

  /// Takes over parameters and fitted state. Names may stand bare or under any one prefix ("model.classifier."), and
  /// other tensors beside them are ignored. A checkpoint of the reference is taken as it is; parameters that its
  /// metadata do not tell stay as they are, and a note in the report says so for the scaling method. Throws
  /// InvalidInput naming the tensor that is missing, of the wrong shape or not finite, or a format version newer than
  /// this library's; then the classifier is unchanged.
  void load_state_dict(const StateDict& state);

  /// state_dict() as one .safetensors file, written whole or not at all (see write_safetensors). Throws WriteError.
  void save(const std::string& path) const;

  /// The classifier of such a file; `options` stand in for what its metadata do not tell. Throws ReadError for anything
  /// wrong with the file or its state.
  [[nodiscard]] static KDEClassifier load(const std::string& path, const KDEClassifierOptions& options = {});

 private:
  friend class Scorer;
  KDEClassifierOptions options_;
  std::shared_ptr<const model::Model> model_;
  int threads_ = 0;
  bool pruning_ = true;
};

}  // namespace kernad
