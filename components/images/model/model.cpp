#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "heatmap/box.hpp"
#include "kernad/system_info.hpp"
#include "model/state.hpp"
#include "patches/prepare.hpp"

namespace kernad::images {
namespace {

/// One of the model's workers, borrowed for a call.
class Borrowed {
 public:
  explicit Borrowed(ImageModel::State& state) : state_(state) {
    {
      const std::lock_guard lock(state_.mutex);
      if (!state_.idle.empty()) {
        worker_ = std::move(state_.idle.back());
        state_.idle.pop_back();
      }
    }
    if (!worker_) {
      worker_ = std::make_unique<Worker>(
          Worker{Backbone::Runner(*state_.backbone), ConditionalDensity::Scorer(*state_.density)});
    }
  }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  ~Borrowed() {
    const std::lock_guard lock(state_.mutex);
    state_.idle.push_back(std::move(worker_));
  }
  Worker* operator->() const noexcept { return worker_.get(); }
  Worker& operator*() const noexcept { return *worker_; }

 private:
  ImageModel::State& state_;
  std::unique_ptr<Worker> worker_;
};

}  // namespace

int resolve_threads(int threads) {
  if (threads < 0 || threads > 1024) {
    throw InvalidParameter("threads is " + std::to_string(threads) + "; valid: 0 to 1024");
  }
  return threads == 0 ? system_info().threads : threads;
}

namespace {

double mean_of_highest(std::vector<double>& surprisals) {
  const auto count = std::max<std::size_t>((surprisals.size() + 19) / 20, 1);
  const auto end = surprisals.begin() + static_cast<std::ptrdiff_t>(count);
  std::ranges::partial_sort(surprisals, end, std::ranges::greater());
  return std::accumulate(surprisals.begin(), end, 0.0) / static_cast<double>(count);
}

}  // namespace

double image_surprisal(std::span<const double> surprisals, const ImageModel::State& state) {
  const Tiling& tiling = state.tiling;
  const bool tiled = tiling.side != 0;
  const std::vector<std::size_t> start = {0};
  double highest = -std::numeric_limits<double>::infinity();
  std::vector<double> seen;
  for (const std::size_t top : tiled ? tiling.down.begins : start) {
    for (const std::size_t left : tiled ? tiling.across.begins : start) {
      seen.clear();
      for (std::size_t y = top; y < (tiled ? top + tiling.tile : state.grid.rows); ++y) {
        for (std::size_t x = left; x < (tiled ? left + tiling.tile : state.grid.cols); ++x) {
          const std::size_t i = y * state.grid.cols + x;
          if (state.ignored.empty() || !state.ignored[i]) seen.push_back(surprisals[i]);
        }
      }
      if (!seen.empty()) highest = std::max(highest, mean_of_highest(seen));
    }
  }
  return highest;
}

std::vector<bool> ignored_patches(const std::string& mask, Grid grid) {
  const Image image = read_image(mask);
  // At the size of the grid each value is the mean over a patch.
  const std::size_t side = std::max(grid.rows, grid.cols);
  std::vector<float> planes(3 * side * side);
  const std::vector<double> zero(3, 0.0);
  const std::vector<double> one(3, 1.0);
  prepare(image, side, zero, one, planes);
  std::vector<bool> ignored(grid.size());
  for (std::size_t i = 0; i < grid.size(); ++i) {
    const std::size_t y = i / grid.cols * side / grid.rows;
    ignored[i] = planes[y * side + i % grid.cols * side / grid.cols] > 0.5F;
  }
  if (std::ranges::find(ignored, false) == ignored.end()) {
    throw InvalidInput(mask + ": is white everywhere: nothing of an image would be looked at");
  }
  return ignored;
}

void ImageModel::State::make_ready() {
  if (!backbone) backbone = std::make_unique<Backbone>(file, threads);
  density = std::make_unique<ConditionalDensity>(references, grid, kernel, threads);
  report.images = names.size();
  report.grid_rows = grid.rows;
  report.grid_cols = grid.cols;
  report.masked = static_cast<std::size_t>(std::ranges::count(ignored, true));
  report.channels = projection.mean.size();
  report.components = projection.axes.cols();
  report.patches = references.positions.size();
  report.width = kernel.width;
  report.bandwidth = kernel.bandwidth;
  report.backbone = file.name;
  report.backbone_hash = file.hash();
  report.layers = file.layers;
  report.size = file.size;
  report.tile = tiling.side;
  report.tiles = tiling.down.begins.size() * tiling.across.begins.size();
  report.image_width = tiling.image_width;
  report.image_height = tiling.image_height;
}

void ImageModel::save(const std::string& path) const { write_safetensors(path, to_state_dict(*state_)); }

ImageModel ImageModel::load(const std::string& path, int threads) {
  ImageModel model;
  model.state_ = std::make_shared<State>();
  model.state_->threads = resolve_threads(threads);
  from_state_dict(read_safetensors(path), path, *model.state_);
  return model;
}

Verdict ImageModel::judge(ImageView image) const {
  const Borrowed worker(*state_);
  const auto surprisals = worker->scorer.surprisals(projected_patches(worker->runner, *state_, image));
  Verdict verdict;
  verdict.map = Embeddings(state_->grid.rows, state_->grid.cols);
  // Within what float can hold, and sums of it in maps.
  std::ranges::transform(surprisals, verdict.map.data(),
                         [](double value) { return static_cast<float>(std::clamp(value, -1e37, 1e37)); });
  for (std::size_t i = 0; i < state_->ignored.size(); ++i) {
    if (state_->ignored[i]) verdict.map.data()[i] = static_cast<float>(state_->scale.usual);
  }
  verdict.surprisal = image_surprisal(surprisals, *state_);
  const std::vector<double> log_density = {-verdict.surprisal};
  const Threshold threshold = state_->current_threshold();
  verdict.score = threshold.scores(log_density)[0];
  verdict.p_value = state_->calibration.p_values(log_density)[0];
  verdict.anomalous = threshold.labels(log_density)[0] == 1;
  verdict.hottest = hottest_box(verdict.map, state_->scale, image.width, image.height);
  return verdict;
}

std::vector<NearPatch> ImageModel::nearest(ImageView image, std::size_t row, std::size_t col, std::size_t count) const {
  const State& state = *state_;
  if (row >= state.grid.rows || col >= state.grid.cols) throw InvalidParameter("a patch outside the grid");
  const Borrowed worker(*state_);
  const Embeddings patches = projected_patches(worker->runner, state, image);
  const auto patch = patches.view().row(row * state.grid.cols + col);
  std::vector<NearPatch> near;
  std::vector<double> exponents;
  for (std::size_t i = 0; i < state.references.positions.size(); ++i) {
    const std::size_t position = state.references.positions[i];
    double square = 0;
    for (std::size_t j = 0; j < patches.cols(); ++j) {
      const double difference = double{patch[j]} - state.references.features(i, j);
      square += difference * difference;
    }
    NearPatch one = {state.reference_images[i],  state.names[state.reference_images[i]],     position / state.grid.cols,
                     position % state.grid.cols, std::sqrt(square) / state.kernel.bandwidth, 0};
    const double down = (static_cast<double>(one.row) - static_cast<double>(row)) / state.kernel.width;
    const double across = (static_cast<double>(one.col) - static_cast<double>(col)) / state.kernel.width;
    exponents.push_back(-0.5 * (one.distance * one.distance + down * down + across * across));
    near.push_back(std::move(one));
  }
  const double largest = *std::ranges::max_element(exponents);
  double sum = 0;
  for (const double exponent : exponents) sum += std::exp(exponent - largest);
  for (std::size_t i = 0; i < near.size(); ++i) near[i].weight = std::exp(exponents[i] - largest) / sum;
  std::ranges::stable_sort(near, std::ranges::greater(), &NearPatch::weight);
  near.resize(std::min(count, near.size()));
  return near;
}

const ImageModelReport& ImageModel::report() const noexcept { return state_->report; }
const HeatScale& ImageModel::heat_scale() const noexcept { return state_->scale; }
const Calibration& ImageModel::calibration() const noexcept { return state_->calibration; }
double ImageModel::target_fpr() const noexcept { return state_->current_threshold().value; }
double ImageModel::threshold() const noexcept { return -state_->current_threshold().log_density; }

void ImageModel::set_target_fpr(double rate) {
  const Threshold threshold = Threshold::at_target_fpr(rate, state_->calibration);
  const std::lock_guard lock(state_->mutex);
  state_->threshold = threshold;
}

}  // namespace kernad::images
