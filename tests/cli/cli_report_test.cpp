// kernad test --report: the page is well-formed, agrees with the command, and is written completely or not at all.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/page.hpp"
#include "kernad/kernad.hpp"
#include "support/data.hpp"

namespace kernad {
namespace {

using nlohmann::json;
using testing::Cells;
using testing::Command;
using testing::lines;
using testing::Page;

/// Rows near 0 and anomalies that overlap with them, so that there are false alarms and misses.
std::string overlapping_csv(std::size_t normals, std::size_t anomalies, std::uint64_t seed) {
  testing::Random random(seed);
  std::string csv = "a,b,class\n";
  for (std::size_t i = 0; i < normals + anomalies; ++i) {
    const bool normal = i < normals;
    csv += fmt::format("{},{},{}\n", random.normal() + (normal ? 0 : 2), random.normal(), normal ? "good" : "bad");
  }
  return csv;
}

std::string rate(const json& value) { return fmt::format("{:.4f}", value.get<double>()); }

class CliReportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto train = file("train.csv", overlapping_csv(60, 0, 1));
    const std::vector<std::string> fit = {"fit", train, "--labels", "class", "--components", "2", "-o"};
    auto calibrated = fit;
    calibrated.insert(calibrated.end(), {model, "--target-fpr", "0.1"});
    ASSERT_EQ(kernad(calibrated).status, 0);
    auto plain_fit = fit;
    plain_fit.push_back(plain);
    ASSERT_EQ(kernad(plain_fit).status, 0);
  }

  /// The contents of the page of a test.
  std::string report(const std::string& tested, const std::string& rows, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"test", tested, rows, "--labels", "class", "--report", path("report.html")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto run = kernad(arguments);
    EXPECT_EQ(run.status, 0) << run.err;
    return kernad.folder().read("report.html");
  }

  std::string file(const std::string& name, const std::string& bytes) { return kernad.folder().write(name, bytes); }
  std::string path(const std::string& name) { return kernad.folder().path(name); }

  Command kernad;
  std::string data = file("data.csv", overlapping_csv(80, 30, 2));
  std::string model = path("model.safetensors");
  std::string plain = path("plain.safetensors");
};

void expect_self_contained(const std::string& html) {
  const Page page = testing::parse_page(html);
  for (const auto& element : page.elements) {
    EXPECT_TRUE(element.name != "script" && element.name != "iframe" && element.name != "img") << element.name;
    for (const auto& [name, value] : element.attributes) {
      EXPECT_TRUE(name != "src" && name.rfind("on", 0) != 0) << name;
      EXPECT_TRUE(name != "href" || value == "data:,") << value;
    }
  }
  for (const char* loads : {"http:", "https:", "url(", "@import"})
    EXPECT_EQ(html.find(loads), std::string::npos) << loads;
}

/// Numbers that are not numbers, at which a drawing program would fail.
void expect_drawable(const Page& page) {
  for (const auto& path : page.named("path")) {
    const auto& d = path.attributes.at("d");
    EXPECT_EQ(d.find_first_not_of("MLHVZ0123456789. -"), std::string::npos) << d;
  }
  for (const char* shape : {"rect", "circle", "text"}) {
    for (const auto& element : page.named(shape)) {
      for (const char* number : {"x", "y", "cx", "cy", "width", "height"}) {
        if (!element.attributes.contains(number)) continue;
        const auto& value = element.attributes.at(number);
        EXPECT_EQ(value.find_first_not_of("0123456789.-"), std::string::npos) << shape << " " << value;
      }
    }
  }
}

TEST_F(CliReportTest, IsOneWholeFileThatLoadsNothing) {
  for (const auto& each : {model, plain}) {
    const auto html = report(each, data);
    expect_self_contained(html);
    const Page page = testing::parse_page(html);
    expect_drawable(page);
    EXPECT_EQ(page.title, each == model ? "model.safetensors on data.csv" : "plain.safetensors on data.csv");
    const auto drawings = page.named("svg");
    EXPECT_EQ(drawings.size(), each == model ? 4U : 3U);
    for (const auto& svg : drawings) {
      EXPECT_EQ(svg.attributes.at("role"), "img");
      EXPECT_NE(svg.attributes.at("aria-label"), "");
    }
    EXPECT_EQ(page.named("desc").size(), drawings.size());
    EXPECT_EQ(page.named("title").size(), 1 + drawings.size());
  }
}

TEST_F(CliReportTest, SaysWhatTheCommandSays) {
  const auto said = json::parse(kernad({"test", model, data, "--labels", "class", "--json"}).out);
  const Page page = testing::parse_page(report(model, data));
  const Cells& metrics = page.table("metric");
  ASSERT_EQ(metrics.size(), 5U);
  for (std::size_t i = 1; i < metrics.size(); ++i) EXPECT_EQ(metrics[i][1], rate(said[metrics[i][0]])) << metrics[i][0];

  const auto count = [&](const char* name) { return fmt::format("{}", said[name].get<std::size_t>()); };
  ASSERT_GT(said["false_positives"], 0);
  ASSERT_GT(said["false_negatives"], 0);
  const Cells confusion = {
      {"rows", "called normal", "called anomalous", "rate"},
      {"normal", count("true_negatives"), count("false_positives"), "FPR\u00a0" + rate(said["FPR"])},
      {"anomalous", count("false_negatives"), count("true_positives"), "TPR\u00a0" + rate(said["TPR"])}};
  EXPECT_EQ(page.table("rows"), confusion);
  const std::vector<std::string> sentences = {
      "80 normal and 30 anomalous rows", "(target FPR 0.1)",
      fmt::format("Precision {}, F1 {}.", rate(said["precision"]), rate(said["F1"])),
      fmt::format("log-density {:.6g} or less", said["F1Max_threshold"].get<double>()),
      fmt::format("log-density {:.6g} or less", said["threshold"]["log_density"].get<double>())};
  for (const auto& sentence : sentences) {
    EXPECT_NE(page.text.find(sentence), std::string::npos) << sentence;
  }
  // The promise that the threshold makes is in the table of promises.
  const Cells& promises = page.table("promised FPR");
  EXPECT_EQ(promises.back()[0], "0.1");
  EXPECT_EQ(promises.back()[1], rate(said["FPR"]));
  const auto info = kernad({"info", model}).out;
  EXPECT_NE(info.find("60 training rows in 10 folds"), std::string::npos);
  EXPECT_NE(page.text.find("60 training rows in 10 folds"), std::string::npos);
}

TEST_F(CliReportTest, IntervalsAreTheLibrarys) {
  const auto table = read_table(data, {"class", CsvHeader::detect});
  auto scores = KDEClassifier::load(model).compute_kde_scores(table.features, true);
  for (double& score : scores) score = -score;
  std::vector<std::uint8_t> labels(80, 0);
  labels.resize(110, 1);
  const auto want = bootstrap_intervals(scores, labels);
  const Page page = testing::parse_page(report(model, data));
  const Cells& metrics = page.table("metric");
  const auto text = [](const Interval& interval) {
    return fmt::format("{:.4f} to {:.4f}", interval.low, interval.high);
  };
  EXPECT_EQ(metrics[1][2], text(want.image_AUROC));
  EXPECT_EQ(metrics[2][2], text(want.AUPR));
  EXPECT_EQ(metrics[3][2], text(want.F1Max));
  EXPECT_EQ(metrics[4][2], text(want.FPR_at_95TPR));
}

/// The rows in [from, to) with the smallest (or, with `largest`, the largest) `scores`, at most ten.
std::vector<std::string> extreme_rows(const json& scores, std::size_t from, std::size_t to, bool largest) {
  std::vector<std::pair<double, std::size_t>> rows;
  for (std::size_t i = from; i < to; ++i) rows.emplace_back((largest ? -1 : 1) * scores[i].get<double>(), i);
  std::sort(rows.begin(), rows.end());
  std::vector<std::string> numbers;
  for (std::size_t i = 0; i < std::min<std::size_t>(10, rows.size()); ++i)
    numbers.push_back(std::to_string(rows[i].second));
  return numbers;
}

TEST_F(CliReportTest, NamesTheWorstRows) {
  ASSERT_EQ(kernad({"predict", model, data, "--labels", "class", "-o", path("scores.json")}).status, 0);
  const auto scores = json::parse(kernad.folder().read("scores.json"));
  const Page page = testing::parse_page(report(model, data));
  std::vector<Cells> tables;
  for (const auto& table : page.tables) {
    if (table[0][1] == "log-density") tables.push_back(table);
  }
  ASSERT_EQ(tables.size(), 2U);
  const auto want = {extreme_rows(scores["log_density"], 0, 80, false),
                     extreme_rows(scores["log_density"], 80, 110, true)};
  std::size_t mistakes = 0;
  for (std::size_t t = 0; t < 2; ++t) {
    ASSERT_EQ(tables[t].size(), 11U);
    for (std::size_t i = 0; i < 10; ++i) {
      const auto& cells = tables[t][i + 1];
      EXPECT_EQ(cells[0], want.begin()[t][i]);
      const auto row = std::stoul(cells[0]);
      EXPECT_EQ(cells[1], fmt::format("{:.6g}", scores["log_density"][row].get<double>()));
      EXPECT_EQ(cells[2], fmt::format("{:.3g}", scores["p_value"][row].get<double>()));
      const bool right = scores["label"][row] == static_cast<int>(t);
      EXPECT_EQ(cells[3], right ? "right" : t == 0 ? "false alarm" : "missed");
      if (!right) ++mistakes;
    }
  }
  EXPECT_GT(mistakes, 0U);
}

TEST_F(CliReportTest, TellsWhyAsExplainDoes) {
  // The name of a column is also text, not markup.
  auto csv = kernad.folder().read("data.csv");
  const auto named = file("named.csv", "<a>&" + csv.substr(1));
  const auto html = report(model, named, {"--columns-by", "position"});
  expect_self_contained(html);
  const Page page = testing::parse_page(html);
  const auto explain = [&](const std::string& row) {
    return json::parse(
        kernad({"explain", model, named, "--row", row, "--labels", "class", "--json", "--columns-by", "position"}).out);
  };
  std::size_t checked = 0;
  for (const auto& table : page.tables) {
    for (std::size_t i = 1; i < table.size(); ++i) {
      if (table[0][1] == "column") {
        const auto columns = explain(table[i][0])["columns"];
        const auto& most = columns[columns[0]["share"] >= columns[1]["share"] ? 0 : 1];
        EXPECT_EQ(table[i][1], most["name"]);
        EXPECT_EQ(table[i][2], fmt::format("{:.4g}", most["value"].get<double>()));
        EXPECT_EQ(table[i][3], fmt::format("{:.4g}", most["expected"].get<double>()));
        ++checked;
      } else if (table[0][1] == "training row") {
        const auto nearest = explain(table[i][0])["neighbours"][0];
        EXPECT_EQ(table[i][1], fmt::format("{}", nearest["row"].get<std::size_t>()));
        EXPECT_EQ(table[i][2], fmt::format("{:.4g}", nearest["distance"].get<double>()));
        ++checked;
      }
    }
  }
  EXPECT_EQ(checked, 20U);
  EXPECT_NE(html.find("&lt;a&gt;&amp;"), std::string::npos);
}

TEST_F(CliReportTest, SaysWhatIsMissing) {
  const Page page = testing::parse_page(report(plain, data));
  EXPECT_NE(page.text.find("The model has no threshold"), std::string::npos);
  EXPECT_NE(page.text.find("The model is not calibrated"), std::string::npos);
  EXPECT_EQ(page.text.find("With so few rows"), std::string::npos);  // there are 30 rows of the smaller class
  const auto few = testing::parse_page(report(plain, file("few.csv", overlapping_csv(80, 29, 2))));
  EXPECT_NE(few.text.find("With so few rows of a class the intervals"), std::string::npos);
  EXPECT_EQ(page.table("row")[0], (std::vector<std::string>{"row", "log-density", "probability"}));
}

TEST_F(CliReportTest, NamesAreTextWhateverTheyHold) {
  const auto odd = file("<script>&\"\xe2\x82\xac.csv", kernad.folder().read("data.csv"));
  const auto odder = path("a <b> & 'c' \x01\xff.safetensors");  // neither XML nor UTF-8
  std::filesystem::rename(model, odder);
  const auto html = report(odder, odd);
  expect_self_contained(html);
  EXPECT_EQ(testing::parse_page(html).title, "a <b> & 'c' \ufffd\ufffd.safetensors on <script>&\"\u20ac.csv");
}

TEST_F(CliReportTest, TheSameInputGivesTheSameBytes) {
  const auto first = report(model, data, {"--threads", "1"});
  EXPECT_GT(first.size(), 10'000U);
  EXPECT_TRUE(report(model, data, {"--threads", "1"}) == first);
  EXPECT_TRUE(report(model, data, {"--threads", "3", "--json"}) == first);
}

TEST_F(CliReportTest, HoldsTheSmallestAndTheFarthest) {
  const auto three = report(model, file("three.csv", "a,b,class\n0,0,good\n1,1,good\n0,0,bad\n"));
  expect_drawable(testing::parse_page(three));
  const auto equal = report(plain, file("equal.csv", "a,b,class\n0,0,good\n0,0,bad\n"));
  expect_drawable(testing::parse_page(equal));
  const auto far = report(model, file("far.csv", "a,b,class\n0,0,good\n1e15,1,good\n1e30,0,bad\n-3e38,0,bad\n"));
  expect_drawable(testing::parse_page(far));
  EXPECT_NE(far.find("Rows beyond the axis, counted at its end: "), std::string::npos);
  ASSERT_EQ(kernad({"calibrate", model, "--threshold=-1e300"}).status, 0);
  expect_drawable(testing::parse_page(report(model, data)));
}

// Curves have a point for each row; what is drawn is bounded by what can be seen. 60 kB is twice what 110 rows take.
TEST_F(CliReportTest, StaysSmallWithManyRows) {
  const auto html = report(model, file("many.csv", overlapping_csv(20'000, 10'000, 3)));
  EXPECT_LT(html.size(), 60'000U);
}

TEST_F(CliReportTest, WritesAllOrNothing) {
  const auto expect_error = [&](const std::string& output, const std::string& rows, int status, const char* part) {
    const auto run = kernad({"test", model, rows, "--labels", "class", "--report", output});
    EXPECT_EQ(run.status, status) << run.err;
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(lines(run.err), 1U) << run.err;
    EXPECT_EQ(run.err.rfind("kernad: ", 0), 0U) << run.err;
    EXPECT_NE(run.err.find(part), std::string::npos) << run.err;
  };
  const auto before = kernad.folder().names();
  expect_error(path("none/report.html"), data, 1, "No such file");
  expect_error(path("."), data, 1, "folder");
  expect_error("", data, 2, "--report");
  expect_error(data, data, 2, "input");
  expect_error(model, data, 2, "input");
  if (std::filesystem::exists("/dev/full")) expect_error("/dev/full", data, 1, "/dev/full");
  EXPECT_EQ(kernad.folder().names(), before);

  // A page written before stays as it is when the next cannot be made.
  const auto old = file("old.html", "old");
  expect_error(old, file("one.csv", "a,b,class\n0,0,good\n"), 2, "0 are labelled anomalous");
  EXPECT_EQ(kernad.folder().read("old.html"), "old");
}

}  // namespace
}  // namespace kernad
