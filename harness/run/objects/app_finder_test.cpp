#include "run/objects/app_finder.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;

struct Made {
  std::uint16_t machine = EM_X86_64;
  std::uint16_t type = ET_EXEC;
  std::string interpreter{};
};

std::string executable(const Made& made) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = made.type;
  header.e_machine = made.machine;
  header.e_phoff = sizeof header;
  header.e_phnum = 2;
  Elf64_Phdr segments[2] = {};
  segments[0].p_type = PT_LOAD;
  segments[1].p_type = made.interpreter.empty() ? PT_NOTE : PT_INTERP;
  segments[1].p_offset = sizeof header + sizeof segments;
  segments[1].p_filesz = made.interpreter.size() + 1;
  return std::string(reinterpret_cast<const char*>(&header), sizeof header) +
         std::string(reinterpret_cast<const char*>(segments), sizeof segments) + made.interpreter +
         '\0';
}

TEST(AppFile, static_programs_of_the_right_machine_run) {
  EXPECT_TRUE(check_runs_in_guest(executable({}), Arch::x86_64, "x"));
  EXPECT_TRUE(check_runs_in_guest(executable({.type = ET_DYN}), Arch::x86_64, "x"));
  EXPECT_TRUE(check_runs_in_guest(executable({.machine = EM_AARCH64}), Arch::aarch64, "x"));
}

TEST(AppFile, the_wrong_machine_is_named_with_the_right_one) {
  const auto checked = check_runs_in_guest(executable({}), Arch::aarch64, "./x");
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().message,
            "loader './x': made for x86_64, but the kernel is for aarch64");
  EXPECT_THAT(checked.error().hint, HasSubstr("{arch}"));
}

TEST(AppFile, a_dynamic_program_is_told_how_to_become_static) {
  const auto checked =
      check_runs_in_guest(executable({.interpreter = "/lib/ld.so"}), Arch::x86_64, "./x");
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().message, "loader './x': not static (it needs '/lib/ld.so')");
  EXPECT_THAT(checked.error().hint, HasSubstr("musl"));
}

TEST(AppFile, what_is_no_executable) {
  const std::string whole = executable({.interpreter = "/lib/ld.so"});
  for (const std::string& bytes : {std::string(), std::string("#!/bin/sh\n"), whole.substr(0, 63),
                                   executable({.type = ET_REL})}) {
    const auto checked = check_runs_in_guest(bytes, Arch::x86_64, "./x");
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().message, "loader './x': not an executable ELF file");
  }
}

TEST(AppFile, damaged_headers_are_safe) {
  const std::string whole = executable({.interpreter = "/lib/ld.so"});
  for (std::size_t i = SELFMAG; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = '\xff';
    (void)check_runs_in_guest(damaged, Arch::x86_64, "x");
    (void)check_runs_in_guest(whole.substr(0, i), Arch::x86_64, "x");
  }
}

TEST(AppFile, two_commands_of_one_name_are_an_error) {
  const auto found = find_apps({{"app", "a/app"}, {"app", "b/app"}}, Plan{});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message, "loader 'b/app': there is another loader called 'app'");
}

/// A plan of one x86_64 cell with that loader.
Plan plan_with(const std::string& loader) {
  Plan plan;
  plan.cells.push_back(Cell{{"k", Arch::x86_64}, "case", BtfSource::kernel, loader});
  return plan;
}

/// Guest tools with the loaders that are named like those of ours, and one app.
class AppOfOurs : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(dir_);
    for (const char* file : {"agent", "loader-libbpf", "loader-app", "app-own"}) put(file);
    ::setenv("BPFMATRIX_GUEST_DIR", dir_->path().c_str(), 1);
  }
  void TearDown() override { ::unsetenv("BPFMATRIX_GUEST_DIR"); }

  std::string put(const std::string& name) {
    const auto folder = dir_->path() / "x86_64";
    std::filesystem::create_directories(folder);
    EXPECT_TRUE(write_file(folder / name, executable({})));
    return folder / name;
  }

  Result<TempDir> dir_ = TempDir::create();
};

TEST_F(AppOfOurs, is_found_by_its_name_and_run_like_one_given_by_path) {
  const auto found = find_apps({}, plan_with("own"));
  ASSERT_TRUE(found) << found.error().message;
  const AppFile& own = found->at({"own", Arch::x86_64});
  EXPECT_EQ(own.file, dir_->path() / "x86_64/app-own");
  EXPECT_EQ(own.app.path, "own");
  EXPECT_EQ(own.app.arguments, LoaderApp().arguments);
}

TEST_F(AppOfOurs, a_loader_that_keeps_the_contract_is_no_app) {
  const auto found = find_apps({}, plan_with("libbpf"));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(found->empty());
}

TEST_F(AppOfOurs, a_loader_that_nobody_has_is_named_with_those_there_are) {
  for (const std::string name : {"aya", "app"}) {
    const auto found = find_apps({}, plan_with(name));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().message, "unknown loader '" + name + "' for x86_64");
    EXPECT_THAT(found.error().hint, ::testing::StartsWith("known: libbpf, own; "));
  }
}

TEST_F(AppOfOurs, one_given_by_path_must_not_have_a_name_of_ours) {
  const auto found = find_apps({{"own", put("own")}}, plan_with("own"));
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("there is another loader called 'own'"));
}

TEST(AppFile, is_found_with_the_hash_of_its_bytes) {
  const auto dir = TempDir::create();
  ASSERT_TRUE(write_file(dir->path() / "app-x86_64", executable({})));
  const LoaderApp app{"app", (dir->path() / "app-{arch}").string()};
  const auto file = find_app(app, Arch::x86_64);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->sha256.size(), 64U);
  const auto missing = find_app(app, Arch::aarch64);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("app-aarch64"));
}

}  // namespace
}  // namespace bpfmatrix
