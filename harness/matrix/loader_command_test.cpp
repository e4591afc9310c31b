#include "matrix/loader_command.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

TEST(LoaderCommand, is_a_loader_given_by_a_path) {
  EXPECT_TRUE(is_command("./loader"));
  EXPECT_TRUE(is_command("/usr/bin/loader"));
  EXPECT_FALSE(is_command("libbpf"));
}

TEST(LoaderCommand, is_called_by_its_file_without_the_architecture) {
  const struct {
    const char* path;
    const char* name;
  } kCases[] = {{"./app", "app"},
                {"target/{arch}/app-1.2", "app-1.2"},
                {"./app-{arch}", "app"},
                {"./app.{arch}.bin", "app.bin"},
                {"./{arch}app", "app"}};
  for (const auto& [path, name] : kCases) {
    const auto command = command_of_path(path);
    ASSERT_TRUE(command) << path;
    EXPECT_EQ(command->name, name) << path;
    EXPECT_EQ(command->arguments, std::vector<std::string>{"{object}"});
  }
}

TEST(LoaderCommand, a_name_that_no_cell_can_have) {
  for (const char* path : {"./", "./{arch}", "./a b", "./-x"}) {
    const auto command = command_of_path(path);
    ASSERT_FALSE(command) << path;
    EXPECT_NE(command.error().message.find(path), std::string::npos);
  }
}

TEST(LoaderCommand, one_file_for_each_architecture) {
  const LoaderCommand command{"app", "out/{arch}/app"};
  EXPECT_EQ(path_on(command, Arch::x86_64), "out/x86_64/app");
  EXPECT_EQ(path_on(command, Arch::aarch64), "out/aarch64/app");
}

TEST(LoaderCommand, what_is_filled_in_is_not_looked_at_again) {
  EXPECT_EQ(fill_in("--o={a} {b} {c}", {{"a", "{b}"}, {"b", "{b}"}}), "--o={b} {b} {c}");
}

TEST(LoaderCommand, comes_back_from_json_as_it_was) {
  const LoaderCommand command{"app", "./app", {"{object}", "--once"}, {{"RUST_LOG", "debug"}}, 50};
  const std::string text = to_json(command).dump();
  const auto read = command_from_json(*parse_json(text, "f"), "f");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_json(*read).dump(), text);
}

}  // namespace
}  // namespace bpfmatrix
