// The C interface, for C and for every language that can call C: fit or load a model, score rows, ask why. What the
// words mean is in docs/c.md, a whole program in examples/c.

/// \file
/// The C interface, C99 and later. It holds for all of it:
///
/// - A function that can fail returns a kernad_status. KERNAD_OK is 0; anything else is one of the codes below, and
///   kernad_last_error() says in a sentence what was wrong and what would be valid. Nothing is printed, nothing aborts.
/// - What a function makes comes back through its last argument, `out`, belongs to the caller, and is given back by
///   the function whose name ends in _free. Where it fails, *out is NULL. Freeing NULL is fine.
/// - Arrays that results go to are the caller's. A call that fails writes nothing to them.
/// - Texts that kernad returns end with a zero byte and belong to kernad; each function says how long they are valid.
/// Texts
///   that it is given are copied.
/// - A pointer is NULL only where that is said to be allowed; otherwise it is KERNAD_INVALID_PARAMETER.
/// - Threads: functions that take an object as const may be called on it from several threads at once; one that
///   changes or frees it must be alone with it. Different objects are independent.
#ifndef KERNAD_KERNAD_H
#define KERNAD_KERNAD_H

// NOLINTBEGIN(modernize-deprecated-headers, modernize-use-using): C
#include <stddef.h>
#include <stdint.h>

/// \cond
#if defined(KERNAD_STATIC)
#define KERNAD_C_API
#elif defined(_WIN32)
#if defined(KERNAD_BUILDING)
#define KERNAD_C_API __declspec(dllexport)
#else
#define KERNAD_C_API __declspec(dllimport)
#endif
#else
#define KERNAD_C_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif
/// \endcond

/* ---- errors ---- */

/// How a call ended. The numbers do not change from version to version; new ones may come. 1 to 6 are those of
/// kernad::ErrorCode in C++.
typedef enum kernad_status {
  KERNAD_OK = 0,                 ///< success
  KERNAD_INVALID_INPUT = 1,      ///< the data are wrong: no rows, NaN, infinite, the wrong number of columns, all alike
  KERNAD_INVALID_PARAMETER = 2,  ///< an argument is outside its range, NULL, or a text that is not one of those known
  KERNAD_NOT_FITTED = 3,         ///< something was asked for that needs a calibration or a threshold
  KERNAD_READ_ERROR = 4,         ///< a file or bytes cannot be read, or are not what they claim to be
  KERNAD_WRITE_ERROR = 5,        ///< a file cannot be written; what stood there before is still whole
  KERNAD_INTERNAL = 6,           ///< a fault of kernad, or of a library that it calls
  KERNAD_OUT_OF_MEMORY = 7,      ///< there is not enough memory
  KERNAD_STOPPED = 8             ///< the caller's kernad_progress asked to stop
} kernad_status;

/// "ok", "invalid_input", "invalid_parameter", ... and "unknown" for any other number. Valid forever.
KERNAD_C_API const char* kernad_status_name(kernad_status status);

/// What was wrong with the calling thread's last call that returned a kernad_status; "" where it was KERNAD_OK. Never
/// NULL. Valid until this thread's next such call.
KERNAD_C_API const char* kernad_last_error(void);

/// The version of the library, "MAJOR.MINOR.PATCH". Valid forever.
KERNAD_C_API const char* kernad_version(void);

/* ---- rows ---- */

/// Rows of numbers in the caller's memory: row i starts at data + i * row_stride. They are read during the call alone
/// and not changed. Made as (kernad_rows){data, rows, columns, columns}.
typedef struct kernad_rows {
  const float* data;  ///< the first value of row 0; may be NULL where there are no rows
  size_t rows;        ///< number of rows, N
  size_t columns;     ///< values in a row, D
  size_t row_stride;  ///< values from the start of a row to that of the next, at least `columns`
} kernad_rows;

/// Called after each part of a long call with the number of parts done and of all, in the thread of that call, with the
/// pointer `user` that was given with the function. Anything but 0 stops the call, which then returns KERNAD_STOPPED
/// and changes nothing. It must return: no exception and no longjmp may leave it.
typedef int (*kernad_progress)(size_t done, size_t total, void* user);

/* ---- options ---- */

/// What a fit is told, by names and texts. Threads: the rule at the top.
typedef struct kernad_options kernad_options;

/// Makes options that are all at their defaults.
KERNAD_C_API kernad_status kernad_options_create(kernad_options** out);

/// NULL is allowed.
KERNAD_C_API void kernad_options_free(kernad_options* options);

/// Sets one option; the others stay. Names and values are those of Python and of model files (docs/estimation.md):
/// "auto", "true" is recommended; "n_pca_components", "standardize", "bandwidth", "covariance", "local_alpha",
/// "feature_scaling_method", "all_rows"; "max_training_points", "seed". KERNAD_INVALID_PARAMETER, with what is valid,
/// for another name or value.
KERNAD_C_API kernad_status kernad_options_set(kernad_options* options, const char* name, const char* value);

/// The value of an option as kernad_options_set takes it. Valid until the options are set or freed.
KERNAD_C_API kernad_status kernad_options_get(const kernad_options* options, const char* name, const char** out);

/// Threads that the fit, and then the model, may use; 0, the default: as many as the environment's KERNAD_NUM_THREADS
/// says, else as the machine has. No result depends on it. KERNAD_INVALID_PARAMETER outside 0 to 1024.
KERNAD_C_API kernad_status kernad_options_set_threads(kernad_options* options, int threads);

/* ---- model ---- */

/// A fitted model: the density of normal rows, and how a row is judged by it. Scoring and asking may run in several
/// threads at once; kernad_model_calibrate, kernad_model_calibrate_from, the functions called kernad_model_set_... and
/// kernad_model_free must be alone with the model.
typedef struct kernad_model kernad_model;

/// Learns the density of normal rows. options: NULL for the defaults. progress: NULL for none. Takes a few passes over
/// the rows, and memory beyond them for O(D^2 + N k) numbers, with k components. KERNAD_INVALID_INPUT for fewer rows
/// than components, NaN or infinity (with row and column), or rows that are all alike; KERNAD_INVALID_PARAMETER for
/// options that contradict one another.
KERNAD_C_API kernad_status kernad_model_fit(const kernad_options* options, kernad_rows rows, kernad_progress progress,
                                            void* user, kernad_model** out);

/// The same of rows that count as often as their weights say: one per row, or NULL for once each. A weight of 3 is
/// three equal rows, to the bit; fractions weigh the sums (docs/estimation.md). KERNAD_INVALID_INPUT for a weight that
/// is negative or not finite (with its row); KERNAD_INVALID_PARAMETER for fractions with options that need repeated
/// rows.
KERNAD_C_API kernad_status kernad_model_fit_weighted(const kernad_options* options, kernad_rows rows,
                                                     const double* weights, kernad_progress progress, void* user,
                                                     kernad_model** out);

/// Reads a model file: one of kernad's, or a checkpoint of the reference as .safetensors (docs/formats.md). It may come
/// from a stranger: KERNAD_READ_ERROR, with the place, for anything that is wrong with it.
KERNAD_C_API kernad_status kernad_model_load(const char* path, kernad_model** out);

/// The same from the `size` bytes of such a file, which are copied.
KERNAD_C_API kernad_status kernad_model_load_bytes(const void* data, size_t size, kernad_model** out);

/// Writes a model file, whole or not at all, over one that may be there. KERNAD_WRITE_ERROR otherwise.
KERNAD_C_API kernad_status kernad_model_save(const kernad_model* model, const char* path);

/// The bytes of such a file. Threads: the rule at the top.
typedef struct kernad_bytes kernad_bytes;

/// Writes the model into memory.
KERNAD_C_API kernad_status kernad_model_save_bytes(const kernad_model* model, kernad_bytes** out);

/// Where the bytes begin; valid until they are freed. NULL of NULL.
KERNAD_C_API const void* kernad_bytes_data(const kernad_bytes* bytes);

/// How many there are. 0 of NULL.
KERNAD_C_API size_t kernad_bytes_size(const kernad_bytes* bytes);

/// NULL is allowed.
KERNAD_C_API void kernad_bytes_free(kernad_bytes* bytes);

/// NULL is allowed. A scorer, options or an explanation made of the model lives on.
KERNAD_C_API void kernad_model_free(kernad_model* model);

/// Threads that a call may use, as in kernad_options_set_threads.
KERNAD_C_API kernad_status kernad_model_set_threads(kernad_model* model, int threads);

/// Into log_densities[i] the natural log of the density at row i, in nats, finite: `rows.rows` values.
/// KERNAD_INVALID_INPUT for another number of columns than in the fit, NaN or infinity (with row and column).
KERNAD_C_API kernad_status kernad_model_score(const kernad_model* model, kernad_rows rows, double* log_densities);

/// Scores once and judges: one value a row into each array, or NULL for what is not wanted.
/// - log_densities: as kernad_model_score.
/// - probabilities: anomaly probability in [0, 1], higher is more anomalous.
/// - p_values: among normal rows, in (0, 1], small is anomalous; KERNAD_NOT_FITTED without a calibration.
/// - labels: 1 for anomalous, log-density at most the threshold, else 0; KERNAD_NOT_FITTED without a threshold.
///
/// Otherwise fails as kernad_model_score does.
KERNAD_C_API kernad_status kernad_model_predict(const kernad_model* model, kernad_rows rows, double* log_densities,
                                                double* probabilities, double* p_values, uint8_t* labels);

/* ---- calibration ---- */

/// Calibrates by the rows of the fit: those of each of `folds` parts (at least 2; 10 is usual) are scored by a model
/// fitted on the others, which costs about `folds` fits. progress: NULL for none. The model stays as it was where this
/// fails: KERNAD_INVALID_INPUT for rows of another shape than in the fit, KERNAD_INVALID_PARAMETER for fewer than 2
/// folds, or where a target rate set before can no longer be promised. What is promised: docs/calibration.md.
KERNAD_C_API kernad_status kernad_model_calibrate(kernad_model* model, kernad_rows rows, size_t folds,
                                                  kernad_progress progress, void* user);

/// The same by the rows and weights of kernad_model_fit_weighted. KERNAD_INVALID_PARAMETER for fractions.
KERNAD_C_API kernad_status kernad_model_calibrate_weighted(kernad_model* model, kernad_rows rows, const double* weights,
                                                           size_t folds, kernad_progress progress, void* user);

/// Calibrates by normal rows that the model was not fitted on. KERNAD_INVALID_INPUT as in kernad_model_score, and for
/// no rows; KERNAD_INVALID_PARAMETER as in kernad_model_calibrate.
KERNAD_C_API kernad_status kernad_model_calibrate_from(kernad_model* model, kernad_rows rows);

/// The threshold by which at most the share `fpr` of new normal rows is called anomalous, on average over fits.
/// KERNAD_NOT_FITTED without a calibration; KERNAD_INVALID_PARAMETER outside (0, 1), and for less than the calibration
/// can promise (figure "smallest_fpr").
KERNAD_C_API kernad_status kernad_model_set_target_fpr(kernad_model* model, double fpr);

/// The threshold is this log-density, which must be finite.
KERNAD_C_API kernad_status kernad_model_set_threshold(kernad_model* model, double log_density);

/* ---- about a model ---- */

/// Columns that rows must have, D. 0 of NULL.
KERNAD_C_API size_t kernad_model_columns(const kernad_model* model);

/// One figure by its name. Of the fit: "rows_seen", "rows_used" (N, after sampling), "columns" (D), "rank",
/// "components" (k), "kde_rank", "explained_variance", "bandwidth_factor", "max_length", "shrinkage",
/// "loo_log_likelihood" (NaN unless the bandwidth is loo), as in fit_report.hpp. Of the calibration, else
/// KERNAD_NOT_FITTED: "calibration_rows", "calibration_folds" (0 by other rows), "smallest_fpr". Of the threshold, else
/// KERNAD_NOT_FITTED: "threshold" (a log-density). KERNAD_INVALID_PARAMETER, with those known, for another name.
KERNAD_C_API kernad_status kernad_model_figure(const kernad_model* model, const char* name, double* out);

/// A copy of the options of the fit, with the model's number of threads.
KERNAD_C_API kernad_status kernad_model_options(const kernad_model* model, kernad_options** out);

/// Number of notes on what the fit cut, sampled or assumed. 0 of NULL.
KERNAD_C_API size_t kernad_model_note_count(const kernad_model* model);

/// A note, counted from 0: its code ("rows_sampled", "components_cut", "directions_dropped", "bandwidth_at_limit",
/// "scaling_assumed", "other"; new ones may come) and its sentence. Either may be NULL. Both are valid until the model
/// is changed or freed.
KERNAD_C_API kernad_status kernad_model_note(const kernad_model* model, size_t index, const char** code,
                                             const char** text);

/* ---- why ---- */

/// Why one row has its log-density (docs/explanation.md). Threads: the rule at the top.
typedef struct kernad_explanation kernad_explanation;

/// Explains one row (`row.rows` is 1) by its deviation from the `nearest` training rows, or as many as there are; 5 is
/// usual. Takes O(N k + D k) and a copy of the whitened training rows. Fails as kernad_model_score does.
KERNAD_C_API kernad_status kernad_model_explain(const kernad_model* model, kernad_rows row, size_t nearest,
                                                kernad_explanation** out);

/// NULL is allowed.
KERNAD_C_API void kernad_explanation_free(kernad_explanation* explanation);

/// One figure by its name: "log_density", "probability", "p_value" (of a calibrated model, else KERNAD_NOT_FITTED),
/// "decided_by" (with "auto" 1 or 2, else 0), "deviation" (in bandwidths), "residual_share" (in [0, 1], of what the
/// model does not see), "residual_decides" (1 where that gives a calibrated model's log-density and is in the shares of
/// columns, else 0). KERNAD_INVALID_PARAMETER, with those known, for another name.
KERNAD_C_API kernad_status kernad_explanation_figure(const kernad_explanation* explanation, const char* name,
                                                     double* out);

/// D values, valid until the explanation is freed: each column's share of the squared deviation. They add up to 1
/// and may be negative, or are all 0 where the deviation is. NULL of NULL.
KERNAD_C_API const double* kernad_explanation_shares(const kernad_explanation* explanation);

/// The same for what each column would be without the deviation, in the unit of the rows.
KERNAD_C_API const double* kernad_explanation_expected(const kernad_explanation* explanation);

/// Number of neighbours: nearest training rows. 0 of NULL.
KERNAD_C_API size_t kernad_explanation_neighbour_count(const kernad_explanation* explanation);

/// One value a neighbour, nearest first, valid until the explanation is freed: its row in the fit, counted from 0
/// (after sampling, in the sample). NULL of NULL.
KERNAD_C_API const size_t* kernad_explanation_neighbour_rows(const kernad_explanation* explanation);

/// The same for its distance, in bandwidths.
KERNAD_C_API const double* kernad_explanation_neighbour_distances(const kernad_explanation* explanation);

/// The same for its share of the density, in [0, 1].
KERNAD_C_API const double* kernad_explanation_neighbour_weights(const kernad_explanation* explanation);

/* ---- row after row ---- */

/// Scores again and again, as a production line does: its threads and memory are there before the row is. One call at a
/// time: give each of your own threads a scorer.
typedef struct kernad_scorer kernad_scorer;

/// Makes a scorer of the model as it is now; what becomes of the model does not matter to it. threads: as in
/// kernad_options_set_threads, the caller's own being one of them.
KERNAD_C_API kernad_status kernad_scorer_create(const kernad_model* model, int threads, kernad_scorer** out);

/// NULL is allowed.
KERNAD_C_API void kernad_scorer_free(kernad_scorer* scorer);

/// As kernad_model_score, to the same bits. Starts no thread and, from the second call of its size on, takes no memory.
KERNAD_C_API kernad_status kernad_scorer_score(kernad_scorer* scorer, kernad_rows rows, double* log_densities);

/// \cond
#ifdef __cplusplus
}
#endif
/// \endcond
// NOLINTEND(modernize-deprecated-headers, modernize-use-using)

#endif
