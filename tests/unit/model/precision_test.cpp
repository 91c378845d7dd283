// Rows too many bandwidths apart for float32: the fit says so, and by how much.
#include "model/precision.hpp"

#include <gtest/gtest.h>

#include <numbers>
#include <string>
#include <vector>

#include "kernad/kde_classifier.hpp"
#include "kernad/sketch.hpp"
#include "kernad/to_embeddings.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

using testing::gaussian;

/// Two groups of rows with standard deviation 1, `apart` from each other along the diagonal.
Matrix<double> two_groups(double apart) {
  const auto noise = gaussian(400, 2, 71);
  Matrix<double> rows(400, 2);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t j = 0; j < 2; ++j) {
      rows(i, j) = static_cast<double>(noise(i, j)) + 0.001 + (i % 2 == 0 ? 0 : apart / std::numbers::sqrt2);
    }
  }
  return rows;
}

Embeddings rounded(const Matrix<double>& rows) { return to_embeddings(rows.view()); }

std::vector<std::string> precision_notes(const FitReport& report) {
  std::vector<std::string> notes;
  for (const Note& note : report.notes) {
    if (note.code == NoteCode::limited_precision) notes.push_back(note.text);
  }
  return notes;
}

template <typename T>
std::vector<std::string> notes_of(const Matrix<T>& rows, const KDEClassifierOptions& options) {
  KDEClassifier classifier(options);
  EXPECT_TRUE(classifier.fit(rows));
  return precision_notes(classifier.report());
}

KDEClassifierOptions with_bandwidth(Bandwidth bandwidth) { return {.kde = {.bandwidth = bandwidth}}; }

TEST(PrecisionTest, OrdinaryRowsGetNoNote) {
  for (const auto& options :
       {KDEClassifierOptions{}, KDEClassifierOptions{.automatic = true}, with_bandwidth(Bandwidth::loo())}) {
    EXPECT_TRUE(notes_of(two_groups(0), options).empty());
    EXPECT_TRUE(notes_of(two_groups(20), options).empty());
    EXPECT_TRUE(notes_of(rounded(two_groups(20)), options).empty());
  }
}

// One group lies at the origin, where float32 is fine enough; the other's rows are rounded by up to 0.06.
TEST(PrecisionTest, GroupsFarApartAreNoted) {
  for (const auto& options :
       {KDEClassifierOptions{}, KDEClassifierOptions{.automatic = true}, with_bandwidth(Bandwidth::loo())}) {
    const auto notes = notes_of(two_groups(1e6), options);
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_TRUE(notes[0].starts_with("near 50 % of the training rows")) << notes[0];
    EXPECT_TRUE(notes_of(rounded(two_groups(1e6)), options).empty()) << "nothing is left to be lost";
  }
}

// Sums in double place rows of float32 exactly; what rounding the rows themselves has lost, they do not bring back.
TEST(PrecisionTest, SmallBandwidthsLoseOnlyDigitsOfTheInput) {
  const auto options = with_bandwidth(1e-6);
  EXPECT_TRUE(notes_of(rounded(two_groups(10)), options).empty());
  EXPECT_EQ(notes_of(two_groups(10), options).size(), 1U);
}

TEST(PrecisionTest, ASketchOfTheRowsSaysTheSame) {
  const auto rows = two_groups(1e6);
  const KDEClassifierOptions options{.automatic = true};
  Sketch sketch(2);
  sketch.add(rows, 0);
  KDEClassifier classifier(options);
  ASSERT_TRUE(classifier.fit(sketch));
  EXPECT_EQ(precision_notes(classifier.report()), notes_of(rows, options));
}

}  // namespace
}  // namespace kernad
