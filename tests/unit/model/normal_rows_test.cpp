#include "kernad/normal_rows.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "kernad/error.hpp"
#include "kernad/kde_classifier.hpp"
#include "support/data.hpp"

namespace kernad::normal_rows_test {
namespace {

using testing::correlated;

/// Rows with a constant column, which a subspace judges, and more axes than components, which leave a residual.
Embeddings rows(std::size_t count, std::uint64_t seed) {
  return testing::map(correlated(count, 6, 0.6, 1, seed),
                      [](double x, std::size_t, std::size_t j) { return j == 5 ? 2 : x; });
}

KDEClassifier fitted(const KDEClassifierOptions& options) {
  KDEClassifier classifier(options);
  EXPECT_TRUE(classifier.fit(rows(200, 1)));
  return classifier;
}

void expect_equal(const KDEClassifier& a, const KDEClassifier& b) {
  EXPECT_EQ(a.state_dict().tensors.size(), b.state_dict().tensors.size());
  for (const auto& [name, tensor] : a.state_dict().tensors) {
    EXPECT_EQ(tensor.bytes, b.state_dict().tensors.at(name).bytes) << name;
  }
}

TEST(NormalRowsTest, BlocksAreAllRowsAtOnce) {
  KDEClassifierOptions automatic;
  automatic.automatic = true;
  for (const auto& options : {KDEClassifierOptions{.n_pca_components = 3}, automatic}) {
    auto whole = fitted(options);
    auto blocks = whole;
    const auto all = rows(90, 2);
    NormalRows normals(blocks);
    for (const auto& [first, count] : {std::pair<std::size_t, std::size_t>{0, 1}, {1, 50}, {51, 0}, {51, 39}}) {
      normals.add(all.view().middle_rows(first, count));
    }
    EXPECT_EQ(normals.size(), 90u);
    whole.calibrate_from(all);
    blocks.calibrate_from(normals);
    expect_equal(whole, blocks);
    // Again: the judges of the first calibration take no part in the second.
    NormalRows again(blocks);
    again.add(all);
    blocks.calibrate_from(again);
    expect_equal(whole, blocks);
  }
}

TEST(NormalRowsTest, RowsThatAreNotKeptDoNotCount) {
  auto whole = fitted({.n_pca_components = 3});
  auto blocks = whole;
  NormalRows normals(blocks);
  normals.add(testing::map(rows(1, 7), [](double, std::size_t, std::size_t) { return 1e6; }));
  normals.add(rows(60, 2));
  std::vector<std::uint8_t> kept(61, 1);
  kept[0] = 0;
  normals.keep(kept);
  EXPECT_THROW(normals.keep(kept), InvalidParameter);
  whole.calibrate_from(rows(60, 2));
  blocks.calibrate_from(normals);
  expect_equal(whole, blocks);
}

TEST(NormalRowsTest, DoublesAndWhatIsWrong) {
  auto whole = fitted({});
  auto blocks = whole;
  const auto some = rows(30, 2);
  Matrix<double> doubles(30, 6);
  for (std::size_t i = 0; i < 30; ++i) std::ranges::copy(some.row(i), doubles.row(i).begin());
  NormalRows normals(blocks);
  normals.add(doubles);
  EXPECT_THROW(normals.add(testing::gaussian(3, 5, 1)), InvalidInput);
  auto broken = rows(3, 3);
  broken(2, 1) = std::numeric_limits<float>::infinity();
  EXPECT_THROW(normals.add(broken), InvalidInput);
  EXPECT_EQ(normals.size(), 30u);
  auto other = fitted({});
  EXPECT_THROW(other.calibrate_from(normals), InvalidParameter);
  EXPECT_THROW(blocks.calibrate_from(NormalRows(blocks)), InvalidInput);
  EXPECT_THROW(NormalRows{KDEClassifier()}, NotFitted);
  whole.calibrate_from(some);
  blocks.calibrate_from(normals);
  expect_equal(whole, blocks);
}

}  // namespace
}  // namespace kernad::normal_rows_test
