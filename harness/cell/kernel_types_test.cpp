#include "cell/kernel_types.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "elf/elf_file.h"
#include "elf/testing/bpf_compiler.h"
#include "elf/testing/module_types.h"

namespace bpfmatrix {
namespace {

TEST(KernelTypes, are_read_once_until_nobody_needs_them) {
  BpfCompiler compiler;
  const ElfFile kernel = *ElfFile::parse(bytes_of(compiler.object("core_target")));
  const auto file = compiler.write("kernel.btf", kernel.section(".BTF")->bytes);
  KernelTypes types;
  const std::shared_ptr<const Btf> first = *types.read(file);
  EXPECT_EQ(*types.read(file), first);
  types.forget();
  EXPECT_NE(*types.read(file), first);
  EXPECT_EQ(first->find("moved", BtfKind::struct_type).size(), 1U);
}

TEST(KernelTypes, what_is_no_btf_is_named) {
  BpfCompiler compiler;
  const auto file = compiler.write("kernel.btf", "no BTF");
  KernelTypes types;
  const auto read = types.read(file);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("kernel.btf"), std::string::npos) << read.error().message;
  EXPECT_FALSE(types.read(compiler.directory() / "missing"));
}

/// A kernel's BTF and its modules, as the store has them.
class ModulesOfKernel : public testing::Test {
 protected:
  std::string btf_of(const char* name) {
    const ElfFile elf = *ElfFile::parse(bytes_of(compiler_.object(name)));
    return std::string(elf.section(".BTF")->bytes);
  }
  std::vector<std::string> names() {
    const Result<std::vector<ModuleTypes>> modules = types_.modules(file_, folder_);
    EXPECT_TRUE(modules) << modules.error().message;
    std::vector<std::string> names;
    for (const ModuleTypes& module : *modules) names.push_back(module.name);
    return names;
  }

  BpfCompiler compiler_{};
  std::string kernel_ = btf_of("core_target");
  std::string module_ = module_types(kernel_, btf_of("core_module"));
  std::filesystem::path file_ = compiler_.write("kernel.btf", kernel_);
  std::filesystem::path folder_ = compiler_.directory() / "modules";
  KernelTypes types_{};
};

TEST_F(ModulesOfKernel, continue_its_types) {
  write_module(compiler_, folder_, "veth", {{".BTF", module_}});
  const std::vector<ModuleTypes> modules = *types_.modules(file_, folder_);
  ASSERT_EQ(modules.size(), 1U);
  EXPECT_EQ(modules[0].types->base(), types_.read(file_)->get());
  EXPECT_EQ(modules[0].types->find("ring", BtfKind::struct_type).size(), 1U);
}

TEST_F(ModulesOfKernel, are_those_that_guests_load_in_their_order) {
  for (const char* name : {"veth", "cls_bpf", "nf_tables"}) {
    write_module(compiler_, folder_, name, {{".BTF", module_}});
  }
  EXPECT_THAT(names(), testing::ElementsAre("cls_bpf", "veth"));
}

TEST_F(ModulesOfKernel, count_only_with_btf_that_the_kernel_would_take) {
  std::string wild = module_;
  wild.replace(24, 4, 4, '\xff');  // the first type's name
  write_module(compiler_, folder_, "act_bpf", {{".BTF", wild}});
  write_module(compiler_, folder_, "cls_bpf", {{".BTF", module_}, {".BTF.base", kernel_}});
  write_module(compiler_, folder_, "sch_ingress", {});
  write_module(compiler_, folder_, "veth", {{".BTF", module_}});
  EXPECT_THAT(names(), testing::ElementsAre("veth"));
}

TEST_F(ModulesOfKernel, are_read_once_until_nobody_needs_them) {
  write_module(compiler_, folder_, "veth", {{".BTF", module_}});
  const auto first = (*types_.modules(file_, folder_))[0].types;
  EXPECT_EQ((*types_.modules(file_, folder_))[0].types, first);
  types_.forget();
  EXPECT_NE((*types_.modules(file_, folder_))[0].types, first);
}

TEST_F(ModulesOfKernel, of_a_kernel_without_btf_or_without_modules) {
  EXPECT_THAT(names(), testing::IsEmpty());
  EXPECT_FALSE(types_.modules(compiler_.directory() / "missing", folder_));
  std::filesystem::create_directories(folder_ / "kernel");
  compiler_.write("modules/kernel/veth.ko", "no module");
  EXPECT_FALSE(KernelTypes().modules(file_, folder_));
}

}  // namespace
}  // namespace bpfmatrix
