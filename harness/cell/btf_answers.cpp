#include "cell/btf_answers.h"

namespace bpfmatrix {

namespace {

/// Anonymous members within anonymous members.
constexpr int kMaxDepth = 16;

std::optional<BtfType> first_of(const Btf& btf, const std::string& name, BtfKind kind) {
  const std::vector<BtfId> all = btf.find(name, kind);
  return all.empty() ? std::nullopt : btf.type(all.front());
}

std::optional<std::vector<BtfParameter>> parameters_of(const Btf& btf,
                                                       const std::string& function) {
  const auto func = first_of(btf, function, BtfKind::func);
  const auto proto = func ? btf.type(func->target) : std::nullopt;
  if (!proto || proto->kind != BtfKind::func_proto) return std::nullopt;
  return btf.parameters(*proto);
}

/// In bits.
std::optional<std::uint64_t> place_in(const Btf& btf, const BtfType& type, const std::string& field,
                                      int depth) {
  for (const BtfMember& member : btf.members(type)) {
    if (member.name == field) return member.bit_offset;
    if (!member.name.empty() || depth == kMaxDepth) continue;
    const auto inner = btf.resolve(member.type);
    if (!inner) continue;
    if (const auto place = place_in(btf, *inner, field, depth + 1))
      return member.bit_offset + *place;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> place_of(const Btf& btf, const BtfQuestion& question) {
  auto type = first_of(btf, question.of, BtfKind::struct_type);
  if (!type) type = first_of(btf, question.of, BtfKind::union_type);
  return type ? place_in(btf, *type, question.name, 0) : std::nullopt;
}

std::optional<std::int64_t> index_of(const std::vector<BtfParameter>& parameters,
                                     const std::string& name) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].name == name) return static_cast<std::int64_t>(i);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> answer(const Btf& btf, const BtfQuestion& question) {
  const auto parameters = parameters_of(btf, question.of);
  switch (question.kind) {
    case BtfQuestionKind::param_index:
      return parameters ? index_of(*parameters, question.name) : std::nullopt;
    case BtfQuestionKind::param_count:
      if (!parameters) return std::nullopt;
      return static_cast<std::int64_t>(parameters->size());
    case BtfQuestionKind::has_param:
      return parameters && index_of(*parameters, question.name) ? 1 : 0;
    case BtfQuestionKind::has_field:
      return place_of(btf, question) ? 1 : 0;
    case BtfQuestionKind::offset_of: {
      const auto place = place_of(btf, question);
      if (!place || *place % 8 != 0) return std::nullopt;
      return static_cast<std::int64_t>(*place / 8);
    }
  }
  return std::nullopt;
}

}  // namespace bpfmatrix
