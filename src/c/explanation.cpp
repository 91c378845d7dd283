#include "kernad/explanation.hpp"

#include <array>
#include <memory>
#include <vector>

#include "c/figures.hpp"
#include "c/guard.hpp"
#include "c/handles.hpp"

using kernad::Explanation;
using kernad::c::guarded;
using kernad::c::made;
using kernad::c::required;

/// An explanation in contiguous arrays, as C reads them.
struct kernad_explanation {
  Explanation figures;
  std::vector<double> shares, expected;
  std::vector<size_t> rows;
  std::vector<double> distances, weights;

  explicit kernad_explanation(const Explanation& of) : figures(of) {
    for (const auto& column : of.columns) {
      shares.push_back(column.share);
      expected.push_back(column.expected);
    }
    for (const auto& neighbour : of.neighbours) {
      rows.push_back(neighbour.row);
      distances.push_back(neighbour.distance);
      weights.push_back(neighbour.weight);
    }
  }
};

namespace {

using ExplanationFigure = kernad::c::Figure<Explanation>;

double p_value_of(const Explanation& explanation) {
  if (!explanation.p_value) throw kernad::NotFitted("there is no p-value: the model was not calibrated");
  return *explanation.p_value;
}

constexpr std::array kExplanationFigures = {
    ExplanationFigure{"log_density", [](const Explanation& of) { return of.log_density; }},
    ExplanationFigure{"probability", [](const Explanation& of) { return of.probability; }},
    ExplanationFigure{"p_value", p_value_of},
    ExplanationFigure{"decided_by", [](const Explanation& of) { return static_cast<double>(of.decided_by); }},
    ExplanationFigure{"deviation", [](const Explanation& of) { return of.deviation; }},
    ExplanationFigure{"residual_share", [](const Explanation& of) { return of.residual_share; }},
    ExplanationFigure{"residual_decides", [](const Explanation& of) { return of.residual_decides ? 1.0 : 0.0; }},
};

}  // namespace

kernad_status kernad_model_explain(const kernad_model* model, kernad_rows row, size_t nearest,
                                   kernad_explanation** out) {
  return made(out, [&] {
    return std::make_unique<kernad_explanation>(
        required(model, "model").classifier.explain(kernad::c::view(row), nearest));
  });
}

void kernad_explanation_free(kernad_explanation* explanation) { delete explanation; }

kernad_status kernad_explanation_figure(const kernad_explanation* explanation, const char* name, double* out) {
  return guarded([&] {
    required(out, "out") = kernad::c::figure<Explanation>(
        kExplanationFigures, required(explanation, "explanation").figures, &required(name, "name"));
  });
}

const double* kernad_explanation_shares(const kernad_explanation* explanation) {
  return explanation == nullptr ? nullptr : explanation->shares.data();
}

const double* kernad_explanation_expected(const kernad_explanation* explanation) {
  return explanation == nullptr ? nullptr : explanation->expected.data();
}

size_t kernad_explanation_neighbour_count(const kernad_explanation* explanation) {
  return explanation == nullptr ? 0 : explanation->rows.size();
}

const size_t* kernad_explanation_neighbour_rows(const kernad_explanation* explanation) {
  return explanation == nullptr ? nullptr : explanation->rows.data();
}

const double* kernad_explanation_neighbour_distances(const kernad_explanation* explanation) {
  return explanation == nullptr ? nullptr : explanation->distances.data();
}

const double* kernad_explanation_neighbour_weights(const kernad_explanation* explanation) {
  return explanation == nullptr ? nullptr : explanation->weights.data();
}
