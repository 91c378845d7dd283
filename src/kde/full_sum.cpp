#include "kde/full_sum.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

namespace kernad::kde {
namespace {

using kernels::kTileRows;

// The largest exponent over a few references, the probe, shows which shift a query needs: with that one at 2^-64 the
// whole sum is large enough, and still holds terms 190 powers of two larger. In few dimensions inliers need no probe.
constexpr double kProbeExponent = -64;
constexpr std::size_t kProbeTiles = 8;
constexpr std::size_t kProbeFirstDimension = 48;
/// A query for which the probe's largest term is smaller is far away: few references matter to it, and the probe is a
/// poor guide to the largest term.
constexpr double kFarExponent = -1000;
/// Estimates half the squared distance to the nearest of all references from that to the nearest one of the probe:
/// lengths along the query's direction have a deviation of 1 to 1.7, and the nearest of many is 1.5 deviations beyond
/// the nearest of a few.
double guess_nearest(double probed) { return probed - 3 * std::sqrt(std::max(0.0, probed)); }
/// With fewer panels, too large a share of them would hold references that matter.
constexpr std::size_t kMinRankedPanels = 32;
/// Larger exponents of adaptive kernels lose too much in float32.
constexpr double kMaxAdaptiveExponent = 300;

// From this many multiply-adds on, it pays to wake a sleeping thread: about 100 us of work, twice the time that waking
// takes.
constexpr std::size_t kThreadedWork = std::size_t{1} << 20;
// The same for a spinning thread.
constexpr std::size_t kThreadedWorkSpinning = std::size_t{1} << 18;

/// a + b for partial sums.
kernels::LogSumExp merge(const kernels::LogSumExp& a, const kernels::LogSumExp& b) {
  const double max = std::max(a.max, b.max);
  return {max, a.sum * std::exp(a.max - max) + b.sum * std::exp(b.max - max)};
}

}  // namespace

FullSum::FullSum(const ReferenceSet& references, std::size_t workers)
    : set_(references),
      references_(references.packed),
      panels_(references_.tiles, references_.dimension),
      ranked_(references_.tiles, references_.dimension, kMinRankedPanels),
      selected_(references),
      values_(kPadded * references_.dimension),
      lanes_(workers * kPadded * kTileRows),
      workers_(workers),
      sums_(make_scratch<double>(panels_.chunks() * kFullBlock)),
      maxima_(make_scratch<float>(ranked_.count() * kFullBlock)),
      exact_sums_(make_scratch<kernels::LogSumExp>(panels_.chunks() * kFullBlock)) {
  runs_.reserve(kFullBlock);
}

void FullSum::score(const kernels::KernelTable& kernels, const double* queries, std::size_t stride, std::size_t rows,
                    double* out, parallel::Pool* pool) {
  assert(rows <= kFullBlock);
  const Block block{kernels, queries, stride, rows, out, pool};
  const auto each_form = [&](Step step, auto&& work) {
    for (const Form form : {Form::expanded, Form::difference, Form::adaptive}) {
      if (select(block, step, form)) work(form);
    }
  };
  begin(block);
  each_form(Step::probe, [&](Form form) { probe(block, form); });
  each_form(Step::sum, [&](Form form) { sum_group(block, form); });
  each_form(Step::select, [&](Form form) { select_group(block, form); });
  each_form(Step::sum, [&](Form form) { sum_group(block, form); });  // near too many to select a few
  if (select_unfinished(block)) sum_exactly(block);
}

void FullSum::begin(const Block& block) {
  const std::size_t dimension = references_.dimension;
  for (std::size_t q = 0; q < block.rows; ++q) {
    const double square = squared_length(block.query(q), dimension);
    if (!selected_.can_rank(square)) {
      queries_[q] = {square, 0, Form::exact, Step::sum_exactly};
    } else if (is_adaptive()) {
      queries_[q] = {square, 0, Form::adaptive, Step::probe};
    } else if (dimension < kProbeFirstDimension && square <= expanded_limit(dimension)) {
      queries_[q] = {square, kFixedShift, form_for(square, dimension), Step::sum};
    } else {
      queries_[q] = {square, kFixedShift, Form::expanded, Step::probe};
    }
  }
}

/// Makes the queries that need this step in this form the group. False when there are none.
bool FullSum::select(const Block& block, Step step, Form form) {
  group_size_ = 0;
  for (std::size_t q = 0; q < block.rows; ++q) {
    if (queries_[q].step == step && queries_[q].form == form) group_[group_size_++] = static_cast<std::uint8_t>(q);
  }
  return group_size_ != 0;
}

/// Makes the queries that have no result yet the group.
bool FullSum::select_unfinished(const Block& block) {
  group_size_ = 0;
  for (std::size_t q = 0; q < block.rows; ++q) {
    if (queries_[q].step != Step::none) group_[group_size_++] = static_cast<std::uint8_t>(q);
  }
  return group_size_ != 0;
}

/// In fewer columns, a matrix unit gains nothing: exponentials take most of the time.
bool FullSum::on_matrix_unit(const kernels::KernelTable& kernels, Form form) const {
  constexpr std::size_t kMinDimension = 32;
  return kernels.matrix != nullptr && form == Form::expanded && references_.dimension >= kMinDimension;
}

/// Lays out the group's queries in runs of the kernels' width, and the rest one by one or, if there are three or more,
/// in a padded run. Without its shift, an expanded exponent lacks the part that depends on the query alone.
void FullSum::pack_group(const Block& block, Form form, bool shifted) {
  const std::size_t dimension = references_.dimension;
  const double scale = coordinate_scale(form);
  const bool matrix = on_matrix_unit(block.kernels, form);
  runs_.clear();
  for (std::size_t first = 0; first < group_size_;) {
    const std::size_t left = group_size_ - first;
    const std::size_t width = matrix ? std::min(left, kernels::kMaxMatrixWidth) : run_width(block.kernels, left);
    const std::size_t row_stride = matrix ? dimension : 1;
    const std::size_t column_stride = matrix ? 1 : width;
    for (std::size_t i = 0; i < width; ++i) {
      float* values = values_.data() + first * dimension + i * row_stride;
      bias_[first + i] = kernels::kPadding;
      for (std::size_t d = 0; d < dimension; ++d) values[d * column_stride] = 0;
      if (i >= left) continue;
      const std::size_t q = group_[first + i];
      const double* query = block.query(q);
      for (std::size_t d = 0; d < dimension; ++d) values[d * column_stride] = static_cast<float>(scale * query[d]);
      const Bias bias = shifted ? query_bias(form, queries_[q].shift, queries_[q].square) : Bias{};
      bias_[first + i] = bias.value;
      lost_[first + i] = bias.lost;
    }
    runs_.push_back({first, width});
    first += width;
  }
  if (matrix) split_group(block);
}

/// Splits the packed group for the matrix unit.
void FullSum::split_group(const Block& block) {
  const std::size_t size = kernels::split_group_size(references_.dimension);
  constexpr std::size_t kRuns = (kFullBlock + kernels::kMaxMatrixWidth - 1) / kernels::kMaxMatrixWidth;
  if (split_queries_.empty()) {
    split_queries_.resize(kRuns * size);
    const std::size_t panel = std::max(panels_.tiles_a_panel(), ranked_.tiles_a_panel());
    split_tiles_.resize(workers_ * panel * kernels::split_tile_size(references_.dimension));
  }
  for (std::size_t r = 0; r < runs_.size(); ++r) {
    block.kernels.matrix->split_queries(values_.data() + runs_[r].first * references_.dimension, runs_[r].width,
                                        references_.dimension, split_queries_.data() + r * size);
  }
}

void FullSum::for_each_chunk(parallel::Pool* pool, parallel::Task task) const {
  const std::size_t work = group_size_ * references_.tiles * kTileRows * references_.dimension;
  const std::size_t chunks = panels_.chunks();
  const bool sharable = pool != nullptr && chunks > 1;
  if (sharable && (work >= kThreadedWork || (work >= kThreadedWorkSpinning && pool->has_spinning_worker(chunks)))) {
    pool->run(chunks, task);
  } else {
    for (std::size_t chunk = 0; chunk < chunks; ++chunk) task(chunk, 0);
  }
}

/// Evaluates the group over some tiles: sums are added to the worker's lanes, 16 per query; in any other step, the
/// largest exponent of each query is written there.
void FullSum::pass_runs(const kernels::KernelTable& kernels, Form form, Step step, std::size_t first, std::size_t count,
                        std::size_t worker) {
  const std::size_t lanes_a_query = step == Step::sum ? kTileRows : 1;
  const kernels::FusedTiles tiles = fused_tiles(set_, form, first, count);
  float* lanes = lanes_of(worker);
  if (on_matrix_unit(kernels, form)) {
    std::array<kernels::MatrixQueries, kFullBlock / kernels::kMaxMatrixWidth> groups{};
    const std::size_t size = kernels::split_group_size(references_.dimension);
    for (std::size_t r = 0; r < runs_.size(); ++r) {
      const auto& [run, width] = runs_[r];
      groups[r] = {split_queries_.data() + r * size, bias_.data() + run, lanes + run * lanes_a_query, width};
    }
    const auto pass = step == Step::sum ? kernels.matrix->sum : kernels.matrix->max;
    pass(groups.data(), runs_.size(), tiles, split_tiles_.data() + worker * (split_tiles_.size() / workers_));
    return;
  }
  const auto& fused = fused_kernels(kernels, form);
  const auto pass = step == Step::sum ? fused.sum : fused.max;
  for (const auto& [run, width] : runs_) {
    pass({values_.data() + run * references_.dimension, bias_.data() + run, lanes + run * lanes_a_query, width}, tiles);
  }
}

/// The group's shifts, and what to do next.
void FullSum::probe(const Block& block, Form form) {
  pack_group(block, form, false);
  std::array<float, kFullBlock> largest{};
  const std::size_t probes = std::min(kProbeTiles, references_.tiles);
  for (std::size_t p = 0; p < probes; ++p) {
    pass_runs(block.kernels, form, Step::probe, p * references_.tiles / probes, 1, 0);
    for (std::size_t i = 0; i < group_size_; ++i) largest[i] = p == 0 ? lanes_[i] : std::max(largest[i], lanes_[i]);
  }
  for (std::size_t i = 0; i < group_size_; ++i) {
    Query& query = queries_[group_[i]];
    const double exponent = static_cast<double>(largest[i]) + own_exponent(form, query.square);
    query.shift = kProbeExponent - exponent;
    if (form == Form::adaptive) {
      const bool near = set_.adaptive_kernels.max_bias - exponent <= kMaxAdaptiveExponent;
      query.step = near ? Step::sum : Step::select;
      continue;
    }
    query.shift = std::max(query.shift, kFixedShift);
    const Form near_form = form_for(query.square, references_.dimension);
    const bool near = near_form == Form::expanded || (near_form == Form::difference && exponent >= kFarExponent);
    query.step = near ? Step::sum : Step::select;
    if (near) query.form = expands(query.square, guess_nearest(-exponent * std::numbers::ln2)) ? form : near_form;
  }
}

/// Whether expanded distances are accurate for a query when half the squared distance to its nearest reference is
/// `nearest` or more.
bool FullSum::expands(double square, double nearest) const {
  return form_for(square, references_.dimension) == Form::expanded ||
         expanded_is_right(square, references_.max_length, nearest, references_.dimension);
}

/// log of the sum of each of the group's queries into out[query] where float32 could hold it.
void FullSum::sum_group(const Block& block, Form form) {
  pack_group(block, form, true);
  for_each_chunk(block.pool, [&](std::size_t chunk, std::size_t worker) { sum_chunk(block, form, chunk, worker); });
  for (std::size_t i = 0; i < group_size_; ++i) {
    Query& query = queries_[group_[i]];
    double sum = 0;
    for (std::size_t chunk = 0; chunk < panels_.chunks(); ++chunk) sum += sums_[chunk * kFullBlock + i];
    if (!(sum < kLargestSum && sum >= kSmallestSum)) {
      query.step = Step::select;
      if (form == Form::difference) query.form = Form::expanded;
      continue;
    }
    const double log_sum = std::log(sum) - (query.shift - lost_[i]) * std::numbers::ln2;
    if (form == Form::expanded && !expands(query.square, -log_sum)) {
      query.form = Form::difference;
      continue;
    }
    block.out[group_[i]] = log_sum;
    query.step = Step::none;
  }
}

void FullSum::sum_chunk(const Block& block, Form form, std::size_t chunk, std::size_t worker) {
  float* lanes = lanes_of(worker);
  std::fill_n(lanes, (runs_.back().first + runs_.back().width) * kTileRows, 0.0F);
  panels_.for_each(chunk, [&](std::size_t /*panel*/, std::size_t first, std::size_t count) {
    pass_runs(block.kernels, form, Step::sum, first, count, worker);
  });
  for (std::size_t i = 0; i < group_size_; ++i) {
    double total = 0;
    for (std::size_t lane = 0; lane < kTileRows; ++lane) total += static_cast<double>(lanes[i * kTileRows + lane]);
    sums_[chunk * kFullBlock + i] = total;
  }
}

/// log of the sum of each of the group's queries into out[query] where few references matter; else sets the shift that
/// the query needs.
void FullSum::select_group(const Block& block, Form form) {
  pack_group(block, form, false);
  for_each_chunk(block.pool,
                 [&](std::size_t chunk, std::size_t worker) { find_chunk_maxima(block, form, chunk, worker); });
  for (std::size_t i = 0; i < group_size_; ++i) {
    Query& query = queries_[group_[i]];
    const auto max = selected_.score(block.kernels, ranked_, {block.query(group_[i]), query.square, form},
                                     maxima_.get() + i, kFullBlock, block.out[group_[i]]);
    query.step = Step::none;
    if (!max) continue;
    query.shift = kFixedShift - *max;
    query.form = form == Form::adaptive ? form : form_for(query.square, references_.dimension);
    const bool fits = query.form != Form::exact && query.shift < kLargestShift &&
                      (form != Form::adaptive || set_.adaptive_kernels.max_bias - *max <= kMaxAdaptiveExponent);
    query.step = fits ? Step::sum : Step::sum_exactly;
  }
}

void FullSum::find_chunk_maxima(const Block& block, Form form, std::size_t chunk, std::size_t worker) {
  ranked_.for_each(chunk, [&](std::size_t panel, std::size_t first, std::size_t count) {
    pass_runs(block.kernels, form, Step::select, first, count, worker);
    std::copy_n(lanes_of(worker), group_size_, maxima_.get() + panel * kFullBlock);
  });
}

/// log of the sum of the group's queries, in double, into out[query].
void FullSum::sum_exactly(const Block& block) {
  for_each_chunk(block.pool, [&](std::size_t chunk, std::size_t /*worker*/) { sum_chunk_exactly(block, chunk); });
  for (std::size_t i = 0; i < group_size_; ++i) {
    kernels::LogSumExp sum = exact_sums_[i];
    for (std::size_t s = 1; s < panels_.chunks(); ++s) sum = merge(sum, exact_sums_[s * kFullBlock + i]);
    block.out[group_[i]] = sum.max + std::log(sum.sum);
  }
}

double FullSum::exactly(const kernels::KernelTable& kernels, const double* query) const {
  constexpr std::size_t kPanel = kernels::kExactPanelTiles;
  auto sum = sum_tiles_exactly(kernels, 0, std::min(kPanel, references_.tiles), query);
  for (std::size_t t = kPanel; t < references_.tiles; t += kPanel) {
    sum = merge(sum, sum_tiles_exactly(kernels, t, std::min(kPanel, references_.tiles - t), query));
  }
  return sum.max + std::log(sum.sum);
}

kernels::LogSumExp FullSum::sum_tiles_exactly(const kernels::KernelTable& kernels, std::size_t first, std::size_t count,
                                              const double* query) const {
  const std::size_t slot = first * kTileRows;
  const float* tiles = references_.tile(first);
  if (is_adaptive()) {
    return kernels.log_sum_adaptive(query, tiles, set_.adaptive_kernels.scale.data() + slot,
                                    set_.adaptive_kernels.bias.data() + slot, count, references_.dimension);
  }
  return kernels.log_sum_exact(query, tiles, references_.difference_bias.data() + slot, count, references_.dimension);
}

void FullSum::sum_chunk_exactly(const Block& block, std::size_t chunk) {
  constexpr std::size_t kPanel = kernels::kExactPanelTiles;
  const std::size_t begin = chunk * kChunkTiles;
  const std::size_t end = std::min(references_.tiles, begin + kChunkTiles);
  kernels::LogSumExp* sums = exact_sums_.get() + chunk * kFullBlock;
  // Panels outside, queries inside: a panel stays in the cache for the whole group.
  for (std::size_t t = begin; t < end; t += kPanel) {
    for (std::size_t i = 0; i < group_size_; ++i) {
      const auto partial = sum_tiles_exactly(block.kernels, t, std::min(kPanel, end - t), block.query(group_[i]));
      sums[i] = t == begin ? partial : merge(sums[i], partial);
    }
  }
}

}  // namespace kernad::kde
