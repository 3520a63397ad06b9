// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/compression.h"

#include "smtrain/engine/error.h"

#include <isa-l/igzip_lib.h>
#include <zlib.h>

#include <algorithm>
#include <limits>

// ISA-L unpacks twice as fast as zlib, which packs.
namespace smtrain {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib's way to say "32 KiB window, gzip header and trailer"

/// Both libraries count in 32 bits.
uint32_t count_of(size_t bytes) {
  return static_cast<uint32_t>(std::min<size_t>(bytes, std::numeric_limits<uint32_t>::max()));
}

void start_member(inflate_state& stream, Compression compression) {
  isal_inflate_init(&stream);
  stream.crc_flag = compression == Compression::gzip ? ISAL_GZIP : ISAL_DEFLATE;
}

const char* reason_of(int status) {
  switch (status) {
    case ISAL_INVALID_BLOCK: return "no such kind of block";
    case ISAL_INVALID_SYMBOL: return "no such code";
    case ISAL_INVALID_LOOKBACK: return "a distance reaches before the beginning";
    case ISAL_UNSUPPORTED_METHOD: return "no such compression method";
    case ISAL_INCORRECT_CHECKSUM: return "checksum or length of the unpacked data differ";
    default: return "a header is wrong";
  }
}

}  // namespace

Decompressor::Decompressor(std::span<const uint8_t> packed, Compression compression,
                           std::string name)
    : packed_(packed), compression_(compression), name_(std::move(name)) {
  if (compression == Compression::none) return;
  stream_ = std::make_unique<inflate_state>();
  start_member(*stream_, compression);
}

Decompressor::~Decompressor() = default;

size_t Decompressor::read(std::span<uint8_t> out) {
  if (compression_ == Compression::none) return read_stored(out);
  size_t written = 0;
  while (written < out.size() && !finished_) written += inflate_some(out.subspan(written));
  return written;
}

size_t Decompressor::read_stored(std::span<uint8_t> out) {
  const size_t count = std::min(out.size(), packed_.size());
  std::copy_n(packed_.begin(), count, out.begin());
  packed_ = packed_.subspan(count);
  return count;
}

size_t Decompressor::inflate_some(std::span<uint8_t> out) {
  stream_->next_in = const_cast<uint8_t*>(packed_.data());
  stream_->avail_in = count_of(packed_.size());
  stream_->next_out = out.data();
  stream_->avail_out = count_of(out.size());
  const int status = isal_inflate(stream_.get());

  const size_t consumed = static_cast<size_t>(stream_->next_in - packed_.data());
  packed_ = packed_.subspan(consumed);
  offset_ += consumed;
  const size_t written = static_cast<size_t>(stream_->next_out - out.data());

  if (status != ISAL_DECOMP_OK) {
    bad_input(name_, ": damaged compressed data near byte ", offset_, ": ", reason_of(status));
  }
  if (stream_->block_state == ISAL_BLOCK_FINISH) {
    start_next_member();
  } else if (packed_.empty() && stream_->avail_out > 0) {
    bad_input(name_, ": compressed data end early, after ", offset_, " bytes");
  }
  return written;
}

/// At the end of a stream: a .gz file may hold several members in a row, and may be padded with
/// zeros.
void Decompressor::start_next_member() {
  const bool another = compression_ == Compression::gzip && is_gzip(packed_);
  const bool padding =
      std::all_of(packed_.begin(), packed_.end(), [](uint8_t byte) { return byte == 0; });
  if (another) {
    start_member(*stream_, compression_);
  } else if (padding) {
    finished_ = true;
  } else {
    bad_input(name_, ": ", packed_.size(),
              " bytes that are no compressed data follow its end at byte ", offset_);
  }
}

std::vector<uint8_t> gzip(std::span<const uint8_t> bytes, int level) {
  z_stream stream = {};
  if (deflateInit2(&stream, level, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw OutOfMemory("gzip: no memory to start compressing");
  }
  std::vector<uint8_t> packed(deflateBound(&stream, bytes.size()));
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.next_out = packed.data();
  int status = Z_OK;
  while (status == Z_OK) {
    const size_t consumed = static_cast<size_t>(stream.next_in - bytes.data());
    const size_t written = static_cast<size_t>(stream.next_out - packed.data());
    stream.avail_in = count_of(bytes.size() - consumed);
    stream.avail_out = count_of(packed.size() - written);
    status = ::deflate(&stream, consumed + stream.avail_in == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
  }
  packed.resize(static_cast<size_t>(stream.next_out - packed.data()));
  deflateEnd(&stream);
  check(status == Z_STREAM_END, "gzip: compression stopped with zlib status ", status);
  return packed;
}

}  // namespace smtrain
