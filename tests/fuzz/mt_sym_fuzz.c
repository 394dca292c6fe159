/*
 * Fuzz target: whatever bytes a library has, or the name of a symbol, the
 * reader of symbols must not crash or hang.  It reads files through libdw and
 * libelf, which are not instrumented; what crashes inside them is theirs,
 * and the reason why memray-symbolize(1) reads in children.
 *
 * The first byte of the input says what the rest is.
 */

#include <sys/mman.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz_cost.h"
#include "mt_sym_module.h"
#include "mt_sym_name.h"
#include "mt_sym_path.h"

/* Steps that an input may take, for each byte and at all. */
#define STEPS_PER_BYTE	UINT64_C(20000)
#define STEPS		UINT64_C(100000000)

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum fuzz_mode {
	FUZZ_FILE,
	FUZZ_NAME,
	FUZZ_MODES
};

#define ADDRESSES	64u

/* The message must be such as mt_sym_get*() can read to its end. */
static void
fuzz_message(const struct mt_sym_out *out, size_t addresses)
{
	struct mt_sym_in in = { out->data, out->data + out->len, false };
	uint32_t i, n;

	(void)mt_sym_get_string(&in);
	(void)mt_sym_get(&in);
	for (; addresses > 0; addresses--) {
		n = mt_sym_get(&in);
		fuzz_require(n <= MT_SYM_FRAMES);
		for (i = 0; i < n; i++) {
			fuzz_require(*mt_sym_get_string(&in) != '\0');
			(void)mt_sym_get_string(&in);
			(void)mt_sym_get(&in);
		}
	}
	fuzz_require(!in.bad && in.p == in.end);
}

static void
fuzz_file(const uint8_t *data, size_t n)
{
	struct mt_sym_out out = { NULL, 0, 0, false };
	uint32_t address[ADDRESSES], i;
	char path[64];
	struct mt_module m;
	struct mt_sym_module sym;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	fuzz_require(fd != -1 && write(fd, data, n) == (ssize_t)n);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (i = 0; i < ADDRESSES; i++)
		address[i] = 0x1000 + 8 * i;
	memset(&m, 0, sizeof(m));
	m.path = path;
	m.build_id = (const uint8_t *)"";
	m.address = address;
	m.naddresses = ADDRESSES;
	mt_sym_module_open(&sym, &m, UINT64_MAX);
	mt_sym_module_put(&sym, &m, &out);
	mt_sym_module_close(&sym);
	if (!out.failed)
		fuzz_message(&out, ADDRESSES);
	free(out.data);
	(void)close(fd);
}

static void
fuzz_name(const uint8_t *data, size_t n)
{
	struct mt_sym_namer *namer = mt_sym_namer_new();
	char *s = strndup((const char *)data, n);

	fuzz_require(namer != NULL && s != NULL);
	fuzz_require(*s == '\0' || *mt_sym_name(namer, s) != '\0');
	free(mt_sym_path(s));
	mt_sym_namer_free(namer);
	free(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n == 0)
		return (0);
	fuzz_cost_begin();
	switch (data[0] % FUZZ_MODES) {
	case FUZZ_FILE:
		fuzz_file(data + 1, n - 1);
		break;
	default:
		fuzz_name(data + 1, n - 1);
		break;
	}
	fuzz_cost_end(n, STEPS_PER_BYTE, STEPS);
	return (0);
}
