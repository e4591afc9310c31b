// A .gz file that zlib reads, closed when its owner goes.
#pragma once

#include <zlib.h>

#include <memory>

namespace bpfmatrix {

struct CloseGzip {
  void operator()(gzFile file) const { ::gzclose(file); }
};
using GzipReader = std::unique_ptr<gzFile_s, CloseGzip>;

}  // namespace bpfmatrix
