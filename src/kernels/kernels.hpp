// The hot loops, compiled once per instruction set and chosen at run time. They take pointers only: behind this table
// there are no containers, threads, allocations or exceptions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kernad::kernels {

/// A partial sum of exponentials, sum * exp(max): the one currency in which partial results are merged.
struct LogSumExp {
  double max;
  double sum;
};

/// The most tiles in one partial sum of log_sum_exact, which bounds its scratch memory on the stack.
inline constexpr std::size_t kExactPanelTiles = 32;

/// A call of log_sum_scales takes at most kScalesPanel squared distances, in multiples of kScalesMultiple.
inline constexpr std::size_t kScalesPanel = 1024;
inline constexpr std::size_t kScalesMultiple = 16;

/// A group of float32 queries that are compared with the references together, and their running sums. Stored dimension
/// by dimension, `width` queries side by side; width is the table's fused_width or 1.
struct FusedQueries {
  const float* values;  ///< dimension x width: the queries, times log2(e) if expanded
  const float* bias;    ///< width: added to every exponent, in units of log2
  float* lanes;  ///< width x 16, aligned: lane j belongs to references j, j + 16, j + 32 ...; FusedKernels says what
                 ///< is written there
  std::size_t width;
};

/// Consecutive tiles of packed references for sum_fused.
struct FusedTiles {
  const float* values;  ///< tiles as in PackedReferences
  const float* bias;    ///< 16 per tile: added to a reference's exponents, in units of log2; kPadding in an empty slot
  const float* scale;   ///< 16 per tile: factor of |q - r|^2 where each reference has its own; otherwise not read
  std::size_t count;
  std::size_t dimension;
};

/// Regions in packs of 16, stored dimension by dimension, 16 regions side by side. A region is the intersection of a
/// box and a ball; an empty one has low > high.
struct Regions {
  const float* low;
  const float* high;
  const float* centre;
  const float* radius;  ///< 16 per pack
  std::size_t count;    ///< packs
  std::size_t dimension;
};

inline constexpr std::size_t kMaxFusedWidth = 8;

inline constexpr std::size_t kMaxScatterColumns = 24;

/// fold_crc32 takes bytes in multiples of this.
inline constexpr std::size_t kCrcMultiple = 64;

/// The bias of empty slots, and of queries that pad a group: their exponentials vanish.
inline constexpr float kPadding = -1e38F;

/// The largest exponent that the fused sums still recognise as too large.
inline constexpr float kMaxExponent = 0x1p30F;

/// The bias of an empty slot in log_sum_adaptive.
inline constexpr double kNoReference = -1e299;

/// Loops over every pair of some queries and tiles, in float32. A query's result does not depend on the other queries
/// of its group.
struct FusedKernels {
  /// Adds 2^exponent to the queries' lanes. An exponent below -126 adds at most 2^-126; one above 127, up to
  /// kMaxExponent, makes the sum at least 2^126.
  void (*sum)(const FusedQueries& queries, const FusedTiles& tiles);
  /// Writes each query's largest exponent to `lanes`, one value per query.
  void (*max)(const FusedQueries& queries, const FusedTiles& tiles);
  /// For one query (width 1): writes every exponent to `lanes`, 16 per tile.
  void (*exponents)(const FusedQueries& query, const FusedTiles& tiles);
};

/// Columns that a matrix unit takes at once, values in one of its registers, and the most queries of a group.
inline constexpr std::size_t kSplitColumns = 32;
inline constexpr std::size_t kSplitTile = 512;
inline constexpr std::size_t kMaxMatrixWidth = 32;
/// Sizes, in values: of what split_queries writes for a group of queries, and of a tile in the scratch memory.
[[nodiscard]] constexpr std::size_t split_tile_size(std::size_t dimension) {
  return 3 * kSplitTile * ((dimension + kSplitColumns - 1) / kSplitColumns);
}
[[nodiscard]] constexpr std::size_t split_group_size(std::size_t dimension) { return 2 * split_tile_size(dimension); }

/// Up to kMaxMatrixWidth queries that are compared with the references together; otherwise as FusedQueries.
struct MatrixQueries {
  const std::uint16_t* split;  ///< from split_queries
  const float* bias;
  float* lanes;
  std::size_t width;
};

/// The expanded form of FusedKernels for several groups of queries at once on a matrix unit, which wants its operands
/// split into numbers of fewer bits. scratch: split_tile_size for each tile, aligned.
struct MatrixKernels {
  /// rows: width x dimension, the queries times log2(e). out: split_group_size, aligned.
  void (*split_queries)(const float* rows, std::size_t width, std::size_t dimension, std::uint16_t* out);
  void (*sum)(const MatrixQueries* groups, std::size_t count, const FusedTiles& tiles, std::uint16_t* scratch);
  void (*max)(const MatrixQueries* groups, std::size_t count, const FusedTiles& tiles, std::uint16_t* scratch);
};

struct KernelTable {
  /// The instruction set that it is compiled for: "avx512", "avx2", "sse4", "neon" or "portable".
  const char* target;

  /// out[i] = (x[i] - mean) A for `rows` rows; see Projection for the layout of mean and panels. x: rows x inputs,
  /// out: rows x padded_outputs, scratch: kProjectScratchRows x inputs. Each output is one chain of fused multiply-adds
  /// in the order of the inputs, so a row's result does not depend on the other rows.
  void (*project_f32)(const float* x, std::size_t row_stride, std::size_t rows, const double* mean,
                      const double* panels, std::size_t inputs, std::size_t outputs, double* out, double* scratch);
  void (*project_f64)(const double* x, std::size_t row_stride, std::size_t rows, const double* mean,
                      const double* panels, std::size_t inputs, std::size_t outputs, double* out, double* scratch);

  /// out (scatter_columns squared doubles, rows out_stride apart) += left^T right for two panels of rows x
  /// scatter_columns doubles each, aligned. Of out, only the first `columns` columns (at least 1) are needed, and of
  /// those, if `upper`, only the diagonal and what is right of it; others may or may not be added to.
  void (*scatter_panels)(const double* left, const double* right, std::size_t rows, double* out, std::size_t out_stride,
                         std::size_t columns, bool upper);

  /// The sum of exp(-|q - r|^2 / 2) over `count` tiles, each reference weighted by its count. Distances come from
  /// differences in double, which is right for any finite query. count is at most kExactPanelTiles; at least one slot
  /// holds a reference. query:
  /// dimension doubles; bias: the tiles' difference_bias.
  LogSumExp (*log_sum_exact)(const double* query, const float* tiles, const float* bias, std::size_t count,
                             std::size_t dimension);
  /// Likewise the sum of 2^(bias - scale |q - r|^2), where every reference has a scale (>= 0, finite) and a bias of its
  /// own, 16 per tile, aligned; kNoReference is the bias of an empty slot.
  LogSumExp (*log_sum_adaptive)(const double* query, const float* tiles, const double* scale, const double* bias,
                                std::size_t count, std::size_t dimension);

  std::size_t fused_width;  ///< queries in a full group: as many as the registers hold, at most kMaxFusedWidth
  /// One per form of the exponent: query bias + tile bias + q . r (expanded), or query bias + tile bias - scale |q -
  /// r|^2, where the scale is log2(e) / 2 (difference) or each reference's own (adaptive).
  FusedKernels expanded;
  FusedKernels difference;
  FusedKernels adaptive;

  /// Upper bounds, in units of log2, of the kernel between one query (dimension floats) and any point of each of
  /// regions.count x 16 regions: -log2(e) / 2 times the squared distance. out: regions.count x 16, aligned.
  void (*region_bounds)(const float* query, const Regions& regions, float* out);

  /// out[s] for each of scale_count scales: the sum of 2^bias[i] exp(-scales[s] squares[i]) over i < count, which is a
  /// multiple of kScalesMultiple up to kScalesPanel. squares (>= 0, finite) and bias: aligned. Relative error of a sum
  /// below 1e-5 for |bias| up to 100.
  void (*log_sum_scales)(const double* squares, const float* bias, std::size_t count, const double* scales,
                         std::size_t scale_count, LogSumExp* out);

  std::size_t scatter_columns;  ///< columns of a panel of scatter_panels, at most kMaxScatterColumns

  /// For each of `cols` columns of `count` rows, in order: adds row - origin to sum, and widens low and high to include
  /// the row.
  void (*add_row_moments_f32)(const float* const* rows, std::size_t count, const float* origin, std::size_t cols,
                              double* sum, double* low, double* high);
  void (*add_row_moments_f64)(const double* const* rows, std::size_t count, const double* origin, std::size_t cols,
                              double* sum, double* low, double* high);

  /// For each of `cols` columns of `count` rows: adds the first to fourth powers of row - origin to sums (4 x cols),
  /// and widens low and high to include the differences.
  void (*add_row_powers)(const float* const* rows, std::size_t count, const double* origin, std::size_t cols,
                         double* sums, double* low, double* high);

  /// The sums over `cols` columns of row times direction, and of (row - centre)^2: the bits of linalg::sum_of.
  double (*dot)(const float* row, const double* direction, std::size_t cols);
  double (*squared_distance)(const float* row, const double* centre, std::size_t cols);

  /// row - mean, scatter_columns to a panel; panels are panel_size doubles apart, the last one padded with zeros.
  /// out is the row's slot in the first panel, aligned.
  void (*centre_row_f32)(const float* row, const double* mean, std::size_t cols, double* out, std::size_t panel_size);
  void (*centre_row_f64)(const double* row, const double* mean, std::size_t cols, double* out, std::size_t panel_size);

  /// Replaces `count` bytes of a message, a multiple of kCrcMultiple and not 0, by the 16 at `out`, whose remainder in
  /// CRC-32 (0xedb88320, reflected) from 0 on is theirs from `rest` on. Null for targets without carry-less
  /// multiplication.
  void (*fold_crc32)(const std::byte* data, std::size_t count, std::uint32_t rest, std::byte* out);

  const MatrixKernels* matrix;  ///< sums over many queries on a matrix unit; null for targets without one
};

/// The table that this process uses: the one named by KERNAD_TARGET if that is set, otherwise the best that this CPU
/// can run. Chosen once. Throws InvalidParameter if KERNAD_TARGET names a target that is not compiled in or that the
/// CPU cannot run.
[[nodiscard]] const KernelTable& active();

/// Names of the tables that this CPU can run, best first.
[[nodiscard]] std::vector<std::string> available_targets();

/// The table of that name. Throws InvalidParameter listing available_targets() otherwise.
[[nodiscard]] const KernelTable& for_target(std::string_view name);

}  // namespace kernad::kernels
