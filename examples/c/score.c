/* Learns what normal looks like from 500 made-up embeddings, saves the model, loads it, and judges two new rows. */
#include <kernad/kernad.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 500, COLUMNS = 16 };

/* About a standard normal value: the sum of twelve uniform ones, less their mean. */
static float noise(void) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += rand() / (double)RAND_MAX;
  return (float)sum;
}

/* Whether the call before went well; if not, says what was wrong. */
static int ok(kernad_status status) {
  if (status != KERNAD_OK) fprintf(stderr, "%s: %s\n", kernad_status_name(status), kernad_last_error());
  return status == KERNAD_OK;
}

static int fit_and_save(const char* path) {
  static float normal[ROWS * COLUMNS];
  for (int i = 0; i < ROWS * COLUMNS; ++i) normal[i] = noise();
  const kernad_rows rows = {normal, ROWS, COLUMNS, COLUMNS};

  kernad_options* options = NULL;
  kernad_model* model = NULL;
  const int good = ok(kernad_options_create(&options)) &&                     /* by name, as text: */
                   ok(kernad_options_set(options, "auto", "true")) &&         /* the recommended way */
                   ok(kernad_model_fit(options, rows, NULL, NULL, &model)) && /* no progress function */
                   ok(kernad_model_calibrate(model, rows, 10, NULL, NULL)) && /* by 10 refits */
                   ok(kernad_model_set_target_fpr(model, 0.05)) &&            /* 5 % false alarms */
                   ok(kernad_model_save(model, path));
  kernad_model_free(model); /* NULL is fine */
  kernad_options_free(options);
  return good;
}

static int load_and_score(const char* path) {
  float queries[2][COLUMNS];
  for (int j = 0; j < COLUMNS; ++j) {
    queries[0][j] = 0.5F * noise(); /* the first row is like the normal ones */
    queries[1][j] = noise() + 4;    /* the second is not */
  }
  const kernad_rows rows = {queries[0], 2, COLUMNS, COLUMNS};
  double log_densities[2], p_values[2];
  uint8_t labels[2];

  kernad_model* model = NULL;
  const int good = ok(kernad_model_load(path, &model)) &&
                   ok(kernad_model_predict(model, rows, log_densities, NULL, p_values, labels));
  kernad_model_free(model);
  for (int i = 0; good && i < 2; ++i) {
    printf("row %d: log-density %.3f, p-value %.3f, %s\n", i, log_densities[i], p_values[i],
           labels[i] ? "anomalous" : "normal");
  }
  return good;
}

int main(int argc, char** argv) {
  const char* path = argc > 1 ? argv[1] : "model.safetensors";
  return fit_and_save(path) && load_and_score(path) ? EXIT_SUCCESS : EXIT_FAILURE;
}
