/* Signals of memray-run: which it passes on, and how it ends of one. */

#ifndef RUN_SIGNAL_H
#define RUN_SIGNAL_H

#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <sys/types.h>

/*
 * Block every signal that can be sent to us; *original is the mask for the
 * program.  Dispositions stay as they are until run_signal_init(), since the
 * program, which is forked in between, inherits those too.
 */
void	run_signal_block(sigset_t *original);

/* In the parent.  Returns a descriptor to read signals from, or -1. */
int	run_signal_init(void);

/* Does the program, too, have to get this signal, which we got? */
bool	run_signal_is_for(const struct signalfd_siginfo *, pid_t program);

/* Send it on, with its value if it has one. */
void	run_signal_send(const struct signalfd_siginfo *, pid_t program);

/*
 * End as the program did, of the same signal but without a core dump of ours,
 * or with its exit status.
 */
_Noreturn void	run_signal_end(int wait_status);

#endif /* RUN_SIGNAL_H */
