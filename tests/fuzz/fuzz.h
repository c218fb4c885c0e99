#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H
/* SPDX-License-Identifier: MIT
 *
 * fuzz - what the fuzz targets share
 *
 * A target is fed with bytes by libFuzzer and asserts what must hold for any bytes; ASan
 * and UBSan watch over the rest. What a target chooses it draws from the bytes, so that
 * an input means the same in each run. Programs run from the top of the sources.
 */
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each target has these two, which libFuzzer calls. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Inputs are lines and tags: they are also mutated by whole ones, and not only by bytes.
 */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t max_len, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t len, size_t max_len); /* libFuzzer's own */

/* A chance that these bytes decide, and a number below `below` drawn from it. */
uint64_t fuzz_chance(const uint8_t *bytes, size_t len);
size_t fuzz_draw(uint64_t *chance, size_t below);

/* One line of well-formed UTF-8 that no terminal stumbles over. */
bool fuzz_is_clean(const char *text, size_t len, size_t max_chars);

/* Both NULL, or equal texts. */
bool fuzz_is_same(const char *a, const char *b);

/* A folder below TMPDIR, made when first asked for, removed when the program ends. */
const char *fuzz_folder(void);
void fuzz_clear_folder(const char *path); /* all that lies in it */

/* The next line at *at, without its newline; NULL at the end. */
const char *fuzz_line(const char **at, const char *end, size_t *len);

#endif
