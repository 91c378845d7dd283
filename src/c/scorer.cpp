#include "kernad/scorer.hpp"

#include <memory>

#include "c/guard.hpp"
#include "c/handles.hpp"

using kernad::c::guarded;
using kernad::c::made;
using kernad::c::required;

struct kernad_scorer {
  kernad::Scorer scorer;
};

kernad_status kernad_scorer_create(const kernad_model* model, int threads, kernad_scorer** out) {
  return made(out, [&] {
    return std::make_unique<kernad_scorer>(kernad_scorer{kernad::Scorer(required(model, "model").classifier, threads)});
  });
}

void kernad_scorer_free(kernad_scorer* scorer) { delete scorer; }

kernad_status kernad_scorer_score(kernad_scorer* scorer, kernad_rows rows, double* log_densities) {
  return guarded([&] {
    (void)required(log_densities, "log_densities");
    required(scorer, "scorer").scorer.log_density(kernad::c::view(rows), {log_densities, rows.rows});
  });
}
