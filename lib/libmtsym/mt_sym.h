/*
 * libmtsym: what is at the addresses of programs and libraries, from their
 * ELF files and DWARF.  A static library; only memray-symbolize(1) links it,
 * so that nobody else has to load libdw.
 *
 *	mt_sym		many modules: children, their crashes, the result
 *	mt_sym_child	a process that reads modules and does nothing else
 *	mt_sym_wire	what it tells its parent
 *	mt_sym_module	one module: names, files, lines, inlined functions
 *	mt_sym_find	which file is the one, and its debug information
 *	mt_sym_table	symbols by address
 *	mt_sym_dwarf	functions by address
 *	mt_sym_path	names of source files
 *	mt_sym_name	names of functions, demangled
 *	mt_sym_rust	those of Rust
 *
 * Files are not trusted, and libdw is a large library: they are read in
 * children with limits of time and memory.  When one dies, the module that it
 * was at has no symbols, and another goes on with the next.
 */

#ifndef MT_SYM_H
#define MT_SYM_H

#include <memtrace.h>

struct mt_sym_options {
	uint64_t	start_time_ns;	/* of the run: what has no build-id
					   must not have changed since */
	unsigned	jobs;		/* children at a time; 0: one for each
					   processor, four at most */
	/* Called now and then, if it is not NULL. */
	void		(*progress)(void *arg, size_t done, size_t all);
	void		*progress_arg;
};

struct mt_sym_result {
	char		*note;		/* what is wrong, "" if nothing */
	bool		 is_expected;	/* what is wrong is usual */
	size_t		 resolved;	/* addresses that have a name */
};

struct mt_sym;

/*
 * Look up all addresses of n modules, which must stay until free.  Modules
 * that are the same, of several captures perhaps, are read once.  The process
 * must have no other threads; children of its own are not waited for.
 */
enum mt_status	mt_sym_new(struct mt_sym **out, const struct mt_module *,
		    size_t n, const struct mt_sym_options *,
		    struct mt_error *);
void		mt_sym_free(struct mt_sym *);

/* One for each module. */
const struct mt_sym_result *mt_sym_results(const struct mt_sym *);

/*
 * The payload of a block of symbols, from malloc(3), of the n modules from
 * the first on: those of one capture.
 */
enum mt_status	mt_sym_payload(const struct mt_sym *, size_t first, size_t n,
		    void **data, size_t *len, struct mt_error *);

#endif /* MT_SYM_H */
