// Taking rows out of a sketch.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <memory>
#include <set>
#include <utility>

#include "kernad/error.hpp"
#include "kernad/sketch.hpp"
#include "linalg/exact_moments.hpp"

namespace kernad {

/// Whether it has every row that was added.
bool Sketch::keeps_all() const {
  std::uint64_t added = 0;
  for (const RowRange& range : ranges_) added += range.last - range.first;
  return added == kept_.size();
}

Forgotten Sketch::forget(std::span<const std::string> names) {
  std::set<std::string, std::less<>> wanted(names.begin(), names.end());
  Forgotten forgotten;
  Sketch rest = *this;
  rest.kept_.clear();
  rest.values_.clear();
  rest.rest_.clear();
  rest.names_.clear();
  std::set<std::string, std::less<>> found;
  std::vector<double> row(columns_);
  for (const Kept& kept : in_order()) {
    const std::string name = names_.empty() ? fmt::format("{}", kept.number) : names_[kept.slot];
    if (wanted.contains(name)) {
      found.insert(name);
      ++forgotten.rows;
      continue;
    }
    copy(kept.slot, row);
    rest.kept_.push_back({kept.key, kept.number, rest.kept_.size()});
    rest.store(rest.kept_.size() - 1, row, names_.empty() ? std::string() : names_[kept.slot]);
  }
  std::ranges::make_heap(rest.kept_);
  std::ranges::copy_if(names, std::back_inserter(forgotten.not_kept),
                       [&](const std::string& name) { return !found.contains(name); });
  if (!forgotten.not_kept.empty() && keeps_all()) {
    throw InvalidInput(fmt::format("no row is called '{}', which is to be forgotten", forgotten.not_kept[0]));
  }
  if (moments_ && forgotten.rows != 0) rest.moments_ = rest.moments_of_kept(*this);
  if (rows_seen_ > options_.max_training_points) rest.options_.max_training_points -= forgotten.rows;
  if (rest.options_.max_training_points < 2) {
    throw InvalidInput(fmt::format("{} of {} rows of the sample would be forgotten; two at least have to stay",
                                   forgotten.rows, kept_.size()));
  }
  rest.rows_seen_ -= forgotten.rows;
  *this = std::move(rest);
  return forgotten;
}

/// The moments of what is left of a sketch.
std::shared_ptr<linalg::ExactMoments> Sketch::moments_of_kept(const Sketch& before) const {
  if (before.rows_seen_ != before.kept_.size()) {
    throw InvalidInput(fmt::format(
        "the sketch keeps {} of {} rows, and with all_rows knows the extremes of all, which may be those of a row to "
        "forget; rows can be forgotten without all_rows, or while a sketch keeps all of them",
        before.kept_.size(), before.rows_seen_));
  }
  auto moments = std::make_shared<linalg::ExactMoments>(columns_);
  const Matrix<double> kept = doubles();
  moments->add(kept.view(), {}, threads_);
  return moments;
}

}  // namespace kernad
