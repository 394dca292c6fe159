/*
 * The interpreter's public functions, found by name, since one agent serves
 * every version.  Objects are void pointers here: we know their layout from
 * agent_pyoffsets.h or not at all.
 */

#ifndef AGENT_PYAPI_H
#define AGENT_PYAPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agent_pyoffsets;

typedef int	(*agent_pyaudit_fn)(const char *, void *, void *);

/* As in CPython's methodobject.h, all versions. */
struct agent_pymethod {
	const char	*name;
	void		*(*call)(void *, void *);
	int		 flags;
	const char	*doc;
};
#define AGENT_PY_NOARGS	4

/* struct _inittab, all versions. */
struct agent_pybuiltin {
	const char	*name;			/* NULL: the last one */
	void		*(*init)(void);
};

/* PyMemAllocatorEx, all versions. */
struct agent_pyallocator {
	void	*ctx;
	void	*(*malloc)(void *, size_t);
	void	*(*calloc)(void *, size_t, size_t);
	void	*(*realloc)(void *, void *, size_t);
	void	 (*free)(void *, void *);
};
#define AGENT_PY_DOMAINS	3	/* raw, mem, obj */

struct agent_pyapi {
	/* Needed: without one of these it is no CPython that we know. */
	const char	*(*get_version)(void);
	int		 (*is_initialized)(void);
	void		*(*this_tstate)(void);	/* of this thread, or NULL */
	void		*(*gil_tstate)(void);	/* that holds the GIL */
	int		 (*add_audit_hook)(agent_pyaudit_fn, void *);
	void		*(*get_attr)(void *, const char *);
	void		*(*generic_get_dict)(void *, void *);
	void		*(*call)(void *, ...);	/* NULL ends */
	void		*(*new_function)(struct agent_pymethod *, void *,
			    void *);
	void		*(*str_from)(const char *);
	const char	*(*str_utf8)(void *);
	void		*(*tuple_get)(void *, ptrdiff_t);	/* borrowed */
	void		 (*incref)(void *);
	void		 (*decref)(void *);
	long		 (*long_as_long)(void *);
	void		*(*err_occurred)(void);
	void		 (*err_fetch)(void **, void **, void **);
	void		 (*err_restore)(void *, void *, void *);
	void		 (*err_clear)(void);
	void		*(*dict_get)(void *, const char *); /* borrowed */
	void		*(*modules)(void);		/* sys.modules; so */
	void		*(*sys_get)(const char *);	/* of sys; so */
	void		*(*module_def)(void *);		/* PyModuleDef; so */
	void		*(*module_new)(void *, void *, int);
	int		 (*module_exec)(void *, void *);
	void		*(*call_iter)(void *, void *);	/* iter(fn, end) */
	void		*(*tuple)(ptrdiff_t, ...);
	void		 (*get_allocator)(int, struct agent_pyallocator *);
	void		 (*set_allocator)(int, struct agent_pyallocator *);
	void		*(*eval_frame)(void);	/* borrowed */
	int		 (*frame_line)(void *);
	char		*code_type;		/* PyCode_Type */
	char		*frame_type;		/* PyFrame_Type */
	struct agent_pybuiltin **builtins;	/* PyImport_Inittab */
	char		*none;			/* Py_None */
	void		*(*encode_fs)(void *);	/* str to bytes */
	char		*(*bytes_text)(void *);
	/* Optional. */
	void		*(*frame_code)(void *);	/* 3.9 on */
	const char	*(*allocator_name)(void);
	int		 (*gc_disable)(void);	/* 3.10 on */
	int		 (*gc_enable)(void);
	char		*runtime;		/* _PyRuntime */
	char		*is_debug;		/* NULL: a release build */
	uint32_t	 hexversion;		/* PY_VERSION_HEX */
	bool		 free_threaded;
	bool		 has_others;	/* interpreters besides the first */
	void		*handle;		/* where they were found */
};
extern struct agent_pyapi	agent_pyapi;

enum agent_pykind {
	AGENT_PY_NONE,		/* no CPython in this process */
	AGENT_PY_UNSUPPORTED,	/* one that is too old */
	AGENT_PY_OK
};

/*
 * Look everything up, in a handle of dlopen(3): RTLD_DEFAULT, or that of a
 * library that brings an interpreter.
 */
enum agent_pykind	agent_pyapi_find(void *handle);

/*
 * Up to 3.11 what is known of a thread is its first state, also while it runs
 * another interpreter.  The state that holds the GIL is ours if it says so.
 */
void	*agent_pyapi_other_tstate(void *first);

/*
 * The code object of a frame, a new reference or NULL.  The attribute f_code
 * is not for us: audit hooks hear of each time that it is read.
 */
void	*agent_pyapi_code(void *frame);

/* Offset of a member of a type, 0 if it has none of that name. */
size_t	agent_pyapi_member(const char *type, const char *name);

/* The state by which the calling thread runs Python, or NULL. */
static inline void *
agent_pyapi_tstate(void)
{
	void *ts = agent_pyapi.this_tstate();

	return (__builtin_expect(agent_pyapi.has_others, 0) ?
	    agent_pyapi_other_tstate(ts) : ts);
}

/* Does the calling thread hold the GIL (is it attached)? */
static inline bool
agent_pyapi_attached(void)
{
	void *ts = agent_pyapi_tstate();

	return (ts != NULL && ts == agent_pyapi.gil_tstate());
}

#endif /* AGENT_PYAPI_H */
