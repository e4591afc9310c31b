#include "matrix/loader_app.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

TEST(LoaderApp, is_a_loader_given_by_a_path) {
  EXPECT_TRUE(is_app("./loader"));
  EXPECT_TRUE(is_app("/usr/bin/loader"));
  EXPECT_FALSE(is_app("libbpf"));
}

TEST(LoaderApp, is_called_by_its_file_without_the_architecture) {
  const struct {
    const char* path;
    const char* name;
  } kCases[] = {{"./app", "app"},
                {"target/{arch}/app-1.2", "app-1.2"},
                {"./app-{arch}", "app"},
                {"./app.{arch}.bin", "app.bin"},
                {"./{arch}app", "app"}};
  for (const auto& [path, name] : kCases) {
    const auto app = app_of_path(path);
    ASSERT_TRUE(app) << path;
    EXPECT_EQ(app->name, name) << path;
    EXPECT_EQ(app->arguments, std::vector<std::string>{"{object}"});
  }
}

TEST(LoaderApp, a_name_that_no_cell_can_have) {
  for (const char* path : {"./", "./{arch}", "./a b", "./-x"}) {
    const auto app = app_of_path(path);
    ASSERT_FALSE(app) << path;
    EXPECT_NE(app.error().message.find(path), std::string::npos);
  }
}

TEST(LoaderApp, one_file_for_each_architecture) {
  const LoaderApp app{"app", "out/{arch}/app"};
  EXPECT_EQ(path_on(app.path, Arch::x86_64), "out/x86_64/app");
  EXPECT_EQ(path_on(app.path, Arch::aarch64), "out/aarch64/app");
}

TEST(LoaderApp, what_is_filled_in_is_not_looked_at_again) {
  EXPECT_EQ(fill_in("--o={a} {b} {c}", {{"a", "{b}"}, {"b", "{b}"}}), "--o={b} {b} {c}");
}

TEST(LoaderApp, comes_back_from_json_as_it_was) {
  const LoaderApp app{"app", "./app", {"{object}", "--once"}, {{"RUST_LOG", "debug"}}, 50};
  const std::string text = to_json_text(app);
  const auto read = from_json_text<LoaderApp>(text, "f");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_json_text(*read), text);
}

TEST(ShellWords, are_those_of_a_shell) {
  const std::pair<const char*, std::vector<std::string>> rows[] = {
      {"", {}},
      {"  ./a  -T ", {"./a", "-T"}},
      {"./a 'b c' \"d e\"", {"./a", "b c", "d e"}},
      {"a\\ b '' x''y", {"a b", "", "xy"}},
      {"bpftrace -e 'kprobe:x { printf(\"%d\\n\"); }'",
       {"bpftrace", "-e", "kprobe:x { printf(\"%d\\n\"); }"}},
      {"$HOME *", {"$HOME", "*"}},
      {"'it'\\''s'", {"it's"}},
  };
  for (const auto& [line, words] : rows) {
    const auto split = shell_words(line);
    ASSERT_TRUE(split) << line;
    EXPECT_EQ(*split, words) << line;
  }
  EXPECT_EQ(shell_words("a 'b").error().message, "'a 'b': a quote (') is not closed");
}

TEST(AppOfLine, is_a_program_with_its_arguments_that_brings_its_object) {
  const Result<LoaderApp> app = app_of_line("./tools/execsnoop -T --name 'a b'");
  ASSERT_TRUE(app) << app.error().message;
  EXPECT_EQ(app->name, "execsnoop");
  EXPECT_EQ(app->path, "./tools/execsnoop");
  EXPECT_EQ(app->arguments, (std::vector<std::string>{"-T", "--name", "a b"}));
  EXPECT_TRUE(app->own_object);
  EXPECT_FALSE(app_of_line("  "));
}

TEST(LoaderApp, its_root_is_kept_for_a_run_that_is_resumed) {
  Result<LoaderApp> app = app_of_line("bpftool prog");
  EXPECT_FALSE(has_root(*app));
  const std::string without = to_json_text(*app);
  EXPECT_EQ(without.find("root"), std::string::npos) << "runs of before are read as they were";
  app->own_object->root = "deb:bpftool";
  EXPECT_TRUE(has_root(*app));
  const auto json = parse_json(to_json_text(*app), "run.json");
  const Result<LoaderApp> read = from_json<LoaderApp>(*json, "run.json");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->own_object->root, "deb:bpftool");
}

TEST(GuestFile, has_its_place_in_the_guest) {
  EXPECT_EQ(parse_guest_file("conf/a.json")->guest_path, "/app/a.json");
  EXPECT_EQ(parse_guest_file("a:b:/etc/a.json")->path, "a:b");
  EXPECT_EQ(parse_guest_file("a:b:/etc/a.json")->guest_path, "/etc/a.json");
  for (const char* bad : {"", "a:", "a:b", "a:/", "a:/x/../y", "a:/x/", ":/x"})
    EXPECT_FALSE(parse_guest_file(bad)) << bad;
}

}  // namespace
}  // namespace bpfmatrix
