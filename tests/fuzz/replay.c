/*
 * Runs a fuzz target on the files that are named, without a fuzzer: to look
 * at a finding with any compiler and debugger.
 */

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
replay(const char *path)
{
	uint8_t *data = NULL;
	size_t n = 0, k;
	FILE *f;

	f = fopen(path, "rb");
	if (f == NULL)
		err(1, "%s", path);
	do {
		data = realloc(data, n + 65536);
		if (data == NULL)
			err(1, NULL);
		k = fread(data + n, 1, 65536, f);
		n += k;
	} while (k > 0);
	if (ferror(f))
		err(1, "%s", path);
	(void)fclose(f);
	(void)LLVMFuzzerTestOneInput(data, n);
	free(data);
}

int
main(int argc, char *argv[])
{
	int i;

	for (i = 1; i < argc; i++)
		replay(argv[i]);
	return (0);
}
