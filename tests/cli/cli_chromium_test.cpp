// The report in a browser: it is displayed, in light and in dark, and the browser reports no problem.
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

#include "cli/command.hpp"

namespace kernad {
namespace {

using testing::Command;

std::string chromium() {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    for (const char* name : {"chromium", "chromium-browser", "google-chrome"}) {
      if (std::filesystem::exists(std::filesystem::path(folder) / name)) return name;
    }
  }
  return "";
}

/// Loads page.html of `folder` without a network, and returns a screenshot of it as PNG.
std::string picture(const testing::TemporaryFolder& folder, const std::string& page, const std::string& mode) {
  const auto run = testing::run_program({chromium(), "--headless=new", "--disable-gpu", "--hide-scrollbars",
                                         "--no-sandbox",  // which needs rights that a container lacks; the page is ours
                                         "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr",
                                         "--user-data-dir=" + folder.path("profile"), "--window-size=1100,2400",
                                         "--screenshot=" + folder.path("picture.png"), mode, "file://" + page});
  EXPECT_EQ(run.status, 0) << run.out;
  EXPECT_EQ(run.out.find("CONSOLE"), std::string::npos) << run.out;
  std::string png = folder.read("picture.png");
  std::filesystem::remove(folder.path("picture.png"));
  return png;
}

TEST(CliChromiumTest, TheReportShowsAndTheConsoleIsEmpty) {
  if (chromium().empty()) GTEST_SKIP() << "Chromium is not installed";
  Command kernad;
  const auto data = kernad.folder().write("data.csv", testing::labelled_csv(60, 10));
  const auto model = kernad.folder().path("m.safetensors");
  const auto report = kernad.folder().path("report.html");
  ASSERT_EQ(kernad({"fit", data, "-o", model, "--labels", "class", "--components", "3", "--target-fpr", "0.1"}).status,
            0);
  ASSERT_EQ(kernad({"test", model, data, "--labels", "class", "--report", report}).status, 0);
  const auto blank = kernad.folder().write("blank.html", "<!DOCTYPE html><title>blank</title>");

  // A page of one colour is a small PNG; with tables, text and curves it is at least ten times as large.
  const auto nothing = picture(kernad.folder(), blank, "--force-dark-mode");
  const auto light = picture(kernad.folder(), report, "--disable-extensions");
  const auto dark = picture(kernad.folder(), report, "--force-dark-mode");
  EXPECT_GT(nothing.size(), 0U);
  EXPECT_GT(light.size(), 10 * nothing.size());
  EXPECT_GT(dark.size(), 10 * nothing.size());
  EXPECT_TRUE(dark != light);
}

}  // namespace
}  // namespace kernad
