// Tables larger than a block, and rows that are scored as they arrive.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "kernad/kde_classifier.hpp"
#include "support/bytes.hpp"
#include "support/data.hpp"

namespace kernad::cli_stream_test {
namespace {

using testing::Command;
using testing::lines;
using testing::npy;
using testing::raw;

/// More rows than two blocks of two columns have, of few different values.
constexpr std::size_t kRows = KERNAD_BLOCK_VALUES + KERNAD_BLOCK_VALUES / 3;

std::vector<float> many_values() {
  std::vector<float> values(2 * kRows);
  std::uint32_t state = 1;
  for (float& value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 24) / 16;
  }
  return values;
}

class CliStreamTest : public ::testing::Test {
 protected:
  void write_data(const std::string& name, const std::vector<float>& values) {
    data = kernad.folder().write(name, npy("<f4", "(" + std::to_string(values.size() / 2) + ", 2)", raw(values)));
  }
  void fit(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"fit", data, "-o", model, "--components", "2"};
    words.insert(words.end(), more.begin(), more.end());
    const auto run = kernad(words);
    ASSERT_EQ(run.status, 0) << run.err;
  }

  Command kernad;
  std::string data;
  std::string model = kernad.folder().path("m.safetensors");
};

TEST_F(CliStreamTest, AFitInBlocksIsTheFitOfAllRows) {
  const auto values = many_values();
  write_data("a.npy", values);
  fit({"--max-training-points", "200", "--folds", "3"});
  KDEClassifier whole({.n_pca_components = 2, .max_training_points = 200});
  const Embeddings rows(values, kRows, 2);
  ASSERT_TRUE(whole.fit(rows.view()));
  (void)whole.calibrate(rows.view(), 3);
  const KDEClassifier blocks = KDEClassifier::load(model);
  EXPECT_EQ(blocks.report().rows_seen, kRows);
  auto state = blocks.state_dict().tensors;
  state.erase("training.row_hashes");
  for (const auto& [name, tensor] : whole.state_dict().tensors) {
    ASSERT_TRUE(state.contains(name)) << name;
    EXPECT_EQ(state.at(name).bytes, tensor.bytes) << name;
  }
  // What the 200 are called is where they stand among all of them.
  ASSERT_EQ(blocks.row_names().size(), 200u);
  EXPECT_GT(std::stoul(blocks.row_names().back()), kRows / 7 * 6);
}

TEST_F(CliStreamTest, ScoresOfBlocksAreThoseOfAllRows) {
  const auto values = many_values();
  write_data("a.npy", values);
  fit({"--max-training-points", "50"});
  const std::string scores = kernad.folder().path("scores.csv");
  ASSERT_EQ(kernad({"predict", model, data, "-o", scores}).status, 0);
  const Embeddings rows(values, kRows, 2);
  const auto wanted = KDEClassifier::load(model).compute_kde_scores(rows.view(), true);
  const Table table = read_table(scores);
  ASSERT_EQ(table.features.rows(), kRows);
  for (std::size_t i = 0; i < kRows; ++i) ASSERT_EQ(table.features(i, 0), static_cast<float>(wanted[i])) << i;
  const auto top = kernad({"predict", model, data, "--top", "1"});
  const auto least = std::ranges::min_element(wanted) - wanted.begin();
  EXPECT_NE(top.out.find("\n" + std::to_string(least) + ","), std::string::npos) << top.out;
}

TEST_F(CliStreamTest, ANumberThatIsNoneIsFoundInAnyBlockAndNoFileIsLeft) {
  auto values = many_values();
  write_data("a.npy", values);
  fit({"--max-training-points", "50"});
  constexpr std::size_t kBad = kRows / 7 * 6;
  values[2 * kBad + 1] = std::numeric_limits<float>::quiet_NaN();
  write_data("b.npy", values);
  const std::string wanted =
      "kernad: " + data + ": row " + std::to_string(kBad) + ", column 1 is nan; every value must be finite";
  const std::string scores = kernad.folder().path("scores.csv");
  for (const auto& words : {std::vector<std::string>{"predict", model, data, "-o", scores},
                            std::vector<std::string>{"fit", data, "-o", kernad.folder().path("n.safetensors")}}) {
    const auto run = kernad(words);
    EXPECT_EQ(run.status, 2);
    EXPECT_TRUE(run.err.starts_with(wanted)) << run.err;
  }
  const auto skipped = kernad({"predict", model, data, "-o", scores, "--missing", "skip"});
  EXPECT_EQ(skipped.status, 0) << skipped.err;
  EXPECT_NE(skipped.err.find("1 of " + std::to_string(kRows) + " rows have missing values and are skipped"),
            std::string::npos);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kernad.folder().path(""))) files += entry.exists();
  EXPECT_EQ(files, 4u) << "two arrays, a model, scores";
}

// A loop appends to the file from before it is opened until the command has ended.
TEST_F(CliStreamTest, AFileThatGrowsWhileItIsReadGivesNoOutput) {
  write_data("a.npy", {0, 0, 1, 1, 2, 3, 4, 4, 5, 7});
  fit();
  std::string csv;
  for (std::size_t i = 0; i < kRows; ++i) csv += "1.5,2.5\n";
  for (const std::string command : {"fit b.csv -o out.safetensors", "predict m.safetensors b.csv -o out.csv"}) {
    SCOPED_TRACE(command);
    (void)kernad.folder().write("b.csv", csv);
    const std::string script = "cd " + kernad.folder().path("") +
                               " || exit; while :; do echo 1,2 >> b.csv; done & "
                               "writer=$!; '" KERNAD_TEST_BINARY "' " +
                               command + "; echo status $?; kill $writer; ls -A | tr '\\n' ' '";
    const auto run = testing::run_program({"bash", "-c", script});
    EXPECT_TRUE(run.out.starts_with("kernad: b.csv: was changed while it was read: it had ")) << run.out;
    EXPECT_NE(run.out.find("or a copy\nstatus 2\na.npy b.csv m.safetensors "), std::string::npos) << run.out;
    EXPECT_EQ(lines(run.out), 2u) << run.out;
  }
}

// predict waits for its reader within the first block of rows, when the second has been read ahead.
TEST_F(CliStreamTest, AFileThatShrinksWhileItIsReadIsNamed) {
  write_data("a.npy", many_values());
  fit({"--max-training-points", "50"});
  const auto size = std::filesystem::file_size(data);
  const std::string less = std::to_string(size / 8 * 7);
  const auto run =
      testing::run_program({"bash", "-c",
                            "cd " + kernad.folder().path("") +
                                " && { '" KERNAD_TEST_BINARY "' predict m.safetensors a.npy; echo status $? >&2; } | "
                                "{ read -r heading; truncate -s " +
                                less + " a.npy; cat >/dev/null; }"});
  EXPECT_EQ(run.out, "kernad: a.npy: was changed while it was read: it had " + std::to_string(size) +
                         " bytes and has " + less + "; read it once it is complete, or a copy\nstatus 2\n");
}

TEST_F(CliStreamTest, ARowIsAnsweredBeforeTheNextOneComes) {
  write_data("a.npy", {0, 0, 1, 1, 2, 3, 4, 4, 5, 7});
  fit();
  const std::string folder = kernad.folder().path("");
  // Writes a row once the one before has been answered; gives up after 20 s.
  const auto run = testing::run_program(
      {"bash", "-c",
       "cd " + folder +
           " && mkfifo in && { '" KERNAD_TEST_BINARY
           "' predict m.safetensors - <in >out 2>err & } && exec 3>in && for row in 1 2 3; do echo \"$row,$row\" >&3; "
           "for wait in $(seq 2000); do [ $(wc -l <out) -gt $row ] && break; sleep 0.01; done; wc -l <out; done; "
           "exec 3>&-; wait; cat out"});
  EXPECT_TRUE(run.out.starts_with("2\n3\n4\nlog_density,probability\n")) << run.out;
  EXPECT_EQ(lines(run.out), 7u) << run.out;
}

}  // namespace
}  // namespace kernad::cli_stream_test
