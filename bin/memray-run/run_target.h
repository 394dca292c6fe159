/*
 * What to run, and with which interpreter.  Everything that can be wrong with
 * it is found here, before anything is created: one line, and the exit
 * status of run_util.h.
 */

#ifndef RUN_TARGET_H
#define RUN_TARGET_H

struct run_target {
	char		 *path;		/* to execute; contains a slash */
	char		**argv;		/* NULL at the end */
	char		 *subject;	/* what the capture is named after */
	char		 *dir;		/* of the capture: "" or "dir/" */
};

/* The interpreter `python` (NULL: the default one), option, arguments. */
void	run_target_module(struct run_target *, const char *python,
	    char *module, char **args);
void	run_target_code(struct run_target *, const char *python,
	    char *code, char **args);

/* args[0] is "-", a script, a directory, a zip application or a program. */
void	run_target_file(struct run_target *, const char *python,
	    char **args);

void	run_target_fini(struct run_target *);

#endif /* RUN_TARGET_H */
