/* What every program is asked for alike: --help, --version, its usage. */

#ifndef FE_PROGRAM_H
#define FE_PROGRAM_H

#define FE_EXIT_USAGE	2	/* status of a program that was misused */

struct fe_program {
	const char	*name;
	const char	*usage;		/* "usage: ...", whole lines */
	const char	*help[3];	/* what --help says then, in parts */
};

/* Print to standard error, and exit with FE_EXIT_USAGE. */
_Noreturn void	fe_program_usage(const struct fe_program *);

/* Print to standard output, and exit; with 0 if all could be written. */
_Noreturn void	fe_program_help(const struct fe_program *);
_Noreturn void	fe_program_version(const struct fe_program *);

#endif /* FE_PROGRAM_H */
