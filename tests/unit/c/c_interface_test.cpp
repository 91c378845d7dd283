// The C interface gives what the C++ interface gives, to the bit, and reports each fault by its code and a sentence.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "c/guard.hpp"
#include "kernad/kde_classifier.hpp"
#include "kernad/kernad.h"
#include "kernad/version.hpp"
#include "support/data.hpp"
#include "support/temporary_folder.hpp"

namespace kernad::c_test {
namespace {

using testing::gaussian;
using testing::TemporaryFolder;

struct Free {
  void operator()(kernad_options* of) const { kernad_options_free(of); }
  void operator()(kernad_model* of) const { kernad_model_free(of); }
  void operator()(kernad_bytes* of) const { kernad_bytes_free(of); }
  void operator()(kernad_scorer* of) const { kernad_scorer_free(of); }
  void operator()(kernad_explanation* of) const { kernad_explanation_free(of); }
};
template <typename T>
using Handle = std::unique_ptr<T, Free>;

kernad_rows rows_of(const Embeddings& of) { return {of.data(), of.rows(), of.cols(), of.cols()}; }

/// The handle that `make(&out)` makes.
template <typename T, typename Make>
Handle<T> make(const Make& make) {
  T* out = nullptr;
  EXPECT_EQ(make(&out), KERNAD_OK) << kernad_last_error();
  EXPECT_NE(out, nullptr);
  return Handle<T>(out);
}

Handle<kernad_options> options(std::initializer_list<std::pair<const char*, const char*>> texts) {
  auto result = make<kernad_options>(kernad_options_create);
  for (const auto& [name, value] : texts) {
    EXPECT_EQ(kernad_options_set(result.get(), name, value), KERNAD_OK) << kernad_last_error();
  }
  return result;
}

Handle<kernad_model> fitted(const Embeddings& train, const kernad_options* with = nullptr) {
  return make<kernad_model>(
      [&](kernad_model** out) { return kernad_model_fit(with, rows_of(train), nullptr, nullptr, out); });
}

std::vector<double> scores(const kernad_model* model, const Embeddings& rows) {
  std::vector<double> result(rows.rows());
  EXPECT_EQ(kernad_model_score(model, rows_of(rows), result.data()), KERNAD_OK) << kernad_last_error();
  return result;
}

double figure(const kernad_model* model, const char* name) {
  double value = 0;
  EXPECT_EQ(kernad_model_figure(model, name, &value), KERNAD_OK) << kernad_last_error();
  return value;
}

double figure(const kernad_explanation* explanation, const char* name) {
  double value = 0;
  EXPECT_EQ(kernad_explanation_figure(explanation, name, &value), KERNAD_OK) << kernad_last_error();
  return value;
}

/// That a call failed with `wanted` and a message that has `part` in it.
void expect_error(kernad_status status, kernad_status wanted, const std::string& part) {
  EXPECT_EQ(status, wanted) << kernad_last_error();
  EXPECT_NE(std::string(kernad_last_error()).find(part), std::string::npos)
      << "'" << part << "' is not in: " << kernad_last_error();
}

const Embeddings kTrain = gaussian(200, 6, 1);
const Embeddings kQueries = gaussian(30, 6, 2);

KDEClassifier classifier(const KDEClassifierOptions& with = {}) {
  KDEClassifier result(with);
  EXPECT_TRUE(result.fit(kTrain));
  return result;
}

// ---- the same as in C++ ----

TEST(CModelTest, WeightsRepeatRows) {
  const auto train = gaussian(40, 3, 1);
  Embeddings again(41, 3);
  for (std::size_t i = 0; i < 41; ++i) std::ranges::copy(train.row(i == 0 ? 0 : i - 1), again.row(i).begin());
  std::vector<double> weights(40, 1);
  weights[0] = 2;
  const auto by_rows = fitted(again);
  auto by_weights = make<kernad_model>([&](kernad_model** out) {
    return kernad_model_fit_weighted(nullptr, rows_of(train), weights.data(), nullptr, nullptr, out);
  });
  EXPECT_EQ(scores(by_weights.get(), train), scores(by_rows.get(), train));
  EXPECT_EQ(kernad_model_calibrate(by_rows.get(), rows_of(again), 5, nullptr, nullptr), KERNAD_OK);
  EXPECT_EQ(kernad_model_calibrate_weighted(by_weights.get(), rows_of(train), weights.data(), 5, nullptr, nullptr),
            KERNAD_OK);
  EXPECT_EQ(figure(by_weights.get(), "smallest_fpr"), figure(by_rows.get(), "smallest_fpr"));
  EXPECT_EQ(kernad_model_calibrate(by_weights.get(), rows_of(train), 5, nullptr, nullptr), KERNAD_INVALID_INPUT);
  weights[7] = -1;
  kernad_model* none = nullptr;
  EXPECT_EQ(kernad_model_fit_weighted(nullptr, rows_of(train), weights.data(), nullptr, nullptr, &none),
            KERNAD_INVALID_INPUT);
  EXPECT_STREQ(kernad_last_error(), "the weight of row 7 is -1; valid: 0 or more, and finite");
  EXPECT_EQ(none, nullptr);
}

TEST(CInterfaceTest, DefaultsScoreAsInCpp) {
  EXPECT_EQ(scores(fitted(kTrain).get(), kQueries), classifier().compute_kde_scores(kQueries, true));
}

TEST(CInterfaceTest, OptionsByNameScoreAsInCpp) {
  const auto with = options({{"n_pca_components", "3"}, {"bandwidth", "loo"}, {"covariance", "oas"}});
  ASSERT_EQ(kernad_options_set_threads(with.get(), 2), KERNAD_OK);
  const auto model = fitted(kTrain, with.get());
  const auto expected = classifier({.n_pca_components = 3, .kde = {Bandwidth::loo(), Covariance::oas, 0}});
  EXPECT_EQ(scores(model.get(), kQueries), expected.compute_kde_scores(kQueries, true));
  EXPECT_EQ(figure(model.get(), "loo_log_likelihood"), expected.report().loo_log_likelihood);
}

TEST(CInterfaceTest, RowsMayLieApart) {
  std::vector<float> spaced(kQueries.rows() * 9, std::numeric_limits<float>::quiet_NaN());
  for (std::size_t i = 0; i < kQueries.rows(); ++i) {
    std::copy_n(kQueries.row(i).data(), 6, spaced.data() + i * 9);
  }
  const auto model = fitted(kTrain);
  std::vector<double> result(kQueries.rows());
  ASSERT_EQ(kernad_model_score(model.get(), {spaced.data(), kQueries.rows(), 6, 9}, result.data()), KERNAD_OK)
      << kernad_last_error();
  EXPECT_EQ(result, scores(model.get(), kQueries));
}

TEST(CInterfaceTest, NoRowsHaveNoScores) {
  const auto model = fitted(kTrain);
  double untouched = 4711;
  EXPECT_EQ(kernad_model_score(model.get(), {nullptr, 0, 6, 6}, &untouched), KERNAD_OK) << kernad_last_error();
  EXPECT_EQ(untouched, 4711);
}

/// All four arrays of kernad_model_predict against the classifier's.
void expect_judged_like(const kernad_model* model, const KDEClassifier& expected) {
  std::vector<double> log_densities(30), probabilities(30), p_values(30);
  std::vector<std::uint8_t> labels(30);
  ASSERT_EQ(kernad_model_predict(model, rows_of(kQueries), log_densities.data(), probabilities.data(), p_values.data(),
                                 labels.data()),
            KERNAD_OK)
      << kernad_last_error();
  EXPECT_EQ(log_densities, expected.compute_kde_scores(kQueries, true));
  EXPECT_EQ(probabilities, expected.predict(kQueries));
  EXPECT_EQ(p_values, expected.calibration().p_values(log_densities));
  EXPECT_EQ(labels, expected.threshold().labels(log_densities));
  EXPECT_EQ(figure(model, "threshold"), expected.threshold().log_density);
  EXPECT_EQ(figure(model, "calibration_rows"), static_cast<double>(expected.calibration().size()));
  EXPECT_EQ(figure(model, "calibration_folds"), static_cast<double>(expected.calibration().folds()));
  EXPECT_EQ(figure(model, "smallest_fpr"), expected.calibration().smallest_fpr());
}

TEST(CInterfaceTest, CalibratesAndJudgesAsInCpp) {
  const auto model = fitted(kTrain);
  auto expected = classifier();
  ASSERT_EQ(kernad_model_calibrate(model.get(), rows_of(kTrain), 5, nullptr, nullptr), KERNAD_OK);
  ASSERT_EQ(kernad_model_set_target_fpr(model.get(), 0.3), KERNAD_OK) << kernad_last_error();
  expected.calibrate(kTrain, 5);
  expected.set_target_fpr(0.3);
  expect_judged_like(model.get(), expected);

  ASSERT_EQ(kernad_model_calibrate_from(model.get(), rows_of(gaussian(50, 6, 3))), KERNAD_OK);
  ASSERT_EQ(kernad_model_set_threshold(model.get(), -1.5), KERNAD_OK);
  expected.calibrate_from(gaussian(50, 6, 3));
  expected.set_threshold(Threshold::at_log_density(-1.5));
  expect_judged_like(model.get(), expected);
}

TEST(CInterfaceTest, ReportsTheFitAsInCpp) {
  const auto with = options({{"n_pca_components", "7"}, {"max_training_points", "150"}, {"seed", "7"}});
  const auto model = fitted(kTrain, with.get());
  const FitReport report = classifier({.n_pca_components = 7, .max_training_points = 150, .seed = 7}).report();
  EXPECT_EQ(figure(model.get(), "rows_seen"), 200);
  EXPECT_EQ(figure(model.get(), "rows_used"), 150);
  EXPECT_EQ(figure(model.get(), "columns"), 6);
  EXPECT_EQ(kernad_model_columns(model.get()), 6U);
  EXPECT_EQ(figure(model.get(), "rank"), static_cast<double>(report.rank));
  EXPECT_EQ(figure(model.get(), "components"), static_cast<double>(report.components));
  EXPECT_EQ(figure(model.get(), "kde_rank"), static_cast<double>(report.kde_rank));
  EXPECT_EQ(figure(model.get(), "explained_variance"), report.explained_variance);
  EXPECT_EQ(figure(model.get(), "bandwidth_factor"), report.bandwidth_factor);
  EXPECT_EQ(figure(model.get(), "max_length"), report.max_length);
  EXPECT_EQ(figure(model.get(), "shrinkage"), report.shrinkage);
  EXPECT_TRUE(std::isnan(figure(model.get(), "loo_log_likelihood")));

  ASSERT_EQ(kernad_model_note_count(model.get()), report.notes.size());
  ASSERT_EQ(report.notes.size(), 2U);  // sampled, and 6 columns have no 7 components
  for (std::size_t i = 0; i < report.notes.size(); ++i) {
    const char *code = nullptr, *text = nullptr;
    ASSERT_EQ(kernad_model_note(model.get(), i, &code, &text), KERNAD_OK);
    EXPECT_EQ(code, to_string(report.notes[i].code));
    EXPECT_EQ(text, report.notes[i].text);
    EXPECT_EQ(kernad_model_note(model.get(), i, nullptr, nullptr), KERNAD_OK);
  }
}

TEST(CInterfaceTest, ExplainsAsInCpp) {
  for (const char* automatic : {"false", "true"}) {
    const auto with = options({{"auto", automatic}});
    const auto model = fitted(kTrain, with.get());
    ASSERT_EQ(kernad_model_calibrate(model.get(), rows_of(kTrain), 3, nullptr, nullptr), KERNAD_OK);
    auto expected_model = classifier({.automatic = std::string(automatic) == "true"});
    expected_model.calibrate(kTrain, 3);
    const Explanation expected = expected_model.explain(kQueries.view().middle_rows(4, 1), 7);
    const auto explanation = make<kernad_explanation>([&](kernad_explanation** out) {
      return kernad_model_explain(model.get(), {kQueries.row(4).data(), 1, 6, 6}, 7, out);
    });
    EXPECT_EQ(figure(explanation.get(), "log_density"), expected.log_density);
    EXPECT_EQ(figure(explanation.get(), "probability"), expected.probability);
    EXPECT_EQ(figure(explanation.get(), "p_value"), expected.p_value);
    EXPECT_EQ(figure(explanation.get(), "decided_by"), static_cast<double>(expected.decided_by));
    EXPECT_EQ(figure(explanation.get(), "deviation"), expected.deviation);
    EXPECT_EQ(figure(explanation.get(), "residual_share"), expected.residual_share);
    for (std::size_t j = 0; j < 6; ++j) {
      EXPECT_EQ(kernad_explanation_shares(explanation.get())[j], expected.columns[j].share);
      EXPECT_EQ(kernad_explanation_expected(explanation.get())[j], expected.columns[j].expected);
    }
    ASSERT_EQ(kernad_explanation_neighbour_count(explanation.get()), 7U);
    for (std::size_t i = 0; i < 7; ++i) {
      EXPECT_EQ(kernad_explanation_neighbour_rows(explanation.get())[i], expected.neighbours[i].row);
      EXPECT_EQ(kernad_explanation_neighbour_distances(explanation.get())[i], expected.neighbours[i].distance);
      EXPECT_EQ(kernad_explanation_neighbour_weights(explanation.get())[i], expected.neighbours[i].weight);
    }
  }
}

TEST(CInterfaceTest, FilesAndBytesHoldTheModel) {
  const TemporaryFolder folder;
  const auto model = fitted(kTrain);
  const std::string path = folder.path("model.safetensors");
  ASSERT_EQ(kernad_model_save(model.get(), path.c_str()), KERNAD_OK) << kernad_last_error();
  classifier().save(folder.path("cpp.safetensors"));
  EXPECT_EQ(folder.read("model.safetensors"), folder.read("cpp.safetensors"));

  const auto bytes = make<kernad_bytes>([&](kernad_bytes** out) { return kernad_model_save_bytes(model.get(), out); });
  const std::string saved(static_cast<const char*>(kernad_bytes_data(bytes.get())), kernad_bytes_size(bytes.get()));
  EXPECT_EQ(saved, folder.read("model.safetensors"));

  const auto of_file = make<kernad_model>([&](kernad_model** out) { return kernad_model_load(path.c_str(), out); });
  const auto of_bytes =
      make<kernad_model>([&](kernad_model** out) { return kernad_model_load_bytes(saved.data(), saved.size(), out); });
  EXPECT_EQ(scores(of_file.get(), kQueries), scores(model.get(), kQueries));
  EXPECT_EQ(scores(of_bytes.get(), kQueries), scores(model.get(), kQueries));
}

TEST(CInterfaceTest, AScorerOutlivesItsModelAndScoresAsIt) {
  auto model = fitted(kTrain);
  const auto expected = scores(model.get(), kQueries);
  for (const int threads : {1, 3}) {
    const auto scorer =
        make<kernad_scorer>([&](kernad_scorer** out) { return kernad_scorer_create(model.get(), threads, out); });
    if (threads == 3) model.reset();
    std::vector<double> all(30), alone(30);
    ASSERT_EQ(kernad_scorer_score(scorer.get(), rows_of(kQueries), all.data()), KERNAD_OK) << kernad_last_error();
    for (std::size_t i = 0; i < 30; ++i) {
      ASSERT_EQ(kernad_scorer_score(scorer.get(), {kQueries.row(i).data(), 1, 6, 6}, &alone[i]), KERNAD_OK);
    }
    EXPECT_EQ(all, expected);
    EXPECT_EQ(alone, expected);
  }
}

// ---- options ----

TEST(CInterfaceTest, EveryOptionOfTheTableIsThereAndInTheHeader) {
  std::ifstream file(KERNAD_TEST_C_HEADER);
  const std::string header{std::istreambuf_iterator<char>(file), {}};
  const auto all = options({});
  for (const EstimatorOption& option : estimator_options()) {
    const std::string name(option.key);
    const char* text = nullptr;
    ASSERT_EQ(kernad_options_get(all.get(), name.c_str(), &text), KERNAD_OK) << kernad_last_error();
    EXPECT_EQ(text, option.get({}));
    EXPECT_EQ(kernad_options_set(all.get(), name.c_str(), std::string(text).c_str()), KERNAD_OK);
    EXPECT_NE(header.find('"' + name + '"'), std::string::npos) << name << " is not in kernad.h";
  }
}

TEST(CInterfaceTest, AModelKnowsItsOptions) {
  const auto with = options({{"n_pca_components", "all"}, {"bandwidth", "loo*2"}});
  const auto model = fitted(kTrain, with.get());
  const auto of_model =
      make<kernad_options>([&](kernad_options** out) { return kernad_model_options(model.get(), out); });
  const char* text = nullptr;
  ASSERT_EQ(kernad_options_get(of_model.get(), "bandwidth", &text), KERNAD_OK);
  EXPECT_STREQ(text, "loo*2");
  EXPECT_EQ(scores(fitted(kTrain, of_model.get()).get(), kQueries), scores(model.get(), kQueries));
}

// ---- faults ----

TEST(CInterfaceTest, WrongDataAreInvalidInput) {
  const auto model = fitted(kTrain);
  std::vector<double> out(30, 4711);
  expect_error(kernad_model_score(model.get(), rows_of(gaussian(30, 5, 1)), out.data()), KERNAD_INVALID_INPUT, "5");
  auto broken = gaussian(30, 6, 1);
  broken(29, 3) = std::numeric_limits<float>::quiet_NaN();
  expect_error(kernad_model_score(model.get(), rows_of(broken), out.data()), KERNAD_INVALID_INPUT, "row 29, column 3");
  EXPECT_EQ(out, std::vector<double>(30, 4711));  // untouched

  auto* none = model.get();
  expect_error(kernad_model_fit(nullptr, rows_of(broken), nullptr, nullptr, &none), KERNAD_INVALID_INPUT,
               "row 29, column 3 is nan");
  EXPECT_EQ(none, nullptr);
  expect_error(kernad_model_fit(nullptr, {kTrain.data(), 3, 6, 6}, nullptr, nullptr, &none), KERNAD_INVALID_INPUT,
               "3 rows are too few: 16 components (n_pca_components) need at least 6");
  expect_error(kernad_model_fit(nullptr, {nullptr, 0, 6, 6}, nullptr, nullptr, &none), KERNAD_INVALID_INPUT, "");
  expect_error(kernad_model_calibrate(model.get(), rows_of(kQueries), 5, nullptr, nullptr), KERNAD_INVALID_INPUT,
               "30 x 6");
  kernad_explanation* explanation = nullptr;
  expect_error(kernad_model_explain(model.get(), rows_of(kQueries), 5, &explanation), KERNAD_INVALID_INPUT, "30 rows");
}

TEST(CInterfaceTest, WrongArgumentsAreInvalidParameter) {
  const auto with = options({});
  expect_error(kernad_options_set(with.get(), "colour", "red"), KERNAD_INVALID_PARAMETER, "valid: n_pca_components");
  expect_error(kernad_options_set(with.get(), "bandwidth", "-1"), KERNAD_INVALID_PARAMETER, "valid: scott");
  expect_error(kernad_options_set_threads(with.get(), 1025), KERNAD_INVALID_PARAMETER, "1025");
  const char* text = "";
  expect_error(kernad_options_get(with.get(), "colour", &text), KERNAD_INVALID_PARAMETER, "valid: n_pca_components");
  EXPECT_EQ(text, nullptr);
  const auto contradiction = options({{"auto", "true"}, {"bandwidth", "loo"}});
  kernad_model* none = nullptr;
  expect_error(kernad_model_fit(contradiction.get(), rows_of(kTrain), nullptr, nullptr, &none),
               KERNAD_INVALID_PARAMETER, "bandwidth");

  const auto model = fitted(kTrain);
  double value = 0;
  expect_error(kernad_model_figure(model.get(), "colour", &value), KERNAD_INVALID_PARAMETER, "valid: rows_seen");
  expect_error(kernad_model_set_threads(model.get(), -1), KERNAD_INVALID_PARAMETER, "-1");
  expect_error(kernad_model_set_threshold(model.get(), NAN), KERNAD_INVALID_PARAMETER, "nan");
  expect_error(kernad_model_note(model.get(), 99, nullptr, nullptr), KERNAD_INVALID_PARAMETER, "index is 99");
  expect_error(kernad_model_calibrate(model.get(), rows_of(kTrain), 1, nullptr, nullptr), KERNAD_INVALID_PARAMETER,
               "folds is 1");
  kernad_scorer* scorer = nullptr;
  expect_error(kernad_scorer_create(model.get(), -1, &scorer), KERNAD_INVALID_PARAMETER, "-1");
  EXPECT_EQ(scorer, nullptr);
}

TEST(CInterfaceTest, RowsThatNoMemoryHoldsAreInvalidParameter) {
  const auto model = fitted(kTrain);
  double value = 0;
  expect_error(kernad_model_score(model.get(), {kTrain.data(), 2, 6, 5}, &value), KERNAD_INVALID_PARAMETER,
               "row_stride is 5");
  const auto minus_one = static_cast<std::size_t>(-1);
  expect_error(kernad_model_score(model.get(), {kTrain.data(), minus_one, 6, 6}, &value), KERNAD_INVALID_PARAMETER,
               "no memory can hold that");
  expect_error(kernad_model_score(model.get(), {kTrain.data(), 2, minus_one, minus_one}, &value),
               KERNAD_INVALID_PARAMETER, "no memory can hold that");
}

TEST(CInterfaceTest, WhatIsNotThereIsNotFitted) {
  const auto model = fitted(kTrain);
  double value = 4711;
  std::uint8_t label = 0;
  const kernad_rows row = {kQueries.data(), 1, 6, 6};
  expect_error(kernad_model_predict(model.get(), row, nullptr, nullptr, &value, nullptr), KERNAD_NOT_FITTED,
               "not calibrated");
  expect_error(kernad_model_predict(model.get(), row, &value, nullptr, nullptr, &label), KERNAD_NOT_FITTED,
               "no threshold");
  EXPECT_EQ(value, 4711);
  expect_error(kernad_model_set_target_fpr(model.get(), 0.1), KERNAD_NOT_FITTED, "not calibrated");
  expect_error(kernad_model_figure(model.get(), "threshold", &value), KERNAD_NOT_FITTED, "no threshold");
  expect_error(kernad_model_figure(model.get(), "smallest_fpr", &value), KERNAD_NOT_FITTED, "not calibrated");
  const auto explanation = make<kernad_explanation>(
      [&](kernad_explanation** out) { return kernad_model_explain(model.get(), row, 5, out); });
  expect_error(kernad_explanation_figure(explanation.get(), "p_value", &value), KERNAD_NOT_FITTED, "not calibrated");
  expect_error(kernad_explanation_figure(explanation.get(), "colour", &value), KERNAD_INVALID_PARAMETER,
               "valid: log_density");
}

TEST(CInterfaceTest, BrokenFilesAreReadErrors) {
  const TemporaryFolder folder;
  kernad_model* none = nullptr;
  expect_error(kernad_model_load(folder.path("none.safetensors").c_str(), &none), KERNAD_READ_ERROR,
               "none.safetensors");
  expect_error(kernad_model_load(folder.write("broken.safetensors", "no model").c_str(), &none), KERNAD_READ_ERROR,
               "broken.safetensors");
  expect_error(kernad_model_load_bytes("no model", 8, &none), KERNAD_READ_ERROR, "");
  expect_error(kernad_model_load_bytes(nullptr, 0, &none), KERNAD_READ_ERROR, "");
  const auto empty = to_safetensors({});  // a good container, and no model
  expect_error(kernad_model_load_bytes(empty.data(), empty.size(), &none), KERNAD_READ_ERROR, "");
  EXPECT_EQ(none, nullptr);
}

TEST(CInterfaceTest, AFolderThatIsNotThereIsAWriteError) {
  const TemporaryFolder folder;
  expect_error(kernad_model_save(fitted(kTrain).get(), folder.path("none/model.safetensors").c_str()),
               KERNAD_WRITE_ERROR, "none/model.safetensors");
}

TEST(CInterfaceTest, OtherExceptionsHaveCodes) {
  EXPECT_EQ(c::guarded([] { throw std::bad_alloc(); }), KERNAD_OUT_OF_MEMORY);
  EXPECT_NE(std::string(kernad_last_error()).find("out of memory"), std::string::npos);
  expect_error(c::guarded([] { throw std::logic_error("a fault"); }), KERNAD_INTERNAL, "a fault");
  expect_error(c::guarded([] { throw 7; }), KERNAD_INTERNAL, "unknown type");
}

TEST(CInterfaceTest, NullIsNamed) {
  const auto with = options({});
  const auto model = fitted(kTrain);
  const auto scorer =
      make<kernad_scorer>([&](kernad_scorer** out) { return kernad_scorer_create(model.get(), 1, out); });
  const auto explanation = make<kernad_explanation>([&](kernad_explanation** out) {
    return kernad_model_explain(model.get(), {kQueries.data(), 1, 6, 6}, 5, out);
  });
  const kernad_rows rows = rows_of(kQueries);
  const kernad_rows no_data = {nullptr, 2, 6, 6};
  std::vector<double> values(30);
  double* const out = values.data();
  const char* text = nullptr;
  kernad_options* made_options = nullptr;
  kernad_model* made_model = nullptr;
  kernad_bytes* made_bytes = nullptr;
  kernad_scorer* made_scorer = nullptr;
  kernad_explanation* made_explanation = nullptr;
  const auto null = [](kernad_status status, const char* name) {
    expect_error(status, KERNAD_INVALID_PARAMETER, std::string(name) + " is NULL");
  };

  null(kernad_options_create(nullptr), "out");
  null(kernad_options_set(nullptr, "auto", "true"), "options");
  null(kernad_options_set(with.get(), nullptr, "true"), "name");
  null(kernad_options_set(with.get(), "auto", nullptr), "value");
  null(kernad_options_get(nullptr, "auto", &text), "options");
  null(kernad_options_get(with.get(), nullptr, &text), "name");
  null(kernad_options_get(with.get(), "auto", nullptr), "out");
  null(kernad_options_set_threads(nullptr, 1), "options");

  null(kernad_model_fit(nullptr, no_data, nullptr, nullptr, &made_model), "rows.data");
  null(kernad_model_fit(nullptr, rows, nullptr, nullptr, nullptr), "out");
  null(kernad_model_load(nullptr, &made_model), "path");
  null(kernad_model_load("model.safetensors", nullptr), "out");
  null(kernad_model_load_bytes(nullptr, 8, &made_model), "data");
  null(kernad_model_load_bytes("", 0, nullptr), "out");
  null(kernad_model_save(nullptr, "model.safetensors"), "model");
  null(kernad_model_save(model.get(), nullptr), "path");
  null(kernad_model_save_bytes(nullptr, &made_bytes), "model");
  null(kernad_model_save_bytes(model.get(), nullptr), "out");
  null(kernad_model_set_threads(nullptr, 1), "model");

  null(kernad_model_score(nullptr, rows, out), "model");
  null(kernad_model_score(model.get(), no_data, out), "rows.data");
  null(kernad_model_score(model.get(), rows, nullptr), "log_densities");
  null(kernad_model_predict(nullptr, rows, out, nullptr, nullptr, nullptr), "model");
  null(kernad_model_predict(model.get(), no_data, out, nullptr, nullptr, nullptr), "rows.data");
  null(kernad_model_calibrate(nullptr, rows, 5, nullptr, nullptr), "model");
  null(kernad_model_calibrate(model.get(), no_data, 5, nullptr, nullptr), "rows.data");
  null(kernad_model_calibrate_from(nullptr, rows), "model");
  null(kernad_model_calibrate_from(model.get(), no_data), "rows.data");
  null(kernad_model_set_target_fpr(nullptr, 0.1), "model");
  null(kernad_model_set_threshold(nullptr, 0.1), "model");

  null(kernad_model_figure(nullptr, "rank", out), "model");
  null(kernad_model_figure(model.get(), nullptr, out), "name");
  null(kernad_model_figure(model.get(), "rank", nullptr), "out");
  null(kernad_model_options(nullptr, &made_options), "model");
  null(kernad_model_options(model.get(), nullptr), "out");
  null(kernad_model_note(nullptr, 0, &text, &text), "model");

  null(kernad_model_explain(nullptr, {kQueries.data(), 1, 6, 6}, 5, &made_explanation), "model");
  null(kernad_model_explain(model.get(), {nullptr, 1, 6, 6}, 5, &made_explanation), "rows.data");
  null(kernad_model_explain(model.get(), {kQueries.data(), 1, 6, 6}, 5, nullptr), "out");
  null(kernad_explanation_figure(nullptr, "deviation", out), "explanation");
  null(kernad_explanation_figure(explanation.get(), nullptr, out), "name");
  null(kernad_explanation_figure(explanation.get(), "deviation", nullptr), "out");

  null(kernad_scorer_create(nullptr, 1, &made_scorer), "model");
  null(kernad_scorer_create(model.get(), 1, nullptr), "out");
  null(kernad_scorer_score(nullptr, rows, out), "scorer");
  null(kernad_scorer_score(scorer.get(), no_data, out), "rows.data");
  null(kernad_scorer_score(scorer.get(), rows, nullptr), "log_densities");
}

TEST(CInterfaceTest, NullIsFreedAndHasNothing) {
  kernad_options_free(nullptr);
  kernad_model_free(nullptr);
  kernad_bytes_free(nullptr);
  kernad_scorer_free(nullptr);
  kernad_explanation_free(nullptr);
  EXPECT_EQ(kernad_bytes_data(nullptr), nullptr);
  EXPECT_EQ(kernad_bytes_size(nullptr), 0U);
  EXPECT_EQ(kernad_model_columns(nullptr), 0U);
  EXPECT_EQ(kernad_model_note_count(nullptr), 0U);
  EXPECT_EQ(kernad_explanation_shares(nullptr), nullptr);
  EXPECT_EQ(kernad_explanation_expected(nullptr), nullptr);
  EXPECT_EQ(kernad_explanation_neighbour_count(nullptr), 0U);
  EXPECT_EQ(kernad_explanation_neighbour_rows(nullptr), nullptr);
  EXPECT_EQ(kernad_explanation_neighbour_distances(nullptr), nullptr);
  EXPECT_EQ(kernad_explanation_neighbour_weights(nullptr), nullptr);
}

TEST(CInterfaceTest, StatusesHaveTheNamesOfErrorCodes) {
  EXPECT_STREQ(kernad_status_name(KERNAD_OK), "ok");
  for (int code = 1; code <= 6; ++code) {
    EXPECT_EQ(kernad_status_name(static_cast<kernad_status>(code)), to_string(static_cast<ErrorCode>(code)));
  }
  EXPECT_STREQ(kernad_status_name(KERNAD_OUT_OF_MEMORY), "out_of_memory");
  EXPECT_STREQ(kernad_status_name(KERNAD_STOPPED), "stopped");
  EXPECT_STREQ(kernad_status_name(static_cast<kernad_status>(15)), "unknown");
  EXPECT_STREQ(kernad_version(), KERNAD_VERSION);
}

// ---- progress and threads ----

struct Calls {
  std::vector<std::size_t> done;
  std::size_t total = 0;
  std::size_t stop_at = 0;  ///< 0: never
};

int count_calls(std::size_t done, std::size_t total, void* user) {
  auto& calls = *static_cast<Calls*>(user);
  calls.done.push_back(done);
  calls.total = total;
  return done == calls.stop_at ? 1 : 0;
}

TEST(CInterfaceTest, ProgressIsReportedAndCanStop) {
  Calls all, some{{}, 0, 2};
  kernad_model* out = nullptr;
  ASSERT_EQ(kernad_model_fit(nullptr, rows_of(kTrain), count_calls, &all, &out), KERNAD_OK);
  const Handle<kernad_model> model(out);
  EXPECT_EQ(all.done, (std::vector<std::size_t>{1, 2, 3, 4}));
  EXPECT_EQ(all.total, 4U);
  expect_error(kernad_model_fit(nullptr, rows_of(kTrain), count_calls, &some, &out), KERNAD_STOPPED, "progress");
  EXPECT_EQ(out, nullptr);
  EXPECT_EQ(some.done, (std::vector<std::size_t>{1, 2}));

  Calls folds{{}, 0, 3};
  expect_error(kernad_model_calibrate(model.get(), rows_of(kTrain), 5, count_calls, &folds), KERNAD_STOPPED,
               "progress");
  EXPECT_EQ(folds.done, (std::vector<std::size_t>{1, 2, 3}));
  expect_error(kernad_model_set_target_fpr(model.get(), 0.1), KERNAD_NOT_FITTED, "not calibrated");
}

TEST(CInterfaceTest, EachThreadHasItsOwnMessage) {
  const auto model = fitted(kTrain);
  expect_error(kernad_model_set_threads(model.get(), -1), KERNAD_INVALID_PARAMETER, "-1");
  std::string at_first = "?", after_a_fault;
  std::thread([&] {
    at_first = kernad_last_error();
    EXPECT_EQ(kernad_options_create(nullptr), KERNAD_INVALID_PARAMETER);
    after_a_fault = kernad_last_error();
  }).join();
  EXPECT_EQ(at_first, "");
  EXPECT_NE(after_a_fault.find("out is NULL"), std::string::npos);
  EXPECT_NE(std::strstr(kernad_last_error(), "-1"), nullptr);  // still this thread's
  ASSERT_EQ(kernad_model_set_threads(model.get(), 0), KERNAD_OK);
  EXPECT_STREQ(kernad_last_error(), "");
}

TEST(CInterfaceTest, OneModelScoresInSeveralThreads) {
  const auto model = fitted(kTrain);
  ASSERT_EQ(kernad_model_set_threads(model.get(), 2), KERNAD_OK);
  const auto expected = scores(model.get(), kQueries);
  std::vector<std::vector<double>> results(4, std::vector<double>(30));
  std::vector<std::thread> threads;
  for (auto& result : results) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) kernad_model_score(model.get(), rows_of(kQueries), result.data());
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& result : results) EXPECT_EQ(result, expected);
}

}  // namespace
}  // namespace kernad::c_test
