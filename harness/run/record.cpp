#include "run/record.h"

#include <utility>

namespace bpfmatrix {

namespace {

/// What the loader can relocate against; nullptr when there is nothing.
const KernelBtf* btf_at_hand(const Kernel& kernel, BtfSource btf) {
  switch (btf) {
    case BtfSource::kernel:
      return kernel.btf ? &*kernel.btf : nullptr;
    case BtfSource::embedded:
    case BtfSource::both:
      return btf_to_embed(kernel);
    case BtfSource::none:
      return nullptr;
  }
  return nullptr;
}

/// Nothing: a file is gone or damaged.
std::optional<LoaderTypes> types_of(const Kernel& kernel, BtfSource btf, KernelTypes& types) {
  LoaderTypes against;
  const KernelBtf* file = btf_at_hand(kernel, btf);
  if (file == nullptr) return against;
  Result<std::shared_ptr<const Btf>> read = types.read(file->file);
  if (!read) return std::nullopt;
  against.kernel = *std::move(read);
  if (btf != BtfSource::kernel || !kernel.modules) return against;
  Result<std::vector<ModuleTypes>> modules = types.modules(file->file, *kernel.modules);
  if (!modules) return std::nullopt;
  against.modules = *std::move(modules);
  return against;
}

}  // namespace

DeriveInput derive_input(const Transcript& transcript, const CaseSpec* spec, const Kernel* kernel,
                         const ObjectFile* object, BtfSource btf, KernelTypes& types) {
  DeriveInput in{.transcript = transcript, .spec = spec, .object = object};
  const bool relocated = object != nullptr && object->info.relocations.core_total() > 0;
  if (relocated && kernel != nullptr) in.types = types_of(*kernel, btf, types);
  return in;
}

Derived Record::derive_cell(const Cell& cell, const Transcript& transcript, bool recalled) {
  RunKernel& kernel = parts_.kernel_of(cell);
  const Result<ObjectFile>& object = parts_.object_of(cell);
  const Result<Kernel>& here = parts_.kernel_for(cell);
  DeriveInput in = derive_input(transcript, &parts_.spec_of(cell), here ? &*here : nullptr,
                                object ? &*object : nullptr, cell.btf, kernel.types);
  if (const KernelFactsKeeper::Known* known = facts_.find(cell.kernel.id)) {
    in.facts = &known->facts;
    in.facts_sha256 = known->sha256;
  }
  if (here && here->given_btf) {
    const auto share = kernel.given_shares.find(here->given_btf->sha256);
    if (share != kernel.given_shares.end()) in.given_share = share->second;
  }
  in.recalled = recalled;
  return derive(in);
}

std::optional<Outcome> Record::restore(const Cell& cell, const Transcript& unrun) {
  if (const Result<> kept = dir_.restore_transcript(cell.id(), pack(unrun)); !kept) {
    fail(kept.error());
    return std::nullopt;
  }
  return derive_cell(cell, unrun).outcome;
}

std::optional<Outcome> Record::restore(const Cell& cell, const Recalled& recalled) {
  std::optional<Outcome> outcome = recalled.outcome;
  if (!outcome) {
    Result<Transcript> transcript = unpack_transcript(recalled.packed, cell.id());
    if (!transcript) return std::nullopt;
    outcome = derive_cell(cell, *transcript, true).outcome;
    cache_.remember(cell.id(), recalled.packed, *outcome);
  }
  if (const Result<> kept = dir_.restore_transcript(cell.id(), recalled.packed); !kept) {
    fail(kept.error());
    return std::nullopt;
  }
  return as_recalled(*std::move(outcome));
}

void Record::take(const Cell& cell, const Transcript& transcript) {
  if (failure()) return;
  const std::string packed = pack(transcript);
  const Derived derived = derive_cell(cell, transcript);
  if (const Result<> kept = dir_.keep_transcript(cell.id(), packed); !kept)
    return fail(kept.error());
  cache_.keep(cell.id(), packed, derived);
  for (const std::string& text : derived.notices) announce_.notice(text);
  if (const Result<> written = dir_.append(derived.outcome); !written) return fail(written.error());
  announce_([&](Listener& l) { l.cell_finished(derived.outcome); });
}

void Record::take_known(const std::vector<Outcome>& outcomes) {
  if (const Result<> written = dir_.append_known(outcomes); !written) return fail(written.error());
  for (const Outcome& outcome : outcomes) {
    announce_([&](Listener& l) { l.cell_finished(outcome); });
  }
}

std::optional<Error> Record::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void Record::fail(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (!failure_) failure_ = error;
}

}  // namespace bpfmatrix
