#include "outcome/outcome_words.h"

namespace bpfmatrix {

std::string_view word_of(StageResult result, std::string_view ok) {
  switch (result) {
    case StageResult::not_tried:
      return "not_tried";
    case StageResult::ok:
      return ok;
    case StageResult::refused:
      return "refused";
  }
  return "";
}

std::string_view word_of(EmbeddedOrigin origin) {
  switch (origin) {
    case EmbeddedOrigin::kernel:
      return "kernel";
    case EmbeddedOrigin::debug_info:
      return "debug_info";
    case EmbeddedOrigin::file:
      return "file";
  }
  return "";
}

std::string_view word_of(ArgumentsSeen seen) {
  switch (seen) {
    case ArgumentsSeen::not_told:
      return "not_told";
    case ArgumentsSeen::direct:
      return "direct";
    case ArgumentsSeen::wrapped:
      return "wrapped";
    case ArgumentsSeen::wrong:
      return "wrong";
  }
  return "";
}

std::string_view word_of(ObservedResult result) {
  switch (result) {
    case ObservedResult::untold:
      return "untold";
    case ObservedResult::absent:
      return "absent";
    case ObservedResult::right:
      return "right";
    case ObservedResult::wrong:
      return "wrong";
  }
  return "";
}

}  // namespace bpfmatrix
