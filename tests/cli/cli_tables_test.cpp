// Tables as other programs write them, and what predict makes of their rows.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"

namespace kernad::cli_tables_test {
namespace {

using nlohmann::json;
using testing::Command;
using testing::lines;

const std::string kCases = KERNAD_TEST_CASES "/";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

class CliTablesTest : public ::testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& bytes) { return kernad.folder().write(name, bytes); }

  /// A model of prob_train.csv, whose rows are normal and of the columns x and y, at a threshold of 5 %.
  void fit_calibrated() {
    const auto fit = kernad({"fit", kCases + "prob_train.csv", "-o", model, "--target-fpr", "0.05"});
    ASSERT_EQ(fit.status, 0) << fit.err;
  }

  Command kernad;
  std::string model = kernad.folder().path("model.safetensors");
};

// Two sites 1,000 km apart to the millimetre: whatever way the rows are read, digits that float32 loses are noted.
TEST_F(CliTablesTest, LostDigitsAreNotedHoweverRowsAreRead) {
  std::string csv = "x,y,label,n\n";
  for (int i = 0; i < 200; ++i) {
    const int site = i % 2 * 1000000;
    csv += std::to_string(site + i % 13) + "." + std::to_string(100 + 7 * i % 900) + "," +
           std::to_string(site + i % 11) + "." + std::to_string(100 + 3 * i % 900) + ",good,1\n";
  }
  const std::string table = file("sites.csv", csv);
  const std::vector<std::string> ways[] = {{"--ignore", "label,n"},
                                           {"--labels", "label", "--normal-label", "good", "--ignore", "n"},
                                           {"--weights", "n", "--ignore", "label"}};
  for (const auto& way : ways) {
    std::vector<std::string> words = {"fit", table, "-o", model, "--bandwidth", "loo"};
    words.insert(words.end(), way.begin(), way.end());
    const auto fit = kernad(words);
    EXPECT_EQ(fit.status, 0) << fit.err;
    EXPECT_NE(fit.err.find("float32 does not hold the last digits"), std::string::npos) << way[0] << ": " << fit.err;
  }
}

TEST_F(CliTablesTest, SemicolonsAndDecimalCommas) {
  const auto fit = kernad({"fit", kCases + "semicolon_decimal.csv", "-o", model, "--json"});
  ASSERT_EQ(fit.status, 0) << fit.err;
  EXPECT_EQ(json::parse(fit.out)["columns"], 3);
  const auto scores = [&](const std::string& data) {
    return json::parse(kernad({"predict", model, data, "--json"}).out);
  };
  const std::string german = file("german.csv", "temp;press;vib\n18,3976;0,9404;99,1604\n");
  const std::string english = file("english.csv", "temp,press,vib\n18.3976,0.9404,99.1604\n");
  const std::string lines = file("lines.jsonl", "{\"vib\": 99.1604, \"temp\": 18.3976, \"press\": 0.9404}\n");
  EXPECT_EQ(scores(german), scores(english));
  EXPECT_EQ(scores(lines), scores(english));
  const auto forced = kernad({"fit", german, "-o", model, "--delimiter", "comma"});
  EXPECT_EQ(forced.status, 2);
  EXPECT_NE(forced.err.find("if ';' separates the columns here"), std::string::npos) << forced.err;
  EXPECT_EQ(kernad({"predict", model, german, "--delimiter", "semicolon", "--decimal", "comma"}).status, 0);
  const auto wrong = kernad({"predict", model, german, "--delimiter", "semi"});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_NE(wrong.err.find("--delimiter is 'semi'; valid:"), std::string::npos) << wrong.err;
}

TEST_F(CliTablesTest, WhatANewcomerReadsFirstAgreesWithTheVerdict) {
  fit_calibrated();
  const auto run = kernad({"predict", model, kCases + "prob_train.csv"});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(run.err, "");
  const auto rows = lines_of(run.out);
  EXPECT_EQ(rows[0], "label,score,p_value,log_density,probability");
  std::size_t anomalous = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const bool label = rows[i][0] == '1';
    anomalous += label;
    EXPECT_EQ(std::stod(rows[i].substr(2)) >= 0.5, label) << rows[i];
  }
  EXPECT_GT(anomalous, 0u);
  EXPECT_LE(anomalous, 20u);
}

TEST_F(CliTablesTest, IdsAreInAllThatIsWritten) {
  fit_calibrated();
  const std::string data = file("new.csv", "part,x,y,label\n\"a,1\",0,0,ok\n\"b \"\"2\"\"\",9,9,?\n");
  const std::vector<std::string> command = {"predict", model, data, "--id", "part,label"};
  const auto rows = lines_of(kernad(command).out);
  EXPECT_EQ(rows[0], "part,label,kernad_label,score,p_value,log_density,probability");
  EXPECT_EQ(rows[1].rfind("\"a,1\",ok,0,", 0), 0u) << rows[1];
  EXPECT_EQ(rows[2].rfind("\"b \"\"2\"\"\",?,1,", 0), 0u) << rows[2];
  auto to_file = command;
  to_file.insert(to_file.end(), {"-o", kernad.folder().path("out.jsonl")});
  ASSERT_EQ(kernad(to_file).status, 0);
  const auto first = json::parse(lines_of(kernad.folder().read("out.jsonl"))[0]);
  EXPECT_EQ(first["part"], "a,1");
  EXPECT_EQ(first["kernad_label"], 0);
  const auto why =
      json::parse(kernad({"explain", model, data, "--row", "1", "--id", "part", "--ignore", "label", "--json"}).out);
  EXPECT_EQ(why["ids"]["part"], "b \"2\"");
  EXPECT_EQ(why["row"], 1);
}

TEST_F(CliTablesTest, AppendKeepsTheInputsColumns) {
  fit_calibrated();
  const std::string data = file("new.tsv", "remark\ty\tx\nso so\t0.50\t1e0\n");
  const auto rows = lines_of(kernad({"predict", model, data, "--ignore", "remark", "--append"}).out);
  EXPECT_EQ(rows[0], "remark,y,x,label,score,p_value,log_density,probability");
  EXPECT_EQ(rows[1].rfind("so so,0.50,1e0,0,0.", 0), 0u) << rows[1];
}

TEST_F(CliTablesTest, MissingValuesAreRefusedOrSkipped) {
  fit_calibrated();
  const std::string data = file("new.csv", "x,y\n0,0\n1,\n9,9\nNA,1\nnan,2\n");
  const auto refused = kernad({"predict", model, data});
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("line 3, column 1 ('y'): is empty;"), std::string::npos) << refused.err;
  const auto skipped = kernad({"predict", model, data, "--missing", "skip"});
  ASSERT_EQ(skipped.status, 0) << skipped.err;
  EXPECT_EQ(skipped.err, "kernad: note: " + data + ": 3 of 5 rows have missing values and are skipped\n");
  const auto rows = lines_of(skipped.out);
  ASSERT_EQ(rows.size(), 6u);
  EXPECT_EQ(rows[2], ",,,,");
  EXPECT_EQ(rows[4], ",,,,");
  EXPECT_EQ(rows[5], ",,,,");
  EXPECT_EQ(rows[3].substr(0, 2), "1,");
  const auto whole = json::parse(kernad({"predict", model, data, "--missing", "skip", "--json"}).out);
  EXPECT_TRUE(whole["label"][1].is_null());
  EXPECT_EQ(whole["label"][2], 1);
  const auto explained = kernad({"explain", model, data, "--row", "1", "--missing", "skip"});
  EXPECT_EQ(explained.status, 2);
  EXPECT_NE(explained.err.find("row 1 has a missing value"), std::string::npos) << explained.err;
  const auto third = kernad({"explain", model, data, "--row", "2", "--missing", "skip", "--json"});
  ASSERT_EQ(third.status, 0) << third.err;
  EXPECT_EQ(json::parse(third.out)["row"], 2);
  EXPECT_EQ(json::parse(third.out)["columns"][0]["value"], 9);

  const std::string train = file("train.csv", "a,b\n1,2\n,3\n2,1\n4,NA\n3,5\n5,4\n");
  const auto fit = kernad({"fit", train, "-o", model, "--components", "2", "--missing", "skip", "--json"});
  ASSERT_EQ(fit.status, 0) << fit.err;
  EXPECT_EQ(json::parse(fit.out)["rows_seen"], 4);
  EXPECT_NE(fit.err.find("2 of 6 rows have missing values"), std::string::npos) << fit.err;
}

TEST_F(CliTablesTest, TheMostAnomalousRowsAlone) {
  fit_calibrated();
  const std::string data = file("new.csv", "x,y\n0,0\n7,7\n0.5,0\n9,9\n");
  const auto top = lines_of(kernad({"predict", model, data, "--top", "2"}).out);
  ASSERT_EQ(top.size(), 3u);
  EXPECT_EQ(top[0], "row,label,score,p_value,log_density,probability");
  EXPECT_EQ(top[1].substr(0, 2), "3,");
  EXPECT_EQ(top[2].substr(0, 2), "1,");
  EXPECT_EQ(lines(kernad({"predict", model, data, "--only-anomalous"}).out), 3u);
  EXPECT_EQ(lines(kernad({"predict", model, data, "--only-anomalous", "--top", "1"}).out), 2u);
  EXPECT_EQ(lines(kernad({"predict", model, data, "--top", "99"}).out), 5u);
  const std::string plain = kernad.folder().path("plain.safetensors");
  ASSERT_EQ(kernad({"fit", kCases + "prob_train.csv", "-o", plain}).status, 0);
  const auto no_threshold = kernad({"predict", plain, data, "--only-anomalous"});
  EXPECT_EQ(no_threshold.status, 2);
  EXPECT_NE(no_threshold.err.find("has no threshold"), std::string::npos) << no_threshold.err;
}

TEST_F(CliTablesTest, ChosenRowsCanBeFoundAgain) {
  fit_calibrated();
  const std::string first = file("1.csv", "row,x,y\n6,7,7\n5,0,0\n");
  const std::string second = file("2.csv", "row,x,y\n7,0.5,0\n8,0.5,0.5\n9,9,9\n");
  const auto both = [&](std::vector<std::string> options) {
    std::vector<std::string> words = {"predict", model, first, second, "--top", "2"};
    words.insert(words.end(), options.begin(), options.end());
    const auto outcome = kernad(words);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    std::vector<std::string> beginnings;
    for (const auto& line : lines_of(outcome.out)) beginnings.push_back(line.substr(0, line.find(",1,")));
    return beginnings;
  };
  const std::string scores = "label,score,p_value,log_density,probability";
  EXPECT_EQ(both({"--ignore", "row"}), (std::vector<std::string>{"file,row," + scores, second + ",2", first + ",0"}));
  EXPECT_EQ(both({"--ignore", "row", "--append"}),
            (std::vector<std::string>{"row,x,y,file,kernad_row," + scores, "9,9,9," + second + ",2",
                                      "6,7,7," + first + ",0"}));
  EXPECT_EQ(both({"--id", "row"}), (std::vector<std::string>{"row," + scores, "9", "6"}));
  EXPECT_EQ(both({"--id", "row", "--append"}), (std::vector<std::string>{"row,x,y," + scores, "9,9,9", "6,7,7"}));
  const auto one = kernad({"predict", model, second, "--ignore", "row", "--append", "--top", "1"});
  EXPECT_EQ(lines_of(one.out)[0], "row,x,y,kernad_row," + scores);
}

TEST_F(CliTablesTest, WhatControlsATerminalIsEscapedThere) {
  if (!Command::has_terminals()) GTEST_SKIP() << "no terminal can be opened here (is /dev/pts mounted?)";
  fit_calibrated();
  const std::string evil =
      "e\x1b[31m\xc2\x9b"
      "4m\xe2\x80\xaeX\xe2\x80\xa8\xc3\xbc\tz";
  const std::string data = file("evil.csv",
                                "x,y,i\x1bs\xc2\x85"
                                "d\n0,0," +
                                    evil + "\n");
  const std::string shown = "e\\u001b[31m\\u009b4m\\u202eX\\u2028\xc3\xbc\tz";
  for (const std::string option : {"--id", "--append"}) {
    std::vector<std::string> words = {"predict", model, data, option};
    if (option == "--id") {
      words.push_back("2");
    } else {
      words.insert(words.end(), {"--ignore", "2"});
    }
    EXPECT_NE(kernad(words).out.find(evil), std::string::npos) << "data stay as they are";
    const std::string seen = kernad.on_terminal(words);
    EXPECT_NE(seen.find(shown), std::string::npos) << seen;
    EXPECT_NE(seen.find("i\\u001bs\\u0085d"), std::string::npos) << seen;
    words.push_back("--json");
    const auto seen_json = json::parse(kernad.on_terminal(words));
    EXPECT_EQ(seen_json["rows"], 1) << "and is JSON there";
  }
  for (const auto& explained : {kernad({"explain", model, data, "--row", "0", "--id", "2"}).out,
                                kernad.on_terminal({"explain", model, data, "--row", "0", "--id", "2"})}) {
    EXPECT_EQ(explained.find('\x1b'), std::string::npos) << explained;
    EXPECT_EQ(explained.find("\xc2\x85"), std::string::npos) << explained;
    EXPECT_EQ(explained.find("\xe2\x80\xae"), std::string::npos) << explained;
  }
}

TEST_F(CliTablesTest, CommentsAreCountedInOneNote) {
  std::string text = "x,y\n";
  for (int i = 0; i < 600; ++i)
    text += std::to_string(i % 7) + ',' + std::to_string(i % 5) + (i % 200 ? "\n" : "\n# pause\n");
  const std::string data = file("paused.csv", text);
  const auto fit = kernad({"fit", data, "-o", model, "--components", "2", "--json"});
  ASSERT_EQ(fit.status, 0) << fit.err;
  EXPECT_EQ(json::parse(fit.out)["rows_seen"], 600);
  const std::string note = "kernad: note: " + data + ": 3 lines begin with # and are skipped as comments\n";
  EXPECT_EQ(fit.err, note);
  EXPECT_EQ(kernad({"predict", model, data, data}).err.substr(0, 2 * note.size()), note + note);
  EXPECT_NE(kernad({"explain", model, data, "--row", "599"}).err.find(note), std::string::npos);
}

TEST_F(CliTablesTest, MinusIsStandardOutputForScoresAlone) {
  fit_calibrated();
  const std::string data = kCases + "prob_train.csv";
  EXPECT_EQ(kernad({"predict", model, data, "-o", "-"}).out, kernad({"predict", model, data}).out);
  EXPECT_EQ(kernad({"fit", data, "-o", "-"}).status, 2);
  EXPECT_EQ(kernad({"calibrate", model, "--target-fpr", "0.1", "-o", "-"}).status, 2);
}

TEST_F(CliTablesTest, NormalRowsAloneAndRowsOfTheFit) {
  fit_calibrated();
  std::string text = "x,y,label\n";
  for (int i = 0; i < 20; ++i) text += std::to_string(i % 5 * 0.25) + "," + std::to_string(i * 0.1) + ",good\n";
  const auto fresh = kernad({"test", model, file("fresh.csv", text), "--labels", "label", "--json"});
  ASSERT_EQ(fresh.status, 0) << fresh.err;
  EXPECT_EQ(fresh.err, "");
  const json rates = json::parse(fresh.out);
  EXPECT_EQ(rates["n_normal"], 20);
  EXPECT_EQ(rates["false_positives"].get<int>() + rates["true_negatives"].get<int>(), 20);
  EXPECT_FALSE(rates.contains("image_AUROC"));
  std::string labels;
  for (int i = 0; i < 400; ++i) labels += "0\n";
  const auto seen = kernad({"test", model, kCases + "prob_train.csv", "--labels", file("labels.csv", labels)});
  ASSERT_EQ(seen.status, 0) << seen.err;
  EXPECT_NE(seen.err.find("400 of 400 rows that could be compared equal rows that the model was trained on"),
            std::string::npos)
      << seen.err;
}

TEST_F(CliTablesTest, TrainingRowsAreCalledAsInTheFile) {
  const std::string train =
      file("train.csv", "n,a,b,y\nr0,9,9,bad\nr1,1,2,good\nr2,2,1,good\nr3,3,5,good\nr4,5,4,good\n");
  const auto nearest = [&](const std::vector<std::string>& more) {
    std::vector<std::string> fit = {"fit", train, "-o", model, "--labels", "y", "--components", "2"};
    fit.insert(fit.end(), more.begin(), more.end());
    EXPECT_EQ(kernad(fit).status, 0);
    const auto run = kernad({"explain", model, "-", "--row", "0", "--json"}, "a,b\n1,2\n");
    EXPECT_EQ(run.status, 0) << run.err;
    return json::parse(run.out)["neighbours"][0]["row"];
  };
  EXPECT_EQ(nearest({"--ignore", "n"}), 1) << "of the file, not of the normal rows";
  EXPECT_EQ(nearest({"--id", "n"}), "r1");
}

TEST_F(CliTablesTest, StandardErrorIsUtf8WhateverTheInputHolds) {
  const auto run = kernad({"fit", "-", "-o", model}, "a,b\n1,\xff\xc2\x9b\xe4\n");
  EXPECT_EQ(run.status, 2);
  EXPECT_NE(run.err.find("'\\xff\\xc2\\x9b\\xe4' is not a number"), std::string::npos) << run.err;
  const auto path = kernad({"info", "no\xff\xc2\x9b.safetensors"});
  EXPECT_NE(path.err.find("no\\xff\\xc2\\x9b.safetensors"), std::string::npos) << path.err;
}

}  // namespace
}  // namespace kernad::cli_tables_test
