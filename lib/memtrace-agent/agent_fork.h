/* The child of a fork. */

#ifndef AGENT_FORK_H
#define AGENT_FORK_H

/* Look up what the C library may have; comes first. */
void	agent_fork_find(void);

/* From now on children of this process let go of what is their parent's. */
void	agent_fork_init(void);

/* In a child: begin a capture of its own.  No hook is running. */
void	agent_fork_begin(void);

#endif /* AGENT_FORK_H */
