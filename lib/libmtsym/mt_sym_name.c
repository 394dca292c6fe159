/* Names of functions, demangled. */

#include <ctype.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mt_sym_name.h"
#include "mt_sym_rust.h"

/* Longer names take too long, and too much of a stack. */
#define NAME_MAX_BYTES	16384

typedef char *demangle_fn(const char *, char *, size_t *, int *);

struct mt_sym_namer {
	void		*library;
	demangle_fn	*demangle;
	bool		 is_open;
	char		*name;
};

struct mt_sym_namer *
mt_sym_namer_new(void)
{
	return (calloc(1, sizeof(struct mt_sym_namer)));
}

void
mt_sym_namer_free(struct mt_sym_namer *n)
{
	if (n == NULL)
		return;
	if (n->library != NULL)
		(void)dlclose(n->library);
	free(n->name);
	free(n);
}

static demangle_fn *
cxx(struct mt_sym_namer *n)
{
	static const char *const names[] = {
		"libstdc++.so.6", "libc++abi.so.1", "libc++.so.1"
	};
	void *p = NULL;
	size_t i;

	if (n->is_open)
		return (n->demangle);
	n->is_open = true;
	for (i = 0; i < sizeof(names) / sizeof(names[0]) && p == NULL; i++) {
		n->library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
		if (n->library != NULL)
			p = dlsym(n->library, "__cxa_demangle");
	}
	/* ISO C has no conversion from objects to functions. */
	memcpy(&n->demangle, &p, sizeof(p));
	return (n->demangle);
}

/*
 * Compilers name what they split off or copied after the function, with
 * ".cold", ".part.0", ".constprop.3", ".isra.0", ".lto_priv.1", ".llvm.123".
 */
static size_t
suffix_start(const char *s, size_t n)
{
	static const char *const words[] = {
		".cold", ".part", ".constprop", ".isra", ".lto_priv", ".llvm",
		".localalias", ".clone"
	};
	size_t i, k, len;

	for (i = 1; i < n; i++) {
		if (s[i] != '.')
			continue;
		for (k = 0; k < sizeof(words) / sizeof(words[0]); k++) {
			len = strlen(words[k]);
			if (n - i >= len && memcmp(s + i, words[k], len) ==
			    0 && (n - i == len || s[i + len] == '.'))
				return (i);
		}
	}
	return (n);
}

/* Replaces the name by its demangled form, if that is one. */
static void
demangle(struct mt_sym_namer *n)
{
	demangle_fn *f;
	char *name;
	int status;

	if (strlen(n->name) > NAME_MAX_BYTES)
		return;
	name = mt_sym_rust(n->name);
	if (name == NULL && strncmp(n->name, "_Z", 2) == 0 &&
	    (f = cxx(n)) != NULL)
		name = f(n->name, NULL, NULL, &status);
	if (name == NULL)
		return;
	free(n->name);
	n->name = name;
}

const char *
mt_sym_name(struct mt_sym_namer *n, const char *symbol)
{
	size_t len = strcspn(symbol, "@");

	if (len == 0)
		len = strlen(symbol);
	free(n->name);
	n->name = strndup(symbol, suffix_start(symbol, len));
	if (n->name == NULL)
		return (symbol);
	demangle(n);
	return (n->name);
}
