/* The verdict by the caches equals the verdict by the tables: tests/unit/verdict/verdict.h, with
 * the fuzzer's bytes for chance. */
#include "tests/unit/verdict/verdict.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc UNUSED, char ***argv UNUSED)
{
    inproc_start(8);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    chance.state = size;
    chance.bytes = data;
    chance.n = size;
    verdict_run(24);
    return 0;
}
