/*
 * Programs with a Python in them that is not the usual one.  Which one is
 * said when it is compiled, what it runs by its arguments.
 *
 *	OWN_MALLOC	has an allocator of its own, as with a static jemalloc
 *	LATE=flags	loads the library that is its first argument
 *	EMBED=cycles	embeds an interpreter, and runs its first argument
 */

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

extern int	Py_BytesMain(int, char **);
extern void	Py_InitializeEx(int);
extern int	Py_FinalizeEx(void);
extern int	PyRun_SimpleStringFlags(const char *, void *);
extern void	*PyImport_ImportModule(const char *);
extern void	*PyObject_CallMethod(void *, const char *, const char *, ...);

#ifdef OWN_MALLOC
extern void	*__libc_malloc(size_t), *__libc_calloc(size_t, size_t);
extern void	*__libc_realloc(void *, size_t), __libc_free(void *);

void *
malloc(size_t n)
{
	return (__libc_malloc(n));
}

void *
calloc(size_t n, size_t size)
{
	return (__libc_calloc(n, size));
}

void *
realloc(void *p, size_t n)
{
	return (__libc_realloc(p, n));
}

void
free(void *p)
{
	__libc_free(p);
}
#endif

#if defined(LATE)
int
main(int argc, char **argv)
{
	void *handle = dlopen(argv[1], RTLD_NOW | LATE);
	int (*python)(int, char **);

	if (handle == NULL)
		return (puts(dlerror()), 2);
	*(void **)&python = dlsym(handle, "Py_BytesMain");
	return (python(argc - 1, argv + 1));
}
#elif defined(EMBED)
/* With a second argument, a module whose function run() is called. */
int
main(int argc, char **argv)
{
	void *module;
	int i, rc = 0;

	for (i = 0; i < EMBED && rc == 0; i++) {
		Py_InitializeEx(0);
		if (argc == 2)
			rc = PyRun_SimpleStringFlags(argv[1], NULL);
		else if ((module = PyImport_ImportModule(argv[2])) == NULL ||
		    PyObject_CallMethod(module, "run", NULL) == NULL)
			rc = 3;
		if (Py_FinalizeEx() != 0)
			rc = 4;
	}
	return (rc == 0 ? 0 : 1);
}
#else
int
main(int argc, char **argv)
{
	return (Py_BytesMain(argc, argv));
}
#endif
